"""Files without a job: `adopt`."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from catalog.cli import render
from catalog.cli.options import json_option, library_options, open_catalog

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from catalog.cli.fitting import Part
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
    else:
        _show(report, is_asked=review or above is not None)


def _ask(proposals: Sequence[Proposal], *, as_json: bool) -> dict[str, str]:
    """The pairs that the user agrees to; standard output is left to JSON."""
    pairs = {}
    for number, proposal in enumerate(proposals, 1):
        if as_json:
            for parts in _describe(proposal):
                render.note("".join(part if isinstance(part, str) else part[0] for part in parts))
        else:
            _show_one(proposal)
        answer = click.prompt(
            f"{number} of {len(proposals)}: adopt?",
            type=click.Choice(["y", "n", "q"]),
            default="n",
            show_choices=True,
            err=True,
        )
        if answer == "q":
            break
        if answer == "y":
            pairs[proposal.ref] = proposal.job
    return pairs


def _show(report: AdoptReport, *, is_asked: bool) -> None:
    for proposal in report.adopted[:_LISTED]:
        render.line(f"adopted {proposal.path or proposal.ref} as a file of ", (proposal.job, "name"))
    if is_asked:
        back = "; `catalog undo` takes it back" if report.adopted else ""
        render.line(f"{render.amount(len(report.adopted), 'file')} adopted, {len(report.proposed):,} left{back}")
        return
    for proposal in report.proposed[:_LISTED]:
        _show_one(proposal)
    render.line(f"{render.amount(len(report.proposed), 'file')} may be of a job")
    if report.proposed:
        render.note("to adopt them: `catalog adopt --review`, or `catalog adopt --above 0.9`")


def _show_one(proposal: Proposal) -> None:
    for parts in _describe(proposal):
        render.line(*parts)


def _describe(proposal: Proposal) -> Iterator[list[Part]]:
    """The lines of a proposal: the file, the job with what speaks for it, and the job's prompt."""
    yield [f"{proposal.confidence:.2f}  {proposal.path or proposal.ref}"]
    yield ["      ", (proposal.job, "name"), f"  {', '.join(proposal.reasons)}"]
    if proposal.prompt:
        yield [f"      {render.clip(proposal.prompt, render.line_width() - 6)}"]
