"""Records are plain, frozen and complete in JSON."""

from __future__ import annotations

import copy
import dataclasses
import json
import operator
import pickle
from datetime import UTC, datetime, timedelta, timezone
from types import MappingProxyType
from typing import Any

import pytest

from catalog import records, reports
from catalog.prompts import PromptDiff
from catalog.records import Facet, FacetCount, Page, Tag, Video, read_utc, to_json, utc_text
from catalog.reports import LineageNode, Stats

NOON = datetime(2026, 11, 21, 12, tzinfo=UTC)
RECORDS = [
    kind
    for module in (records, reports)
    for kind in vars(module).values()
    if isinstance(kind, type) and dataclasses.is_dataclass(kind) and kind.__module__ == module.__name__
]


def sample(kind: type[Any]) -> Any:
    """A record whose every field without a default has a value of its type."""
    values = {
        item.name: sample_value(str(item.type).removesuffix(" | None"))
        for item in dataclasses.fields(kind)
        if item.default is dataclasses.MISSING and item.default_factory is dataclasses.MISSING
    }
    if kind is LineageNode:
        values["video"] = Video("studio", "v1", created_at=NOON, tags=(Tag("a", "", "user"),))
    return kind(**values)


def sample_value(annotation: str) -> Any:
    plain = {"str": "text", "int": 3, "float": 0.5, "bool": True, "datetime": NOON}
    if annotation in plain:
        return plain[annotation]
    if annotation == "PromptDiff":
        return PromptDiff((), (("lens", "35mm"),), (), ())
    record = next((record for record in RECORDS if record.__name__ == annotation), None)
    return sample(record) if record else () if annotation.startswith("tuple") else {"a": 1}


@pytest.mark.parametrize("kind", RECORDS)
def test_every_record_is_frozen_and_slotted(kind: type[Any]) -> None:
    record = sample(kind)
    with pytest.raises(dataclasses.FrozenInstanceError):
        setattr(record, dataclasses.fields(kind)[0].name, "other")
    assert not hasattr(record, "__dict__")


@pytest.mark.parametrize("kind", RECORDS)
def test_every_record_can_be_hashed_copied_and_pickled(kind: type[Any]) -> None:
    record = sample(kind)
    assert {record: 1}[sample(kind)] == 1
    assert pickle.loads(pickle.dumps(record)) == copy.deepcopy(record) == copy.copy(record) == record
    assert hash(pickle.loads(pickle.dumps(record))) == hash(record)
    assert dataclasses.replace(record) == record


@pytest.mark.parametrize("kind", RECORDS)
def test_every_record_goes_into_dicts_both_ways(kind: type[Any]) -> None:
    record = sample(kind)
    fields = {item.name for item in dataclasses.fields(kind)}
    assert dataclasses.asdict(record).keys() == fields
    assert fields - kind.HIDDEN <= json.loads(json.dumps(record.to_dict(), allow_nan=False)).keys()


def test_the_maps_of_a_record_cannot_change_however_deep() -> None:
    video = Video("s", "v", metadata={"a": {"b": [1, {"c": 2}]}}, extra={"x": [1]})
    for change in (
        lambda: video.metadata.update(a=1),
        video.metadata["a"].clear,
        lambda: video.metadata["a"]["b"][1].setdefault("d", 1),
        lambda: video.extra.pop("x"),
        lambda: operator.setitem(video.extra, "x", 1),
        lambda: operator.delitem(video.extra, "x"),
        lambda: operator.ior(video.extra, {"x": 1}),
        video.extra.popitem,
    ):
        with pytest.raises(TypeError, match="a record cannot change"):
            change()
    assert video.to_dict()["metadata"] == {"a": {"b": [1, {"c": 2}]}}
    assert dict(video.extra) | {"y": 1} == {"x": (1,), "y": 1}


def test_what_a_record_was_made_of_may_change_later() -> None:
    metadata = {"a": [1]}
    video = Video("s", "v", metadata=metadata)
    metadata["a"].append(2)
    assert video.metadata == {"a": (1,)}


def test_what_has_no_value_is_null_in_json() -> None:
    stats = Stats(1, {"failed": 1}, {None: 1}, {}, (), (), (), 60.0)
    assert json.loads(json.dumps(stats.to_dict()))["by_model"] == {"null": 1}


@pytest.mark.parametrize("kind", RECORDS)
def test_every_record_goes_into_json_with_every_field(kind: type[Any]) -> None:
    decoded = json.loads(json.dumps(to_json(sample(kind)), allow_nan=False))
    assert {item.name for item in dataclasses.fields(kind)} - kind.HIDDEN <= decoded.keys()
    assert kind.HIDDEN.isdisjoint(decoded)


def test_a_video_in_json_has_its_computed_names_and_times_as_text() -> None:
    video = Video("studio", "a:b", width=1280, height=720, created_at=NOON, metadata=MappingProxyType({"k": (1, 2)}))
    found = to_json(video)
    assert (found["ref"], found["size"], found["created_at"]) == ("studio:a:b", "1280x720", "2026-11-21T12:00:00.000Z")
    assert (found["metadata"], found["tags"], found["output_urls"]) == ({"k": [1, 2]}, [], [])


def test_a_video_in_json_has_its_facets_whole() -> None:
    facet = Facet("lens", "35mm", "prose", 4, 8)
    told = {"name": "lens", "value": "35mm", "origin": "prose", "start": 4, "end": 8, "shot": None}
    assert to_json(Video("studio", "v1", facets=(facet,)))["facets"] == [told]


def test_records_inside_records_are_told_whole() -> None:
    page = Page((Video("s", "v"),), 1, {"model": (FacetCount(None, 1),)}, next="x")
    found = to_json(page)
    assert found["videos"][0]["ref"] == "s:v"
    assert found["facets"] == {"model": [{"value": None, "count": 1}]}


@pytest.mark.parametrize(
    ("width", "height", "text", "size"),
    [(1280, 720, "hd", "1280x720"), (None, 720, "hd", "hd"), (0, 0, None, None), (1280, None, None, None)],
)
def test_a_size_is_pixels_where_both_are_known(
    width: int | None, height: int | None, text: str | None, size: str | None
) -> None:
    assert Video("s", "v", width=width, height=height, size_text=text).size == size


def test_times_in_text_are_of_one_width_and_in_utc() -> None:
    abroad = datetime(2026, 1, 1, 1, 2, 3, 999_999, tzinfo=timezone(timedelta(hours=8)))
    assert utc_text(abroad) == "2025-12-31T17:02:03.999Z"
    assert utc_text(NOON) == "2026-11-21T12:00:00.000Z"


def test_a_time_in_text_is_read_back_as_utc() -> None:
    moment = read_utc(utc_text(NOON))
    assert moment == NOON
    assert moment.tzinfo is UTC
    assert read_utc(None) is None
    with pytest.raises(ValueError, match="isoformat"):
        read_utc("soon")


def test_a_tag_reads_as_it_is_written() -> None:
    assert [str(Tag("a", "b", "user")), str(Tag("a", "", "user"))] == ["a=b", "a"]


@pytest.mark.parametrize("status", ["completed", "failed", "cancelled", "expired", "deleted"])
def test_final_states_are_terminal(status: str) -> None:
    assert Video("s", "v", status=status).is_terminal


@pytest.mark.parametrize("status", records.UNFINISHED_STATUSES)
def test_unfinished_states_are_not(status: str) -> None:
    assert not Video("s", "v", status=status).is_terminal
