"""The public face: every name is there, and none costs anything before it is used."""

from __future__ import annotations

import ast
import subprocess
import sys
from pathlib import Path

import pytest

import catalog

HEAVY = (
    "alembic",
    "av",
    "click",
    "datasette",
    "httpx",
    "PIL",
    "pydantic",
    "pysqlite3",
    "rich",
    "sqlalchemy",
    "sqlite3",
    "sqlmodel",
)


def loaded_by(program: str) -> set[str]:
    script = f"import sys\n{program}\nprint(*sys.modules)"
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True)
    return set(done.stdout.split())


@pytest.mark.parametrize("name", catalog.__all__)
def test_every_public_name_is_there(name: str) -> None:
    value = getattr(catalog, name)
    assert value.__name__ == name
    assert value.__doc__


def test_the_names_are_sorted_and_listed() -> None:
    assert list(catalog.__all__) == sorted(set(catalog.__all__))
    assert set(catalog.__all__) <= set(dir(catalog))


def test_type_checkers_see_every_public_name() -> None:
    tree = ast.parse(Path(catalog.__file__).read_text(encoding="utf-8"))
    (block,) = [node for node in tree.body if isinstance(node, ast.If)]
    declared = {alias.name for node in block.body if isinstance(node, ast.ImportFrom) for alias in node.names}
    assert declared == {*catalog.__all__, "capture"}


def test_another_name_is_an_attribute_error() -> None:
    with pytest.raises(AttributeError, match=r"module 'catalog' has no attribute 'Catalogue'"):
        catalog.Catalogue  # noqa: B018


def test_importing_the_package_loads_nothing_else() -> None:
    loaded = {name for name in loaded_by("import catalog") if name.split(".")[0] == "catalog"}
    assert loaded == {"catalog"}
    assert not loaded_by("import catalog") & set(HEAVY)


def test_the_records_and_errors_load_no_library() -> None:
    assert not loaded_by("from catalog import Video, Page, CatalogError") & set(HEAVY)


def test_opening_and_reading_a_library_loads_only_the_driver(library_path: object) -> None:
    program = f"""
from catalog import Catalog
with Catalog.open({str(library_path)!r}) as cat:
    cat.search("neon")
    cat.stats()
"""
    assert loaded_by(program) & (set(HEAVY) - {"sqlite3"}) <= {"pysqlite3"}
