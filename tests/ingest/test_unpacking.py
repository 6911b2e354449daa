"""Packed files: gzip and zip by their first bytes, archives in archives, and archives that mean harm."""

from __future__ import annotations

import gzip
import io
import json
import os
import stat
import sys
import zipfile
from typing import TYPE_CHECKING, Any

import pytest

from catalog.ingest import unpacking
from tests.ingest.conftest import job, reasons

if TYPE_CHECKING:
    from tests.ingest.conftest import Bench


def packed(files: dict[str, Any], compression: int = zipfile.ZIP_DEFLATED) -> bytes:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", compression) as archive:
        for name, content in files.items():
            archive.writestr(name, content if isinstance(content, str | bytes) else json.dumps(content))
    return buffer.getvalue()


@pytest.mark.parametrize("name", ["jobs.jsonl.gz", "jobs.jsonl", "jobs.bin"])
def test_gzip_is_known_by_its_first_bytes(bench: Bench, name: str):
    lines = "".join(json.dumps(job(f"v{number}")) + "\n" for number in range(3))
    path = bench.put(name, gzip.compress(lines[:80].encode()) + gzip.compress(lines[80:].encode()))
    file = bench.take_one(path)
    assert (file.path, file.form, file.added, file.refusals) == (str(path), "jsonl", 3, 0)


def test_a_packed_table_is_a_table(bench: Bench):
    bench.put("jobs.csv.gz", gzip.compress("sep=;\nid;prompt\nv1;rain\n".encode("utf-16")))
    bench.put("tables.zip", packed({"more.csv": "id,prompt\nv2,fog\n"}))
    assert bench.take_in().added == 2


def test_what_was_packed_before_the_damage_is_read(bench: Bench):
    lines = "".join(json.dumps(job(f"v{number}", note=os.urandom(64).hex())) + "\n" for number in range(500))
    bench.put("jobs.jsonl.gz", gzip.compress(lines.encode())[:-1000])
    file = bench.take_one()
    assert file.added > 300
    assert reasons(file) == [(None, "cannot be read: what is packed is damaged or cut off")]


def test_the_files_of_an_archive_are_reported_one_by_one(bench: Bench):
    path = bench.put(
        "export.zip",
        packed(
            {"a/jobs.jsonl": f"{json.dumps(job('v1'))}\nx\n", "page.json": [job("v2")], "notes.md": "x", "c.mp4": b""}
        ),
    )
    report = bench.take_in()
    assert {file.path: (file.added, reasons(file)) for file in report.files} == {
        f"{path}/a/jobs.jsonl": (1, [(2, "not JSON: Expecting value at column 1")]),
        f"{path}/page.json": (1, []),
    }
    assert (report.others, report.clips) == ((f"{path}/notes.md",), (f"{path}/c.mp4",))


def test_sidecars_in_an_archive_belong_to_its_clips(bench: Bench):
    bench.put(
        "clips.zip",
        packed({"a/one.mp4": b"", "a/one.txt": "rain", "a/one.json": job("v1"), "two.mp4": b"", "two.txt": "fog"}),
    )
    report = bench.take_in()
    assert (report.refusals, report.lone_clips) == (0, 0)
    assert bench.rows("SELECT remote_id, prompt FROM videos ORDER BY remote_id") == [("two", "fog"), ("v1", "rain")]


def test_both_files_of_a_batch_may_lie_in_one_archive(bench: Bench):
    from tests.ingest.test_batches import answered, asked

    lines = {"in.jsonl": json.dumps(asked("a", prompt="rain")), "out.jsonl": json.dumps(answered("a", "v1"))}
    bench.put("batch.zip", packed(lines))
    bench.take_in()
    assert bench.column("prompt", "v1") == "rain"


def test_an_archive_from_a_pipe_is_read(bench: Bench, monkeypatch: pytest.MonkeyPatch):
    read_end, write_end = os.pipe()
    os.write(write_end, packed({"jobs.json": job("v1")}))
    os.close(write_end)
    with os.fdopen(read_end, "rb") as pipe:
        monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(pipe))
        report = bench.take_in("-")
    assert [(file.path, file.added) for file in report.files] == [("-/jobs.json", 1)]


def test_archives_in_archives_are_opened_to_a_depth(bench: Bench):
    inner = packed({"jobs.json": job("v1"), "deep.zip": packed({"jobs.json": job("v2")})})
    path = bench.put(
        "outer.zip", packed({"inner.zip": inner, "jobs.jsonl.gz": gzip.compress(json.dumps(job("v3")).encode())})
    )
    report = bench.take_in()
    assert bench.ids() == ["v1", "v3"]
    assert [(file.path, file.refused[0].reason) for file in report.files if file.refused] == [
        (
            f"{path}/inner.zip/deep.zip",
            "an archive too deep inside archives: unpack it and import the folder",
        )
    ]


@pytest.mark.parametrize(
    "name",
    [
        "../../evil.json",
        "/etc/evil.json",
        "C:\\evil.json",
        "..\\evil.json",
        "a/../../evil.json",
        "//host/share/evil.json",
    ],
)
def test_a_name_that_leads_out_of_the_archive_is_only_a_name(bench: Bench, name: str):
    path = bench.put("tricky.zip", packed({name: job("v1")}))
    (file,) = bench.take_in().files
    assert file.path.startswith(f"{path}/")
    assert ".." not in file.path
    assert file.added == 1
    assert [entry.name for entry in bench.folder.iterdir()] == ["tricky.zip"]


def test_what_systems_add_to_archives_is_passed_by(bench: Bench):
    bench.put("mac.zip", packed({"__MACOSX/._jobs.json": b"\x00\x05", ".DS_Store": b"x", "jobs.json": job("v1")}))
    report = bench.take_in()
    assert (report.added, report.refusals, report.ignored, len(report.files)) == (1, 0, 0, 1)


def test_an_encrypted_file_is_named_and_the_others_are_read(bench: Bench):
    data = bytearray(packed({"a.json": job("v1"), "b.json": job("v2")}))
    for mark in (b"PK\x03\x04", b"PK\x01\x02"):
        at = data.index(mark)
        data[at + (6 if mark == b"PK\x03\x04" else 8)] |= 1
    path = bench.put("secret.zip", bytes(data))
    report = bench.take_in()
    assert (report.added, report.refusals) == (1, 1)
    assert report.files[0].path == f"{path}/a.json"
    assert report.files[0].refused[0].reason.startswith("encrypted: ")


def test_a_bomb_ends_early(bench: Bench, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(unpacking, "ROOM", 1 << 20)
    bench.put("bomb.jsonl.gz", gzip.compress(b" " * (64 << 20)))
    bench.put("bomb.zip", packed({f"{number}.json": b" " * (8 << 20) for number in range(9)}))
    bench.put("fine.json", job("v1"))
    report = bench.take_in()
    assert report.added == 1
    ends = [file.path for file in report.files for _, reason in reasons(file) if "it unpacks to more than" in reason]
    assert [path.count("bomb.jsonl.gz") for path in ends[:1]] == [1]
    assert sum("bomb.zip" in path for path in ends) == 8


def test_an_archive_of_itself_ends(bench: Bench):
    data = packed({"jobs.json": job("v1")}, zipfile.ZIP_STORED)
    for _ in range(20):
        data = packed({"again.zip": data}, zipfile.ZIP_STORED)
    bench.put("deep.zip", data)
    report = bench.take_in()
    assert (report.added, report.refusals) == (0, 1)


def test_a_link_in_an_archive_is_not_followed(bench: Bench):
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as archive:
        info = zipfile.ZipInfo("jobs.json")
        info.external_attr = (stat.S_IFLNK | 0o777) << 16
        archive.writestr(info, "/etc/passwd")
    bench.put("linked.zip", buffer.getvalue())
    report = bench.take_in()
    assert (report.files, report.ignored) == ((), 1)


@pytest.mark.parametrize(
    ("data", "reason"),
    [
        (b"PK\x03\x04 and nothing more", "a broken zip file, or one that is not complete"),
        (b"7z\xbc\xaf\x27\x1c\x00\x04", "a 7-Zip archive: unpack it and import the folder"),
        (b"Rar!\x1a\x07\x01\x00", "a RAR archive: unpack it and import the folder"),
        (b"\x28\xb5\x2f\xfd\x04", "packed with Zstandard: unpack it and import the folder"),
        (b"jobs.json".ljust(257, b"\x00") + b"ustar\x0000", "a tar archive: unpack it and import the folder"),
        (
            packed({"[Content_Types].xml": "x", "xl/workbook.xml": "x"}),
            "a document of an office program: save its table as CSV",
        ),
    ],
)
def test_what_is_packed_otherwise_is_named(bench: Bench, data: bytes, reason: str):
    path = bench.put("jobs.json", data)
    assert reasons(bench.take_one(path)) == [(None, reason)]


def test_an_archive_of_another_kind_in_a_folder_is_a_file_of_another_kind(bench: Bench):
    tar = b"frame.png".ljust(257, b"\x00") + b"ustar\x0000"
    path = bench.put("frames.tar.gz", gzip.compress(tar))
    report = bench.take_in()
    assert (report.files, report.ignored, report.others) == ((), 1, (str(path),))
    assert reasons(bench.take_one(path)) == [(None, "a tar archive: unpack it and import the folder")]


def test_damage_inside_an_archive_costs_one_file(bench: Bench):
    data = bytearray(packed({"a.json": job("v1", prompt="x" * 500), "b.json": job("v2")}, zipfile.ZIP_STORED))
    data[data.index(b"xxxx") + 7] ^= 1
    bench.put("damaged.zip", bytes(data))
    report = bench.take_in()
    assert report.refusals == 1
    assert "v2" in bench.ids()


def test_a_cut_off_file_in_an_archive_costs_only_itself(bench: Bench):
    whole = gzip.compress(json.dumps(job("v1")).encode())
    path = bench.put("logs.zip", packed({"a.gz": whole[:12], "b.gz": whole, "..": b"y"}))
    report = bench.take_in()
    assert [(file.path, file.added, file.refusals) for file in report.files] == [
        (f"{path}/a.gz", 0, 1),
        (f"{path}/b.gz", 1, 0),
    ]


def test_importing_an_archive_again_adds_nothing(bench: Bench):
    bench.put("jobs.zip", packed({"jobs.json": [job("v1"), job("v2")]}))
    bench.take_in()
    report = bench.take_in()
    assert (report.added, report.changed, report.unchanged) == (0, 0, 2)


def test_a_zip_whose_list_of_files_is_too_long_is_refused_before_it_is_read(bench: Bench):
    path = bench.put("jobs.zip", b"PK\x03\x04")
    os.truncate(path, 17 << 20)  # a hole, which takes no room on the disk
    end = b"PK\x05\x06" + bytes(4) + b"\xff\xff" * 2 + ((16 << 20) + 1).to_bytes(4, "little") + bytes(6)
    with path.open("ab") as file:
        file.write(end)
    assert reasons(bench.take_one()) == [(None, "more than 100,000 files in it: unpack it and import the folder")]
