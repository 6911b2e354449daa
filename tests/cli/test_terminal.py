"""What a person sees on a terminal: everything fits, refs are short and work, colours are colours."""

from __future__ import annotations

import json

import pytest

from tests.cli.conftest import CREATED, job
from tests.cli.terminal import list_wider, on_terminal, read_lines

LONG = "video_" + "0123456789abcdef" * 3
TWIN = "video_0123" + "fedcba9876543210" * 2 + "0123456789abcd"
EVIL = "neon \x1b]0;title\x07 \x9b2J \u202e"


@pytest.fixture
def _strange(hear, run):
    """Videos of every script, with ids of 54 characters, in a family of eight."""
    scene = {"subject": "a nurse asleep against a rain-streaked bus window", "light": "neon", "seconds": 8}
    prompts = [
        "A neon street at night, slow push in, 35mm, rain on the awning and a cat that will not move",
        "镜头缓缓推近：东京新宿的雨夜，霓虹灯 neon 倒映在湿漉漉的柏油路上，一位穿红色风衣的女子撑着雨伞走过",
        "👩\u200d🎬 neon ❤️ 🇩🇪 " * 12,
        "z\u0301\u0327a\u0301l\u0301g\u0301o\u0301 neon " * 20,
        json.dumps(scene),
        EVIL * 8,
        "ネオン neon ﾃｽﾄ 한국어 שלום " * 8,
    ]
    parent = None
    for number, prompt in enumerate(prompts):
        remote_id = LONG if number == 0 else f"{number}{LONG[1:]}"
        fields = {"remixed_from_video_id": parent} if parent else {}
        hear(job(remote_id, prompt=prompt, model="veo-3.1-fast-generate-001", size="1280x720", seconds="8", **fields))
        parent = remote_id
    hear(
        job(TWIN, prompt="A neon sign", status="failed", error={"code": "moderation_blocked_by_the_gateway"}, cost=0.8),
        job("queued-0001", prompt="A neon door", status="queued", model="m\x1b[31m", remixed_from_video_id=parent),
    )
    hear(job("queued-0001", prompt="A neon door", status="completed", completed_at=CREATED + 90))
    run("reindex", "--facets")
    run("tag", LONG, "campaign=launch", "note=" + "a long tail " * 8)
    run("verdict", LONG, "keep")


COMMANDS = [
    ["search", "neon"],
    ["search", "--columns", "ref,prompt,status,cost,created"],
    ["search", "neon", "--facet", "model", "--columns", "model,ref"],
    ["lineage", "queued-0001"],
    ["lineage", "queued-0001", "--diff"],
    ["stats"],
    ["stats", "--cost"],
    ["sources"],
    ["history"],
    ["changes", "queued-0001"],
    ["facets"],
    ["facets", "--explain", LONG],
]


@pytest.mark.usefixtures("_strange")
@pytest.mark.parametrize("width", [40, 80, 120, 200])
def test_nothing_is_wider_than_the_terminal(width):
    for arguments in COMMANDS:
        status, drawn = on_terminal(arguments, width=width)
        assert status == 0, drawn
        assert list_wider(drawn, width) == [], arguments
        assert not set("\x07\x9b\u202e") & set(drawn), arguments
        assert "\x1b]" not in drawn, arguments


@pytest.mark.usefixtures("_strange")
def test_a_ref_is_short_on_a_terminal_and_every_command_takes_it(run):
    drawn = on_terminal(["search", "--columns", "ref,status"], width=40)[1]
    names = [line.split()[0] for line in read_lines(drawn)[1:-1]]
    assert "studio:video_01234" in names
    assert "studio:video_0123f" in names
    refs = [json.loads(run("show", name, "--json").stdout)["ref"] for name in names]
    assert len(set(refs)) == len(refs) == 9
    assert all(ref.startswith(name) for ref, name in zip(refs, names, strict=True))


@pytest.mark.usefixtures("_strange")
def test_a_match_is_seen_on_the_narrowest_terminal():
    lines = read_lines(on_terminal(["search", "cat", "id:video_0"], width=40)[1])
    assert "[cat]" in lines[0]
    assert lines[0].startswith("…")


@pytest.mark.usefixtures("_strange")
def test_a_diff_is_whole_and_coloured_on_a_terminal():
    _, drawn = on_terminal(["lineage", LONG, "--diff"], width=80)
    text = " ".join(word for line in read_lines(drawn) for word in line.strip("│├└─ ").split())
    assert "a cat that will not move-]" in text
    assert "\x1b[31m[-" in drawn
    assert "\x1b[32m{+" in drawn


@pytest.mark.usefixtures("_strange")
@pytest.mark.parametrize("environment", [{"NO_COLOR": "1"}, {"TERM": "dumb"}], ids=str)
def test_no_colour_is_drawn_where_none_is_wanted(environment):
    for arguments in (["search", "neon", "--facet", "model"], ["lineage", LONG, "--diff"], ["sources"]):
        assert "\x1b" not in on_terminal(arguments, **environment)[1]


def test_the_cursor_of_the_next_page_has_its_own_line_where_it_needs_one(hear):
    hear(*(job(f"clip-{number:04}", prompt="neon", created_at=CREATED + number) for number in range(3)))
    lines = read_lines(on_terminal(["search", "--limit", "1"], width=75)[1])
    assert lines[-2] == "next page: add"
    assert lines[-1].startswith("--after ")
    assert read_lines(on_terminal(["search", "--limit", "1"], width=120)[1])[-1].startswith("next page: add --after ")


def test_an_empty_no_color_means_nothing(hear):
    hear(job(prompt="neon"))
    assert "\x1b[32mcompleted\x1b[0m" in on_terminal(["search"], NO_COLOR="")[1]


def test_the_end_of_a_deep_tree_says_how_deep_it_is(hear):
    hear(*(job(f"clip-{n:04}", prompt=f"Take {n}", remixed_from_video_id=f"clip-{n - 1:04}") for n in range(30)))
    status, drawn = on_terminal(["lineage", "clip-0029"], width=60)
    assert status == 0
    assert list_wider(drawn, 60) == []
    assert any(line.startswith("30…") and "Take 29" in line for line in read_lines(drawn))


def test_an_id_is_cut_and_never_broken_where_nothing_shorter_names_it(hear):
    hear(job("clip-0001", prompt="Neon", remixed_from_video_id=LONG))
    first = read_lines(on_terminal(["lineage", "clip-0001"], width=40)[1])[0]
    assert first == f"studio:{LONG}"[:39] + "…"
    assert f"studio:{LONG}  (not in the library)" in read_lines(on_terminal(["lineage", "clip-0001"])[1])


@pytest.mark.usefixtures("_strange")
@pytest.mark.parametrize("width", [80, 120])
def test_everything_known_of_a_video_fits(width):
    status, drawn = on_terminal(["show", "video_0123f", f"1{LONG[1:12]}", f"2{LONG[1:12]}"], width=width)
    assert status == 0, drawn
    assert list_wider(drawn, width) == []


@pytest.mark.usefixtures("_strange")
def test_on_a_narrow_terminal_values_stand_below_their_names_and_words_stay_whole():
    lines = read_lines(on_terminal(["show", "video_01234"], width=40)[1])
    assert lines[0] == f"studio:{LONG}"
    start = lines.index("  prompt")
    assert lines[start + 1 : start + 4] == [
        "    A neon street at night, slow push",
        "    in, 35mm, rain on the awning and a",
        "    cat that will not move",
    ]
