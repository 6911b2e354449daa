"""`id:` and `ref:` find every video with a name that begins so."""

from __future__ import annotations

import base64
from typing import TYPE_CHECKING

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from catalog.search.grammar import parse
from catalog.search.names import with_name

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from tests.search.conftest import Library

# By the last part of the ref, what else the video is called.
ALIASES = {"demo:video_9b9c1111": ["cgt-20261001", "video_9b9d"], "studio:task_01": ["9b9b", "Task_01"]}
REFS = ["studio:video_9b9bfdee", "demo:video_9b9c1111", "demo:video_9b9bfdee", "studio:task_01", "studio:a:b,c"]


def fill(library: Library) -> None:
    for ref in REFS:
        source, _, remote_id = ref.partition(":")
        library.add(remote_id, source=source, prompt="neon street", status="completed")
        with library.database.write() as connection:
            for alias in ALIASES.get(ref, []):
                connection.execute(
                    "INSERT INTO video_aliases (video_id, source, alias) VALUES ((SELECT max(id) FROM videos), ?, ?)",
                    (source, alias),
                )


@pytest.fixture(scope="module")
def named(make_library: Callable[[], Library]) -> Iterator[Library]:
    library = make_library()
    fill(library)
    yield library
    library.database.close()


def find(library: Library, query: str) -> list[str]:
    return sorted(video.ref for video in library.page(query).videos)


@pytest.mark.parametrize(
    ("query", "refs"),
    [
        ("id:video_9b9b", ["demo:video_9b9bfdee", "studio:video_9b9bfdee"]),
        ("id:video_9b9b*", ["demo:video_9b9bfdee", "studio:video_9b9bfdee"]),
        ("id:demo:video_9b9b", ["demo:video_9b9bfdee"]),
        ("ref:demo:video_9b9b", ["demo:video_9b9bfdee"]),
        ("ref:video_9b9c", ["demo:video_9b9c1111"]),
        ("id:cgt-2026", ["demo:video_9b9c1111"]),
        ("id:demo:cgt-2026", ["demo:video_9b9c1111"]),
        ("id:studio:cgt-2026", []),
        ("id:9b9b", ["studio:task_01"]),
        ("id:stud", ["studio:a:b,c", "studio:task_01", "studio:video_9b9bfdee"]),
        ("ref:studio:", ["studio:a:b,c", "studio:task_01", "studio:video_9b9bfdee"]),
        ("id:*", sorted(REFS)),
        ('id:"video_9b9b"', []),
        ('id:"video_9b9bfdee"', ["demo:video_9b9bfdee", "studio:video_9b9bfdee"]),
        ('id:"demo:video_9b9bfdee"', ["demo:video_9b9bfdee"]),
        ('id:"Task_01"', ["studio:task_01"]),
        ('id:"video_9b9b"*', ["demo:video_9b9bfdee", "studio:video_9b9bfdee"]),
        ('id:"studio:a:b,c"', ["studio:a:b,c"]),
        ("id:task_01,cgt", ["demo:video_9b9c1111", "studio:task_01"]),
        ("id:VIDEO_9B9B", []),
        ("id:video%", []),
        ("-id:video_9b9b", ["demo:video_9b9c1111", "studio:a:b,c", "studio:task_01"]),
        ("neon id:video_9b9c", ["demo:video_9b9c1111"]),
        ("neon -id:video_9b9b -id:a", ["demo:video_9b9c1111", "studio:task_01"]),
        ("neon -id:video_ -id:a", ["studio:task_01"]),
        ("id:video_9b9b source:demo status:completed", ["demo:video_9b9bfdee"]),
        ("id:video_ id:demo:", ["demo:video_9b9bfdee", "demo:video_9b9c1111"]),
        ("remote_id:video_9b9bfdee", ["demo:video_9b9bfdee", "studio:video_9b9bfdee"]),
        ("remote_id:video_9b9b", []),
        ("remote_id:video_9b9b*", ["demo:video_9b9bfdee", "studio:video_9b9bfdee"]),
        ("remote_id:VIDEO_9B9BFDEE", []),
        ("remote_id:cgt*", []),
        ('remote_id:"a:b,c"', ["studio:a:b,c"]),
    ],
)
def test_a_name_is_found_by_its_beginning_and_in_quotes_whole(named: Library, query: str, refs: list[str]) -> None:
    assert find(named, query) == refs


def test_an_encoded_id_and_its_beginning_find_the_raw_one(named: Library) -> None:
    text = "litellm:custom_llm_provider:openai;model_id:m;video_id:video_9b9c1111"
    encoded = "video_" + base64.b64encode(text.encode()).decode()
    for query in (f"id:{encoded}", f'id:"{encoded}"', f"id:{encoded[:-5]}"):
        assert find(named, query) == ["demo:video_9b9c1111"]
    short = "video_" + base64.b64encode(text.replace("video_9b9c1111", "v").encode()).decode()
    assert find(named, f"id:{short}") == []


NAMES = [name for ref in REFS for name in (ref, ref.partition(":")[2])] + [
    name
    for ref, aliases in ALIASES.items()
    for alias in aliases
    for name in (alias, f"{ref.partition(':')[0]}:{alias}")
]


@settings(deadline=None, max_examples=150)
@given(
    name=st.sampled_from(NAMES), length=st.integers(1, 30), is_whole=st.booleans(), is_negated=st.booleans(),
    words=st.sampled_from(["", "neon ", "status:completed ", "tag:none "]),
)  # fmt: skip
def test_search_finds_the_names_that_begin_so(
    named: Library, name: str, length: int, is_whole: bool, is_negated: bool, words: str
) -> None:
    text = name[:length]

    def is_meant(ref: str) -> bool:
        source, _, remote_id = ref.partition(":")
        names = [remote_id, *ALIASES.get(ref, [])]
        names += [f"{source}:{one}" for one in names]
        return any(one == text if is_whole else one.startswith(text) for one in names)

    value = f'"{text}"' if is_whole else f'"{text}"*'
    meant = [] if "tag" in words else sorted(ref for ref in REFS if is_meant(ref) != is_negated)
    assert find(named, f"{words}{'-' * is_negated}id:{value}") == meant


def test_no_name_that_begins_so_is_remarked_with_the_nearest(named: Library) -> None:
    page = named.page("id:video_9b9x")
    assert (page.total, len(page.notes)) == (0, 1)
    assert page.notes[0].startswith('no video has a name that begins with "video_9b9x": did you mean "')
    whole = named.page('id:"studio:video_9b9bfdef"')
    assert whole.notes == (
        'no video has a name that is "studio:video_9b9bfdef": did you mean "studio:video_9b9bfdee"?',
    )
    assert named.page("id:zzzzzzzz").notes == ('no video has a name that begins with "zzzzzzzz"',)


@pytest.mark.parametrize(
    "query", ["id:video_9b9b status:failed", "-id:nothing status:failed", "id:video_9b9b", "ref:de"]
)
def test_a_name_that_there_is_gets_no_remark(named: Library, query: str) -> None:
    assert not [note for note in named.page(query).notes if "name" in note]


def test_many_unknown_names_are_remarked_shortly(named: Library) -> None:
    assert len(named.page("id:" + ",".join(f"nobody{number}" for number in range(400))).notes) == 3
    assert len(named.page(" ".join(f"id:nobody{number}" for number in range(400))).notes) == 3


@pytest.mark.parametrize(
    "text",
    ["\ud800", "\0", "a\0b", "%", "_", "*", ":", "::", ",", '""', '"', "x" * 9000, "video_", "\U0010ffff", "nobody:v"],
)
def test_no_text_is_an_error(named: Library, text: str) -> None:
    for name in ("id", "ref"):
        for minus in ("", "-"):
            page = named.page(f"{minus}{name}:{text}")
            assert all(len(note) < 400 and note.isprintable() for note in page.notes)


def test_a_deleted_video_is_found_where_the_query_asks_for_it(library: Library) -> None:
    library.add("video_1234", deleted_at="2026-10-01T00:00:00.000Z")
    assert library.find("id:video_1234") == []
    assert library.page("id:video_1234").notes == ()
    assert library.find("id:video_1234 is:deleted") == ["video_1234"]


@pytest.mark.parametrize("query", ["id:video_9b9b", "id:studio:video_9b9b", 'id:"video_9b9b"', "id:abcd,efgh1234"])
def test_a_name_is_found_by_the_indexes_on_names(named: Library, query: str) -> None:
    condition = with_name(parse(query))
    with named.database.read() as connection:
        plan = [row["detail"] for row in connection.execute(f"EXPLAIN QUERY PLAN {condition.sql}", condition.values)]
    assert any("(source=? AND remote_id>? AND remote_id<?)" in line for line in plan)
    assert any("(source=? AND alias>? AND alias<?)" in line for line in plan)
    tables = [line for line in plan if line.startswith("SCAN") and not line.startswith(("SCAN span", "SCAN present"))]
    assert tables == []
