"""ARCHITECTURE.md and CONTRIBUTING.md are true: what the checkout holds is named, and what is named exists."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
ARCHITECTURE = (ROOT / "ARCHITECTURE.md").read_text(encoding="utf-8")
CONTRIBUTING = (ROOT / "CONTRIBUTING.md").read_text(encoding="utf-8")
PACKAGE = ROOT / "catalog"

CODE = re.compile(r"`([^`\n]+)`")
FILE = re.compile(r"[\w./-]+\.(?:py|md|toml|jsonl?)\b")
MADE_BY_USERS = {"catalog.toml"}


def list_rooms() -> list[str]:
    """The folders and top-level modules of the package, as the code map writes them."""
    folders = [
        f"{path.parent.relative_to(PACKAGE).as_posix()}/"
        for path in sorted(PACKAGE.rglob("__init__.py"))
        if path.parent != PACKAGE and "migrations" not in path.parts
    ]
    modules = [path.name for path in sorted(PACKAGE.glob("[a-z]*.py"))]
    return folders + modules


def list_files(text: str) -> list[str]:
    """Every file that the page names in code."""
    return sorted({name for code in CODE.findall(text) for name in FILE.findall(code)} - MADE_BY_USERS)


def exists(name: str) -> bool:
    """Whether the file is at the top, in the package, or in any room of it where only its name is given."""
    if (ROOT / name).exists() or (PACKAGE / name).exists():
        return True
    return "/" not in name and any(PACKAGE.rglob(name))


@pytest.mark.parametrize("room", [room for room in list_rooms() if room != "demo/gateway/shapes/"])
def test_every_room_is_on_the_map(room: str) -> None:
    code_map = ARCHITECTURE.partition("## Code map")[2].partition("## Invariants")[0]
    assert room in {word for code in CODE.findall(code_map) for word in code.split()}


@pytest.mark.parametrize("name", list_files(ARCHITECTURE))
def test_every_file_that_the_map_names_exists(name: str) -> None:
    assert exists(name)


@pytest.mark.parametrize("name", list_files(CONTRIBUTING))
def test_every_file_that_the_guide_names_exists(name: str) -> None:
    assert exists(name)


def test_every_make_target_that_is_named_exists() -> None:
    targets = set(re.findall(r"^([a-z]+):", (ROOT / "Makefile").read_text(encoding="utf-8"), re.MULTILINE))
    named = set(re.findall(r"(?:`|^)make ([a-z]+)", ARCHITECTURE + CONTRIBUTING, re.MULTILINE))
    assert named <= targets
    assert "check" in named
