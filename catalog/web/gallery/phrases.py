"""Numbers, times and money as a page says them; all of them take None, which stays nothing."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from datetime import datetime


def amount(number: int) -> str:
    """`12,000`."""
    return f"{number:,}"


def figure(number: float | None) -> str | None:
    """A number without zeros that say nothing: `8`, `23.976`."""
    return None if number is None else f"{number:,.3f}".rstrip("0").rstrip(".")


def dollars(value: float | None) -> str | None:
    """`$0.80`, `$0.0125`: at least two decimals, at most six."""
    if value is None:
        return None
    whole, _, decimals = f"{value:,.6f}".partition(".")
    return f"${whole}.{decimals.rstrip('0').ljust(2, '0')}"


def volume(size: float | None) -> str | None:
    """A number of bytes: `812 bytes`, `2.1 MB`, a MB being a million."""
    if size is None:
        return None
    for unit in ("bytes", "kB", "MB", "GB"):
        if size < (1000 if unit == "bytes" else 999.95):
            return f"{size:,.0f} bytes" if unit == "bytes" else f"{size:.1f} {unit}"
        size /= 1000
    return f"{size:,.1f} TB"


def moment(time: datetime | None) -> str | None:
    """`2026-11-21 10:57 UTC`."""
    return None if time is None else f"{time:%Y-%m-%d %H:%M} UTC"
