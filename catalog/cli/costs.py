"""What jobs cost, as `stats --cost` shows it: tables of sums, of failed jobs, and of what was spent on what."""

from __future__ import annotations

from typing import TYPE_CHECKING

from catalog.cli import render
from catalog.cost_reports import CostGroup

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from catalog.cost_reports import Costs, CostSum, FailedCosts, UnknownCosts

_REASONS = 20  # reasons of unknown costs that are shown; all are in the document


def show_costs(costs: Costs) -> None:
    """Print the tables."""
    choices = costs.kept, costs.rejected, costs.undecided, costs.kept_seconds, costs.usd_per_kept_second
    is_judged = bool(costs.kept.jobs or costs.rejected.jobs)
    _show_groups("", [CostGroup("all", costs.cost, costs.failed, *choices)], is_judged=is_judged)
    _show_reasons(costs)
    for name, groups in costs.by.items():
        _show_groups(costs.tag if name == "project" else name, groups, is_judged=is_judged)


def _show_groups(name: str, groups: Sequence[CostGroup], *, is_judged: bool) -> None:
    _show_sums("jobs", name, [(group.value, group.cost) for group in groups])
    _show_sums("failed", name, [(group.value, group.failed) for group in groups])
    if is_judged:
        _show_choices(name, groups)


def _show_reasons(costs: Costs) -> None:
    """Why costs are unknown, and what the providers' rules say of failed jobs."""
    reasons = [(f"{item.jobs:,}", _with_job(item)) for item in costs.unknown[:_REASONS]]
    if len(costs.unknown) > _REASONS:
        others = costs.unknown[_REASONS:]
        reasons.append((f"{sum(item.jobs for item in others):,}", f"for {len(others):,} other reasons: see --json"))
    if reasons:
        render.table(("unknown", "because"), reasons, right=("unknown",))
        render.gap()
    rules = [(f"{item.jobs:,}", f"{item.source}: {_describe_rule(item)}") for item in costs.failed_rules]
    if rules:
        render.table(("failed", "by the rules of the provider"), rules, right=("failed",))
        render.gap()


def _with_job(item: UnknownCosts) -> str:
    """The reason, with the model and the source where it does not name them."""
    if item.source in item.reason and (item.model or "") in item.reason:
        return item.reason
    return f"{item.reason} ({item.model or 'no model'} of source {item.source})"


def _describe_rule(item: FailedCosts) -> str:
    name = "" if item.provider == item.source else f"{item.provider}: "
    return f"{name}{item.rule}{f' ({item.reference})' if item.reference else ''}"


def remark_on_costs(costs: Costs) -> None:
    """Print what a person should know of the query and of the prices."""
    if not (costs.cost.jobs or costs.failed.jobs):
        render.line("0 videos")
        if not costs.notes:
            render.note(render.NOTHING)
    for remark in costs.notes:
        render.note(remark)
    if costs.prices_changed:
        render.note("the prices in force have changed since these estimates: `catalog reindex --costs` estimates again")


def _show_sums(jobs: str, name: str, sums: Iterable[tuple[str | None, CostSum]]) -> None:
    """A table of what each group of jobs cost; an unknown amount is left empty."""
    headings = (jobs, "reported $", "estimated $", "unknown")
    rows = [
        (
            f"{cost.jobs:,}",
            _dollars(cost.reported_usd),
            _dollars(cost.estimated_usd),
            f"{cost.unknown:,}",
            value or render.NO_VALUE,
        )
        for value, cost in sums
        if cost.jobs
    ]
    if rows:
        render.table((*headings, name), rows, right=headings)
        render.gap()


def _show_choices(name: str, groups: Sequence[CostGroup]) -> None:
    """A table of where the money of each group went, and what a kept second of it costs."""
    headings = ("kept $", "rejected $", "undecided $", "failed $", "$/kept s")
    rows = [
        (
            *(_known(cost) for cost in (group.kept, group.rejected, group.undecided, group.failed)),
            _dollars(group.usd_per_kept_second),
            group.value or render.NO_VALUE,
        )
        for group in groups
    ]
    if rows:
        render.table((*headings, name), rows, right=headings)
        render.gap()


def _known(cost: CostSum) -> str:
    """What is known of an amount, reported and estimated."""
    amounts = [amount for amount in (cost.reported_usd, cost.estimated_usd) if amount is not None]
    return _dollars(sum(amounts)) if amounts else ""


def _dollars(amount: float | None) -> str:
    return "" if amount is None else f"{amount:,.4f}"
