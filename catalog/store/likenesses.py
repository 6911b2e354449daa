"""What pictures look like, by the hash of their bytes; derived, so nothing but the bytes is needed to have it back."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping

    from catalog.database import Writer

_SAVE = "INSERT INTO likenesses (sha256, dhash) VALUES (:sha256, :dhash) ON CONFLICT (sha256) DO NOTHING"
_SIGN = 1 << 63


def save_likenesses(connection: Writer, hashes: Mapping[str, int | None]) -> None:
    """Keep the hashes of pictures, below 2^64, by their SHA-256; None for those that say nothing."""
    rows = [{"sha256": sha256, "dhash": _signed(number)} for sha256, number in hashes.items()]
    connection.executemany(_SAVE, rows)


def _signed(number: int | None) -> int | None:
    """The number as a database holds 64 bits."""
    return number if number is None or number < _SIGN else number - 2 * _SIGN
