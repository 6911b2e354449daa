"""Videos that are known by their file alone: their names stand for the prompts that they lack, and find them."""

from __future__ import annotations

import json
import os
from typing import TYPE_CHECKING, Any

import pytest

from catalog import Catalog
from tests.watch.conftest import clip
from tests.watch.test_watching import home, run

if TYPE_CHECKING:
    from pathlib import Path

__all__ = ["home"]


def take_in(home: Path, *names: str | bytes) -> None:
    for number, name in enumerate(names):
        (home / "clips" / os.fsdecode(name)).write_bytes(clip(number))
    assert run(home, "watch", "clips", "--once").returncode == 0


@pytest.mark.parametrize(
    ("name", "shown", "query"),
    [
        ("red_fox-v2 final.MP4", "red_fox-v2 final.MP4", "fox final"),
        ("new\nline wolf.mp4", "new line wolf.mp4", '"line wolf"'),
        (b"caf\xe9 owl.mp4", "caf\\xe9 owl.mp4", "owl"),
        ("Ele\u0301phant.mp4", "Ele\u0301phant.mp4", "elephant"),
        ("雪の狐.mp4", "雪の狐.mp4", "狐"),
    ],
)
def test_a_video_without_a_prompt_is_shown_and_found_by_the_name_of_its_file(
    home: Path, name: str | bytes, shown: str, query: str
) -> None:
    take_in(home, name)
    found = run(home, "search", query).stdout.splitlines()
    assert found[0] == shown
    ref = run(home, "search", query, "--ids").stdout.strip()
    assert run(home, "show", ref).stdout.splitlines()[1].split(maxsplit=1) == ["name", shown]
    assert run(home, "lineage", ref).stdout.startswith(shown)
    assert run(home, "lineage", ref, "--format", "dot").stdout.count(shown.replace("\\", "\\\\")) == 1


def test_json_gives_the_name_and_no_prompt(home: Path) -> None:
    take_in(home, b"caf\xe9 owl.mp4")
    (video,) = json.loads(run(home, "search", "owl", "--json").stdout)["videos"]
    assert video["prompt"] is None
    assert video["files"][0]["name"] == os.fsdecode(b"caf\xe9 owl.mp4")
    (root,) = json.loads(run(home, "lineage", video["ref"], "--json").stdout)["roots"]
    assert root["name"] == video["files"][0]["name"]


def test_a_prompt_and_an_error_outrank_a_name(home: Path) -> None:
    job: dict[str, Any] = {"object": "video", "model": "sora-2", "created_at": 1_760_000_000}
    jobs = [
        {**job, "id": "video_asked_for", "status": "completed", "prompt": "a fox in the snow"},
        {**job, "id": "video_refused_1", "status": "failed", "error": {"code": "x", "message": "not\nallowed"}},
    ]
    (home / "jobs.json").write_text(json.dumps({"data": jobs}))
    assert run(home, "import", "jobs.json").returncode == 0
    take_in(home, "video_asked_for.mp4", "video_refused_1.mp4")
    labels = run(home, "search").stdout.splitlines()[::2]
    assert sorted(labels[:2]) == ["a fox in the snow", "not allowed"]
    with Catalog.open(home / "catalog.db") as cat:
        assert cat.get("video_asked_for").file_name == "video_asked_for.mp4"


def test_the_name_follows_the_file(home: Path) -> None:
    take_in(home, "fox.mp4", "owl.mp4")
    (home / "clips" / "fox.mp4").rename(home / "clips" / "wolf.mp4")
    assert run(home, "watch", "clips", "--once").returncode == 0
    assert run(home, "search", "fox").stdout == "0 videos\n"
    assert run(home, "search", "wolf").stdout.startswith("wolf.mp4\n")
    (home / "clips" / "wolf.mp4").unlink()
    for _ in range(2):
        assert run(home, "watch", "clips", "--once").returncode == 0
    assert run(home, "search", "missing:file").stdout.startswith("wolf.mp4\n")
