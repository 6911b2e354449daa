"""The registry of formats: which reader takes a file, and that each format is the business of one module."""

from __future__ import annotations

import io
import re
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from catalog import ingest
from catalog.ingest.formats import File
from catalog.ingest.readers import READERS, SUFFIXES, find_reader
from tests.ingest.conftest import job
from tests.ingest.test_batches import answered, asked

if TYPE_CHECKING:
    from tests.ingest.conftest import Bench

DESCRIPTION = "Generation ID : gen_1\nModel : sora-2\n\n── Prompt ──────────\nA fox."


@pytest.mark.parametrize(
    ("name", "media", "head", "form"),
    [
        ("jobs.csv", None, b"id\nv1\n", "csv"),
        ("jobs.TSV", None, b"", "csv"),
        ("clip.txt", "clip.mp4", b"A fox.", "sidecar"),
        ("clip.json", "clip.mp4", b"{}", "sidecar"),
        ("clip.txt", "clip.mp4", DESCRIPTION.encode(), "soravault"),
        ("clip.txt", None, DESCRIPTION.encode("utf-16"), "soravault"),
        ("notes.txt", None, b"A fox.", "text"),
        ("jobs.jsonl", None, b"{}\n{}\n", "json"),
        ("jobs", None, b"{}", "json"),
        ("-", None, b"id,prompt\n", "json"),
    ],
)
def test_a_file_is_read_by_the_first_reader_that_knows_it(name: str, media: str | None, head: bytes, form: str):
    file = File(Path(name), Path(media) if media else None)
    assert find_reader(file, head).name == form


def test_every_format_has_a_name_of_its_own():
    names = [reader.name for reader in READERS]
    assert len(set(names)) == len(names)
    assert {".json", ".jsonl", ".ndjson", ".har", ".log", ".txt", ".csv", ".tsv"} == SUFFIXES


def test_a_form_may_become_clearer_as_a_file_is_read(bench: Bench):
    bench.put("1.json", job("v1"))
    bench.put_lines("2.json", job("v1"), job("v2"))
    bench.put_lines("3.jsonl", asked("a"), answered("a", "v3"))
    bench.put("4.json", {"genId": "gen_1", "prompt": "rain"})
    assert [file.form for file in bench.take_in().files] == ["json", "jsonl", "batch", "soravault"]


def test_standard_input_goes_through_the_same_readers(bench: Bench, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(
        sys, "stdin", io.TextIOWrapper(io.BytesIO(b'{"genId": "gen_1"}\n{"id": "v1", "status": "queued"}'))
    )
    file = bench.take_one("-")
    assert (file.path, file.form, file.added) == ("-", "soravault", 2)


@pytest.mark.parametrize(
    ("words", "modules"),
    [
        ("soravault|remix_chains|genId|postId", {"vault.py"}),
        (r"\bcsv\b|\.tsv", {"rows.py", "sheets.py"}),
    ],
)
def test_what_a_format_looks_like_stands_in_its_modules_alone(words: str, modules: set[str]):
    folder = Path(ingest.__file__).parent
    assert {path.name for path in folder.glob("*.py") if re.search(words, path.read_text())} == modules
