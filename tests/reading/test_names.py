"""What a person may type for a video: whole names and beginnings of them, and what is said where that fails."""

from __future__ import annotations

import base64
import re
from contextlib import suppress
from typing import TYPE_CHECKING

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from catalog.errors import NotFound
from catalog.reading.names import (
    SOURCES,
    find_nearest,
    find_written,
    get_name,
    get_names,
    is_name,
    list_beginning,
    list_video_sources,
    shorten_refs,
)

if TYPE_CHECKING:
    from catalog.database import Database

ADD_VIDEO = "INSERT INTO videos (source, remote_id, kind, status) VALUES (?, ?, 'video', 'queued')"
ADD_ALIAS = "INSERT INTO video_aliases (video_id, source, alias) SELECT id, source, ? FROM videos WHERE ref = ?"


def add(library: Database, *refs: str, **aliases: str) -> None:
    """Put in videos by their refs; `aliases` are other names of the first of them, whatever their keywords."""
    with library.write() as connection:
        connection.executemany(ADD_VIDEO, [tuple(ref.split(":", 1)) for ref in refs])
        for alias in aliases.values():
            connection.execute(ADD_ALIAS, (alias, refs[0]))


def find(library: Database, text: str) -> str:
    with library.read() as connection:
        return get_name(connection, text).ref


def refusal(library: Database, text: str, *, limit: int = 400) -> str:
    with pytest.raises(NotFound) as error:
        find(library, text)
    assert error.value.ref == text
    message = str(error.value)
    message.encode()
    assert message.isprintable()
    assert len(message) < limit
    return message


def encode(remote_id: str, *, more: str = "") -> str:
    """The id as LiteLLM shows it."""
    text = f"litellm:custom_llm_provider:openai;model_id:sora-2;video_id:{remote_id}{more}"
    return "video_" + base64.b64encode(text.encode()).decode()


@pytest.mark.parametrize("remote_id", ["v1", "a:b", ":", "a b", "東京", "%", "'", "*", "x" * 2000])
def test_a_whole_name_finds_its_video_whatever_its_id(library: Database, remote_id: str) -> None:
    add(library, f"studio:{remote_id}")
    assert find(library, f"studio:{remote_id}") == find(library, remote_id) == f"studio:{remote_id}"


def test_a_ref_splits_at_the_first_colon(library: Database) -> None:
    add(library, "a:b:c", "other:a:b:c")
    assert find(library, "a:b:c") == "a:b:c"
    assert find(library, "b:c") == "a:b:c"
    assert find(library, "other:a:b:c") == "other:a:b:c"


def test_a_bare_id_of_two_sources_names_both(library: Database) -> None:
    add(library, "a:v1", "b:v1")
    assert "several sources have a video 'v1': name one of a:v1, b:v1" in refusal(library, "v1")
    assert find(library, "b:v1") == "b:v1"


def test_a_beginning_that_fits_one_video_finds_it(library: Database) -> None:
    add(library, "studio:video_9b9bfdee", "studio:video_9b9c0000", "demo:video_f7c5b2b8")
    assert find(library, "video_9b9b") == find(library, "studio:video_9b9bf") == "studio:video_9b9bfdee"
    assert find(library, "demo:video_f7c5") == "demo:video_f7c5b2b8"


def test_a_beginning_with_a_source_is_of_that_source(library: Database) -> None:
    add(library, "a:video_12345", "b:video_12346")
    assert find(library, "b:video_1234") == "b:video_12346"
    assert (
        "several videos have names that begin with 'video_1234': name one of a:video_12345, b:video_12346"
        in refusal(library, "video_1234")
    )


def test_a_beginning_is_found_in_an_id_with_a_colon(library: Database) -> None:
    add(library, "studio:urn:uuid:1234-5678")
    assert find(library, "urn:uuid:1") == "studio:urn:uuid:1234-5678"


def test_several_fits_are_listed_and_the_rest_is_counted(library: Database) -> None:
    add(library, *(f"studio:video_abcd{number:02}" for number in range(23)))
    message = refusal(library, "video_abcd")
    assert message.endswith("studio:video_abcd08, studio:video_abcd09 and 13 more")
    assert "video_abcd10" not in message


def test_more_fits_than_are_read_are_at_least_so_many(library: Database) -> None:
    add(library, *(f"studio:video_abcd{number:04}" for number in range(1200)))
    assert refusal(library, "video_abcd").endswith("studio:video_abcd0009 and at least 990 more")


def test_a_whole_name_beats_a_beginning(library: Database) -> None:
    add(library, "studio:video_abcd", "studio:video_abcdef", alias="other_1234")
    add(library, "studio:other_12345")
    assert find(library, "video_abcd") == "studio:video_abcd"
    assert find(library, "other_1234") == "studio:video_abcd"


def test_a_video_s_own_id_beats_the_alias_of_another(library: Database) -> None:
    add(library, "studio:first", "studio:shared", alias="shared")
    assert find(library, "shared") == find(library, "studio:shared") == "studio:shared"


def test_an_own_id_of_another_source_beats_an_alias(library: Database) -> None:
    add(library, "a:first", "b:shared", alias="shared")
    assert find(library, "shared") == "b:shared"
    assert find(library, "a:shared") == "a:first"


@pytest.mark.parametrize("text", ["cgt-20261001", "studio:cgt-20261001", "cgt-2026", "studio:cgt-2026"])
def test_an_alias_and_its_beginning_find_the_video(library: Database, text: str) -> None:
    add(library, "studio:video_1", "studio:video_2", alias="cgt-20261001")
    assert find(library, text) == "studio:video_1"


def test_a_video_that_fits_by_two_of_its_names_is_one(library: Database) -> None:
    add(library, "studio:abcdef", alias="abcdxy")
    assert find(library, "abcd") == "studio:abcdef"


@pytest.mark.parametrize("more", ["", ";user:x"])
def test_an_encoded_id_finds_the_raw_one(library: Database, more: str) -> None:
    add(library, "studio:video_6a1b2c3d", "studio:video_6a1b2c3e")
    encoded = encode("video_6a1b2c3d", more=more)
    twice = encode(encoded)
    assert find(library, encoded) == find(library, f"studio:{encoded}") == "studio:video_6a1b2c3d"
    assert find(library, twice) == "studio:video_6a1b2c3d"


def test_an_encoded_id_that_the_library_heard_is_an_alias(library: Database) -> None:
    add(library, "studio:video_1", alias=encode("video_elsewhere"))
    assert find(library, encode("video_elsewhere")) == "studio:video_1"


def test_every_beginning_of_an_encoded_id_finds_it_or_says_that_it_does_not_tell(library: Database) -> None:
    add(library, "studio:video_6a1b2c3d4e5f", "studio:video_777777")
    encoded = encode("video_6a1b2c3d4e5f")
    known = len(encode("video_6a1b"))  # that much holds four characters of the raw id
    for length in range(known, len(encoded)):
        assert find(library, encoded[:length]) == "studio:video_6a1b2c3d4e5f"
    for length in range(known - 4):
        refusal(library, encoded[:length])


def test_a_cut_name_of_a_nested_envelope_is_opened_as_far_as_it_goes(library: Database) -> None:
    add(library, "studio:video_6a1b2c3d4e5f", "studio:video_777777")
    encoded = encode(encode("video_6a1b2c3d4e5f"))
    for cut in range(1, 8):
        assert find(library, encoded[:-cut]) == "studio:video_6a1b2c3d4e5f"


@pytest.mark.parametrize(
    ("text", "after"),
    [
        ("video_", "'video_'"),
        ("video_123", "'video_'"),
        ("studio:video_123", "'video_'"),
        ("video", "'video_'"),
        ("cgt-123", "'cgt-'"),
        ("clip_gen_123", "'clip_gen_'"),
        ("clip_g", "'clip_'"),
        ("clip_gen", "'clip_'"),
        ("clip_gene", "'clip_generated_'"),
    ],
)
def test_a_beginning_needs_four_characters_after_what_ids_have_in_common(
    library: Database, text: str, after: str
) -> None:
    add(library, "studio:video_1234567", "demo:cgt-1234567", "demo:clip_gen_1234567", "z:clip_generated_1")
    assert refusal(library, text).endswith(f"a beginning needs at least 4 characters after {after}")


@pytest.mark.parametrize("text", ["", ":", "studio:", "123", "studio:v2", "\0", "\ud800", "a\nb"])
def test_what_is_too_short_for_a_beginning_says_so(library: Database, text: str) -> None:
    add(library, "studio:v", "studio:1234567")
    message = refusal(library, text)
    assert message.startswith("no video ")
    assert "a beginning needs at least 4 characters" in message


@pytest.mark.parametrize(
    "text",
    [
        "x" * 10_000,
        "studio:" + "x" * 10_000,
        "video_" + "a" * 10_000,
        "%%%%%",
        "_____",
        "*****",
        "9b9b\0",
        "\ud8009999",
    ],
)
def test_hostile_text_is_not_found_in_one_short_line(library: Database, text: str) -> None:
    add(library, "studio:video_9b9bfdee", "studio:" + "y" * 5000, "studio:9b9bfdee")
    assert refusal(library, text).startswith("no video ")


def test_wildcards_are_characters(library: Database) -> None:
    add(library, "studio:abcdef")
    for text in ("abc%", "abcd%", "abcd_", "abcd*", "____", "abcd?"):
        refusal(library, text)


def test_a_nul_does_not_cut_a_name_short(library: Database) -> None:
    add(library, "studio:vvvvv")
    for text in ("studio:vvvv\0x", "vvvv\0", "vvvvv\0"):
        refusal(library, text)


def test_control_characters_of_ids_do_not_reach_a_message(library: Database) -> None:
    add(library, "studio:abcd\x1b[2J\n1", "studio:abcd\x1b[2J\n2")
    assert "\x1b" not in refusal(library, "abcd")
    assert "\x1b" not in refusal(library, "abcx")


def test_a_long_list_of_long_ids_stays_readable(library: Database) -> None:
    add(library, *(f"studio:{'x' * 5000}{number}" for number in range(12)))
    refusal(library, "xxxx", limit=2000)


@pytest.mark.parametrize(
    "text",
    [
        "video_9b9x",
        "video_9b9xfdee",
        "vidoe_9b9b",
        "VIDEO_9B9B",
        "9b9b",
        "studio:video_9b9c",
        "demo:video_9b9x",
        "video-9b9bf",
    ],
)
def test_a_slip_is_answered_with_the_nearest(library: Database, text: str) -> None:
    add(library, *(f"studio:video_{number:04x}c0ffee" for number in range(0, 65536, 97)))
    add(library, "studio:video_9b9bfdee", "demo:video_0000dd")
    assert refusal(library, text).endswith("did you mean studio:video_9b9bfdee?")


def test_the_nearest_of_an_encoded_id_is_that_of_the_raw_one(library: Database) -> None:
    add(library, "studio:video_6a1b2c3d", "studio:video_00000000")
    assert "did you mean studio:video_6a1b2c3d?" in refusal(library, encode("video_6a1b2c3f"))


def test_an_alias_may_be_the_nearest(library: Database) -> None:
    add(library, "studio:video_1", "studio:video_2", alias="cgt-2026100112")
    assert "did you mean studio:video_1?" in refusal(library, "cgt-2026100113")


def test_nothing_like_it_is_sent_to_search(library: Database) -> None:
    add(library, "studio:video_9b9bfdee")
    assert refusal(library, "studio:zzzzzz").endswith("find its ref with `catalog search`")


def test_a_source_that_is_not_there_is_answered_with_the_nearest(library: Database) -> None:
    add(library, "studio:video_1", "demo:video_2")
    assert refusal(library, "stdio:video_1").endswith("no videos of a source 'stdio', did you mean studio?")
    assert refusal(library, "elsewhere:v1").endswith("no videos of a source 'elsewhere', only demo, studio")


def test_an_empty_library_knows_no_name(library: Database) -> None:
    assert refusal(library, "studio:video_1").endswith(": it has no videos")
    assert refusal(library, "video_12345").endswith("find its ref with `catalog search`")


def test_a_deleted_video_is_found(library: Database) -> None:
    add(library, "studio:video_9b9bfdee")
    with library.write() as connection:
        connection.execute("UPDATE videos SET deleted_at = '2026-11-21T10:00:00.000Z'")
    assert find(library, "video_9b9b") == "studio:video_9b9bfdee"


def test_many_names_are_the_videos_that_each_would_be_in_their_order_and_each_once(library: Database) -> None:
    names = [f"studio:video_{number:04}" for number in range(2100)]
    add(library, *names, "demo:video_0001", "demo:cgt-1:b", alias="cgt-12345")
    written = ["demo:video_0001", *reversed(names), "cgt-12345", "video_2099", encode("video_0002"), "cgt-1:b"]
    with library.read() as connection:
        videos = get_names(connection, iter(written))
        assert videos == list(dict.fromkeys(get_name(connection, name) for name in written))
        assert [video.ref for video in videos] == ["demo:video_0001", *reversed(names), "demo:cgt-1:b"]
        assert get_names(connection, []) == []


def test_the_first_of_many_names_that_names_no_video_is_said(library: Database) -> None:
    add(library, "studio:video_9b9b", "demo:video_9b9b", "demo:v2")
    for names, message in {
        ("demo:v2", "nobody", "none"): "no video 'nobody'",
        ("demo:v2", "video_9b9b", "nobody"): "several sources have a video 'video_9b9b'",
        ("demo:v2", "nul\0nul", "\udcff"): r"no video 'nul\\x00nul'",
    }.items():
        with library.read() as connection, pytest.raises(NotFound, match=message) as error:
            get_names(connection, names)
        assert error.value.ref == names[1]


def test_only_a_whole_name_is_one(library: Database) -> None:
    add(library, "studio:video_9b9bfdee", alias="cgt-1")
    with library.read() as connection:
        assert all(is_name(connection, text) for text in ("video_9b9bfdee", "studio:video_9b9bfdee", "cgt-1"))
        assert not any(is_name(connection, text) for text in ("video_9b9b", "studio", "", "demo:cgt-1"))


def test_the_first_name_that_begins_so_is_told_as_it_is_written(library: Database) -> None:
    add(library, "studio:video_9b9b", alias="cgt-1")
    with library.read() as connection:
        assert find_written(connection, "vid") == "video_9b9b"
        assert find_written(connection, "c") == "cgt-1"
        assert find_written(connection, "vid", is_exact=True) is None
        assert find_written(connection, "x") is None
        assert find_nearest(connection, "video_9b9c") == "studio:video_9b9b"


def test_sources_are_listed_in_order_each_once(library: Database) -> None:
    with library.read() as connection:
        assert list_video_sources(connection) == []
    add(library, "b:1", "a:1", "b:2", "c:1", "a:2")
    with library.read() as connection:
        assert list_video_sources(connection) == ["a", "b", "c"]


@pytest.mark.parametrize(
    "text",
    ["studio:video_9b9b", "video_9b9b", "video_9b9bfdee", "cgt-1234", "zzzzz", "video_", "demo:zzz", encode("v1")],
)
def test_no_look_up_reads_a_whole_table(library: Database, text: str) -> None:
    """Every statement goes by an index, and stops at a bound: a million videos do not slow it down."""
    add(library, *(f"studio:video_{number:04}" for number in range(50)), "demo:video_9b9bfdee", alias="cgt-12345")
    statements: list[str] = []
    with library.read() as connection:
        connection.set_trace_callback(statements.append)
        with suppress(NotFound):
            get_name(connection, text)
        connection.set_trace_callback(None)
        plans = {
            line["detail"]
            for sql in statements
            if "SELECT" in sql
            for line in connection.execute(f"EXPLAIN QUERY PLAN {sql}")
        }
    assert any(detail.startswith("SEARCH") for detail in plans)
    assert not [detail for detail in plans if re.match("SCAN (?!present|json_each)", detail)]
    assert not [detail for detail in plans if detail.endswith("(source=?)") or "TEMP B-TREE" in detail]
    assert SOURCES not in statements or "SCAN present" in plans


def shorten(library: Database, *refs: str) -> list[str]:
    with library.read() as connection:
        return list(shorten_refs(connection, refs).values())


def test_a_ref_is_cut_to_four_characters_behind_its_words_or_to_what_tells_it_apart(library: Database) -> None:
    refs = ("studio:video_9b9bfdee", "studio:video_9b9c0000", "studio:video_7777aaaa", "other:video_9b9bfdee")
    add(library, *refs)
    assert shorten(library, *refs) == [
        "studio:video_9b9b",
        "studio:video_9b9c",
        "studio:video_7777",
        "other:video_9b9b",
    ]


def test_an_alias_of_another_video_lengthens_what_a_ref_is_cut_to(library: Database) -> None:
    add(library, "studio:video_7777", alias="video_9b9bff")
    add(library, "studio:video_9b9bfdee", own="video_9b9bfdef")
    assert shorten(library, "studio:video_9b9bfdee") == ["studio:video_9b9bfd"]


@pytest.mark.parametrize("other", ["archive:studio:9b9b0000", "archive:studio:9b9b"])
def test_a_ref_stays_whole_where_an_id_of_another_source_begins_like_it(library: Database, other: str) -> None:
    add(library, "studio:9b9bfdee", other)
    assert shorten(library, "studio:9b9bfdee") == ["studio:9b9bfdee"]


@pytest.mark.parametrize("remote_id", ["v1", "v", "a:b:cdefgh", "東京", "lost"])
def test_a_ref_that_nothing_shorter_names_stays_whole(library: Database, remote_id: str) -> None:
    add(library, "studio:v1", "studio:v12", "studio:v", "studio:a:b:cdefgh", "studio:a:b:cdefgi", "studio:東京")
    assert shorten(library, f"studio:{remote_id}") == [f"studio:{remote_id}"]


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.data())
def test_whatever_a_ref_is_cut_to_names_its_video_and_no_other(library: Database, data: st.DataObject) -> None:
    parts = st.sampled_from(["a", "video_", "task-", "0", "01", "9b9b", ":", "studio", "東"])
    ids = data.draw(
        st.lists(st.lists(parts, min_size=1, max_size=7).map("".join), min_size=1, max_size=12, unique=True)
    )
    sources = data.draw(st.lists(st.sampled_from(["studio", "a", "video_"]), min_size=len(ids), max_size=len(ids)))
    refs = [f"{source}:{remote_id}" for source, remote_id in zip(sources, ids, strict=True)]
    with library.write() as connection:
        connection.execute("DELETE FROM video_aliases")
        connection.execute("DELETE FROM videos")
    add(library, *refs)
    for ref, short in zip(refs, shorten(library, *refs), strict=True):
        assert ref.startswith(short)
        assert find(library, short) == ref


def test_names_that_begin_so_are_listed_and_the_last_is_among_them(library: Database) -> None:
    add(library, *(f"studio:clip-{number:03}" for number in range(200)), "other:clip-zzz", alias="cut-1")
    with library.read() as connection:
        assert list_beginning(connection, "", 5) == ["other:", "studio:"]
        assert list_beginning(connection, "studio:cu", 5) == ["studio:cut-1"]
        assert list_beginning(connection, "clip-", 3) == ["clip-000", "clip-001", "clip-zzz"]
        assert list_beginning(connection, "studio:clip-", 3) == [
            "studio:clip-000",
            "studio:clip-001",
            "studio:clip-199",
        ]
        assert list_beginning(connection, "nobody:", 3) == list_beginning(connection, "\udcff", 3) == []
