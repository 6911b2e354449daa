"""Stacks of takes: `prompts`."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from catalog.cli import render
from catalog.cli.completion import complete_query
from catalog.cli.options import json_option, library_options, open_catalog
from catalog.cli.words import WordsCommand

_WIDEST = 80  # columns of a prompt

if TYPE_CHECKING:
    from collections.abc import Sequence

    from catalog.choice_reports import PromptUse


@click.command(cls=WordsCommand)
@click.argument("query", nargs=-1, metavar="[QUERY]...", shell_complete=complete_query)
@click.option("--limit", type=click.IntRange(1), metavar="N", help="List only the first N.")
@json_option
@library_options
def prompts(query: tuple[str, ...], limit: int | None, as_json: bool) -> None:
    """List prompts by uses, by what is kept, and by cost.

    Takes of one prompt count together: the same but for case, width, blanks and punctuation, or but for one word or
    clause of a long prompt. With a query, only the videos that match count. Seconds are what was delivered, US dollars
    all that is known; $/s is that by the seconds of the takes that are kept.

    \b
      catalog prompts
      catalog prompts created:2026-11 -status:failed --limit 10
      catalog prompts --json
    """
    with open_catalog() as catalog:
        uses = catalog.prompts(" ".join(query))
    shown = uses[:limit]
    if as_json:
        render.document(shown)
        return
    _show(shown)
    render.line((render.amount(len(uses), "prompt"), "name"))


def _show(uses: Sequence[PromptUse]) -> None:
    rows = [
        (
            f"{use.uses:,}",
            f"{use.kept:,}",
            f"{use.rejected:,}",
            f"{100 * use.keep_rate:.0f} %",
            "" if use.seconds is None else render.number(round(use.seconds, 1)),
            "" if use.cost_usd is None else render.dollars(use.cost_usd),
            "" if use.usd_per_kept_second is None else render.dollars(use.usd_per_kept_second),
            use.cover,
            render.clip(" ".join(use.prompt.split()), _WIDEST),
        )
        for use in uses
    ]
    if rows:
        numbers = ("uses", "kept", "rejected", "rate", "seconds", "cost", "$/s")
        render.table((*numbers, "cover", "prompt"), rows, right=numbers, whole={"cover"})
