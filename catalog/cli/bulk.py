"""Edits of the videos that a command line names: one by one, on standard input or with a query."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING, Any

import click

from catalog.cli import render
from catalog.cli.completion import complete_query
from catalog.cli.options import read_refs
from catalog.errors import TooMany

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence

    from catalog.api import Catalog
    from catalog.records import Video
    from catalog.reports import Edited

    Command = Callable[..., Any]

UNASKED = 100  # videos that are edited without a question
_LISTED = 20  # videos that are shown one by one afterwards


class Refused(click.ClickException):
    """A value that cannot be: one line, and the status of a command that cannot be read."""

    exit_code = 2


def query_option(command: Command) -> Command:
    """Add `--query` for the videos to edit."""
    text = "Edit every video that matches, instead of REF..."
    return click.option("--query", metavar="QUERY", shell_complete=complete_query, help=text)(command)


def yes_option(command: Command) -> Command:
    """Add `--yes`, which a command takes as `is_confirmed`."""
    text = f"Do not ask before editing more than {UNASKED} videos."
    return click.option("--yes", "is_confirmed", is_flag=True, help=text)(command)


def edit_videos(
    verb: Callable[..., Any],
    refs: Sequence[str],
    query: str | None,
    *arguments: Any,
    act: str,
    is_confirmed: bool,
    **options: Any,
) -> Edited:
    """What a verb of the library changed on the videos with these refs (`-` is standard input), or on all that match.

    The verb gets the `arguments` after the refs, and the `options`; it is asked first as `edit_confirmed` does.
    """
    if query is not None and refs:
        raise click.UsageError("name videos or give --query, not both")
    if query is None and not refs:
        raise click.UsageError("name videos (REF..., or - for standard input) or give --query")
    if query is None:
        arguments = (read_refs(refs), *arguments)
    else:
        options["query"] = query
    edited = edit_confirmed(
        lambda at_most: verb(*arguments, at_most=at_most, **options), act=act, is_confirmed=is_confirmed
    )
    if not (edited.refs or edited.unchanged):
        render.note("no video named: nothing to do" if query is None else "no video matches: nothing to do")
    return edited


def edit_confirmed(edit: Callable[[int | None], Edited], *, act: str, is_confirmed: bool) -> Edited:
    """What an edit changed, which gets how many videos it may change at most, None for any number.

    Above UNASKED videos it asks on a terminal whether to `act`, as in "tag {}"; where there is none, that is a usage
    error, unless it `is_confirmed`.
    """
    at_most = None if is_confirmed else UNASKED
    while True:
        try:
            return edit(at_most)
        except TooMany as error:
            _confirm(act.format(render.amount(error.count, "video")))
            at_most = error.count


def remark_on_query(catalog: Catalog, query: str | None, *, include_deleted: bool = False) -> None:
    """Print what there is to remark on the query, before it is used for an edit."""
    if query is not None:
        for remark in catalog.search(query, limit=0, include_deleted=include_deleted).notes:
            render.note(remark)


def show_edited(
    catalog: Catalog, edited: Edited, describe: Callable[[Video], Iterable[str]], *, done: str, already: str, none: str
) -> None:
    """Print a line for each video with what it has now, or, of many videos, how many were changed."""
    refs = (*edited.refs, *edited.unchanged)
    if len(refs) > _LISTED:
        render.line(sum_up(edited, done, already))
        return
    for ref in refs:
        listed = ", ".join(describe(catalog.get(ref))) or none
        render.line((ref, "name"), f"  {listed}{f'  ({already})' if ref in edited.unchanged else ''}")


def sum_up(edited: Edited, done: str, already: str) -> str:
    """How many videos were changed, and how many were so already: `2 videos hidden, 1 already hidden`."""
    if not edited.unchanged:
        return f"{render.amount(edited.count, 'video')} {done}"
    if not edited.count:
        return f"{render.amount(len(edited.unchanged), 'video')} {already}"
    return f"{render.amount(edited.count, 'video')} {done}, {len(edited.unchanged):,} {already}"


def _confirm(act: str) -> None:
    """Go on only if the person at the terminal agrees."""
    has_terminal = sys.stdin.isatty() and (sys.stderr.isatty() or sys.stdout.isatty())
    if not has_terminal:
        raise click.UsageError(f"to {act}, add --yes: above {UNASKED} it is asked first, and only on a terminal")
    click.echo(f"{act[:1].upper()}{act[1:]}? [y/N] ", nl=False, err=sys.stderr.isatty())
    answer = sys.stdin.readline()
    if not answer:
        click.echo(err=sys.stderr.isatty())
    if answer.strip().lower() not in {"y", "yes"}:
        render.note("nothing was changed")
        raise click.exceptions.Exit(1)
