"""An opened library: where it is, how it is configured, and what every group of verbs stands on."""

from __future__ import annotations

import os
from contextlib import suppress
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Self

from catalog import library

if TYPE_CHECKING:
    from collections.abc import Sequence
    from types import TracebackType

    from catalog.database import Database
    from catalog.prompts import Vocabulary
    from catalog.reports import Progress
    from catalog.settings import Settings

DEFAULT_PATH = "catalog.db"


def default_path() -> Path:
    """The library to use where none is named: `CATALOG_DB`, else `catalog.db` here."""
    return Path(os.environ.get("CATALOG_DB") or DEFAULT_PATH)


def courteous(on_progress: Progress | None) -> Progress | None:
    """The callback, which then passes over that it cannot write: progress is shown out of courtesy.

    What else it raises stops the journey, as its caller may want.
    """
    if on_progress is None:
        return None

    def show(about: str, done: int, total: int | None, phase: str) -> None:
        with suppress(OSError, ValueError):  # ValueError: the stream is closed, or has no such letters
            on_progress(about, done, total, phase)

    return show


class Opened:
    """A library that is open until it is closed or its `with` block ends."""

    def __init__(self, database: Database, *, config: str | Path | None = None) -> None:
        self._database = database
        self._config = config

    @classmethod
    def open(cls, path: str | Path | None = None, *, config: str | Path | None = None, via: str = "python") -> Self:
        """The library at `path` (else `CATALOG_DB`, else `catalog.db` here), checked if there is one; makes nothing.

        Where there is none yet, whatever reads or edits raises NotFound; `sync`, `add`, `import_path` and `hooks` make
        it once they have something to write, but no folder. A library that somebody else makes meanwhile is used.
        `config` names the configuration file; by default it is `catalog.toml` beside the library, else here. `via` is
        the program that asks, which the journal names for every edit. Raises SchemaOutdated, SchemaTooNew or
        SchemaError for a file that this version cannot use.
        """
        database = library.open_library(path or default_path())
        database.via = via
        return cls(database, config=config)

    @classmethod
    def init(cls, path: str | Path | None = None, *, config: str | Path | None = None) -> Self:
        """Make the library unless there is one, and open it as `open` does; its folder must exist."""
        library.create_library(path or default_path())
        return cls.open(path, config=config)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def close(self) -> None:
        """Close every connection to the library."""
        self._database.close()

    @property
    def path(self) -> Path:
        """The library's file."""
        return self._database.path

    @cached_property
    def settings(self) -> Settings:
        """What `catalog.toml` and the environment configure; raises ConfigError."""
        from catalog.settings import find_file, load_settings

        return load_settings(find_file(self.path, self._config))

    def _read_prompts(self, due: Sequence[int]) -> None:
        """Read the prompts of these videos where they are due, and see to what remixes inherit of them."""
        from catalog.reading.prompts import is_inheritance_due

        with self._database.read() as connection:
            is_due = bool(due) or is_inheritance_due(connection)
        if is_due:
            from catalog.intake import read_prompts

            read_prompts(self._database, self.settings, among=due)

    @cached_property
    def _vocabulary(self) -> Vocabulary:
        from catalog.prompts import load

        return load(self.settings.facets)
