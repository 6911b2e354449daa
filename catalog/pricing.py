"""What a job costs by a table of prices, in US dollars: an estimate for jobs whose server did not report a cost.

Prices are kept per provider and model, because the same model costs up to 2.5 times more at another reseller. The table
that comes with the package is `prices.csv` beside this module. An unknown amount is None, never 0.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, fields
from datetime import UTC, date, datetime
from decimal import Decimal
from operator import attrgetter
from typing import TYPE_CHECKING, Any, Literal, NamedTuple, Protocol

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

Origin = Literal["table", "user"]

BASE = "base"
NAMED_TIERS = {1440: "2k", 2160: "4k"}

BATCH_FACTORS = {"openai": Decimal("0.5")}
"""How much a job of the Batch API costs in relation to the same job sent alone, where that is documented."""

NEVER_BILLED = frozenset({"cancelled", "expired"})
"""Final states without an estimate, whoever the provider is."""


class FailureRule(NamedTuple):
    """What a provider documents about the costs of failed jobs, and where; `is_charged` is None where it depends."""

    text: str
    is_charged: bool | None
    reference: str | None = None


FAILURE_RULES: Mapping[str, FailureRule] = {
    "openai": FailureRule("failed and moderated jobs are not charged", is_charged=False),
    "unified": FailureRule("failed jobs are refunded", is_charged=False),
    "volcengine": FailureRule("only videos that were made are charged", is_charged=False),
    "dashscope": FailureRule("failed jobs are not charged", is_charged=False),
    "gemini": FailureRule("videos that its filters block are not charged", is_charged=None),
    "fal_ai": FailureRule(
        "failures of the server are not charged, refused input may be",
        is_charged=None,
        reference="https://fal.ai/docs/model-apis/faq",
    ),
}
"""By provider; one that documents nothing is not here. A `reference` is an address that was read."""

TIER = re.compile(r"[1-9][0-9]{2,4}p|[1-9]k|base")
_MICRO = Decimal("0.000001")
LIMIT = 1_000_000


@dataclass(frozen=True, slots=True)
class Price:
    """What one second of video costs at one provider.

    `source` is the provider's prefix in the table, or the name of a configured source. `tier` is the short side of the
    frame (`720p`, `1080p`, `2k`, `4k`) or `base`. The days are inclusive; None is open. A `user` price beats the table.
    """

    source: str
    model: str
    tier: str
    usd_per_second: Decimal
    valid_from: date | None = None
    valid_to: date | None = None
    reference: str | None = None
    origin: Origin = "table"

    def is_valid_on(self, day: date) -> bool:
        """Whether the price held on `day`."""
        return (self.valid_from is None or self.valid_from <= day) and (self.valid_to is None or day <= self.valid_to)


STORED = tuple(field.name for field in fields(Price))
"""The columns in which the library keeps a price."""
_read_cells = attrgetter(*STORED)


class BadCell(ValueError):
    """A cell of a table of prices that cannot be read: its `column`, and the `rule` it breaks, without the value."""

    def __init__(self, column: str, rule: str, *value: object) -> None:
        super().__init__(", not ".join([f"{column} {rule}", *map(repr, value)]))
        self.column = column
        self.rule = rule


class Priceable(Protocol):
    """What pricing needs to know about a job; a `Video` record fits."""

    @property
    def kind(self) -> str: ...
    @property
    def status(self) -> str: ...
    @property
    def model(self) -> str | None: ...
    @property
    def seconds(self) -> float | None: ...
    @property
    def width(self) -> int | None: ...
    @property
    def height(self) -> int | None: ...
    @property
    def size_text(self) -> str | None: ...
    @property
    def tier(self) -> str | None: ...
    @property
    def created_at(self) -> datetime | None: ...
    @property
    def batch_custom_id(self) -> str | None: ...


class PricedJob(NamedTuple):
    """The facts of a job that decide about its price, and no others; equal jobs cost the same.

    Whoever groups jobs sets `created_at` to noon of its day, and `batch_custom_id` to one text in any batch.
    """

    kind: str
    status: str
    model: str | None
    seconds: float | None
    width: int | None
    height: int | None
    size_text: str | None
    tier: str | None
    created_at: datetime | None
    batch_custom_id: str | None


def provider_of(dialect: str | None, setting: str | None = None) -> str | None:
    """The provider whose prices a source pays: its setting `prices`, else its dialect."""
    return setting or dialect


def estimate(
    video: Priceable, prices: Sequence[Price], provider: str | None, *, source: str | None = None
) -> float | None:
    """What the job costs by the price of its day, rounded to millionths of a dollar; None where that is unknown.

    `provider` is the prefix in the table, see `provider_of`; `source` is the configured source's name, under which a
    user may keep prices of their own. A job with a `batch_custom_id` has the price of the Batch API. `seconds` of an
    extension counts the whole stitched clip, so its estimate is an upper bound.
    """
    price = _find_applicable(video, prices, provider, source)
    if isinstance(price, str):
        return None
    factor = Decimal(1) if video.batch_custom_id is None else BATCH_FACTORS.get(price.source, Decimal(1))
    return float((Decimal(str(video.seconds)) * price.usd_per_second * factor).quantize(_MICRO))


def explain_unknown(
    video: Priceable, prices: Sequence[Price], provider: str | None, *, source: str | None = None
) -> str | None:
    """Why `estimate` gives None for the job, and what a user can do about it; None where it gives an amount."""
    price = _find_applicable(video, prices, provider, source)
    return price if isinstance(price, str) else None


def find_price(
    video: Priceable, prices: Sequence[Price], provider: str | None, *, source: str | None = None
) -> Price | None:
    """The price that applies to the job, None where no row does.

    The source's own prices come before the provider's. Among these, rows with the longest model name that begins the
    job's count; then a user's row beats the table's, the job's tier beats `base`, and the row must be valid on the day
    of creation.
    """
    own = [price for price in prices if _is_own(price, source)]
    general = [price for price in prices if price.source == provider]
    for rows in (own, general):
        named = _of_model(video.model or "", provider, rows)
        for origin in ("user", "table"):
            if price := _of_tier(video, [price for price in named if price.origin == origin]):
                return price
    return None


def are_same(some: Iterable[Price], others: Iterable[Price]) -> bool:
    """Whether both tables give every job the same price: references, and the order of other rows, do not count."""
    return _in_force(some) == _in_force(others)


def to_texts(price: Price) -> tuple[str | None, ...]:
    """The price as the library keeps it, in the order of STORED."""
    return tuple(None if value is None else str(value) for value in _read_cells(price))


def from_texts(row: Iterable[str | None]) -> Price:
    """The price that `to_texts` wrote."""
    cells: dict[str, Any] = dict(zip(STORED, row, strict=True))
    days = {name: date.fromisoformat(cells[name]) if cells[name] else None for name in ("valid_from", "valid_to")}
    return Price(**{**cells, **days, "usd_per_second": Decimal(cells["usd_per_second"])})


def tier_of(video: Priceable) -> str | None:
    """The tier by the short side of the frame, else the one that the job names; None where both are unknown."""
    if video.width and video.height:
        short = min(video.width, video.height)
        return NAMED_TIERS.get(short, f"{short}p")
    for text in (video.tier, video.size_text):
        word = text.strip().lower() if text else ""
        if TIER.fullmatch(word) and word != BASE:
            return NAMED_TIERS.get(int(word[:-1]), word) if word.endswith("p") else word
    return None


def _find_applicable(
    video: Priceable, prices: Sequence[Price], provider: str | None, source: str | None
) -> Price | str:
    """The price that the job has, or why it has no estimate."""
    reason = _find_obstacle(video, provider)
    if reason is not None:
        return reason
    price = find_price(video, prices, provider, source=source)
    return _explain_missing(video, prices, provider, source) if price is None else price


def _find_obstacle(video: Priceable, provider: str | None) -> str | None:
    """What stands against an estimate whatever the prices are."""
    rule = FAILURE_RULES.get(provider or "")
    if video.kind != "video":
        return f"no prices for jobs of kind {video.kind}: only a second of video has one"
    if video.status in NEVER_BILLED:
        return f"no estimate for {video.status} jobs"
    if video.status == "failed" and rule and rule.is_charged is False:
        return f"{provider}: {rule.text}"
    if not video.model:
        return "the model is not known"
    if not video.seconds or not 0 < video.seconds < LIMIT:
        return "the length is not known"
    return None


def _explain_missing(video: Priceable, prices: Sequence[Price], provider: str | None, source: str | None) -> str:
    what, tier = f"price for model {video.model} of source {source or provider}", tier_of(video)
    eligible = [price for price in prices if price.source == provider or _is_own(price, source)]
    named = _of_model(video.model or "", provider, eligible)
    if not eligible:
        return f"no {what}: add [[prices]], or say whose prices it charges with `prices`"
    if not named:
        return f"no {what}: add [[prices]]"
    if not any(price.tier in {tier, BASE} for price in named):
        return f"no {what} at {tier or 'an unknown resolution'}: add [[prices]]"
    if video.created_at is None:
        return f"no single {what}: the day of the job is not known"
    return f"no {what} on the day of the job: add [[prices]]"


def _is_own(price: Price, source: str | None) -> bool:
    return price.origin == "user" and price.source == source


def _in_force(prices: Iterable[Price]) -> list[tuple[Any, ...]]:
    """What of the prices decides; rows that never compete are in one order, of those that do the first counts."""

    def rival(price: Price) -> tuple[str, ...]:
        return price.source, price.model.casefold(), price.tier, price.origin, str(price.valid_from or "")

    return [(*rival(price), price.valid_to, price.usd_per_second) for price in sorted(prices, key=rival)]


def _of_model(model: str, provider: str | None, rows: Iterable[Price]) -> list[Price]:
    name = model.casefold().removeprefix(f"{provider}/")
    matches = [price for price in rows if _begins(name, price.model.casefold())]
    longest = max((len(price.model) for price in matches), default=0)
    return [price for price in matches if len(price.model) == longest]


def _begins(name: str, prefix: str) -> bool:
    """Whether `prefix` begins `name` at a word's end: `sora-2` begins `sora-2-2025-12-08` and not `sora-20`."""
    return name.startswith(prefix) and not name[len(prefix) : len(prefix) + 1].isalnum()


def _of_tier(video: Priceable, rows: Sequence[Price]) -> Price | None:
    for tier in (tier_of(video), BASE):
        of_tier = [price for price in rows if price.tier == tier]
        if of_tier:
            return _of_day(video.created_at, of_tier)
    return None


def _of_day(created_at: datetime | None, rows: Sequence[Price]) -> Price | None:
    """The row valid on that day, of several the one that began last; for an unknown day the price if it never moved."""
    if created_at is None:
        return rows[0] if len({price.usd_per_second for price in rows}) == 1 else None
    day = created_at.astimezone(UTC).date()
    valid = [price for price in rows if price.is_valid_on(day)]
    return max(valid, key=lambda price: price.valid_from or date.min, default=None)
