"""The folders that the library knows: which of them a scan is about, and whether one can be judged now."""

from __future__ import annotations

from typing import TYPE_CHECKING

from catalog.reading import watching
from catalog.watch.folders import Known, explain_offline, is_below

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from catalog.database import Database
    from catalog.reading.watching import KeptRoot


def read_roots(database: Database) -> dict[str, KeptRoot]:
    """All roots, by path; none where the library is not made yet."""
    if not database.is_made:
        return {}
    with database.read() as connection:
        return {root.path: root for root in watching.list_roots(connection)}


def add_inner(roots: Sequence[str], kept: Iterable[str]) -> list[str]:
    """The folders with the roots that lie in them, each once, inner ones first."""
    inner = [other for other in kept if any(is_below(other, root) for root in roots)]
    return sorted({*roots, *inner}, key=lambda root: (-root.count("/"), root))


def explain(database: Database, root: str, kept: KeptRoot | None, *, accept: bool) -> str | None:
    """Why a root cannot be scanned now; None where it can. With `accept`, its files need not be there."""

    def count() -> int:
        with database.read() as connection:
            return watching.count_places(connection, root)

    is_new = accept or not database.is_made
    return explain_offline(
        root, kept and kept.device, lambda: iter(()) if is_new else _iter_known(database, root), count
    )


def _iter_known(database: Database, root: str) -> Iterator[Known]:
    after = ""
    while True:
        with database.read() as connection:
            portion = watching.list_known(connection, root, after)
        if not portion:
            return
        after = portion[-1][0]
        yield from (Known(*file) for file in portion)
