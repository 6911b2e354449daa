"""Tables of prices: the one that comes with the package (`prices.csv`), a user's CSV, LiteLLM's JSON.

`pricing` says what a price means for a job.
"""

from __future__ import annotations

import csv
import json
import re
from datetime import date, datetime
from decimal import Decimal, InvalidOperation
from difflib import get_close_matches
from pathlib import Path
from typing import TYPE_CHECKING, Any

from catalog.disk import read_file
from catalog.errors import ConfigError
from catalog.pricing import BASE, LIMIT, NAMED_TIERS, TIER, BadCell, Price

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from catalog.pricing import Origin

TABLE = Path(__file__).with_suffix(".csv")
COLUMNS = ("source", "model", "tier", "usd_per_second", "valid_from", "valid_to", "reference")

_LITELLM_PRICE = re.compile(r"output_cost_per_second_([1-9][0-9]{2,4}p|[1-9]k)")
_LITELLM_BASE = ("output_cost_per_second", "output_cost_per_video_per_second")


def load_prices(path: str | Path | None = None) -> list[Price]:
    """The table of the package, or a user's file: the same columns as CSV, or LiteLLM's price table as JSON.

    Rows of a user's CSV are `user` prices, LiteLLM's are `table` prices: of two `table` prices for the same model, tier
    and day, the first in the list counts. Raises ConfigError, with the path and where possible the line.
    """
    file = TABLE if path is None else Path(path)
    try:
        text = read_file(file).decode("utf-8-sig")
    except (OSError, UnicodeDecodeError) as error:
        reason = error.strerror if isinstance(error, OSError) else error
        raise ConfigError(f"cannot read the prices in {file}: {reason}", path=str(file)) from error
    if file.suffix.lower() == ".json":
        return _read_litellm(text, file)
    return _read_csv(text, file, "table" if path is None else "user")


def read_price(row: Mapping[str, object], *, origin: Origin = "user", path: str | None = None) -> Price:
    """The price in one row of a configuration, with texts, numbers and dates as TOML or CSV gives them.

    `tier` defaults to `base`. Raises ConfigError naming the column and what it may contain.
    """
    try:
        return _price(row, origin)
    except BadCell as error:
        label = " ".join(str(row.get(name, "")) for name in ("source", "model", "tier")).strip()
        raise ConfigError(f"price {label or '?'}: {error}", path=path) from error


def _read_csv(text: str, file: Path, origin: Origin) -> list[Price]:
    numbered = [(number, line) for number, line in enumerate(text.splitlines(), 1) if not line.startswith("#")]
    reader = csv.DictReader(line for _, line in numbered)
    try:
        prices = [_price({key or "?": cell for key, cell in row.items()}, origin) for row in reader]
    except (BadCell, csv.Error) as error:
        line = numbered[min(reader.line_num, len(numbered)) - 1][0]
        raise ConfigError(f"{file}, line {line}: {error}", path=str(file), line=line) from error
    if not prices:
        raise ConfigError(
            f"{file} does not contain any prices: write a row for each under {','.join(COLUMNS)}", path=str(file)
        )
    return prices


def _price(row: Mapping[str, object], origin: Origin) -> Price:
    if unknown := [name for name in row if name not in COLUMNS]:
        near = get_close_matches(unknown[0], COLUMNS, n=1)
        advice = f", did you mean {near[0]}?" if near else f"; known: {', '.join(COLUMNS)}"
        raise BadCell(unknown[0], f"is not a column of prices{advice}")
    start, end = _day(row, "valid_from"), _day(row, "valid_to")
    if start and end and end < start:
        raise BadCell("valid_to", "lies before valid_from")
    tier = _text(row, "tier").lower() or BASE
    if not TIER.fullmatch(tier):
        raise BadCell("tier", "must be base, or a short side such as 720p, 1080p, 2k, 4k", tier)
    return Price(
        _required(row, "source"),
        _required(row, "model"),
        NAMED_TIERS.get(int(tier[:-1]), tier) if tier.endswith("p") else tier,
        _amount(row, "usd_per_second"),
        start,
        end,
        _text(row, "reference") or None,
        origin,
    )


def _text(row: Mapping[str, object], name: str) -> str:
    value = row.get(name)
    if value is None:
        return ""
    if not isinstance(value, str):
        raise BadCell(name, "must be text", value)
    return value.strip()


def _required(row: Mapping[str, object], name: str) -> str:
    if text := _text(row, name):
        return text
    raise BadCell(name, "is missing")


def _amount(row: Mapping[str, object], name: str) -> Decimal:
    value = row.get(name)
    try:
        amount = Decimal("NaN" if value is None or isinstance(value, bool) else str(value).strip())
    except InvalidOperation:
        amount = Decimal("NaN")
    if not amount.is_finite() or not 0 <= amount < LIMIT:
        raise BadCell(name, "must be a number of dollars from 0", value)
    return amount


def _day(row: Mapping[str, object], name: str) -> date | None:
    value = row.get(name)
    if value is None or value == "":
        return None
    if isinstance(value, datetime):
        return value.date()
    if isinstance(value, date):
        return value
    try:
        return date.fromisoformat(str(value).strip())
    except ValueError as error:
        raise BadCell(name, "must be a day such as 2026-03-12", value) from error


def _read_litellm(text: str, file: Path) -> list[Price]:
    try:
        table = json.loads(text, parse_float=Decimal)
    except (ValueError, RecursionError) as error:
        raise ConfigError(f"{file} is not JSON: {error}", path=str(file)) from error
    entries = table.items() if isinstance(table, dict) else ()
    prices = [price for key, entry in entries if isinstance(entry, dict) for price in _of_litellm(key, entry)]
    if not prices:
        raise ConfigError(
            f"{file} does not contain a price: expected entries of mode video_generation with a cost per second",
            path=str(file),
        )
    return prices


def _of_litellm(key: str, entry: Mapping[str, Any]) -> Iterable[Price]:
    """The prices of one model in LiteLLM's table; 0, and whatever is not a price, counts as unknown."""
    provider = entry.get("litellm_provider")
    if entry.get("mode") != "video_generation" or not isinstance(provider, str):
        return
    source = provider.partition("-")[0]
    cells = {match[1]: value for name, value in entry.items() if (match := _LITELLM_PRICE.fullmatch(name))}
    cells[BASE] = next((entry[name] for name in _LITELLM_BASE if entry.get(name)), None)
    for tier, value in cells.items():
        row = {"source": source, "model": key.removeprefix(f"{source}/"), "tier": tier, "usd_per_second": value}
        days = {"valid_to": entry.get("deprecation_date"), "reference": entry.get("source")}
        try:
            price = _price(row | days, "table")
        except BadCell:
            continue
        if price.usd_per_second:
            yield price
