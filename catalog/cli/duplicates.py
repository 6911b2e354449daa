"""Videos that are there twice, or nearly: `duplicates`."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from catalog.cli import render
from catalog.cli.completion import complete_query
from catalog.cli.labels import shorten_refs
from catalog.cli.options import json_option, library_options, open_catalog

if TYPE_CHECKING:
    from collections.abc import Mapping

    from catalog.choice_reports import Duplicate

_LISTED = 100


@click.command()
@click.argument("query", nargs=-1, metavar="[QUERY]", shell_complete=complete_query)
@click.option(
    "--distance",
    type=click.IntRange(0, 10),
    default=10,
    show_default=True,
    metavar="BITS",
    help="Bits of 64 in which the thumbnails of two that look alike may differ.",
)
@click.option("--limit", type=click.IntRange(min=1), metavar="N", help=f"Rows; default: {_LISTED}, with --json all.")
@json_option
@library_options
def duplicates(query: tuple[str, ...], distance: int, limit: int | None, as_json: bool) -> None:
    """List videos with the same bytes, and those that look alike.

    First the videos whose files are the same, byte for byte, and files that lie in several places; then pairs whose
    thumbnails look alike, the nearest first. With a QUERY, what it finds and whatever is like it. Nothing is done about
    them: two takes may look alike and be two takes.

    \b
      catalog duplicates
      catalog duplicates --distance 4 'model:sora*'
      catalog duplicates id:video_123
    """
    most = limit or (None if as_json else _LISTED)
    with open_catalog() as catalog, render.progress() as on_progress:
        found = catalog.duplicates(" ".join(query) or None, distance=distance, limit=most, on_progress=on_progress)
        names = {} if as_json else shorten_refs(catalog, (ref for row in found for ref in row.refs))
    if as_json:
        render.document(found)
    elif not found:
        render.note("nothing is there twice: `catalog download` brings the files that are compared")
    else:
        render.table(("kind", "bits", "videos"), [(row.kind, row.distance, _name(row, names)) for row in found])
        if len(found) == most:
            render.note(f"the first {most:,}: --limit lists more")


def _name(row: Duplicate, names: Mapping[str, str]) -> str:
    """The videos, and where a file lies that is in several places."""
    places = f"  ({', '.join(row.paths)})" if len(row.refs) == 1 else ""
    return ", ".join(names[ref] for ref in row.refs) + places
