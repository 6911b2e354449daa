"""Which files are read: folders, links, hidden files, files that are none."""

from __future__ import annotations

import json
import os
import sys
from collections import Counter
from cProfile import Profile
from typing import TYPE_CHECKING

import pytest
from click.testing import CliRunner

from catalog import store
from catalog.cli import main
from catalog.prices import load_prices
from catalog.pricing import from_texts
from tests.ingest.conftest import job, reasons

if TYPE_CHECKING:
    from pathlib import Path

    from tests.ingest.conftest import Bench


def test_folders_are_read_in_the_order_of_names(bench: Bench):
    for name in ("b.json", "a/2.json", "a/10.json", "c.json"):
        bench.put(name, job(name))
    names = [os.path.relpath(file.path, bench.folder) for file in bench.take_in().files]
    assert names == ["b.json", "c.json", "a/10.json", "a/2.json"]


def test_hidden_files_and_folders_are_left_alone(bench: Bench):
    bench.put(".hidden.json", job("v1"))
    bench.put(".git/x.json", job("v2"))
    assert bench.take_in().files == ()


def test_links_that_go_in_circles_end(bench: Bench):
    bench.put("a/x.json", job())
    (bench.folder / "a/loop").symlink_to(bench.folder, target_is_directory=True)
    (bench.folder / "again.json").symlink_to(bench.folder / "a/x.json")
    assert bench.take_in().added == 1
    assert len(bench.ids()) == 1


def test_files_of_other_kinds_are_named_clips_apart(bench: Bench):
    notes, clip = bench.put("notes.md", "x"), bench.put("clip.mp4", b"mp4")
    report = bench.take_in()
    assert (report.files, report.ignored, report.lone_clips) == ((), 1, 1)
    assert (report.others, report.clips) == ((str(notes),), (str(clip),))


@pytest.mark.parametrize("sidecar", ["clip.json", "clip.mp4.json", "clip.txt", "clip.TXT"])
def test_a_clip_with_a_sidecar_and_its_thumbnail_are_not_among_the_others(bench: Bench, sidecar: str):
    bench.put("clip.mp4", b"mp4")
    bench.put("clip.webp", b"webp")
    bench.put(sidecar, '{"prompt": "rain"}')
    report = bench.take_in()
    assert (report.added, report.lone_clips) == (1, 0)


def test_of_many_other_files_a_hundred_are_named(bench: Bench):
    for number in range(150):
        bench.put(f"{number:03}.mov", b"mov")
    report = bench.take_in()
    assert (report.lone_clips, len(report.clips)) == (150, 100)


def test_a_folder_called_like_a_file_is_a_folder(bench: Bench):
    bench.put("x.json/y.json", job())
    assert bench.take_in().added == 1


def test_a_pipe_is_not_opened(bench: Bench):
    os.mkfifo(bench.folder / "pipe.json")
    assert reasons(bench.take_one()) == [(None, "not a regular file")]
    assert reasons(bench.take_one(bench.folder / "pipe.json")) == [(None, "not a regular file")]


def test_a_file_that_is_not_there_is_reported(bench: Bench):
    bench.put("v.json", job())
    report = bench.take_in(bench.folder / "gone.json", bench.folder / "v.json")
    assert (report.added, reasons(report.files[0])) == (1, [(None, "no such file or directory")])


def test_a_link_to_nothing_is_reported(bench: Bench):
    (bench.folder / "x.json").symlink_to(bench.folder / "nowhere.json")
    assert reasons(bench.take_one()) == [(None, "no such file or directory")]


@pytest.fixture
def private(tmp_path: Path) -> Path:
    """A folder beside the one that is imported, with a job, a text and a folder that nobody handed over."""
    folder = tmp_path / "private"
    (folder / "deep").mkdir(parents=True)
    (folder / "job.json").write_text(json.dumps(job("secret")))
    (folder / "deep/job.json").write_text(json.dumps(job("deep-secret")))
    (folder / "words.txt").write_text("aws_secret_access_key = CANARY")
    return folder


LINKS = {
    "a file": ("x.json", "../private/job.json"),
    "a folder": ("x", "../private"),
    "a folder called like a file": ("x.json", "../private/deep"),
    "an absolute path": ("x.json", "{private}/job.json"),
    "a link to a link": ("y.json", "x.json", "x.json", "../private/job.json"),
    "a way through the folder": ("sub/x.json", "../../private/job.json"),
    "the folder above": ("x", ".."),
    "a link over a folder above": ("x.json", "../saved/../private/job.json"),
}


@pytest.mark.parametrize("links", LINKS.values(), ids=LINKS)
def test_a_link_that_leads_out_of_the_folder_is_named_and_not_read(
    bench: Bench, private: Path, links: tuple[str, ...]
) -> None:
    for name, target in zip(links[::2], links[1::2], strict=True):
        path = bench.folder / name
        path.parent.mkdir(exist_ok=True)
        path.symlink_to(target.format(private=private))
    report = bench.take_in()
    assert (report.added, report.files) == (0, ())
    assert report.left_out == len(report.outside) == len(links) // 2
    assert set(report.outside) == {str(bench.folder / name) for name in links[::2]}
    assert bench.take_in(follow_links=True).added >= 1


def test_a_text_behind_a_link_is_no_prompt(bench: Bench, private: Path) -> None:
    bench.put("clip.mp4", b"mp4")
    (bench.folder / "clip.txt").symlink_to(private / "words.txt")
    for report in (bench.take_in(), bench.take_in(bench.folder / "clip.mp4")):
        assert (report.added, report.outside) == (0, (str(bench.folder / "clip.txt"),))
    assert bench.take_in(follow_links=True).added == 1


def test_the_id_of_a_clip_is_not_read_behind_a_link(bench: Bench, private: Path) -> None:
    bench.put("clip.mp4", b"mp4")
    text = bench.put("clip.txt", "rain on glass")
    (bench.folder / "clip.json").symlink_to(private / "job.json")
    bench.take_in(text)
    bench.take_in()
    assert bench.ids() == ["clip"]


def test_what_the_user_names_may_be_a_link(bench: Bench, private: Path) -> None:
    (bench.folder / "folder").symlink_to(private)
    (bench.folder / "file.json").symlink_to(private / "job.json")
    assert bench.take_in(bench.folder / "folder", bench.folder / "file.json").left_out == 0
    assert bench.ids() == ["secret", "deep-secret"]


def test_a_folder_of_almost_the_same_name_lies_outside(bench: Bench) -> None:
    (bench.folder.parent / "saved-too").mkdir()
    (bench.folder.parent / "saved-too/x.json").write_text(json.dumps(job("secret")))
    (bench.folder / "x.json").symlink_to("../saved-too/x.json")
    assert (bench.take_in().left_out, bench.ids()) == (1, [])


def test_a_hard_link_is_a_file(bench: Bench, private: Path) -> None:
    (bench.folder / "x.json").hardlink_to(private / "job.json")
    assert (bench.take_in().added, bench.ids()) == (1, ["secret"])


def test_the_command_names_the_links_and_follows_them_if_asked(bench: Bench, private: Path) -> None:
    (bench.folder / "x.json").symlink_to(private / "job.json")
    command = ["import", str(bench.folder), "--db", str(bench.library.path)]
    outcome = CliRunner().invoke(main.cli, command)
    assert outcome.exit_code == 0
    assert "1 link leads out of the folder, not followed" in " ".join(outcome.stderr.split())
    assert str(bench.folder / "x.json") in "".join(outcome.stderr.split())
    assert bench.ids() == []
    CliRunner().invoke(main.cli, [*command, "--follow-links"])
    assert bench.ids() == ["secret"]


def test_a_file_that_vanishes_between_the_look_and_the_reading_is_reported(bench: Bench):
    doomed = [bench.put("x.json", job("v1"))]
    bench.put("y.json", job("v2"))

    def vanish(event: str, arguments: tuple[object, ...]) -> None:
        if event == "open" and doomed and arguments[0] == str(doomed[0]):
            doomed.pop().unlink()

    sys.addaudithook(vanish)  # Python calls it before it opens a file; it cannot be taken away, and does nothing later
    report = bench.take_in()
    assert (report.added, reasons(report.files[0])) == (1, [(None, "cannot be read: no such file or directory")])


def test_a_file_whose_bytes_cannot_be_read_is_reported(bench: Bench):
    (bench.folder / "x.json").symlink_to("/proc/self/mem")  # whose first byte not even root may read
    assert reasons(bench.take_one(follow_links=True)) == [(None, "cannot be read: input/output error")]


def test_the_same_file_named_twice_is_read_once(bench: Bench):
    path = bench.put("x.json", job())
    assert len(bench.take_in(path, path, bench.folder).files) == 1


def test_thousands_of_small_files_share_transactions(bench: Bench, tmp_path: Path):
    for number in range(1200):
        bench.put(f"{number:05}.json", job(f"v{number}"))
    report = bench.take_in()
    assert (report.added, len(report.files), report.files[-1].added) == (1200, 1200, 1)


def count_calls(bench: Bench, *paths: Path) -> Counter[str]:
    """How often each function is called while the paths are imported."""
    profile = Profile()
    profile.runcall(bench.take_in, *paths)
    return Counter(
        {
            entry.code if isinstance(entry.code, str) else entry.code.co_qualname: entry.callcount
            for entry in profile.getstats()
        }
    )


@pytest.mark.parametrize("pattern", ["", "*.json", "*.mp4"])
def test_the_cost_of_a_file_does_not_grow_with_its_folder(bench: Bench, pattern: str):
    def calls_per_file(count: int) -> float:
        for number in range(count):
            bench.put(f"{count}/{number}.json", job(f"{count}-{number}"))
            bench.put(f"{count}/{number}.mp4", b"")
        folder = bench.folder / str(count)
        calls = count_calls(bench, *(sorted(folder.glob(pattern)) if pattern else [folder]))
        assert sum(times for name, times in calls.items() if "listdir" in name) == 1
        return calls.total() / count

    assert calls_per_file(200) < 1.1 * calls_per_file(50)
    assert len(bench.ids()) == 250


def test_the_prices_are_read_once_for_many_files(bench: Bench):
    prices = load_prices()
    with bench.library.write() as connection:
        store.save_prices(connection, prices)
    for number in range(50):
        bench.put(f"{number}.json", job(f"v{number}"))
    assert count_calls(bench, bench.folder)[from_texts.__qualname__] == len(prices)
