"""What prompts say, compared: `diff`."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from catalog.cli import render
from catalog.cli.options import json_option, library_options, open_catalog

if TYPE_CHECKING:
    from catalog.prompts import PromptDiff

_MARKS = {"removed": ("[-", "-]", "failed"), "added": ("{+", "+}", "completed")}


@click.command()
@click.argument("old", metavar="REF_A")
@click.argument("new", metavar="REF_B")
@json_option
@library_options
def diff(old: str, new: str, as_json: bool) -> None:
    """Show what changed from one video's prompt to another's.

    The words as [-removed-] and {+added+}, then the facets that went and came.
    """
    with open_catalog() as catalog:
        change = catalog.diff(old, new)
    if as_json:
        render.document(change)
    elif change.is_same:
        render.note("the prompts are the same")
    else:
        _show(change)


def _show(change: PromptDiff) -> None:
    words: list[render.Part] = []
    for stretch in change.words:
        before, after, style = _MARKS.get(stretch.kind, ("", "", ""))
        words.append((f"{before}{stretch.text}{after}", style))
    render.line(*words)
    for mark, facets in (("-", change.removed), ("+", change.added)):
        for name, value in facets:
            render.line((f"{mark} {name}:{value}", "failed" if mark == "-" else "completed"))
