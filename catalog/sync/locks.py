"""One run at a time for each source: a lock in the library, which a dead process does not keep."""

from __future__ import annotations

import os
import platform
from contextlib import contextmanager
from datetime import datetime, timedelta
from typing import TYPE_CHECKING

from catalog import store

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from catalog.database import Database

EXPIRES = timedelta(minutes=15)  # a lock that was not renewed for this long belongs to a dead run


@contextmanager
def hold(database: Database, source: str, now: Callable[[], datetime]) -> Iterator[None]:
    """Hold the source; raises CatalogError, which names the holder, while another run holds it."""
    holder = f"{platform.node()}:{os.getpid()}"
    moment = now()
    with database.write() as connection:
        store.lock_source(
            connection,
            source,
            holder=holder,
            now=moment,
            is_stale=lambda other, since: _is_stale(other, moment - since),
        )
    try:
        yield
    finally:
        with database.write() as connection:
            store.unlock_source(connection, source, holder=holder)


def _is_stale(holder: str, age: timedelta) -> bool:
    """Whether the run that holds a lock is dead: long silent, or a process of this machine that has ended."""
    if age > EXPIRES:
        return True
    node, _, process = holder.rpartition(":")
    if node != platform.node() or not process.isdigit():
        return False
    try:
        os.kill(int(process), 0)
    except ProcessLookupError:
        return True
    except PermissionError:  # it is alive, and another user's
        pass
    return False
