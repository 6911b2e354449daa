"""What videos cost by the prices in the library: an estimate, where the provider reported no cost."""

from __future__ import annotations

from datetime import datetime
from functools import lru_cache
from typing import TYPE_CHECKING, Any

from catalog.pricing import STORED, PricedJob, estimate, from_texts, provider_of, to_texts
from catalog.store.bulk import insert_rows, update_rows
from catalog.store.indexes import indexed

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from catalog.database import Reader, Writer
    from catalog.pricing import Price

_PRICES = f"SELECT {', '.join(STORED)} FROM prices ORDER BY id"
_PAYERS = "SELECT name, dialect, provider FROM sources"
_PROVIDER = "SELECT dialect, provider FROM sources WHERE name = :source"
_NEXT = "SELECT id FROM videos WHERE source = :source AND id > :last ORDER BY id LIMIT 500"
_DATE = len("2026-11-21")
_FACTS = PricedJob._fields[:8]  # those that a row has as they are


class Estimator:
    """Fills in the costs of one source's rows."""

    def __init__(self, connection: Reader, source: str) -> None:
        payer = connection.execute(_PROVIDER, {"source": source}).fetchone()
        self._provider = provider_of(*payer) if payer else None
        self._source = source
        self._prices = [from_texts(row) for row in connection.execute(_PRICES)]
        self._estimate = lru_cache(4096)(self._look_up)

    def fill(self, row: dict[str, Any]) -> None:
        """Set `cost_usd` and `cost_basis` of a folded row, unless the provider reported the cost."""
        if row["cost_basis"] == "reported":
            return
        day = row["created_at"] and datetime.fromisoformat(row["created_at"][:_DATE] + "T12:00:00Z")
        facts = [row[name] for name in _FACTS]
        batch = None if row["batch_custom_id"] is None else ""
        row["cost_usd"] = self._estimate(PricedJob._make([*facts, day, batch]))
        row["cost_basis"] = "unknown" if row["cost_usd"] is None else "estimated"

    def _look_up(self, job: PricedJob) -> float | None:
        return estimate(job, self._prices, self._provider, source=self._source)


def has_prices(
    connection: Reader, prices: Iterable[Price], payers: Mapping[str, tuple[str | None, str | None]]
) -> bool:
    """Whether the library has exactly these prices, and these sources with their dialects and the providers they pay.

    It needs a reader only, so a program whose prices are in order opens no transaction.
    """
    current = {row[0]: (row[1], row[2]) for row in connection.execute(_PAYERS)}
    return payers.items() <= current.items() and list(map(to_texts, prices)) == list(
        map(tuple, connection.execute(_PRICES))
    )


def save_prices(connection: Writer, prices: Iterable[Price]) -> bool:
    """Replace the table of prices, and return whether that changed it."""
    wanted = list(map(to_texts, prices))
    if wanted == list(map(tuple, connection.execute(_PRICES))):
        return False
    connection.execute("DELETE FROM prices")
    insert_rows(connection, "prices", [dict(zip(STORED, row, strict=True)) for row in wanted])
    return True


def estimate_costs(connection: Writer) -> int:
    """Estimate every video again by the current prices, and return how many costs changed."""
    changed = 0
    for (source,) in connection.execute("SELECT DISTINCT source FROM videos").fetchall():
        estimator, last = Estimator(connection, source), 0
        while ids := [row[0] for row in connection.execute(_NEXT, {"source": source, "last": last})]:
            changed += _estimate_batch(connection, estimator, ids)
            last = ids[-1]
    return changed


def _estimate_batch(connection: Writer, estimator: Estimator, ids: Iterable[int]) -> int:
    names = ("id", *_FACTS, "created_at", "batch_custom_id", "cost_usd", "cost_basis")
    query = f"SELECT {', '.join(names)} FROM videos WHERE id IN :ids"
    changes = []
    for values in connection.execute(query, {"ids": list(ids)}):
        row: dict[str, Any] = dict(values)
        before = row["cost_usd"], row["cost_basis"]
        estimator.fill(row)
        if before != (row["cost_usd"], row["cost_basis"]):
            changes.append({name: row[name] for name in ("id", "cost_usd", "cost_basis")})
    with indexed(connection, [row["id"] for row in changes]):
        update_rows(connection, "videos", changes)
    return len(changes)
