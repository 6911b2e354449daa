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
_NOTHING = "nothing to adopt: no file without a job fits a job without a file"


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

    A clip whose bytes, credentials, sidecar or name say its job was given to it when it was taken in. What tells its
    job since is proposed with the confidence 1. For every other one, a job without a file is proposed by length, frame,
    time and words. Alone, this lists what is proposed. All that is adopted at once is one edit, which `catalog undo`
    takes back whole.

    \b
      catalog adopt
      catalog adopt --review
      catalog adopt --above 0.9
    """
    if review and above is not None:
        raise click.UsageError("--review asks about each, --above asks about none: name one of them")
    with open_catalog() as catalog:
        report = catalog.adopt(above=above)
        if review and (pairs := _ask(report.proposed, as_json=as_json)):
            report = catalog.adopt(pairs=pairs)
    if as_json:
        render.document(report)
    elif not (report.adopted or report.proposed):
        render.line(_NOTHING)
    elif review or above is not None:
        _show_adopted(report, above)
    else:
        _show_proposed(report.proposed)


def _ask(proposals: Sequence[Proposal], *, as_json: bool) -> dict[str, str]:
    """The pairs that the user agrees to."""
    pairs = {}
    for number, proposal in enumerate(proposals, 1):
        _show_one(proposal, is_remark=as_json)
        question = f"{number} of {len(proposals)}: adopt it? (y: yes, n: no, q: end, and adopt what was agreed to)"
        choices = click.Choice(["y", "n", "q"])
        answer = click.prompt(question, type=choices, default="n", show_choices=False, err=True)
        if answer == "q":
            break
        if answer == "y":
            pairs[proposal.ref] = proposal.job
    return pairs


def _show_adopted(report: AdoptReport, above: float | None) -> None:
    for proposal in report.adopted[:_LISTED]:
        render.line(f"adopted {proposal.path or proposal.ref} as a file of ", (proposal.job, "name"))
    left = f"; {render.amount(len(report.proposed), 'proposal')} left" if report.proposed else ""
    if report.adopted:
        render.line(f"{render.amount(len(report.adopted), 'file')} adopted{left}")
        render.note("`catalog undo` takes it back")
        return
    surest = f"; the surest has {report.proposed[0].confidence:.2f}" if above is not None else ""
    render.line(f"no file adopted{left}{surest}")


def _show_proposed(proposals: Sequence[Proposal]) -> None:
    for proposal in proposals[:_LISTED]:
        _show_one(proposal)
    shown = f", {_LISTED} shown: --json lists all" if len(proposals) > _LISTED else ""
    render.line(f"{render.amount(len(proposals), 'file')} may be of a job{shown}")
    render.note("to adopt them: `catalog adopt --review`, or `catalog adopt --above 0.9`")


def _show_one(proposal: Proposal, *, is_remark: bool = False) -> None:
    """Print a proposal; beside documents, as a remark."""
    where = f"{proposal.confidence:.2f}  {render.plain(proposal.path or proposal.ref)}"
    reasons = f"  {', '.join(proposal.reasons)}"
    prompt = f"      {render.clip(proposal.prompt, render.line_width() - 6)}" if proposal.prompt else ""
    if is_remark:
        for text in filter(None, (where, f"      {render.plain(proposal.job)}{reasons}", prompt)):
            render.note(text)
        return
    render.line(where)
    render.line("      ", (proposal.job, "name"), reasons)
    if prompt:
        render.line(prompt)
