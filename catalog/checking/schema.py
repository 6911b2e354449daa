"""The library as a database: its schema against the one that migrations make, and what SQLite says of the file."""

from __future__ import annotations

from functools import cache
from typing import TYPE_CHECKING

from catalog.checking.run import FROM_A_BACKUP
from catalog.database import sqlite_version
from catalog.database.integrity import (
    are_alike,
    list_broken_keys,
    list_integrity_faults,
    make_index,
    read_schema,
    rebuild_indexes,
)
from catalog.errors import CatalogError
from catalog.leftovers import temporary_folder
from catalog.library import create_library, open_library

if TYPE_CHECKING:
    from catalog.checking.run import Run

_RESET_FREE = (3, 51, 3)  # older ones may, rarely, corrupt a write-ahead log


def check_schema(run: Run) -> None:
    """Check what the library is made of."""
    if tuple(map(int, sqlite_version.split("."))) < _RESET_FREE:
        run.note(
            f"the SQLite of this Python is {sqlite_version}: before {'.'.join(map(str, _RESET_FREE))} it may damage a "
            "library that several processes write to; upgrade Python, or install pysqlite3"
        )
    run.on_progress("library", 0, None, "checking the schema")
    _check_drift(run)
    run.on_progress("library", 0, None, "checking the file")
    _check_integrity(run)
    _check_keys(run)


@cache
def _read_wanted() -> dict[tuple[str, str], str]:
    """The schema of a library as the migrations make it: of a new one."""
    with temporary_folder("check") as folder:
        create_library(folder / "new.db")
        new = open_library(folder / "new.db")
        with new.read() as connection:
            schema = read_schema(connection)
        new.close()
    return schema


def _check_drift(run: Run) -> None:
    wanted = _read_wanted()
    with run.database.read() as connection:
        present = read_schema(connection)
    for (kind, name), statement in wanted.items():
        current = present.get((kind, name))
        if current is not None and are_alike(current, statement):
            continue
        reason = f"the {kind} {name} is {'missing' if current is None else 'not as the migrations make it'}"
        is_repaired = run.is_repair and kind == "index" and _make_index(run, name, statement)
        hint = "run `catalog check --repair`" if kind == "index" and not run.is_repair else FROM_A_BACKUP
        run.add("schema", reason, hint=hint, is_repaired=is_repaired)
    for kind, name in sorted(present.keys() - wanted.keys()):
        run.note(f"the {kind} {name} is not the catalog's")


def _make_index(run: Run, name: str, statement: str) -> bool:
    try:
        with run.database.write() as connection:
            make_index(connection, name, statement)
    except CatalogError as error:
        run.note(str(error))
        return False
    return True


def _check_integrity(run: Run) -> None:
    is_whole = run.part is not None
    with run.database.read() as connection:
        lines = list_integrity_faults(connection, is_whole=is_whole)
    is_repaired = False
    if lines and run.is_repair and all("index" in line for line in lines) and run.write(rebuild_indexes):
        with run.database.read() as connection:
            is_repaired = not list_integrity_faults(connection, is_whole=is_whole)
    is_repairable = not run.is_repair and all("index" in line for line in lines)
    hint = "run `catalog check --read-data --repair`" if is_repairable else FROM_A_BACKUP
    for line in lines:
        run.add("database", line, hint=hint, is_repaired=is_repaired)


def _check_keys(run: Run) -> None:
    with run.database.read() as connection:
        broken = list_broken_keys(connection)
    for key in broken:
        run.add(
            "keys",
            f"row {key.row_id} of {key.table} belongs to a row of {key.parent} that is not there",
            hint=f"nothing can make it again: {FROM_A_BACKUP}",
        )
