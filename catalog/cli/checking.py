"""Whether the library is as it should be: `check`, `retire`."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import click

from catalog.cli import render
from catalog.cli.options import complete_sources, json_option, library_options, open_catalog

if TYPE_CHECKING:
    from collections.abc import Iterator
    from datetime import datetime

    from catalog.upkeep_reports import CheckReport, Fault, Retirement

_NAMED = 5  # faults of a kind, or lost videos, that are listed; further ones are counted
_ALL = "1/1"
_KINDS = {
    "schema": "the schema",
    "database": "the file of the library",
    "keys": "rows without what they belong to",
    "rows": "rows that differ from the answers",
    "fts": "the full-text index",
    "bitmaps": "the bitmaps",
    "stacks": "the stacks of takes",
    "missing": "missing files",
    "offline": "files offline",
    "damaged": "damaged files",
    "orphan": "orphans in the media folder",
    "leftover": "files of killed runs",
}


@click.command()
@click.option(
    "--read-data",
    metavar="[N/T]",
    is_flag=False,
    flag_value=_ALL,
    help="Read the files to their end too, and fold every video again; with N/T, the N-th of T parts of them.",
)
@click.option("--repair", is_flag=True, help="Repair what can be, and say what cannot.")
@json_option
@library_options
def check(read_data: str | None, repair: bool, as_json: bool) -> None:
    """Check the library and its files.

    Looks at the schema and the database, compares the indexes with the rows, and a sample of 2,000 rows with the
    answers they were made of, looks for every file and measures it. What is learnt of files becomes their state:
    `missing:file` and `is:damaged` find it. A drive that is unplugged is offline: nothing is missing because of it.
    Nothing but files of killed runs is ever removed. A repair makes derived data again and downloads files that are
    missing or damaged. The exit status is 1 if something was found that is not repaired.

    \b
      catalog check --read-data 2/7      every night another part, and a week for all
    """
    with open_catalog() as catalog, render.progress() as on_progress:
        report = catalog.check(read_data=read_data or False, repair=repair, on_progress=on_progress)
    if as_json:
        render.document(report)
    else:
        _show(report)
    if not report.is_sound:
        click.get_current_context().exit(1)


@click.command()
@click.argument("source", shell_complete=complete_sources)
@click.option(
    "--as-of",
    type=click.DateTime(["%Y-%m-%d", "%Y-%m-%dT%H:%M:%S"]),
    metavar="DATE",
    help="Since when, in UTC, as 2026-11-30; may lie ahead. Default: now.",
)
@click.option("--undo", is_flag=True, help="Bring the source back.")
@json_option
@library_options
def retire(source: str, as_of: datetime | None, undo: bool, as_json: bool) -> None:
    """Retire a source whose server has gone, or soon will.

    From that day on, nothing asks its server; all that the library has of it stays and is found. Videos of it that the
    library has no bytes of are lost: they are listed with what they cost, and `is:lost` finds them. Before that day
    they can still be downloaded, and are only listed.
    """
    if undo and as_of is not None:
        raise click.UsageError("--undo takes no --as-of")
    with open_catalog() as catalog, render.progress() as on_progress:
        report = catalog.retire(source, as_of=as_of, undo=undo, on_progress=on_progress)
    if as_json:
        render.document(report)
    elif report.retired_at is None:
        render.line(f"{source} is back: {render.amount(report.brought_back, 'file')} not lost any more")
    else:
        _show_retirement(report)


def _show(report: CheckReport) -> None:
    faults: dict[str, list[Fault]] = {}
    for fault in report.faults:
        faults.setdefault(fault.kind, []).append(fault)
    for kind, count in report.found.items():
        render.line((_KINDS[kind], "name"), f": {_count(count, report.repaired.get(kind, 0))}")
        for fault in faults[kind][:_NAMED]:
            render.line("  ", " ".join(_describe(fault)))
        if count > _NAMED:
            render.line(f"  and {count - _NAMED:,} more")
    for note in report.notes:
        render.note(note)
    render.line("; ".join(_sum_up(report)))


def _count(found: int, repaired: int) -> str:
    return f"{found:,}" + (f", {repaired:,} repaired" if repaired else "")


def _describe(fault: Fault) -> Iterator[str]:
    if fault.ref:
        yield fault.ref
    if fault.variant:
        yield f"{fault.variant}{f' {fault.number}' if fault.number != 1 else ''}:"
    yield fault.reason
    if fault.path:
        yield f"({fault.path})"
    if fault.is_repaired:
        yield "- repaired"
    elif fault.hint:
        yield f"- {fault.hint}"


def _sum_up(report: CheckReport) -> Iterator[str]:
    checked = report.checked
    looked = f"{render.amount(checked.get('rows', 0), 'row')} and {render.amount(checked.get('files', 0), 'file')}"
    yield f"checked {looked} in {report.seconds:.1f} s"
    if report.part or checked.get("read"):
        part = f"part {report.part}: " if report.part not in {None, _ALL} else ""
        yield f"{part}read {render.amount(checked.get('read', 0), 'file')}, {render.volume(checked.get('bytes', 0))}"
    if not report.found:
        yield "nothing found"
    elif report.is_sound:
        yield "all that was found is repaired"


def _show_retirement(report: Retirement) -> None:
    verb = "lost" if report.is_due else "not downloaded yet"
    for video in report.lost[:_NAMED]:
        render.line("  ", (video.ref, "name"), f"  {video.status}  {_price(video.cost_usd)}")
    if report.count > _NAMED:
        render.line(f"  and {report.count - _NAMED:,} more")
    render.line(
        f"{report.source} {'is retired since' if report.is_due else 'retires on'} {report.retired_at:%Y-%m-%d}: "
        f"{render.amount(report.count, 'video')} {verb}{_describe_cost(report.cost)}"
    )
    if not report.is_due and report.count:
        render.note(f"until then, download them: `catalog download source:{report.source}`")


def _price(usd: float | None) -> str:
    return "cost unknown" if usd is None else render.dollars(usd)


def _describe_cost(cost: Any) -> str:
    amounts = [amount for amount in (cost.reported_usd, cost.estimated_usd) if amount is not None]
    unknown = f"{cost.unknown:,} of unknown cost" if cost.unknown else ""
    parts = [render.dollars(sum(amounts)) if amounts else "", unknown]
    return f" ({', '.join(part for part in parts if part)})" if any(parts) else ""
