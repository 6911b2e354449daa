"""What a few megabytes may become: every verb ends in bounded memory, with one line of message.

The programs run as children, for memory is counted by process; their peak is what the kernel says.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import threading
import time
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

import pytest

from tests.client.server import RawServer, response
from tests.house import LONG

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

MIB = 1024 * 1024
CATALOG = [sys.executable, "-m", "catalog"]


class Ended(NamedTuple):
    """How a program ended: its status, what it printed, and the most memory that it had, in MiB."""

    status: int
    output: str
    errors: list[str]
    peak: int


def run(folder: Path, *arguments: str) -> Ended:
    with (folder / "out").open("w+") as out, (folder / "err").open("w+") as err:
        child = subprocess.Popen([*CATALOG, *arguments], cwd=folder, stdin=subprocess.DEVNULL, stdout=out, stderr=err)
        timer = threading.Timer(LONG, child.kill)
        timer.start()
        peak = 0
        while child.poll() is None:  # `ru_maxrss` of a child begins with what its parent had
            peak = max(peak, peak_of(child.pid))
            time.sleep(0.01)
        timer.cancel()
        out.seek(0)
        err.seek(0)
        return Ended(child.returncode, out.read(), err.read().splitlines(), peak)


def peak_of(process: int) -> int:
    try:
        status = Path(f"/proc/{process}/status").read_text()
    except OSError:
        return 0
    sizes = [line.split()[1] for line in status.splitlines() if line.startswith("VmHWM:")]
    return int(sizes[0]) // 1024 if sizes else 0


pytestmark = pytest.mark.skipif(not Path("/proc/self/status").exists(), reason="the peak of a child is read in /proc")


@pytest.fixture
def serve(tmp_path: Path) -> Iterator[Callable[[bytes], Path]]:
    """A folder whose only source answers everything with this body."""
    servers: list[RawServer] = []

    def start(body: bytes) -> Path:
        server = RawServer(lambda _: response(body))
        servers.append(server)
        server.__enter__()
        settings = f'[sources.studio]\nbase_url = "{server.base_url}"\n[sync]\ndeadline_seconds = 30\n'
        (tmp_path / "catalog.toml").write_text(settings)
        return tmp_path

    yield start
    for server in servers:
        server.__exit__(None, None, None)


# Values are counted before the answer is read, so its form and what it holds need not meet in every pair.
@pytest.mark.parametrize(
    ("unit", "megabytes", "body"),
    [("{}", 10, "[%s]"), ('{"id":"v","status":"queued"}', 20, '{"object":"list","data":[%s],"has_more":false}')],
    ids=["empty and bare", "jobs of a page"],
)
def test_an_answer_of_too_many_values_is_refused(serve: Callable[[bytes], Path], unit: str, megabytes: int, body: str):
    ended = run(serve((body % ",".join([unit] * (megabytes * MIB // (len(unit) + 1)))).encode()), "sync")
    assert (ended.status, len(ended.errors)) == (1, 1)
    assert "the answer is JSON of more than 1,000,000 values" in ended.errors[0]
    assert ended.peak < 200


def test_a_prompt_of_thirty_megabytes_stops_no_verb(serve: Callable[[bytes], Path]):
    prompt = "neon rain, close-up: " * (30 * MIB // 21)
    big = {"id": "big", "object": "video", "status": "completed", "created_at": 1_790_000_000, "prompt": prompt}
    folder = serve(json.dumps({"object": "list", "data": [big, {**big, "id": "v1", "prompt": "a cat"}]}).encode())
    ended = run(folder, "sync")
    assert ended.status == 0
    assert "studio: big: prompt is cut, the whole has" in ended.errors[-1]
    assert ended.peak < 400
    for verb in (["search", "neon"], ["reindex"]):
        ended = run(folder, *verb)
        assert (ended.status, ended.peak < 400) == (0, True), verb
    shown = run(folder, "show", "studio:big")
    assert "prompt is cut, the whole has" in shown.output
    assert len(shown.output) < 300_000


@pytest.mark.parametrize(
    ("name", "start", "unit"),
    [
        ("objects.json", "[", "{},"),
        ("text.json", '{"id":"v","status":"completed","prompt":"', "neon rain, "),
        ("words.txt", "", "neon rain, "),
        ("cells.csv", "id,prompt\n1,", "a,"),
        ("quote.csv", 'id,prompt\n1,"', "neon rain, "),
        ("cells-of-lines.csv", 'id,prompt\n"', '\n","'),
        ("lines-of-a-cell.csv", 'id,prompt\n1,"', "a\n"),
    ],
)
def test_a_file_of_one_endless_line_ends_in_one_line_of_message(tmp_path: Path, name: str, start: str, unit: str):
    block = (unit * (MIB // len(unit))).encode()
    with (tmp_path / name).open("wb") as file:
        file.write(start.encode())
        for _ in range(int(os.environ.get("CATALOG_MEGABYTES", "80"))):
            file.write(block)
    ended = run(tmp_path, "import", name)
    assert (ended.status, len(ended.errors)) == (1, 1), ended.errors
    assert name in ended.errors[0]
    assert ended.peak < 350
