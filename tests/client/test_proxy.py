"""Through a proxy: a real one on loopback, which knows hosts that this machine does not."""

from __future__ import annotations

import logging
import shutil
import socket
import ssl
import subprocess
import threading
from contextlib import closing, contextmanager
from typing import TYPE_CHECKING

import pytest

from catalog import Catalog
from catalog.client import network
from catalog.client.client import Bounds, Client
from catalog.client.hosts import environment_proxy
from catalog.demo.gateway import Gateway
from catalog.demo.sample import sample_jobs
from catalog.errors import ConfigError, Refused, SourceError, Unavailable
from catalog.settings import load_settings
from tests.client.proxy import Proxy
from tests.client.server import RawServer, always, response

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

JOB = {"id": "video_1", "object": "video", "status": "completed"}
KEY = "sk-test-0123456789abcdef"
PASSWORD = "open-sesame-42"
VARIABLES = ("http_proxy", "https_proxy", "all_proxy", "no_proxy")


@pytest.fixture(autouse=True)
def _no_proxy_of_this_machine(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in VARIABLES:
        monkeypatch.delenv(name, raising=False)
        monkeypatch.delenv(name.upper(), raising=False)


def studio(proxy: str | None, base_url: str = "http://gateway.invalid/v1") -> Client:
    return Client(base_url, key=KEY, source="studio", proxy=proxy, bounds=Bounds(deadline=20, retries=0))


def test_a_call_goes_through_the_proxy_that_is_named_which_knows_the_host() -> None:
    with RawServer(always(JOB)) as server, Proxy({"gateway.invalid": server.port}) as proxy:
        with studio(f"http://{proxy.address}") as client:
            assert client.retrieve("video_1").payload == JOB
        assert proxy.asked == ["GET http://gateway.invalid/v1/videos/video_1"]
        assert server.requests[0].headers["authorization"] == f"Bearer {KEY}"


@pytest.mark.parametrize("spelling", ["http://{}", "{}"])
def test_a_call_goes_through_the_proxy_of_the_environment(monkeypatch: pytest.MonkeyPatch, spelling: str) -> None:
    with RawServer(always(JOB)) as server, Proxy({"gateway.invalid": server.port}) as proxy:
        monkeypatch.setenv("HTTP_PROXY".lower(), spelling.format(proxy.address))
        with studio("env") as client:
            assert client.retrieve("video_1").payload == JOB
        assert len(proxy.asked) == 1


def test_hosts_that_the_environment_excepts_are_asked_directly(monkeypatch: pytest.MonkeyPatch) -> None:
    with RawServer(always(JOB)) as server, Proxy({}) as proxy:
        monkeypatch.setenv("http_proxy", f"http://{proxy.address}")
        monkeypatch.setenv("no_proxy", "127.0.0.1")
        with studio("env", server.base_url) as client:
            assert client.retrieve("video_1").payload == JOB
        assert proxy.asked == []


def test_the_proxy_of_the_environment_is_not_used_unless_asked(monkeypatch: pytest.MonkeyPatch) -> None:
    with RawServer(always(JOB)) as server, Proxy({}) as proxy:
        monkeypatch.setenv("http_proxy", f"http://{proxy.address}")
        with studio(None, server.base_url) as client:
            assert client.retrieve("video_1").payload == JOB
        assert proxy.asked == []


@contextmanager
def tls_server(folder: Path) -> Iterator[tuple[int, Path]]:
    """A server behind TLS as `gateway.invalid`, and its certificate."""
    certificate, key = folder / "certificate.pem", folder / "key.pem"
    command = "openssl req -x509 -newkey rsa:2048 -nodes -days 2 -subj /CN=gateway.invalid"
    names = ["-addext", "subjectAltName=DNS:gateway.invalid", "-keyout", str(key), "-out", str(certificate)]
    subprocess.run([*command.split(), *names], check=True, capture_output=True)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate, key)
    listener = socket.create_server(("127.0.0.1", 0))

    def serve() -> None:
        while True:
            try:
                plain, _ = listener.accept()
            except OSError:
                return
            try:
                with context.wrap_socket(plain, server_side=True) as connection:
                    connection.recv(65536)
                    connection.sendall(b"".join(response(JOB)))
            except OSError:
                continue

    threading.Thread(target=serve, daemon=True).start()
    with closing(listener):
        yield listener.getsockname()[1], certificate
        listener.shutdown(socket.SHUT_RDWR)


@pytest.mark.skipif(shutil.which("openssl") is None, reason="a certificate is made by openssl")
def test_https_goes_through_a_tunnel_with_the_certificates_of_the_environment(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with tls_server(tmp_path) as (port, certificate), Proxy({"gateway.invalid:443": port}, PASSWORD) as proxy:
        monkeypatch.setenv("https_proxy", f"http://me:{PASSWORD}@{proxy.address}")
        with studio("env", "https://gateway.invalid/v1") as client, pytest.raises(Unavailable, match="certificate"):
            client.retrieve("video_1")
        monkeypatch.setenv("SSL_CERT_FILE", str(certificate))
        network._tls.cache_clear()
        try:
            with studio("env", "https://gateway.invalid/v1") as client:
                assert client.retrieve("video_1").payload == JOB
        finally:
            network._tls.cache_clear()
        assert set(proxy.asked) == {"CONNECT gateway.invalid:443"}


# What goes wrong, and what is never said


@pytest.mark.parametrize(
    ("base_url", "message"),
    [
        ("https://gateway.invalid/v1", "cannot connect to gateway.invalid through the proxy {} (it answered HTTP 407)"),
        ("http://gateway.invalid/v1", "HTTP 407"),
    ],
)
def test_a_proxy_that_wants_another_password_is_told_without_it(
    caplog: pytest.LogCaptureFixture, base_url: str, message: str
) -> None:
    caplog.set_level(logging.DEBUG)
    with Proxy({}, "another") as proxy, studio(f"http://me:{PASSWORD}@{proxy.address}", base_url) as client:
        with pytest.raises(SourceError) as error:
            client.retrieve("video_1")
        assert message.format(proxy.address) in str(error.value)
        assert len(proxy.asked) == 1
        assert PASSWORD not in f"{error.value!r} {error.value} {client!r} {caplog.text}"


def test_a_proxy_that_is_not_there_is_named_without_its_password() -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        address = f"127.0.0.1:{taken.getsockname()[1]}"
    with studio(f"http://me:{PASSWORD}@{address}") as client, pytest.raises(Unavailable) as error:
        client.retrieve("video_1")
    assert f"cannot connect to gateway.invalid through the proxy {address} (Connection refused)" in str(error.value)
    assert PASSWORD not in str(error.value)


def test_an_address_of_our_network_is_refused_behind_a_proxy_too() -> None:
    with Proxy({}) as proxy:
        addresses = {"gateway.invalid": "93.184.216.34", "cdn.invalid": "10.0.0.7", "127.0.0.1": "127.0.0.1"}
        client = Client(
            "http://gateway.invalid/v1",
            source="studio",
            proxy=f"http://{proxy.address}",
            resolver=lambda host, _port: [addresses[host]],
        )
        with client, pytest.raises(Refused), client.open_content("video_1", url="http://cdn.invalid/v.mp4"):
            pass
        assert proxy.asked == []


@pytest.mark.parametrize("url", ["proxy", "socks5://proxy:1080", "http://", "http://proxy:99999", "http://proxy/path"])
def test_a_proxy_that_cannot_be_one_is_refused_at_once(monkeypatch: pytest.MonkeyPatch, url: str) -> None:
    with pytest.raises(ConfigError, match=r"^write the proxy as http://host:port$"):
        studio(url)
    if "://" in url:
        monkeypatch.setenv("http_proxy", url)
        with studio("env") as client, pytest.raises(ConfigError, match=r"write the proxy as http://host:port"):
            client.retrieve("video_1")


@pytest.mark.parametrize("url", ["proxy:x", f"http://me:{PASSWORD}@proxy:many", f"ftp://me:{PASSWORD}@proxy:3128"])
def test_a_bad_proxy_in_the_settings_is_named_by_its_line_and_not_repeated(tmp_path: Path, url: str) -> None:
    path = tmp_path / "catalog.toml"
    path.write_text(f"[sources.studio]\nbase_url = 'http://gateway.invalid/v1'\nproxy = '{url}'\n")
    with pytest.raises(ConfigError) as error:
        load_settings(path, {})
    assert ", line 3: sources.studio.proxy: write the proxy as http://host:port, or" in str(error.value)
    assert PASSWORD not in f"{error.value} {error.value.__cause__}"


def test_the_environment_may_name_no_proxy() -> None:
    assert environment_proxy("https", "gateway.invalid") is None


def test_a_source_is_synced_through_its_proxy_and_the_password_is_nowhere(tmp_path: Path, library_path: Path) -> None:
    jobs = sample_jobs(1_795_000_000)
    with Gateway(jobs=jobs, clock=lambda: 1_795_000_000, key=KEY) as gateway:
        port = int(gateway.base_url.split(":")[2].split("/")[0])
        with Proxy({"gateway.invalid": port}, PASSWORD) as proxy, pytest.MonkeyPatch.context() as patch:
            patch.setenv("STUDIO_KEY", KEY)
            (tmp_path / "catalog.toml").write_text(
                "[sources.studio]\nbase_url = 'http://gateway.invalid/v1'\nkey_env = 'STUDIO_KEY'\n"
                f"proxy = 'http://me:{PASSWORD}@{proxy.address}'\n"
            )
            with Catalog.open(library_path, config=tmp_path / "catalog.toml") as catalog:
                [report] = catalog.sync()
                assert (report.added, report.error) == (len(list(jobs)), None)
                assert PASSWORD not in f"{catalog.settings!r} {catalog.sources()!r} {report!r}"
        assert proxy.asked
    assert PASSWORD.encode() not in b"".join(path.read_bytes() for path in library_path.parent.glob("catalog.db*"))
