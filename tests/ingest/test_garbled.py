"""Files of every format with bytes lost, doubled and changed: no reader raises, and what was good before stays good."""

from __future__ import annotations

import gzip
import json
from random import Random

import pytest

from tests.ingest.conftest import Bench, job
from tests.ingest.test_calls import PAIRS, call, recording
from tests.ingest.test_posts import CORGI, HERON, OTTER
from tests.ingest.test_sequences import LOG, pretty
from tests.ingest.test_unpacking import packed

TABLE = 'sep=;\nTitle;;\nid;Prompt;Duration (s);cost;created_at\nv1;"a;b\nc";8s;$0.80;15.09.2026\nv2;x;00:08;0,80;x\n'
WHOLE = {
    "session.har": json.dumps(recording(call("POST", "/videos", job("v1"), {"prompt": "x"}))).encode(),
    "pairs.jsonl": "\n".join(map(json.dumps, PAIRS)).encode(),
    "feed.json": json.dumps({"items": [CORGI, HERON, {**OTTER, "remix_posts": {"items": [CORGI]}}]}).encode(),
    "run.log": LOG.encode(),
    "polls.json": (pretty("v1") + pretty("v2") + "\n" + pretty("v3")).encode(),
    "wide.json": (pretty("v1") + pretty("v2")).encode("utf-16"),
    "items.json": json.dumps([{"json": {"body": job("v2"), "headers": {}, "statusCode": 200}}]).encode(),
    "map.json": json.dumps({"jobs": {"v1": job("v1"), "v2": job("v2")}}).encode(),
    "sheet.csv": TABLE.encode(),
    "wide.csv": TABLE.encode("utf-16"),
    "jobs.jsonl.gz": gzip.compress(json.dumps(job("v1")).encode()),
    "all.zip": packed(
        {"a.json": job("v1"), "c/clip.mp4": "", "c/clip.txt": "rain", "b.gz": gzip.compress(b"{}"), "i.zip": packed({})}
    ),
}
INSERTED = (b"{", b"[", b'"', b"\n", b'{"a":[', b"null", b"\xef\xbb\xbf", b"\\u12", b",", b"}{", b"\x00", b"\xff")
ROUNDS = 40


def garble(data: bytes, chance: Random) -> bytes:
    """The bytes with one to five things in them changed, lost, doubled, inserted or cut off."""
    garbled = bytearray(data)
    for _ in range(chance.randint(1, 5)):
        start = chance.randrange(len(garbled) + 1)
        piece = garbled[start : start + chance.randint(1, 100)]
        match chance.randrange(5):
            case 0:
                garbled[start : start + 1] = chance.randbytes(1)
            case 1:
                del garbled[start : start + len(piece)]
            case 2:
                garbled[start:start] = piece
            case 3:
                garbled[start:start] = chance.choice(INSERTED)
            case 4:
                del garbled[start + chance.randint(0, 200) :]
    return bytes(garbled)


@pytest.mark.parametrize("name", WHOLE)
def test_no_garbled_file_stops_an_import(bench: Bench, name: str):
    chance = Random(name)
    for number in range(ROUNDS):
        bench.put(f"{number}/{name}", garble(WHOLE[name], chance))
    bench.put("good.json", job("good"))
    report = bench.take_in(columns="auto", dates="dmy")
    assert "good" in bench.ids()
    assert all(refusal.reason.isprintable() for file in report.files for refusal in file.refused)


@pytest.mark.parametrize("name", WHOLE)
def test_a_whole_file_is_read(bench: Bench, name: str):
    bench.put(name, WHOLE[name])
    assert bench.take_in(columns="auto", dates="dmy").added > 0
