"""How values follow each other in a file: without a break, over many lines, in the lines of a log; what is broken."""

from __future__ import annotations

import io
import json
import tracemalloc
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from catalog.ingest.items import PassedOver
from catalog.ingest.sequences import PIECE, Value, read_values
from catalog.reports import Refusal
from tests.ingest.conftest import job, reasons

if TYPE_CHECKING:
    from pathlib import Path

    from tests.ingest.conftest import Bench


def read(text: str | bytes, **options: bool) -> list[Any]:
    data = text if isinstance(text, bytes) else text.encode()
    return list(read_values(io.BytesIO(data), **options))


def contents(items: list[Any]) -> list[Any]:
    return [item.content for item in items if isinstance(item, Value)]


def pretty(name: str) -> str:
    return json.dumps(job(name, prompt="a {brace} and a ] in it"), indent=2)


@pytest.mark.parametrize("between", ["", "\n", "\r\n", " ", "\n\n\n", ",\n", "\x1e", "\n\ufeff"])
@pytest.mark.parametrize("layout", [json.dumps, lambda value: json.dumps(value, indent=2)])
@pytest.mark.parametrize("mark", ["", "\ufeff"])
def test_values_follow_each_other_however_they_are_laid_out(between: str, layout: Any, mark: str):
    jobs = [job(f"v{number}", prompt="rain") for number in range(3)]
    text = mark + between.join(map(layout, jobs))
    assert contents(read(text)) == jobs
    assert len(read(text)) == 3


def test_line_ends_of_windows_within_values_are_no_fault():
    assert contents(read((pretty("v1") + "\n" + pretty("v2")).replace("\n", "\r\n"))) == [
        json.loads(pretty("v1")),
        json.loads(pretty("v2")),
    ]


def test_a_value_knows_the_line_that_it_begins_in():
    text = "\n" + pretty("v1") + pretty("v2") + "\n\n" + json.dumps(job("v3"))
    height = pretty("v1").count("\n")
    assert [item.line for item in read(text)] == [2, 2 + height, 2 + 2 * height + 2]


@settings(max_examples=40)
@given(
    st.lists(
        st.dictionaries(st.text(max_size=8), st.integers() | st.text() | st.lists(st.text(), max_size=3), max_size=3),
        min_size=1,
        max_size=4,
    ),
    st.data(),
)
def test_whatever_was_written_one_after_another_is_read(values: list[Any], data: st.DataObject):
    text = ""
    for value in values:
        text += json.dumps(value, indent=data.draw(st.sampled_from([None, 1])), ensure_ascii=data.draw(st.booleans()))
        text += data.draw(st.sampled_from(["", "\n", " "]))
    assert contents(read(text)) == values


def test_a_truncated_last_value_is_refused_with_its_line_and_the_others_are_read(bench: Bench):
    text = pretty("v1") + "\n" + pretty("v2") + "\n" + pretty("v3")
    bench.put("polls.json", text[:-40])
    file = bench.take_one()
    assert (file.added, file.refusals) == (2, 1)
    assert file.refused[0].place == 2 * pretty("v1").count("\n") + 3


@pytest.mark.parametrize("cut", range(2, 60, 7))
def test_a_last_answer_cut_off_anywhere_costs_only_itself(cut: int):
    whole = json.dumps(job("v1")) + json.dumps(job("v2"))
    items = read(whole + json.dumps(job("v3"))[:cut])
    assert contents(items) == [job("v1"), job("v2")]
    assert isinstance(items[-1], Refusal)


def test_a_broken_value_over_many_lines_is_one_refusal():
    broken = pretty("v2").replace('"status"', "status", 1)
    items = read(pretty("v1") + "\n" + broken + "\n" + pretty("v3") + "\n" + pretty("v4"))
    assert [value["id"] for value in contents(items)] == ["v1", "v3", "v4"]
    (refusal,) = [item for item in items if isinstance(item, Refusal)]
    assert refusal.place == pretty("v1").count("\n") + 2
    assert "not JSON: " in refusal.reason


def test_a_value_that_never_ends_costs_none_that_begins_a_line():
    lines = [json.dumps(job(f"v{number}")) for number in range(40)]
    lines[5] = lines[5][:-1]
    lines[20] = '{"data": ['
    items = read("\n".join(lines))
    assert len(contents(items)) == 38
    assert [item.place for item in items if isinstance(item, Refusal)] == [6, 21]


def test_a_byte_that_is_not_utf_8_costs_one_value():
    text = (pretty("v1") + "\n" + pretty("v2") + "\n" + pretty("v3")).encode().replace(b"v2", b"v\xe9")
    items = read(text)
    assert [value["id"] for value in contents(items)] == ["v1", "v3"]
    assert ["not UTF-8" in item.reason for item in items if isinstance(item, Refusal)] == [True]


def test_values_on_one_endless_line_are_read_a_piece_at_a_time():
    one = json.dumps(job("v1", prompt="é\\n" * 50, extra={"a": [True, None, "\U0001f3ac"]}))
    count = 3 * PIECE // len(one)
    items = read(one * count)
    assert len(items) == count
    assert all(item.content == json.loads(one) for item in items)


def test_one_value_longer_than_a_piece_is_read():
    long = json.dumps(job("v1", prompt="x" * (2 * PIECE)))
    assert contents(read(f"{long}{json.dumps(job('v2'))}\n{json.dumps(job('v3'))}"))[1:] == [job("v2"), job("v3")]


def test_a_broken_endless_line_ends_with_the_line():
    items = read('{"a": x' + "y" * (2 * PIECE) + "\n" + json.dumps(job("v2")))
    assert contents(items) == [job("v2")]
    assert items[0].place == 1


def test_brackets_that_open_for_ever_end_soon():
    items = read('{"a":[\n' * 20_000)
    assert contents(items) == []
    assert len(items) < 1000


LOG = f"""\
2026-09-15 12:00:00 INFO starting, settings {{debug}}
2026-09-15 12:00:01 INFO answer: {json.dumps(job("v1", prompt="rain"))} in 0.3 s
[2026-09-15T12:00:02] DEBUG -> {{"prompt": "fog", "model": "sora-2"}} <- {json.dumps(job("v2"))}
2026-09-15 12:00:03 INFO settings {{"debug": true}}
INFO got {{
  "id": "v3",
  "status": "queued"
}}
2026-09-15 12:00:04 INFO body="{json.dumps(job("v4")).replace('"', chr(92) + '"')}" done
2026-09-15 12:00:05 ERROR cut off: {{"id": "v5", "prompt": "a fo
2026-09-15 12:00:06 INFO {json.dumps(job("v6"))}
"""


@pytest.mark.parametrize("name", ["run.log", "run.txt", "run"])
def test_jobs_in_the_lines_of_a_log_are_read(bench: Bench, name: str):
    file = bench.take_one(bench.put(name, LOG))
    assert bench.ids() == ["v1", "v2", "v3", "v4", "v6"]
    assert bench.column("prompt", "v2") == "fog"
    assert (file.form, file.refusals, file.refused[0].place) == ("log", 1, 10)
    assert file.passed_over == 2


def test_a_log_in_a_folder_is_read_and_one_without_jobs_is_no_fault(bench: Bench):
    bench.put("run.log", LOG)
    bench.put("other.log", "2026-09-15 12:00:00 INFO nothing\nand more\n")
    report = bench.take_in()
    assert (report.added, report.refusals, report.files[0].passed_over) == (5, 1, 2)


def test_a_line_that_is_no_log_is_refused_in_a_file_of_json():
    items = read(f"hello\n{json.dumps(job('v1'))}\n12:00:01 polled\n")
    assert [type(item) for item in items] == [Refusal, Value, PassedOver]


def test_an_object_inside_a_broken_object_is_not_taken_for_a_value():
    items = read('INFO {"id": "v1", "x" "y", "parent": {"id": "v0", "status": "queued"}}\n' + json.dumps(job("v2")))
    assert contents(items) == [job("v2")]


def test_events_of_a_stream_are_read():
    assert contents(read(f"event: update\ndata: {json.dumps(job('v1'))}\n\ndata: [DONE]\n")) == [job("v1")]


def test_ten_times_the_values_take_no_more_memory(tmp_path: Path):
    peaks = []
    for count in (1_000, 10_000):
        path = tmp_path / "jobs.json"
        with path.open("w") as file:
            file.write('{"id": "v0", \n')  # a broken value, which must not hold the others
            file.writelines(f'{{\n"id": "v{number}",\n"status": "queued"}}' for number in range(count))
        with path.open("rb") as stream:
            tracemalloc.start()
            assert sum(isinstance(item, Value) for item in read_values(stream)) == count
            peaks.append(tracemalloc.get_traced_memory()[1])
            tracemalloc.stop()
    assert peaks[1] < peaks[0] + (1 << 18)


def test_two_refusals_of_one_file_keep_their_lines(bench: Bench):
    bench.put("jobs.json", f"{json.dumps(job('v1'))}]\n{json.dumps(job('v2'))}\n}}\n")
    file = bench.take_one()
    assert (file.added, [place for place, _ in reasons(file)]) == (2, [1, 3])
