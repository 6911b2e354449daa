"""Processes that look at files a second time, for scans that find very many: threads would wait for each other."""

from __future__ import annotations

from typing import TYPE_CHECKING

from catalog.processes import Pool, serve_pool
from catalog.watch.settling import settle

if TYPE_CHECKING:
    from collections.abc import Sequence

    from catalog.watch.scanning import Sighted
    from catalog.watch.settling import Outcome

MOST = 4


def settle_all(root: str, files: Sequence[Sighted], now: float) -> list[Outcome]:
    """Look at files a second time, here."""
    return [settle(root, sighted, now=now) for sighted in files]


def make_readers(count: int) -> Pool[str, Sequence[Sighted], float, list[Outcome]]:
    """So many processes that `settle_all`, started when they are first asked."""
    return Pool(__name__, settle_all, count)


def serve(orders_number: int, answers_number: int, parent: int) -> None:
    """Be such a process."""
    serve_pool(settle_all, orders_number, answers_number, parent)
