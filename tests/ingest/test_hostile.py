"""Files that are broken, or meant to break something: a clear reason each, and nothing else lost."""

from __future__ import annotations

import json
import os
from hashlib import sha256
from typing import TYPE_CHECKING, Any

import pytest

from tests.ingest.conftest import job, reasons

if TYPE_CHECKING:
    from tests.ingest.conftest import Bench

# Two tags in the JSON that are one in the library, which holds no half of a surrogate pair.
UNKEPT = '{"id": "v2", "status": "queued", "metadata": {"a\\ud800": "x", "a\\ud801": "y"}}'
GOOD = json.dumps(job("good")).encode()


@pytest.mark.parametrize(
    ("line", "reason"),
    [
        (b'{"id": "v1", "status"', "not JSON: Expecting ':' delimiter at column 22"),
        (b'{"id": "v1", "x": "caf\xe9"}', "not UTF-8: byte 23 is 0xe9"),
        (b'{"id": "v1\x00", "status": "queued"}', "not JSON: Invalid control character at at column 11"),
        (b"\x00\x00\x00", "not JSON: Expecting value at column 1"),
        (b'{"id": "v1", "status": "queued", "x": ' + b"[" * 10_000 + b"]" * 10_000 + b"}", "nested too deeply"),
        (
            b'{"id": "v1", "status": "queued", "x": ' + b"[" * 150 + b"]" * 150 + b"}",
            "nested too deeply, more than 100 levels",
        ),
        (
            b'{"id": "v1", "status": "queued", "status": "failed"}',
            "the key 'status' stands twice, with different values",
        ),
        (b'{"id": "v1", "status": "queued", "x": ' + b"9" * 5000 + b"}", "not JSON: a number has too many digits"),
        (b'{"id": "\\ud800", "status": "queued"}', "the id '\\ud800' is not printable text"),
        (b'{"id": "v\\u0007", "status": "queued"}', "the id 'v\\x07' is not printable text"),
        (b'{"id": "' + b"v" * 1000 + b'", "status": "queued"}', "the id has 1000 characters, more than 512"),
    ],
)
def test_a_broken_line_is_refused_alone(bench: Bench, line: bytes, reason: str):
    bench.put("jobs.jsonl", b"\n".join([GOOD.replace(b"good", b"first"), line, GOOD]))
    file = bench.take_one()
    assert (file.added, reasons(file)) == (2, [(2, reason)])


@pytest.mark.parametrize(
    ("line", "column", "value"),
    [
        (b'{"id": "../../admin", "status": "queued"}', "remote_id", "../../admin"),
        (b'{"id": "v1", "status": "queued", "seconds": NaN}', "seconds", None),
        (b'{"id": "v1", "status": "queued", "progress": Infinity}', "progress", None),
        (b'{"id": "v1", "status": "queued", "prompt": "a\\ud800b"}', "prompt", "a?b"),
        (b'{"id": "v1", "status": "queued", "prompt": "a\\u0000b"}', "hex(prompt)", "610062"),
        (b'{"id": "v1", "status": "queued", "width": 1e400, "seconds": -1}', "width", None),
        (b'{"id": "v1", "status": "queued", "model": "m", "model": "m"}', "model", "m"),
    ],
)
def test_a_strange_line_is_kept(bench: Bench, line: bytes, column: str, value: Any):
    bench.put("jobs.jsonl", line + b"\n" + GOOD)
    assert bench.take_one().added == 2
    assert bench.rows(f"SELECT {column} FROM videos WHERE remote_id <> 'good'") == [(value,)]


def test_a_line_of_a_megabyte_is_a_line_whose_prompt_is_kept_cut(bench: Bench):
    prompt = "rain " * 200_000
    bench.put_lines("jobs.jsonl", job("v1", prompt=prompt), job("v2"))
    report = bench.take_in()
    assert (report.added, report.refusals, report.unread) == (2, 0, 0)
    assert bench.column("prompt", "v1") == prompt[:256_000]
    whole = f"1000000 bytes, sha256 {sha256(prompt.encode()).hexdigest()}"
    assert report.notes == (f"v1: prompt is cut, the whole has {whole}",)


def test_a_line_over_the_cap_is_skipped(bench: Bench):
    bench.put_lines("jobs.jsonl", job("v1"), job("v2", prompt="x" * (32 << 20)), job("v3"))
    file = bench.take_one()
    assert (file.added, reasons(file)) == (2, [(2, "a line of more than 32 MiB")])


def test_a_document_over_the_cap_is_refused(bench: Bench):
    path = bench.put("page.json", '{\n"data": "')
    os.truncate(path, 65 << 20)  # a hole, which takes no room on the disk
    assert reasons(bench.take_one()) == [(None, "one JSON document of more than 64 MiB: save it as JSON lines")]


def test_a_truncated_document_is_refused_with_line_and_column(bench: Bench):
    text = json.dumps({"object": "list", "data": [job("v1"), job("v2")]}, indent=2)
    bench.put("page.json", text[: text.index("v2")])
    ((place, reason),) = reasons(bench.take_one())
    assert place is None
    assert reason.startswith("not JSON: Unterminated string starting at at line 11, column ")


def test_lines_with_a_broken_first_one_are_still_lines(bench: Bench):
    bench.put("jobs.json", b'{"id": "v1", \n' + GOOD + b"\n" + GOOD.replace(b"good", b"v3"))
    file = bench.take_one()
    assert (file.added, reasons(file)[0][0]) == (2, 1)


def test_a_single_broken_line_has_no_line_number(bench: Bench):
    bench.put("job.json", '{"id": ')
    assert reasons(bench.take_one())[0][0] is None


@pytest.mark.parametrize("name", ["x.json", "x.jsonl", "x.csv"])
def test_an_empty_file_is_reported(bench: Bench, name: str):
    bench.put(name, b"")
    assert reasons(bench.take_one()) == [(None, "the file is empty")]


@pytest.mark.parametrize("encoding", ["utf-8-sig", "utf-16", "utf-16-le", "utf-16-be"])
def test_other_encodings_are_read_by_their_mark(bench: Bench, encoding: str):
    mark = {"utf-16-le": b"\xff\xfe", "utf-16-be": b"\xfe\xff"}.get(encoding, b"")
    lines = "".join(json.dumps(job(name, prompt="東京"), ensure_ascii=False) + "\r\n" for name in ("v1", "v2"))
    bench.put("jobs.jsonl", mark + lines.encode(encoding))
    assert bench.take_one().added == 2
    assert bench.column("prompt", "v2") == "東京"


def test_a_text_that_is_not_the_utf_16_its_mark_promises_is_refused(bench: Bench):
    bench.put("jobs.jsonl", json.dumps(job("v1")).encode("utf-16") + b"\n\x00" + b"\x00\xd8\n\x00")
    assert "not UTF-16, which its byte order mark promises" in [reason for _, reason in reasons(bench.take_one())]


def test_refusals_are_counted_and_the_first_hundred_told(bench: Bench):
    bench.put("jobs.jsonl", b"x\n" * 250 + GOOD)
    file = bench.take_one()
    assert (file.added, file.refusals, len(file.refused)) == (1, 250, 100)


def test_a_reason_is_one_short_line(bench: Bench):
    message = "no\x1b[31m\nnever " + "x" * 1000 + " https://x.example/?signature=abc"
    bench.put_lines("jobs.jsonl", {"error": {"message": message}}, job())
    ((_, reason),) = reasons(bench.take_one())
    assert len(reason) <= 200
    assert reason.isprintable()


def test_an_item_that_the_store_cannot_keep_takes_no_other_with_it(bench: Bench):
    bench.put_lines("jobs.jsonl", job("v1"), UNKEPT, job("v3"))
    file = bench.take_one()
    assert file.added + file.refusals == 3
    assert {"v1", "v3"} <= set(bench.ids())
