"""What files say of themselves, asked for and counted: `mark:`, `tool:`, `workflow:`, `has:`."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest

from catalog import bitmaps, store
from catalog.search.completions import complete_word
from catalog.search.page import count_facets
from tests.media.marks.carriers import (
    GRAPH_TEXT,
    LABEL_TEXT,
    PARAMETERS,
    WORKFLOW_TEXT,
    clip,
    itxt,
    png,
    read,
    source_packet,
    tagged,
)
from tests.search.conftest import NOW
from tests.search.oracle import find_by_rows

if TYPE_CHECKING:
    from catalog.media.marks import Marks
    from tests.search.conftest import Library

XMP = "XML:com.adobe.xmp"
SAID = {
    "kling": read(tagged({"AIGC": LABEL_TEXT})),
    "possible": read(tagged({"AIGC": json.dumps({"Label": "2"})})),
    "broken": read(tagged({"AIGC": '{"Label":'})),
    "tiktok": read(tagged({"aigc_info": '{"aigc_label_type":2}', "comment": "vid:v12044gd0000c"})),
    "unclear": read(tagged({"aigc_info": '{"aigc_label_type":0}'})),
    "human": read(tagged({"comment": "vid:v12044gd0000c", "vid_md5": "0" * 32})),
    "model": read(png(itxt(XMP, source_packet()))),
    "camera": read(png(itxt(XMP, source_packet("digitalCapture")))),
    "comfy": read(tagged({"prompt": GRAPH_TEXT, "workflow": WORKFLOW_TEXT})),
    "graph": read(tagged({"prompt": GRAPH_TEXT})),
    "torn": read(tagged({"workflow": WORKFLOW_TEXT[:-9]})),
    "a1111": read(png(itxt("parameters", PARAMETERS))),
    "encoded": read(tagged({"encoder": "Lavf60.16.100"})),
    "plain": read(clip()),
    "unread": None,
}


def put(library: Library, said: dict[str, Marks | None], variant: str = "video") -> None:
    """Put in a video for each of these, with a file that says so."""
    library.add_all(*({"remote_id": name, "prompt": "a fox"} for name in said))
    with library.database.write() as connection:
        ids = store.find_ids(connection, "studio", said)
        for name, marks in said.items():
            data = store.Bytes(f"{name:0>64}", 1, "video/mp4", f"media/{name}.mp4", marks=marks)
            store.save_file(connection, store.Spot(ids[name], variant), data, origin="download", at=NOW)


@pytest.fixture
def marked(library: Library) -> Any:
    put(library, SAID)
    return library


QUERIES = {
    "mark:aigc": {"kling", "possible", "broken"},
    "mark:AIGC": {"kling", "possible", "broken"},
    "mark:platform": {"tiktok", "unclear"},
    "mark:iptc": {"model", "camera"},
    "mark:ai": {"kling", "tiktok", "model"},
    "mark:ai*": {"kling", "possible", "broken", "tiktok", "model"},
    "mark:aigc,iptc": {"kling", "possible", "broken", "model", "camera"},
    "tool:comfyui": {"comfy", "graph"},
    "tool:ComfyUI": {"comfy", "graph"},
    "tool:a1111": {"a1111"},
    "has:workflow": {"comfy", "graph"},
    "workflow:workflow": {"comfy"},
    "workflow:prompt": {"comfy", "graph"},
    "has:tool": {"comfy", "graph", "a1111"},
    "has:mark": {"kling", "possible", "broken", "tiktok", "unclear", "model", "camera"},
    "mark:*": {"kling", "possible", "broken", "tiktok", "unclear", "model", "camera"},
    "missing:mark": {"human", "comfy", "graph", "torn", "a1111", "encoded", "plain", "unread"},
    "missing:workflow fox mark:iptc": {"model", "camera"},
    "mark:aigc -mark:ai": {"possible", "broken"},
}


@pytest.mark.parametrize("query", QUERIES)
def test_a_query_finds_what_files_say(marked: Library, query: str) -> None:
    assert set(marked.find(query)) == QUERIES[query]
    with marked.database.read() as connection:
        ids = store.find_ids(connection, "studio", QUERIES[query])
        assert find_by_rows(connection, query, NOW) == set(ids.values())
        bitmaps.check(connection)


def test_counts_are_those_of_the_queries(marked: Library) -> None:
    with marked.database.read() as connection:
        counts = count_facets(connection, ["mark", "tool", "workflow"], "fox")
    found = {name: {one.value: one.count for one in values} for name, values in counts.items()}
    assert found == {
        name: {value: len(QUERIES[f"{name}:{value}"]) for value in values} for name, values in bitmaps.MARKS.items()
    }


def test_values_that_there_are_are_proposed(marked: Library) -> None:
    with marked.database.read() as connection:
        assert complete_word(connection, "mark:ai", 10) == ["mark:ai", "mark:aigc"]
        assert complete_word(connection, "tool:", 10) == ["tool:a1111", "tool:comfyui"]
        assert complete_word(connection, "has:work", 10) == ["has:workflow"]
        assert complete_word(connection, "signer:", 10) == []


@pytest.mark.parametrize("query", ["mark:sora", "tool:word", "workflow:x"])
def test_what_no_file_can_say_is_explained(marked: Library, query: str) -> None:
    (note,) = marked.page(query).notes
    assert "is searched for as text: no" in note
    assert "there are" in note


def test_what_went_into_a_video_says_nothing_of_it(library: Library) -> None:
    put(library, {"given": SAID["kling"]}, variant="reference")
    put(library, {"shown": SAID["kling"]}, variant="thumbnail")
    assert library.find("mark:ai") == library.find("has:mark") == ["shown"]


def test_bitmaps_follow_a_file_that_becomes_another(library: Library) -> None:
    put(library, {"v": SAID["kling"]})
    assert library.find("mark:aigc") == ["v"]
    other = store.Bytes("f" * 64, 1, "video/mp4", "media/f.mp4", marks=SAID["comfy"])
    for data, expected in ((other, ["v"]), (other._replace(sha256="e" * 64, path="media/e.mp4", marks=None), [])):
        with library.database.write() as connection:
            store.save_file(connection, store.Spot(1, "video"), data, origin="download", at=NOW)
        assert library.find("mark:aigc") == []
        assert library.find("has:workflow") == expected
        with library.database.read() as connection:
            bitmaps.check(connection)
