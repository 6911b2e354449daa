"""The journey of `check`: whether a library, and the files that it knows of, are as they should be, and its repair.

It looks at the library first, from the outside in: its schema, the file as SQLite sees it, what is derived; then at the
files of videos, and at what else lies in the media folder. What it learns of a file becomes its state in the library.
Repair makes again what is derived, takes in whole bytes that lie in the media folder under another name, and has the
rest fetched; nothing is ever removed but what killed runs have left.
"""

from __future__ import annotations

import time
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from catalog.checking.derived import check_derived
from catalog.checking.files import check_files
from catalog.checking.folder import check_folder
from catalog.checking.run import Part, Run
from catalog.checking.schema import check_schema
from catalog.errors import ConfigError

if TYPE_CHECKING:
    from collections.abc import Callable

    from catalog.checking.run import Fetch
    from catalog.database import Database
    from catalog.reports import Progress
    from catalog.upkeep_reports import CheckReport

__all__ = ["Part", "check", "read_part"]


def check(
    database: Database,
    *,
    part: Part | None = None,
    repair: bool = False,
    fetch: Fetch | None = None,
    on_progress: Progress | None = None,
    now: Callable[[], datetime] | None = None,
) -> CheckReport:
    """Check the library and its files, and repair what can be repaired if `repair` says so.

    `part` is the part of the files whose bytes are read to their end, None to read none but those that are known to be
    damaged. `fetch(refs)` brings the files of these videos again that are missing or damaged.
    """
    started = time.monotonic()
    run = Run(
        database,
        part,
        repair,
        fetch if repair else None,
        on_progress or (lambda *_: None),
        now or (lambda: datetime.now(UTC)),
    )
    with database.read():
        pass  # raises where the library is missing
    for step in (check_schema, check_derived, check_files, check_folder):
        with run.surviving():
            step(run)
    return run.close(time.monotonic() - started)


def read_part(text: str) -> Part:
    """The part that a text such as `2/7` names; raises ConfigError for another text."""
    number, slash, of = text.partition("/")
    if slash and number.isdecimal() and of.isdecimal() and 1 <= int(number) <= int(of) <= _MOST_PARTS:
        return Part(int(number), int(of))
    raise ConfigError(f"{text!r} is not a part: write N/T, the N-th of T parts, as 2/7")


_MOST_PARTS = 10_000
