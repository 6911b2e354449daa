"""Files without a job: `adopt`."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from catalog.cli import render
from catalog.cli.options import json_option, library_options, open_catalog

if TYPE_CHECKING:
    from collections.abc import Sequence

    from catalog.file_reports import AdoptReport, Proposal

_LISTED = 20


@click.command()
@click.option("--review", is_flag=True, help="Ask about each proposal.")
@click.option(
    "--above",
    type=click.FloatRange(0, 1),
    metavar="CONFIDENCE",
    help="Adopt all that are proposed with at least this confidence, from 0 to 1.",
)
@json_option
@library_options
def adopt(review: bool, above: float | None, as_json: bool) -> None:
    """Give files without a job to the jobs that they are of.

    A clip whose bytes, sidecar or name say its job was given to it when it was taken in. For every other one, a job
    without a file is proposed by length, frame, time and words, with a confidence. Alone, this lists what is proposed.
    All that is adopted at once is one edit, which `catalog undo` takes back whole.

    \b
      catalog adopt
      catalog adopt --review
      catalog adopt --above 0.9
    """
    if review and above is not None:
        raise click.UsageError("--review asks about each, --above asks about none: name one of them")
    with open_catalog() as catalog:
        report = catalog.adopt(above=above)
        if review and (pairs := _ask(report.proposed)):
            report = catalog.adopt(pairs=pairs)
    if as_json:
        render.document(report)
    else:
        _show(report, is_asked=review or above is not None)


def _ask(proposals: Sequence[Proposal]) -> dict[str, str]:
    """The pairs that the user agrees to."""
    pairs = {}
    for proposal in proposals:
        _show_one(proposal)
        answer = click.prompt("adopt?", type=click.Choice(["y", "n", "q"]), default="n", show_choices=True, err=True)
        if answer == "q":
            break
        if answer == "y":
            pairs[proposal.ref] = proposal.job
    return pairs


def _show(report: AdoptReport, *, is_asked: bool) -> None:
    for proposal in report.adopted[:_LISTED]:
        render.line(f"adopted {proposal.path or proposal.ref} as a file of ", (proposal.job, "name"))
    if is_asked:
        total = render.amount(len(report.adopted), "file")
        render.line(f"{total} adopted, {len(report.proposed):,} left; `catalog undo` takes it back")
        return
    for proposal in report.proposed[:_LISTED]:
        _show_one(proposal)
    render.line(f"{render.amount(len(report.proposed), 'file')} may be of a job")
    if report.proposed:
        render.note("to adopt them: `catalog adopt --review`, or `catalog adopt --above 0.9`")


def _show_one(proposal: Proposal) -> None:
    render.line(f"{proposal.confidence:.2f}  {proposal.path or proposal.ref}")
    reasons = ", ".join(proposal.reasons)
    render.line("      ", (proposal.job, "name"), f"  {reasons}")
    if proposal.prompt:
        render.line(f"      {render.clip(proposal.prompt, render.line_width() - 6)}")
