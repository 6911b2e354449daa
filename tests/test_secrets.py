"""The canary: a key in every spelling, on every way in, is in no byte that a process writes, shows or serves."""

from __future__ import annotations

import base64
import http.client
import json
import os
import re
import shutil
import signal
import socket
import subprocess
import sys
import threading
import time
from contextlib import contextmanager, suppress
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import TYPE_CHECKING, Any
from urllib.parse import quote

import pytest

from catalog.wire.webhooks import sign
from tests.canary import KEYS, escape, leaks, leaks_under, spellings
from tests.house import LONG
from tests.warm import warm

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

# Shows all there is to show in one process; only the last command reads the settings, and the key in them.
SHOW_ALL = """
from contextlib import suppress
from catalog.cli.main import cli
for line in ("search --json --limit 500", "show studio:v1", "backup", "sources --json"):
    with suppress(SystemExit):
        cli(line.split(), prog_name="catalog")
"""
WEBHOOK_SECRET = "whsec_" + base64.b64encode(b"a signing secret of the canary/+").decode()
CAPTURE = """
import sys
import httpx
from catalog import capture

url, headers = sys.argv[1], dict(pair.split(": ", 1) for pair in sys.argv[2:])
inner = httpx.HTTPTransport()
with capture.client("catalog.db", flavour="httpx", inner=inner, source="studio", headers=headers) as client:
    base, _, query = url.partition("?")
    client.post(f"{base}/videos?{query}", json={"prompt": "Tell me the key", "model": "m"})
    for remote_id in ("v0", "v1", "e401"):
        client.get(f"{base}/videos/{remote_id}?{query}")
    client.get(f"{base}/videos?{query}")
assert capture.flush("catalog.db")
"""


def echoing_job(number: int, spelling: str) -> dict[str, Any]:
    """A job that repeats a text wherever a job may hold one."""
    return {
        "id": f"v{number}",
        "object": "video",
        "status": "failed",
        "model": f"model {spelling}",
        "created_at": 1_790_000_000 + number,
        "prompt": f"Echo {spelling} at dusk",
        "size": spelling,
        "error": {"code": spelling, "message": f"Incorrect API key provided: {spelling}"},
        "metadata": {spelling: spelling, "nested": json.dumps({"key": spelling, spelling: [spelling]})},
        "video_url": f"https://cdn.example/{quote(spelling)}/v.mp4?index={quote(spelling)}",
        "custom": {spelling: {"list": [spelling, {"deep": f"{spelling}{spelling}"}]}},
        "remixed_from_video_id": f"video_{spelling}"[:200],
    }


def echoing_jobs(key: str) -> list[dict[str, Any]]:
    jobs = [echoing_job(number, spelling) for number, spelling in enumerate(spellings(key).values())]
    return [*jobs, {"id": key, "object": "video", "status": "completed", "prompt": "A job that is called like the key"}]


class Echo(ThreadingHTTPServer):
    """A server that repeats its key, whatever it is asked; a context manager."""

    daemon_threads = True

    def __init__(self, key: str) -> None:
        super().__init__(("127.0.0.1", 0), _Handler)
        self.key = key
        self.jobs = echoing_jobs(key)

    @property
    def host(self) -> str:
        return f"127.0.0.1:{self.server_address[1]}"

    def __enter__(self) -> Echo:
        threading.Thread(target=self.serve_forever, args=(0.02,), daemon=True).start()
        return self

    def __exit__(self, *_: object) -> None:
        self.shutdown()
        self.server_close()


class _Handler(BaseHTTPRequestHandler):
    server: Echo

    def do_GET(self) -> None:
        name = self.path.partition("?")[0].rpartition("/")[2]
        key, jobs = self.server.key, self.server.jobs
        failure = {"error": {"code": key, "message": f"no {self.path} for {key}", key: spellings(key)}}
        if name == "videos":
            self.answer(200, {"object": "list", "data": jobs, "has_more": True, "last_id": f"after {key}"})
        elif name.startswith("e"):
            self.answer(int(name[1:]), failure)
        else:
            job = next((job for job in jobs if job["id"] == name), None)
            self.answer(200 if job else 404, job or failure)

    def do_POST(self) -> None:
        self.rfile.read(int(self.headers.get("Content-Length", 0)))
        self.answer(200, self.server.jobs[0] | {"status": "queued"})

    def answer(self, status: int, value: Any) -> None:
        body = json.dumps(value).replace("/", "\\/").encode()
        self.send_response(status)
        for name in ("X-Request-Id", "X-Error", "Retry-After", "Location", "openai-poll-after-ms"):
            self.send_header(name, self.server.key)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_: object) -> None:
        """Say nothing."""


class Home:
    """A folder with a library, and everything that any command on it has written."""

    def __init__(self, folder: Path, key: str) -> None:
        self.folder = folder
        self.key = key
        self.said: list[str] = []
        folder.mkdir(exist_ok=True)
        bare = {name: value for name, value in os.environ.items() if not name.startswith(("CATALOG_", "OPENAI_"))}
        self.environment = {
            **bare,
            "STUDIO_KEY": key,
            "CATALOG_WEBHOOK_SECRET": WEBHOOK_SECRET,
            "XDG_STATE_HOME": str(folder / "state"),
            "TMPDIR": str(folder),
            "NO_PROXY": "127.0.0.1",
        }

    def configure(self, base_url: str, extra: str = "") -> None:
        lines = ["[sources.studio]", f"base_url = '{base_url}'", "key_env = 'STUDIO_KEY'", extra]
        (self.folder / "catalog.toml").write_text("\n".join([*lines, "[sync]", "deadline_seconds = 2", ""]))

    def run(self, *arguments: str) -> subprocess.CompletedProcess[str]:
        return self.keep(warm().run(arguments, self.folder, self.environment))

    def python(self, *arguments: str) -> subprocess.CompletedProcess[str]:
        command = [sys.executable, *arguments]
        done = subprocess.run(
            command, cwd=self.folder, env=self.environment, capture_output=True, text=True, timeout=LONG, check=False
        )
        return self.keep(done)

    def keep(self, done: subprocess.CompletedProcess[str]) -> subprocess.CompletedProcess[str]:
        """Remember what it has said."""
        self.said += [done.stdout, done.stderr]
        return done

    def check(self, *secrets: str, videos: int = 0) -> None:
        """Show all there is to show, at least so many videos, back it up, and look for the secrets in every byte."""
        done = self.keep(warm().run((), self.folder, self.environment, SHOW_ALL))
        assert done.returncode == 0, done.stderr
        if videos:
            found, _ = json.JSONDecoder().raw_decode(done.stdout)
            assert len(found["videos"]) >= videos
            assert list(self.folder.glob("*.backup"))
        secrets = secrets or (self.key,)
        assert leaks_under(self.folder, *secrets) == {}
        assert leaks("\n".join(self.said), *secrets) == []


@pytest.fixture(params=["slashes"])
def home(tmp_path: Path, _migrated: Path, request: pytest.FixtureRequest) -> Home:
    home = Home(tmp_path / "home", KEYS[request.param])
    shutil.copy(_migrated, home.folder)
    return home


@pytest.fixture
def echo(home: Home) -> Iterator[Echo]:
    with Echo(home.key) as server:
        yield server


@pytest.mark.parametrize("home", ["slashes", "quotes"], indirect=True)
def test_sync(home: Home, echo: Echo) -> None:
    home.configure(f"http://{echo.host}/v1")
    home.run("sync")
    home.run("add", "studio", "e401", "e404", "e429", "e500", "v3", "gone")
    home.check(videos=len(spellings(home.key)))


@pytest.mark.parametrize("header", ["Authorization: Bearer {}", "X-Api-Key: {}"])
def test_capture_knows_the_key_from_the_request(home: Home, echo: Echo, header: str) -> None:
    done = home.python("-c", CAPTURE, f"http://{echo.host}/v1", header.replace("{}", home.key))
    assert done.returncode == 0, done.stderr
    home.check(videos=len(spellings(home.key)))


@pytest.mark.parametrize("url", ["http://user:{}@{host}/v1", "http://{host}/v1?api_key={}"])
def test_capture_knows_the_key_from_the_url(home: Home, echo: Echo, url: str) -> None:
    done = home.python("-c", CAPTURE, url.replace("{host}", echo.host).replace("{}", quote(home.key, safe="")))
    assert done.returncode == 0, done.stderr
    home.check(videos=len(spellings(home.key)))


@pytest.mark.parametrize("home", ["quotes", "digits"], indirect=True)
def test_import_of_what_holds_a_configured_key(home: Home, tmp_path: Path) -> None:
    home.configure("http://127.0.0.1:1/v1")
    saved = tmp_path / "saved"
    (saved / "clips").mkdir(parents=True)
    jobs = echoing_jobs(home.key)
    (saved / "jobs.jsonl").write_text("\n".join(map(json.dumps, jobs)).replace("/", "\\/"))
    (saved / "log.jsonl").write_text(json.dumps({"level": "info", "time": 1, "message": f"got {json.dumps(jobs[3])}"}))
    (saved / "jobs.csv").write_text('id,prompt,Notes\nc1,"{0}","{0}"\n'.format(home.key.replace('"', '""')))
    (saved / "clips/a.mp4").write_bytes(b"mp4")
    (saved / "clips/a.txt").write_text(f"A clip of {home.key} at dusk")
    (saved / "error.json").write_text(json.dumps({"error": {"message": f"Incorrect API key {escape(home.key)}"}}))
    lines = [
        {"custom_id": home.key, "method": "POST", "url": "/v1/videos", "body": {"prompt": home.key}},
        {"custom_id": home.key, "response": {"status_code": 200, "body": {**jobs[1], "id": "batched"}}},
    ]
    (saved / "batch.jsonl").write_text("\n".join(map(json.dumps, lines)))
    home.run("import", str(saved), "--columns", "auto")
    home.run("import", str(saved), "--columns", "auto", "--json")
    home.check(videos=len(spellings(home.key)) + 3)


@pytest.mark.parametrize("encoding", ["", "base64"])
def test_import_of_a_recording_knows_the_keys_in_it(home: Home, tmp_path: Path, encoding: str) -> None:
    entries = []
    for job in echoing_jobs(home.key):
        text = json.dumps(job)
        text = base64.b64encode(text.encode()).decode() if encoding else text
        request = {
            "method": "POST",
            "url": f"https://gw.example/v1/videos?key={quote(home.key, safe='')}",
            "headers": [{"name": "authorization", "value": f"Bearer {home.key}"}],
            "postData": {"mimeType": "application/json", "text": json.dumps({"prompt": f"Say {home.key}"})},
        }
        content = {"mimeType": "application/json", "text": text, **({"encoding": encoding} if encoding else {})}
        entries.append({"request": request, "response": {"status": 200, "content": content}})
    (tmp_path / "session.har").write_text(json.dumps({"log": {"entries": entries}}))
    pair = {
        "request": {"method": "POST", "url": "/v1/videos", "headers": {"X-Api-Key": home.key}, "body": {"prompt": "x"}},
        "response": {"status_code": 200, "headers": {}, "body": echoing_job(900, home.key)},
    }
    (tmp_path / "pair.json").write_text(json.dumps(pair))
    home.run("import", str(tmp_path / "session.har"), str(tmp_path / "pair.json"), "--source", "studio")
    home.check(videos=len(spellings(home.key)))


@contextmanager
def serving(home: Home, *arguments: str) -> Iterator[tuple[str, int]]:
    """A command that serves on a free port, as a process; the address that it listens on."""
    command = [sys.executable, "-m", "catalog", *arguments, "--port", "0"]
    with subprocess.Popen(
        command, cwd=home.folder, env=home.environment, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True
    ) as process:
        assert process.stdout is not None
        said, address = "", None
        try:
            while address is None:
                line = process.stdout.readline()
                assert line, said
                said += line
                address = re.search(r"http://([\d.]+):(\d+)", said)
            yield address[1], int(address[2])
        finally:
            process.send_signal(signal.SIGINT)
            home.said += [said, process.stdout.read()]


def test_webhooks(home: Home, echo: Echo) -> None:
    home.configure(f"http://{echo.host}/v1")
    secrets = (home.key, WEBHOOK_SECRET, WEBHOOK_SECRET.removeprefix("whsec_"), "a signing secret of the canary/+")
    texts = [text for secret in secrets for text in list(spellings(secret).values())[::3]]
    with serving(home, "hooks") as address:
        for number, text in enumerate(texts):
            if number % 5:
                event: dict[str, Any] = {"type": "video.failed", "data": {"id": f"v{number}", text: text}, "note": text}
            else:
                event = echoing_job(number, text)
            body = json.dumps(event).encode()
            sent_at = int(time.time())
            headers = {
                "webhook-id": f"wh_{number}",
                "webhook-timestamp": str(sent_at),
                "webhook-signature": sign(WEBHOOK_SECRET, f"wh_{number}", sent_at, body),
            }
            connection = http.client.HTTPConnection(*address, timeout=LONG)
            connection.request("POST", "/webhook", body=body, headers=headers)
            answer = connection.getresponse()
            assert answer.status == 200
            home.said.append(answer.read().decode())
            connection.close()
    home.check(*secrets, videos=len(texts) // 5)


def test_a_base_url_whose_path_holds_the_key(home: Home, echo: Echo) -> None:
    home.configure(f"http://{echo.host}/{quote(home.key, safe='')}/v1")
    home.run("sync")
    home.run("add", "studio", "e404", "v3")
    (home.folder / "catalog.toml").rename(home.folder.parent / "catalog.toml")
    home.check(videos=len(spellings(home.key)))


@pytest.mark.parametrize("token", ["T0kenInThePath8nobodyNamed", KEYS["slashes"]])
def test_a_token_in_the_path_of_a_base_url_is_a_key_of_its_own(tmp_path: Path, token: str) -> None:
    home = Home(tmp_path / "home", "other-key-of-the-studio")
    with Echo(token) as echo:
        home.configure(f"http://{echo.host}/{quote(token, safe='')}/v1")
        home.run("sync")
        home.run("add", "studio", "e404", "v3")
        (home.folder / "catalog.toml").rename(tmp_path / "catalog.toml")
        home.check(token, videos=len(spellings(token)))


@pytest.mark.parametrize("url", ["http://user:{}@{host}/v1", "http://{host}/v1?key={}"])
def test_a_base_url_with_a_login_or_a_query_is_refused_without_being_repeated(
    home: Home, echo: Echo, url: str, tmp_path: Path
) -> None:
    url = url.replace("{host}", echo.host).replace("{}", quote(home.key, safe=""))
    home.configure(url)
    assert home.run("sync").returncode == 1
    del home.environment["STUDIO_KEY"]
    home.environment |= {"CATALOG_BASE_URL": url}
    (home.folder / "catalog.toml").rename(tmp_path / "catalog.toml")
    assert home.run("sync").returncode == 1
    home.python("-c", "import sys; from catalog.client.client import Client; Client(sys.argv[1], key='k')", url)
    home.said[-1] = home.said[-1].replace(url, "")
    home.check()


def test_served_pages(home: Home, echo: Echo) -> None:
    home.configure(f"http://{echo.host}/v1")
    home.run("sync")
    with serving(home, "serve") as address:
        connection = http.client.HTTPConnection(*address, timeout=LONG)
        for table in ("videos", "observations", "sources", "sync_runs", "tags", "links"):
            for suffix in ("", ".json", ".csv"):
                connection.request("GET", f"/catalog/{table}{suffix}?_size=max")
                answer = connection.getresponse()
                page = answer.read().decode()
                assert answer.status == 200, page
                assert leaks(page, home.key) == []
        connection.close()


@pytest.mark.parametrize(
    "answer",
    [
        "HTTP/1.1 200 OK\r\nX-Error {}: \x01{}\r\n\r\n",
        "HTTP/{} 200 {}\r\n\r\n",
        "HTTP/1.1 302 {}\r\nLocation: https://[{}\r\n\r\n",
    ],
)
def test_a_traceback_repeats_nothing_that_a_server_sent_in_place_of_http(home: Home, answer: str) -> None:
    with socket.create_server(("127.0.0.1", 0)) as listener:

        def serve() -> None:
            with suppress(OSError):
                while True:
                    connection, _ = listener.accept()
                    with connection:
                        connection.recv(65536)
                        connection.sendall(answer.replace("{}", home.key).encode())

        threading.Thread(target=serve, daemon=True).start()
        url = f"http://127.0.0.1:{listener.getsockname()[1]}/v1"
        asking = "import os, sys; from catalog.client.client import Client; "
        asking += "Client(sys.argv[1], key=os.environ['STUDIO_KEY'], deadline=1).retrieve('v1')"
        done = home.python("-c", asking, url)
        listener.shutdown(socket.SHUT_RDWR)
    assert "Traceback" in done.stderr
    assert "failed" in done.stderr
    assert leaks(done.stderr, home.key) == []
