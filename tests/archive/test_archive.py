"""The archive, against a real server that speaks S3: copied, read back, dropped here, brought back."""

from __future__ import annotations

import json
import os
from hashlib import sha256
from typing import TYPE_CHECKING, Any

import boto3
import pytest
from click.testing import CliRunner
from moto.server import ThreadedMotoServer

from catalog import store
from catalog.api import Catalog
from catalog.archive.bucket import Address, Bucket
from catalog.cli import main
from catalog.errors import ArchiveError, ConfigError, MediaOffline, QueryError
from catalog.media.keep import MediaFolder
from tests.store.conftest import START, Desk, job

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from catalog.database import Database

ADDRESS = "s3://studio-archive/clips"
CREDENTIALS = {"AWS_ACCESS_KEY_ID": "testing-id", "AWS_SECRET_ACCESS_KEY": "testing-secret-of-an-account"}


@pytest.fixture(scope="module")
def server() -> Iterator[str]:
    """A server on loopback that speaks S3: its address."""
    running = ThreadedMotoServer(ip_address="127.0.0.1", port=0, verbose=False)
    running.start()
    host, port = running.get_host_and_port()
    yield f"http://{host}:{port}"
    running.stop()


@pytest.fixture
def s3(server: str, monkeypatch: pytest.MonkeyPatch) -> Any:
    """A client of another maker, and an empty bucket; the environment names the server and has credentials."""
    for name in [name for name in os.environ if name.startswith("AWS_")]:
        monkeypatch.delenv(name)
    for name, value in {**CREDENTIALS, "AWS_ENDPOINT_URL": server, "AWS_REGION": "us-east-1"}.items():
        monkeypatch.setenv(name, value)
    client = boto3.client("s3", endpoint_url=server, region_name="us-east-1")
    client.create_bucket(Bucket="studio-archive")
    yield client
    for item in client.list_objects_v2(Bucket="studio-archive").get("Contents", ()):
        client.delete_object(Bucket="studio-archive", Key=item["Key"])
    client.delete_bucket(Bucket="studio-archive")
    client.close()


class Shelf(Desk):
    """A library whose videos have files of these bytes."""

    def __init__(self, library: Database) -> None:
        super().__init__(library)
        self.folder = MediaFolder(library.path.parent / "media")

    def keep(self, name: str, data: bytes, variant: str = "video", origin: str = "download") -> Path:
        self.hear(job(name, status="completed", prompt=f"a fox {name}"))
        with self.folder.part() as part:
            part.write(data)
            path = self.folder.commit(part, "mp4")
        number = self.value("SELECT id FROM videos WHERE remote_id = ?", name)
        held = store.Bytes(sha256(data).hexdigest(), len(data), "video/mp4", path)
        with self.library.write() as connection:
            store.save_file(connection, store.Spot(number, variant), held, origin=origin, at=START)
        return self.library.path.parent / path


@pytest.fixture
def shelf(library: Database) -> Shelf:
    return Shelf(library)


@pytest.fixture
def catalog(shelf: Shelf) -> Iterator[Catalog]:
    with Catalog.open(shelf.library.path) as opened:
        yield opened


def list_keys(s3: Any) -> list[str]:
    return [item["Key"] for item in s3.list_objects_v2(Bucket="studio-archive").get("Contents", ())]


def find(catalog: Catalog, query: str) -> list[str]:
    return sorted(video.remote_id for video in catalog.search(query, limit=50).videos)


def test_files_are_copied_and_read_back(s3: Any, shelf: Shelf, catalog: Catalog) -> None:
    path = shelf.keep("a", b"one")
    shelf.keep("b", b"one")  # the same bytes
    shelf.keep("c", b"two")
    shelf.keep("c", b"a picture of it", variant="thumbnail", origin="made")
    report = catalog.archive(ADDRESS)
    assert (report.address, report.copied, report.already, report.bytes, report.dropped) == (ADDRESS, 2, 0, 6, 0)
    assert report.failed == {}
    key = f"clips/{path.relative_to(shelf.library.path.parent).as_posix()}"
    assert len(list_keys(s3)) == 2
    assert s3.get_object(Bucket="studio-archive", Key=key)["Body"].read() == b"one"
    assert find(catalog, "is:archived") == ["a", "b", "c"]
    assert catalog.get("a").files[0].archives == (f"s3://studio-archive/{key}",)


def test_a_second_run_copies_nothing(s3: Any, shelf: Shelf, catalog: Catalog) -> None:
    shelf.keep("a", b"one")
    catalog.archive(ADDRESS)
    shelf.keep("b", b"two")
    report = catalog.archive(ADDRESS)
    assert (report.copied, report.already, report.bytes) == (1, 1, 3)


def test_what_a_stopped_run_has_sent_is_read_back_by_the_next(s3: Any, shelf: Shelf, catalog: Catalog) -> None:
    path = shelf.keep("a", b"one")
    key = f"clips/{path.relative_to(shelf.library.path.parent).as_posix()}"
    s3.put_object(Bucket="studio-archive", Key=key, Body=b"one")
    report = catalog.archive(ADDRESS)
    assert (report.copied, report.already) == (0, 1)
    assert find(catalog, "is:archived") == ["a"]


@pytest.mark.parametrize("body", [b"other", b"eno"])
def test_an_object_with_other_bytes_is_left_and_counts_for_nothing(
    s3: Any, shelf: Shelf, catalog: Catalog, body: bytes
) -> None:
    path = shelf.keep("a", b"one")
    key = f"clips/{path.relative_to(shelf.library.path.parent).as_posix()}"
    s3.put_object(Bucket="studio-archive", Key=key, Body=body)
    report = catalog.archive(ADDRESS, drop_local=True)
    assert list(report.failed) == ["studio:a video 1"]
    assert "left as it is" in report.failed["studio:a video 1"]
    assert s3.get_object(Bucket="studio-archive", Key=key)["Body"].read() == body
    assert find(catalog, "is:archived") == []
    assert path.read_bytes() == b"one"


def test_damaged_bytes_are_not_archived(s3: Any, shelf: Shelf, catalog: Catalog) -> None:
    path = shelf.keep("a", b"one")
    path.write_bytes(b"onf")
    report = catalog.archive(ADDRESS)
    assert report.failed == {"studio:a video 1": "its bytes have changed since they were kept"}
    assert list_keys(s3) == []
    assert find(catalog, "is:damaged") == ["a"]


def test_what_was_dropped_here_comes_back(s3: Any, shelf: Shelf, catalog: Catalog) -> None:
    path = shelf.keep("a", b"one")
    kept = shelf.keep("b", b"two")
    report = catalog.archive(ADDRESS, "prompt:a created:2026 fox id:a", drop_local=True)
    assert (report.copied, report.dropped) == (1, 1)
    assert not path.exists()
    assert kept.exists()
    assert find(catalog, "missing:file") == []
    assert find(catalog, "has:file") == ["a", "b"]
    back = catalog.unarchive("fox")
    assert (back.address, back.copied, back.bytes, back.failed) == (None, 1, 3, {})
    assert path.read_bytes() == b"one"
    assert catalog.get("a").files[0].path == str(path)
    assert catalog.unarchive().copied == 0


def test_what_the_archive_has_no_more_is_not_dropped(s3: Any, shelf: Shelf, catalog: Catalog) -> None:
    path = shelf.keep("a", b"one")
    catalog.archive(ADDRESS)
    s3.delete_object(Bucket="studio-archive", Key=list_keys(s3)[0])
    report = catalog.archive(ADDRESS, drop_local=True)
    assert report.dropped == 0
    assert report.failed == {"studio:a video 1": "the archive has it no more: its local bytes stay"}
    assert path.exists()


def test_other_bytes_do_not_come_back(s3: Any, shelf: Shelf, catalog: Catalog) -> None:
    path = shelf.keep("a", b"one")
    catalog.archive(ADDRESS, drop_local=True)
    s3.put_object(Bucket="studio-archive", Key=list_keys(s3)[0], Body=b"eno" * 1000)
    assert "holds other bytes" in catalog.unarchive().failed["studio:a video 1"]
    assert not path.exists()
    assert list(shelf.folder.iter_files()) == []


def test_a_large_file_goes_in_parts(s3: Any, shelf: Shelf, catalog: Catalog, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("catalog.archive.bucket._LARGE", 1_000_000)
    path = shelf.keep("a", os.urandom(6_000_000))
    assert catalog.archive(ADDRESS, drop_local=True).copied == 1
    assert catalog.unarchive().copied == 1
    assert sha256(path.read_bytes()).hexdigest() == path.stem


@pytest.mark.parametrize(
    "text", ["studio", "s3://", "s3:///a", "s3://UPPER/a", "s3://b", "gs://bucket/a", "s3://bucket/a/../b",
             "s3://bucket/a//b", "s3://bucket/a?x=1", "s3://user:word@bucket/a", "s3://bucket/\n", ""],
)  # fmt: skip
def test_an_address_that_is_none_is_refused(shelf: Shelf, catalog: Catalog, text: str) -> None:
    with pytest.raises(ConfigError, match="not the address of an archive"):
        catalog.archive(text)


def test_a_bucket_needs_no_prefix(s3: Any, shelf: Shelf, catalog: Catalog) -> None:
    shelf.keep("a", b"one")
    assert catalog.archive("s3://studio-archive/").address == "s3://studio-archive"
    assert list_keys(s3)[0].startswith("media/")
    catalog.archive("s3://studio-archive", drop_local=True)
    assert catalog.unarchive().copied == 1


def test_a_missing_bucket_is_said_of_each_file(s3: Any, shelf: Shelf, catalog: Catalog) -> None:
    shelf.keep("a", b"one")
    report = catalog.archive("s3://another-bucket")
    assert list(report.failed) == ["studio:a video 1"]
    assert find(catalog, "is:archived") == []


def test_no_secret_is_in_a_message(s3: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AWS_ENDPOINT_URL", "http://127.0.0.1:9/testing-secret-of-an-account")
    monkeypatch.setattr("catalog.archive.bucket._RETRIES", 0)
    with pytest.raises(ArchiveError) as caught:
        Bucket(Address.parse(ADDRESS)).size_of("a")
    assert "testing-secret" not in str(caught.value)
    assert "\n" not in str(caught.value)


def test_a_query_that_cannot_be_read_as_written_moves_nothing(s3: Any, shelf: Shelf, catalog: Catalog) -> None:
    shelf.keep("a", b"one")
    with pytest.raises(QueryError, match="only as it is written"):
        catalog.archive(ADDRESS, "colour:red")
    assert list_keys(s3) == []


def test_the_shell_archives_and_brings_back(s3: Any, shelf: Shelf) -> None:
    shelf.keep("a", b"one")
    shelf.keep("b", b"two")

    def run(*arguments: str) -> Any:
        return CliRunner().invoke(main.cli, ["archive", "--db", str(shelf.library.path), *arguments])

    done = run(ADDRESS, "id:a", "--drop-local")
    assert done.output.startswith("archived 1 file (3 bytes) in 0.")
    assert "each read back\nremoved the local bytes of 1 file" in done.output
    assert done.exit_code == 0
    again = run(ADDRESS, "--json")
    assert {key: json.loads(again.output)[key] for key in ("copied", "already", "dropped", "failed")} == {
        "copied": 1, "already": 0, "dropped": 0, "failed": {},
    }  # fmt: skip
    assert run("--restore").output.startswith("brought back 1 file (3 bytes)")
    s3.delete_object(Bucket="studio-archive", Key=list_keys(s3)[0])
    assert run(ADDRESS, "--drop-local").exit_code == 1


@pytest.mark.parametrize(
    "arguments", [(), ("--restore", "--drop-local"), ("--restore", ADDRESS), (ADDRESS, "--jobs", "0")]
)
def test_a_command_that_makes_no_sense_is_a_usage_error(shelf: Shelf, arguments: tuple[str, ...]) -> None:
    assert CliRunner().invoke(main.cli, ["archive", "--db", str(shelf.library.path), *arguments]).exit_code == 2


@pytest.mark.parametrize("act", ["archive", "drop", "unarchive"])
def test_a_drive_that_is_not_there_loses_nothing(s3: Any, shelf: Shelf, catalog: Catalog, act: str) -> None:
    path = shelf.keep("a", b"one")
    shelf.keep("b", b"two")
    catalog.archive(ADDRESS)
    if act == "unarchive":
        catalog.archive(ADDRESS, "id:b", drop_local=True)
    before = catalog.get("a").files
    media = shelf.folder.root
    media.rename(media.with_name("unplugged"))
    calls = {
        "archive": lambda: catalog.archive(ADDRESS),
        "drop": lambda: catalog.archive(ADDRESS, drop_local=True),
        "unarchive": catalog.unarchive,
    }
    with pytest.raises(MediaOffline, match="cannot be reached"):
        calls[act]()
    assert not media.exists()
    assert catalog.get("a").files == before
    media.with_name("unplugged").rename(media)
    assert path.read_bytes() == b"one"
