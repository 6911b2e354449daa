"""The compiled vocabulary in the cache folder: read where it fits and can be trusted, else made again."""

from __future__ import annotations

import json
import os
import pickle
import shutil
import subprocess
import sys
import time
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

import pytest

import catalog
from catalog.prompts import extract
from catalog.prompts.cache import cache_folder, make_key, read_cached, write_cached
from catalog.prompts.vocabulary import load_through

if TYPE_CHECKING:
    from collections.abc import Callable

    from catalog.prompts.vocabulary import Vocabulary

PROMPT = "Acme truck, wide shot at dusk.\nCamera: slow push-in, 35mm lens, no zoom.\n[Lighting] soft key light, neon"
OWN_WORDS = {"brand": {"acme": ["acme"]}, "lighting": {"neon": {"near": ["tube+"]}}}
KEY = make_key("{}")
_CHECKOUT = Path(catalog.__file__).parents[1]

# Prints whether the vocabulary had to be compiled, and what was found with it.
READ = f"""
import sys
from pathlib import Path
from catalog.prompts import extract
from catalog.prompts.vocabulary import load_through
found = extract({PROMPT!r}, load_through(Path(sys.argv[1])))
print("catalog.prompts.compiler" in sys.modules, found)
"""


class Compiled(NamedTuple):
    """A cache folder that was empty, and the vocabulary that was compiled into it."""

    folder: Path
    vocabulary: Vocabulary


@pytest.fixture(scope="module")
def compiled(tmp_path_factory: pytest.TempPathFactory) -> Compiled:
    """The vocabulary, compiled: which takes seconds."""
    folder = tmp_path_factory.mktemp("kept") / "video-catalog"
    return Compiled(folder, load_through(folder))


@pytest.fixture
def folder(compiled: Compiled, tmp_path: Path) -> Path:
    """A cache folder that holds the compiled vocabulary."""
    return Path(shutil.copytree(compiled.folder, tmp_path / "video-catalog"))


@pytest.fixture
def file(folder: Path) -> Path:
    """The compiled vocabulary in its folder."""
    [path] = folder.iterdir()
    return path


def start(folder: Path, *, package: Path | None = None) -> subprocess.Popen[str]:
    command = [sys.executable, "-c", READ, str(folder)]
    return subprocess.Popen(command, cwd=package or _CHECKOUT, stdout=subprocess.PIPE, text=True)


def finish(process: subprocess.Popen[str]) -> tuple[bool, str]:
    output, _ = process.communicate(timeout=120)
    assert process.returncode == 0
    compiled, _, found = output.strip().partition(" ")
    return compiled == "True", found


def check_alike(compiled: Vocabulary, kept: Vocabulary) -> None:
    """Prompts are read alike with what was compiled now and what an earlier process compiled."""
    assert extract(PROMPT, compiled) == extract(PROMPT, kept)
    assert extract(PROMPT, compiled).facets
    assert compiled.revision == kept.revision
    assert compiled.alphabet.codes == kept.alphabet.codes
    assert compiled.phrases.by_word == kept.phrases.by_word
    assert compiled.open_words.by_word == kept.open_words.by_word
    for name in ("facets", "values", "broader", "kept_broad", "hides", "contexts", "fields", "grammar"):
        assert getattr(compiled, name) == getattr(kept, name), name


def test_prompts_are_read_alike_with_and_without_it(compiled: Compiled) -> None:
    check_alike(compiled.vocabulary, load_through(compiled.folder))


def test_without_a_folder_the_vocabulary_is_compiled_each_time(folder: Path) -> None:
    assert extract(PROMPT, load_through(None)) == extract(PROMPT, load_through(folder))


def test_two_processes_may_compile_at_once_and_a_third_compiles_nothing(tmp_path: Path) -> None:
    folder = tmp_path / "caches" / "video-catalog"
    processes = [start(folder) for _ in range(2)]
    first, second = (finish(process) for process in processes)
    assert True in {first[0], second[0]}
    assert [path.suffix for path in folder.iterdir()] == [".json"]
    assert finish(start(folder)) == (False, first[1])
    assert second[1] == first[1]


def test_the_helper_of_the_journey_reads_what_is_kept(tmp_path: Path) -> None:
    environment = os.environ | {"HOME": str(tmp_path), "XDG_CACHE_HOME": ""}
    command = [sys.executable, "-X", "importtime", "-m", "catalog.facets"]
    request = pickle.dumps(None) + pickle.dumps([(1, PROMPT)])
    runs = [subprocess.run(command, input=request, env=environment, capture_output=True, check=True) for _ in range(2)]
    assert [b"catalog.prompts.compiler" in run.stderr for run in runs] == [True, False]
    first, second = (pickle.loads(run.stdout) for run in runs)
    assert first == second
    assert "push_in" in {facet.value for facet in first[0].facets}


def test_each_users_words_have_a_file_of_their_own(folder: Path) -> None:
    mine = load_through(folder, OWN_WORDS)
    assert len(list(folder.iterdir())) == 2
    check_alike(mine, load_through(folder, OWN_WORDS))
    assert "brand" in {facet.name for facet in extract(PROMPT, mine).facets}
    assert "brand" not in {facet.name for facet in extract(PROMPT, load_through(folder)).facets}


def test_a_changed_vocabulary_is_compiled_again(folder: Path, tmp_path: Path) -> None:
    package = tmp_path / "changed"
    shutil.copytree(Path(catalog.__file__).parent, package / "catalog", ignore=shutil.ignore_patterns("__pycache__"))
    vocabulary = package / "catalog" / "prompts" / "vocabulary.toml"
    vocabulary.write_text(vocabulary.read_text("utf-8") + '\n[facets.vehicle]\nlorry = { forms = ["truck"] }\n')
    compiled, found = finish(start(folder, package=package))
    assert compiled
    assert "lorry" in found
    assert "lorry" not in finish(start(folder))[1]


def test_a_file_under_another_name_does_not_count(file: Path) -> None:
    key = make_key(json.dumps(OWN_WORDS))
    shutil.copy(file, file.with_name(f"vocabulary-{key}.json"))
    assert read_cached(file.parent, key) is None
    assert read_cached(file.parent, KEY) is not None


def _cut(file: Path) -> None:
    file.write_bytes(file.read_bytes()[:-100])


def _flip(file: Path) -> None:
    content = bytearray(file.read_bytes())
    content[len(content) // 2] ^= 1
    file.write_bytes(content)


def _empty(file: Path) -> None:
    file.write_bytes(b"")


def _zero(file: Path) -> None:
    file.write_bytes(bytes(file.stat().st_size))


@pytest.mark.parametrize("damage", [_cut, _flip, _empty, _zero])
def test_a_damaged_file_does_not_count(damage: Callable[[Path], None], file: Path) -> None:
    damage(file)
    assert read_cached(file.parent, KEY) is None


def test_a_damaged_file_is_replaced(file: Path) -> None:
    whole = file.read_bytes()
    _flip(file)
    load_through(file.parent)
    assert file.read_bytes() == whole


def _open_file_to_the_group(file: Path) -> None:
    file.chmod(0o620)


def _open_file_to_all(file: Path) -> None:
    file.chmod(0o602)


def _open_folder_to_all(file: Path) -> None:
    file.parent.chmod(0o777)


def _give_file_away(file: Path) -> None:
    _give_away(file)


def _give_folder_away(file: Path) -> None:
    _give_away(file.parent)


def _give_away(path: Path) -> None:
    if os.geteuid() != 0:
        pytest.skip("only root can give a file away")
    os.chown(path, 54321, -1)


def _link(file: Path) -> None:
    target = file.rename(file.parents[1] / "planted.json")
    file.symlink_to(target)


def _make_pipe(file: Path) -> None:
    file.unlink()
    os.mkfifo(file)


def _make_folder(file: Path) -> None:
    file.unlink()
    file.mkdir()


@pytest.mark.parametrize(
    "spoil",
    [
        _open_file_to_the_group,
        _open_file_to_all,
        _open_folder_to_all,
        _give_file_away,
        _give_folder_away,
        _link,
        _make_pipe,
        _make_folder,
    ],
)
def test_what_another_user_may_have_written_does_not_count(spoil: Callable[[Path], None], file: Path) -> None:
    assert read_cached(file.parent, KEY) is not None
    spoil(file)
    assert read_cached(file.parent, KEY) is None
    write_cached(file.parent, KEY, {})  # it may replace the file or leave it, and raises nothing


def test_nothing_is_written_into_a_folder_of_others(tmp_path: Path) -> None:
    tmp_path.chmod(0o777)
    write_cached(tmp_path, KEY, {})
    assert not list(tmp_path.iterdir())


def test_a_folder_that_cannot_be_made_is_done_without(tmp_path: Path) -> None:
    blocked = tmp_path / "file"
    blocked.touch()
    for folder in (blocked, blocked / "video-catalog"):
        assert read_cached(folder, KEY) is None
        write_cached(folder, KEY, {})
    assert extract(PROMPT, load_through(blocked)).facets


def test_only_the_user_can_read_and_write_the_folder(tmp_path: Path) -> None:
    folder = tmp_path / "video-catalog"
    write_cached(folder, KEY, {})
    [file] = folder.iterdir()
    assert (folder.stat().st_mode & 0o777, file.stat().st_mode & 0o777) == (0o700, 0o600)


def test_what_nobody_has_written_for_a_month_goes(folder: Path, file: Path) -> None:
    long_ago = time.time() - 40 * 24 * 3600
    os.utime(file, (long_ago, long_ago))
    left_over = folder / "vocabulary-abc.json.x.part"
    left_over.touch()
    os.utime(left_over, (long_ago, long_ago))
    (folder / "of-another-program").touch()
    os.utime(folder / "of-another-program", (long_ago, long_ago))
    write_cached(folder, "other", {})
    assert {path.name for path in folder.iterdir()} == {"vocabulary-other.json", "of-another-program"}


@pytest.mark.parametrize(
    ("variable", "place"), [("/caches", "/caches/video-catalog"), ("", "/home/x/.cache/video-catalog")]
)
@pytest.mark.skipif(sys.platform == "darwin", reason="macOS has one place for caches")
def test_the_folder_is_the_users_own(variable: str, place: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HOME", "/home/x")
    monkeypatch.setenv("XDG_CACHE_HOME", variable)
    assert cache_folder() == Path(place)


def test_a_relative_folder_is_none(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HOME", "relative")
    monkeypatch.setenv("XDG_CACHE_HOME", "caches")
    assert cache_folder() is None
