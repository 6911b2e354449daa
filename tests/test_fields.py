"""The table of a job's fields, and all that is written out beside it."""

from __future__ import annotations

import csv
import dataclasses
import io
import json
import subprocess
import sys
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from catalog.fields import REQUESTED, TABLE, Column
from catalog.fold import Observation, fold
from catalog.ingest import sheets
from catalog.ingest.formats import File
from catalog.ingest.items import Entry
from catalog.records import Video
from catalog.rows import COLUMNS, read_video
from catalog.search.fields import FACETS, FIELDS
from catalog.wire.answers import ParsedVideo
from catalog.wire.fields import BY_TYPE, LOOKUPS, OWN_RULES
from catalog.wire.parse import parse_videos
from catalog.wire.requests import ParsedRequest, parse_request

if TYPE_CHECKING:
    from collections.abc import Mapping

BY_NAME = {column.name: column for column in TABLE}
ON_THE_WIRE = [column for column in TABLE if column.wire]
READ = [column for column in ON_THE_WIRE if column.name != "batch_custom_id"]  # which is beside a job, not in it
ATTACHED = {  # what other tables hold of a video
    "tags", "links", "facets", "inherited", "files", "inputs", "collections", "rating", "verdict", "note",
}  # fmt: skip
OF_ANSWERS = {
    "aliases",
    "is_named",
    "answered_id",
    "updated_at",
    "payload",
}  # what an answer has beside the fields of its job
OF_REQUESTS = {"verb", "name", "links", "metadata", "extra"}
NOON = "2026-11-21T12:00:00.000Z"
SAMPLES: Mapping[str, Any] = {
    "kind": "image",
    "status": "failed",
    "provider_status": "failed",
    "seconds": 8.5,
    "progress": 45.0,
    "width": 1280,
    "height": 720,
    "size_text": "480p",
    "output_urls": ["https://a.example/v.mp4"],
    "seed": "18446744073709551615",
    "parameters": {"steps": 30, "sampler": "euler"},
    "metadata": {"take": "2"},
}


def sample(column: Column) -> Any:
    """A value of the column, as the parser reads it."""
    by_type = {str: f"a {column.name}", float: 1.5, datetime: datetime(2026, 1, 2, 3, 4, 5, tzinfo=UTC)}
    return SAMPLES.get(column.name, by_type.get(column.type))


def plain(value: Any) -> Any:
    """The value as JSON has it."""
    return value.isoformat() if isinstance(value, datetime) else value


def put(job: dict[str, Any], path: str, value: Any) -> None:
    outer, dot, inner = path.partition(".")
    if dot:
        put(job.setdefault(outer, {}), inner, value)
    else:
        job[outer] = value


def annotations(kind: Any) -> dict[str, str]:
    return {item.name: str(item.type).removesuffix(" | None") for item in dataclasses.fields(kind)}


def annotation(column: Column, *, is_record: bool) -> str:
    """How a dataclass writes the type of the column; the containers of a record cannot be changed."""
    if column.type is list:
        return "tuple[str, ...]" if is_record else "list[str]"
    if column.type is dict:
        return "Mapping[str, Any]" if is_record else "dict[str, Any]"
    return column.type.__name__


def test_a_record_has_the_recorded_columns_in_their_order_and_of_their_type() -> None:
    written = {name: text for name, text in annotations(Video).items() if name not in ATTACHED}
    wanted = [(column.name, annotation(column, is_record=True)) for column in TABLE if column.recorded]
    assert list(written.items()) == wanted


def test_an_answer_has_fields_of_the_table_and_of_their_type() -> None:
    written = {name: text for name, text in annotations(ParsedVideo).items() if name not in OF_ANSWERS | {"flaws"}}
    assert written == {name: annotation(BY_NAME[name], is_record=False) for name in written}


def test_an_answer_has_every_field_that_the_fold_takes_from_it() -> None:
    folded = {column.name for column in TABLE if column.fold not in {None, "own"}}
    own = {"remote_id", "kind", "status", "provider_status", "flaws"}
    assert annotations(ParsedVideo).keys() - OF_ANSWERS == folded | own


def test_a_request_has_the_requested_fields_and_of_their_type() -> None:
    written = {name: text for name, text in annotations(ParsedRequest).items() if name not in OF_REQUESTS}
    assert written == {name: annotation(BY_NAME[name], is_record=False) for name in REQUESTED}


@pytest.mark.parametrize("name", REQUESTED)
def test_what_a_request_says_is_read_from_its_key(name: str) -> None:
    column = BY_NAME[name]
    request = parse_request("POST", "/v1/videos", {column.key: sample(column)})
    assert getattr(request, name) == sample(column)
    assert request is not None
    assert request.extra == {}


@pytest.mark.parametrize("column", READ, ids=lambda column: column.name)
def test_what_a_server_says_goes_from_its_key_into_the_record(column: Column) -> None:
    job: dict[str, Any] = {"id": "v1", "object": "video", "status": "completed"}
    put(job, column.key or "", plain(sample(column)))
    (video,) = parse_videos(job).videos
    row = fold([Observation(video, "get", 200, "a", None, NOON, NOON)])
    row |= {"source": "studio", "remote_id": video.remote_id, "deleted_at": None}
    record = read_video([row[name] for name in COLUMNS])
    value = getattr(record, column.name)
    assert (list(value) if isinstance(value, tuple) else value) == sample(column)
    assert record.extra == {}


@pytest.mark.parametrize(
    ("heading", "column"),
    [pytest.param(heading, column, id=heading) for column in READ for heading in (column.name, *column.headings)],
)
def test_a_sheet_may_have_a_column_for_what_servers_say(heading: str, column: Column) -> None:
    value = plain(sample(column))
    row = {"remote_id": "v1", "status": "completed"} if column.name != "remote_id" else {}
    sheet = io.StringIO()
    writer = csv.DictWriter(sheet, row | {heading: None})
    writer.writeheader()
    writer.writerow(row | {heading: json.dumps(value) if isinstance(value, list | dict) else value})
    stream = io.BufferedReader(io.BytesIO(sheet.getvalue().encode()))  # type: ignore[arg-type]
    (entry,) = sheets.READER.read(stream, File(Path("jobs.csv")))
    assert isinstance(entry, Entry)
    assert getattr(entry.video, column.name) == sample(column)


def test_every_field_of_an_answer_is_looked_up_or_has_a_rule_of_its_own() -> None:
    looked_up = {lookup.field for lookup in LOOKUPS} - {"updated_at"}
    assert looked_up | OWN_RULES == {column.name for column in ON_THE_WIRE}
    assert not looked_up & OWN_RULES


def test_a_new_column_of_any_scalar_type_has_a_reader() -> None:
    assert {column.type for column in TABLE} - {list, dict} <= BY_TYPE.keys()


def test_every_field_that_is_asked_for_is_a_field_of_search() -> None:
    asked = {column.name: column.ask for column in TABLE if column.ask}
    assert {name: (FIELDS[name].kind, FIELDS[name].aliases) for name in asked} == {
        name: (ask.kind, ask.aliases) for name, ask in asked.items()
    }
    counted = {name for name, ask in asked.items() if ask.counted or ask.kind == "seed"}
    assert counted == set(FACETS) & asked.keys()


def test_no_two_fields_share_a_name_that_people_use() -> None:
    for names in (
        [name for field in FIELDS.values() for name in (field.name, *field.aliases)],
        [*sheets.FIELDS, *(heading for column in TABLE for heading in column.headings)],
    ):
        assert len(names) == len(set(names))


def test_the_facts_are_cheap_to_read() -> None:
    code = "import sys; before = set(sys.modules); import catalog.fields; print(*set(sys.modules) - before)"
    loaded = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout.split()
    assert {name for name in loaded if name.startswith("catalog")} == {"catalog", "catalog.fields"}
    assert {name.partition(".")[0] for name in loaded} <= {"catalog", *sys.stdlib_module_names}
