"""The bytes of files: ranges as players ask for them, files that are not what they were, pictures from strangers."""

from __future__ import annotations

import io
import os
import socket
from typing import TYPE_CHECKING

import pytest
from PIL import Image
from PIL.PngImagePlugin import PngInfo

from catalog import Catalog
from catalog.web.gallery.application import respond
from catalog.web.gallery.tiles import media_name
from catalog.web.gallery.visits import Answer, Piece, Visit
from tests.house import LONG, job, wait_until
from tests.web.conftest import serving
from tests.web.gallery.shelf import hold, place_of, take_in

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    Ask = Callable[..., Answer]

CLIP = bytes(range(200)) * 5
BIG = 2 << 30
DAY = 24 * 3600


@pytest.fixture
def path(library_path: Path) -> Path:
    take_in(library_path, job("v1"), job("v2"))
    return library_path


@pytest.fixture
def ask(path: Path) -> Iterator[Ask]:
    """Ask for `/-/media/NAME` with these headers."""
    with Catalog.open(path) as catalog:

        def ask(name: str, method: str = "GET", **headers: str) -> Answer:
            named = {key.replace("_", "-"): value for key, value in headers.items()}
            return respond(Visit(catalog, method, ("-", "media", name), headers=named))

        yield ask


def picture(kind: str, size: tuple[int, int] = (64, 36), **options: object) -> bytes:
    target = io.BytesIO()
    Image.new("RGB", size, "orange").save(target, kind, **options)
    return target.getvalue()


@pytest.mark.parametrize(
    ("asked", "status", "start", "length"),
    [
        ("", 200, 0, 1000),
        ("bytes=0-", 206, 0, 1000),
        ("bytes=0-0", 206, 0, 1),
        ("bytes=10-19", 206, 10, 10),
        ("BYTES=10-19", 206, 10, 10),
        ("bytes=990-5000", 206, 990, 10),
        ("bytes=-1", 206, 999, 1),
        ("bytes=-5000", 206, 0, 1000),
        ("bytes=999-999", 206, 999, 1),
        ("bytes=1000-", 416, 0, 0),
        ("bytes=1000-2000", 416, 0, 0),
        ("bytes=-0", 416, 0, 0),
        ("bytes=20-10", 416, 0, 0),
        ("bytes=0-1,5-6", 200, 0, 1000),
        ("bytes=", 200, 0, 1000),
        ("bytes=-", 200, 0, 1000),
        ("bytes=a-b", 200, 0, 1000),
        ("bytes=١-٢", 200, 0, 1000),
        ("bytes=" + "9" * 5000 + "-", 200, 0, 1000),
        ("lines=1-2", 200, 0, 1000),
    ],
)
def test_ranges(path: Path, ask: Ask, asked: str, status: int, start: int, length: int) -> None:
    name = f"{hold(path, CLIP, 'video/mp4')}.mp4"
    answer = ask(name, range=asked)
    assert answer.status == status
    assert answer.headers["accept-ranges"] == "bytes"
    if status == 416:
        assert answer.headers["content-range"] == "bytes */1000"
        return
    assert answer.type == "video/mp4"
    assert isinstance(answer.body, Piece)
    assert (answer.body.start, answer.body.length) == (start, length)
    if status == 206:
        assert answer.headers["content-range"] == f"bytes {start}-{start + length - 1}/1000"


def test_a_range_counts_only_for_the_bytes_that_one_has(path: Path, ask: Ask) -> None:
    sha256 = hold(path, CLIP, "video/mp4")
    name, tag = f"{sha256}.mp4", f'"{sha256}"'
    assert ask(name).headers["etag"] == tag
    assert ask(name, range="bytes=1-2", if_range=tag).status == 206
    for other in ('"other"', f"W/{tag}", "Sat, 21 Nov 2026 12:00:00 GMT"):
        assert ask(name, range="bytes=1-2", if_range=other).status == 200
    assert ask(name, if_none_match=f'"other", {tag}').status == 304
    assert ask(name, if_none_match='"other"').status == 200
    head = ask(name, "HEAD", range="bytes=1-2")
    assert (head.status, "content-range" in head.headers) == (200, False)


def test_names_are_hashes_and_endings_are_those_of_the_bytes(path: Path, ask: Ask) -> None:
    sha256 = hold(path, CLIP, "video/mp4")
    other = hold(path, b"<svg onload='alert(1)'/>", "image/svg+xml", of="v2", variant="image")
    page = hold(path, b"<script>alert(1)</script>", "text/html", of="v2", variant="thumbnail")
    for name in (
        *(f"{sha256}.{end}" for end in ("jpg", "html", "svg", "mp4x", "")),
        *(f"{each}.{end}" for each in (other, page) for end in ("svg", "html", "jpg", "png", "mp4")),
        sha256,
        f"{sha256.upper()}.mp4",
        f"{'0' * 64}.mp4",
        f"..\\{sha256}.mp4",
        f"../{sha256}.mp4",
        f"{sha256}.mp4\\",
        f"{sha256}.mp4\n",
        "catalog.db",
    ):
        assert ask(name).status == 404, name


def test_a_file_that_vanished_is_said_to_be_gone(path: Path, ask: Ask) -> None:
    sha256 = hold(path, CLIP, "video/mp4")
    place_of(path, sha256).unlink()
    answer = ask(f"{sha256}.mp4", accept="application/json")
    assert (answer.status, answer.body) == (404, b'{"error": "the file is not where it was"}')


def test_other_bytes_than_those_of_the_name_are_not_kept_by_a_browser(path: Path, ask: Ask) -> None:
    sha256 = hold(path, CLIP, "video/mp4")
    assert int(ask(f"{sha256}.mp4").headers["cache-control"].split("max-age=")[1].split(",")[0]) >= DAY
    place_of(path, sha256).write_bytes(CLIP[:300])
    answer = ask(f"{sha256}.mp4", range="bytes=100-")
    assert answer.headers["content-range"] == "bytes 100-299/300"
    assert (answer.headers["cache-control"], "etag" in answer.headers) == ("no-store", False)


@pytest.mark.parametrize("kind", ["WEBP", "JPEG", "PNG", "GIF"])
def test_a_thumbnail_of_a_server_is_drawn_afresh(path: Path, ask: Ask, kind: str) -> None:
    data = picture(kind) + b"<script>alert(1)</script>"
    sha256 = hold(path, data, f"image/{kind.lower()}", variant="thumbnail")
    answer = ask(f"{sha256}.jpg", cookie="catalog-80=secret")
    assert (answer.status, answer.type) == (200, "image/jpeg")
    assert isinstance(answer.body, bytes)
    assert b"script" not in answer.body
    with Image.open(io.BytesIO(answer.body)) as drawn:
        assert (drawn.format, drawn.size) == ("JPEG", (64, 36))
    assert "max-age=31536000" in answer.headers["cache-control"]
    assert ask(f"{sha256}.jpg", if_none_match=answer.headers["etag"]).status == 304
    if kind != "JPEG":
        assert ask(f"{sha256}.{kind.lower()}").status == 404


def test_what_stands_in_a_picture_beside_what_it_shows_is_left_out(path: Path, ask: Ask) -> None:
    notes = PngInfo()
    notes.add_text("Comment", "secret words")
    sha256 = hold(path, picture("PNG", pnginfo=notes), "image/png", variant="spritesheet")
    body = ask(f"{sha256}.jpg").body
    assert isinstance(body, bytes)
    assert b"secret" not in body


def test_a_picture_that_was_made_here_and_one_of_a_job_are_sent_as_they_are(path: Path, ask: Ask) -> None:
    made = hold(path, picture("JPEG"), "image/jpeg", variant="thumbnail", origin="made")
    image = hold(path, picture("PNG"), "image/png", of="v2", variant="image")
    assert isinstance(ask(f"{made}.jpg").body, Piece)
    assert isinstance(ask(f"{image}.png").body, Piece)
    with Catalog.open(path) as catalog:
        assert [media_name(file) for file in catalog.get("v2").files] == [f"{image}.png"]


def test_a_picture_that_cannot_be_drawn_is_an_error_of_one_line(path: Path, ask: Ask) -> None:
    broken = hold(path, picture("WEBP")[:40], "image/webp", variant="thumbnail")
    bomb = hold(path, picture("PNG", (6000, 6000)), "image/png", of="v2", variant="thumbnail")
    for sha256 in (broken, bomb):
        answer = ask(f"{sha256}.jpg", accept="application/json")
        assert (answer.status, answer.body) == (404, b'{"error": "this picture cannot be drawn"}')


def memory_of(pid: int) -> int:
    """Bytes that a process has in memory."""
    with open(f"/proc/{pid}/statm", encoding="ascii") as file:  # noqa: PTH123 - of the system
        return int(file.read().split()[1]) * os.sysconf("SC_PAGE_SIZE")


def start_reading(port: int, name: str) -> socket.socket:
    """Ask for a file as a browser does that then takes nothing."""
    slow = socket.create_connection(("127.0.0.1", port), timeout=LONG)
    slow.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
    slow.sendall(f"GET /-/media/{name} HTTP/1.1\r\nHost: 127.0.0.1:{port}\r\n\r\n".encode())
    return slow


def test_a_large_file_and_slow_clients_do_not_hold_up_pages(path: Path) -> None:
    name = f"{hold(path, b'large', 'video/mp4', size=BIG)}.mp4"
    with serving(path) as site:
        answer = site.get(f"/-/media/{name}", headers={"range": f"bytes={BIG - 4}-"})
        assert (answer.status_code, answer.content) == (206, b"\0\0\0\0")
        assert site.get(f"/-/media/{name}", headers={"range": "bytes=0-4"}).content == b"large"
        assert site.head(f"/-/media/{name}").headers["content-length"] == str(BIG)
        before = memory_of(site.process.pid)
        port = site.base_url.port
        assert port
        slow = [start_reading(port, name) for _ in range(20)]
        try:
            for each in slow:
                assert each.recv(15) == b"HTTP/1.1 200 OK"
            assert site.get("/").status_code == 200
            assert site.get(f"/-/media/{name}", headers={"range": "bytes=1-2"}).content == b"ar"
            assert memory_of(site.process.pid) - before < 64 << 20
        finally:
            for each in slow:
                each.close()
        wait_until(lambda: open_files(site.process.pid, ".bin") == 0)  # nothing is read for those who left
        status, said = site.stop()
        assert (status, "Traceback" in said) == (0, False)


def open_files(pid: int, ending: str) -> int:
    """How many open files of a process have names that end so."""
    names = []
    for number in os.listdir(f"/proc/{pid}/fd"):  # noqa: PTH208 - of the system
        try:
            names.append(os.readlink(f"/proc/{pid}/fd/{number}"))  # noqa: PTH115
        except OSError:
            continue
    return sum(name.endswith(ending) for name in names)


def test_a_file_that_is_cut_while_it_is_sent_breaks_the_answer(path: Path) -> None:
    sha256 = hold(path, b"large", "video/mp4", size=64 << 20)
    with serving(path) as site:
        port = site.base_url.port
        assert port
        slow = start_reading(port, f"{sha256}.mp4")
        assert slow.recv(15) == b"HTTP/1.1 200 OK"
        os.truncate(place_of(path, sha256), 1 << 20)
        taken = 0
        while data := slow.recv(1 << 20):
            taken += len(data)
        assert taken < 64 << 20
        slow.close()
        assert site.get("/").status_code == 200
        status, said = site.stop()
        assert (status, "Traceback" in said) == (0, False)
