"""Two to four videos beside each other, as the server shows them."""

from __future__ import annotations

import contextlib
import shutil
from datetime import UTC, datetime
from typing import TYPE_CHECKING

import pytest
from hypothesis import given
from hypothesis import strategies as some

from catalog import Catalog, File, Place, Probe, Video, store
from catalog.library import open_library
from catalog.prompts import diff_prompts
from catalog.web.gallery.application import respond
from catalog.web.gallery.compare import compare_facts, find_videos
from catalog.web.gallery.merging import Stretch, merge_prompts
from catalog.web.gallery.sides import make_side
from catalog.web.gallery.visits import Visit
from catalog.wire.parse import parse_videos
from tests.house import job

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from catalog.web.gallery.visits import Answer

NOW = datetime(2026, 11, 21, 12, tzinfo=UTC)
FOX = "A red fox runs through deep snow at dawn, handheld."
ODD = ("with,comma", "per%2Ccent", "with", "q?&=#/ +", "<b>&amp;", '"quoted"', "naïve 東京")


@pytest.fixture(scope="module")
def cat(_migrated: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Catalog]:
    path = shutil.copy(_migrated, tmp_path_factory.mktemp("compared") / "catalog.db")
    jobs = [
        job("a", prompt=FOX, model="sora-2", seconds="8"),
        job("b", prompt=FOX.replace("red", "white"), model="sora-2-pro", seconds="8"),
        job("c", prompt=FOX.replace("red", "white").replace("deep ", "deep wet "), model="sora-2", status="failed"),
        job("d", prompt="<script>alert(1)</script>"),
        job("e"),
        *(job(name) for name in ODD),
    ]
    with contextlib.closing(open_library(path)) as library, library.write() as connection:
        videos = [video for payload in jobs for video in parse_videos(payload).videos]
        store.save_videos(connection, "studio", videos, channel="list", received_at=NOW)
    with Catalog.open(path) as catalog:
        yield catalog


def write_refs(refs: list[str]) -> str:
    """The refs as `static/compare.js` writes them into an address."""
    return ",".join(ref.replace("%", "%25").replace(",", "%2C") for ref in refs)


def ask(cat: Catalog, *names: str) -> Answer:
    refs = ",".join(f"studio:{name}" for name in names)
    return respond(Visit(cat, path=("",), query={"compare": refs, "q": "fox"}))


def test_what_differs_stands_apart_from_what_is_equal(cat: Catalog) -> None:
    different, equal = compare_facts([cat.get("studio:a"), cat.get("studio:b"), cat.get("studio:c")])
    rows = {row.name: row.values for row in different}
    assert rows["model"] == ("sora-2", "sora-2-pro", "sora-2")
    assert rows["seconds"] == ("8", "8", "")
    assert rows["status"] == ("completed", "completed", "failed")
    assert {"source", "kind", "created"} <= {row.name for row in equal}
    assert not rows.keys() & {row.name for row in equal}
    assert "quality" not in {row.name for row in (*different, *equal)}  # which none of them has
    text = ask(cat, "a", "b", "c").body.decode()
    assert f"{len(equal)} equal" in text
    assert 'aria-label="Compare"' in text


def test_the_prompts_are_merged_and_none_is_lost(cat: Catalog) -> None:
    prompts = [
        FOX,
        FOX.replace("red", "white"),
        FOX.replace("red", "white").replace("deep ", "deep wet "),
        "",
        FOX.replace("deep ", ""),
    ]
    merged = merge_prompts(FOX, [diff_prompts(FOX, other) for other in prompts[1:]])
    for number, prompt in enumerate(prompts, 1):
        assert "".join(each.text for each in merged if not each.numbers or number in each.numbers) == prompt
    near = merge_prompts(FOX, [diff_prompts(FOX, prompts[1]), diff_prompts(FOX, prompts[2])])
    assert near == [
        Stretch("A ", ()),
        Stretch("red", (1,)),
        Stretch("white", (2, 3)),
        Stretch(" fox runs through deep", ()),
        Stretch(" wet", (3,)),
        Stretch(" snow at dawn, handheld.", ()),
    ]
    other = FOX.replace("deep snow at dawn", "thin mist of noon")
    assert [each.text for each in merge_prompts(FOX, [diff_prompts(FOX, other)]) if each.numbers] == [
        "deep snow at dawn",
        "thin mist of noon",
    ]
    assert merge_prompts(FOX, [diff_prompts(FOX, FOX)]) == [Stretch(FOX, ())]
    assert merge_prompts("", [diff_prompts("", "")]) == []


@given(some.lists(some.text("ab .", max_size=30), min_size=2, max_size=4))
def test_any_prompts_can_be_read_from_what_they_are_merged_into(prompts: list[str]) -> None:
    first, *others = prompts
    merged = merge_prompts(first, [diff_prompts(first, other) for other in others])
    for number, prompt in enumerate(prompts, 1):
        assert "".join(each.text for each in merged if not each.numbers or number in each.numbers) == prompt


@pytest.mark.parametrize(
    ("names", "status", "line"),
    [
        (("a",), 400, "compare takes 2 to 4 videos, not 1"),
        (("a", "a"), 400, "compare takes 2 to 4 videos, not 1"),
        (("a", "b", "c", "d", "e"), 400, "compare takes 2 to 4 videos, not 5"),
        (("a",) * 200, 400, "compare takes 2 to 4 videos, not 200"),
        (("a", "nosuch"), 404, "no video studio:nosuch in this library"),
        (("nosuch", "<i>"), 404, "no video studio:nosuch and no video studio:&lt;i&gt; in this library"),
    ],
)
def test_other_than_two_to_four_videos_is_refused(cat: Catalog, names: tuple[str, ...], status: int, line: str) -> None:
    answer = ask(cat, *names)
    assert answer.status == status
    assert f"<h1>{line}</h1>" in answer.body.decode()


def test_refs_with_reserved_characters_are_found_however_they_are_encoded(cat: Catalog) -> None:
    for name in ODD:
        refs = [f"studio:{name}", "studio:a"]
        for named in (refs, refs[::-1]):
            assert [video.ref for video in find_videos(cat, write_refs(named))] == named
            assert [video.ref for video in find_videos(cat, ",".join(named))] == named
    assert [video.ref for video in find_videos(cat, "studio:with,comma,studio:with")] == [
        "studio:with,comma",
        "studio:with",
    ]
    page = ask(cat, *ODD[:4]).body.decode()
    assert 'data-ref="studio:with,comma"' in page


def test_prompts_are_shown_as_text(cat: Catalog) -> None:
    page = ask(cat, "d", ODD[4]).body.decode()
    assert "<script>alert" not in page
    assert "<b>&amp;amp;" not in page
    assert "&lt;script&gt;alert(1)&lt;/script&gt;" in page


def test_the_part_alone_is_a_dialog_for_another_page(cat: Catalog) -> None:
    part = respond(
        Visit(cat, path=("-", "gallery", "compare"), query={"refs": "studio:a,studio:b", "q": "fox"}, base="/base")
    ).body.decode()
    assert part.startswith("<dialog")
    assert "<h1" not in part
    assert 'href="/base/?q=fox"' in part  # where Close leads


def test_a_video_without_a_clip_says_why() -> None:
    def look(**fields: object) -> tuple[str, str]:
        side = make_side(Video("studio", "v", **{"status": "completed", **fields}))
        return side.kind, side.reason

    def file(**fields: object) -> tuple[File, ...]:
        values = {
            "variant": "video",
            "number": 1,
            "sha256": "0" * 64,
            "size": 9,
            "type": "video/mp4",
            "state": "present",
        }
        return (File(**{**values, **fields}),)

    here = (Place("/clips/a.mp4", "present"),)
    assert look(files=file(places=here)) == ("clip", "")
    assert look(files=file(places=here, variant="image", type="image/png")) == ("picture", "")
    assert look() == ("box", "not downloaded: run `catalog download`")
    assert look(status="failed", error_code="moderation", error_message="refused") == (
        "box",
        "failed: moderation: refused",
    )
    assert look(status="queued") == ("box", "queued")
    assert look(files=file(state="lost", reason="gone with its source")) == ("box", "lost: gone with its source")
    assert look(files=file(places=(Place("/clips/a.mp4", "offline"),))) == ("box", "offline: /clips/a.mp4")
    assert look(files=file(places=here, type="video/x-flv")) == ("box", "browsers do not show video/x-flv")


def test_a_side_has_the_shape_and_the_frames_of_its_file() -> None:
    probe = Probe(seconds=5.0, width=720, height=1280, fps=30.0, codec="h264")
    clip = File("video", 1, "0" * 64, 9, "video/mp4", "present", probe=probe, places=(Place("/a.mp4", "present"),))
    side = make_side(Video("studio", "v", width=1280, height=720, files=(clip,)))
    assert (side.width, side.height, side.fps, side.has_sound) == (720, 1280, 30.0, False)
    assert make_side(Video("studio", "v")).has_sound is None
