"""What the user does to videos: `tag`, `delete`, `undelete`; and how it is taken back: `history`, `undo`, `redo`."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from catalog.cli import render
from catalog.cli.completion import complete_refs
from catalog.cli.labels import shorten_refs
from catalog.cli.options import attempt, json_option, library_options, open_catalog, read_refs, refs_argument

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from catalog.records import Video
    from catalog.reports import Edit

_STEPS = click.IntRange(min=1)


@click.command()
@click.argument(
    "refs_and_tags", nargs=-1, required=True, metavar="REF... [KEY[=VALUE]]...", shell_complete=complete_refs
)
@click.option("--remove", "removed", multiple=True, metavar="KEY", help="Remove the tag with this key; repeatable.")
@library_options
def tag(refs_and_tags: tuple[str, ...], removed: tuple[str, ...]) -> None:
    """Add tags to videos, or remove them.

    A tag is KEY=VALUE or a bare KEY; a key that the video already has gets the new value. The first word is a REF; so
    is every further word with a colon before any `=`. `-` reads refs from standard input, one per line.

    \b
      catalog tag studio:video_123 campaign=launch keeper
      catalog tag studio:video_123 --remove campaign
      catalog search neon --ids | catalog tag - campaign=launch
    """
    refs, tags = _split(refs_and_tags)
    if not tags and not removed:
        raise click.UsageError("name a tag: KEY, KEY=VALUE or --remove KEY")

    def edit(ref: str) -> Video:
        return catalog.tag(ref, *tags, remove=removed)

    with open_catalog() as catalog:
        for video in attempt(read_refs(refs), edit):
            listed = ", ".join(map(str, video.tags)) or "no tags"
            render.line((video.ref, "name"), f"  {listed}")


@click.command()
@refs_argument
@library_options
def delete(refs: tuple[str, ...]) -> None:
    """Hide videos behind tombstones.

    A tombstone hides the video from searches and keeps syncs from bringing it back. Nothing is lost: `catalog
    undelete` removes the tombstone. Nothing is deleted at the provider. Hides all of the videos or, when one is not
    found, none. `-` reads refs from standard input, one per line.
    """
    with open_catalog() as catalog:
        hidden = catalog.delete(*read_refs(refs))
    videos = render.amount(len(hidden), "video")
    render.line(f"{videos} hidden; nothing was deleted at the provider, and `catalog undelete REF...` brings them back")


@click.command()
@refs_argument
@library_options
def undelete(refs: tuple[str, ...]) -> None:
    """Bring hidden videos back.

    Removes the tombstones of all of the videos or, when one is not found, of none. `-` reads refs from standard input,
    one per line.
    """
    with open_catalog() as catalog:
        shown = catalog.undelete(*read_refs(refs))
    render.line(f"{render.amount(len(shown), 'video')} brought back")


@click.command()
@click.option("--limit", type=_STEPS, default=20, show_default=True, metavar="N", help="Edits to list.")
@json_option
@library_options
def history(limit: int, as_json: bool) -> None:
    """List what you edited, newest first.

    Each act on tags or tombstones with its number; times are UTC. What is undone stays on the list.
    """
    with open_catalog() as catalog:
        edits = catalog.history(limit)
        names = {} if as_json else shorten_refs(catalog, (ref for edit in edits for ref in edit.refs[:1]))
    if as_json:
        render.document(edits)
    elif not edits:
        render.note("nothing was edited so far")
    else:
        rows = [
            (edit.number, render.moment(edit.made_at), "undone" if edit.undone_at else "", _summarize(edit, names))
            for edit in edits
        ]
        render.table(("edit", "made (UTC)", "state", "what"), rows, right=("edit",), whole=("made (UTC)", "state"))


@click.command()
@click.argument("steps", type=_STEPS, default=1, metavar="[N]")
@library_options
def undo(steps: int) -> None:
    """Undo your newest edits.

    The newest one, or the newest N, one after the other: tags and tombstones are again what they were before. What
    syncs and imports brought since stays. `catalog redo` takes it back, until you edit something else.
    """
    with open_catalog() as catalog:
        undone = catalog.undo(steps)
    _report(undone, steps, "undo")


@click.command()
@click.argument("steps", type=_STEPS, default=1, metavar="[N]")
@library_options
def redo(steps: int) -> None:
    """Redo what was undone last.

    One edit, or N, in the order in which they were made. A new edit leaves nothing to redo.
    """
    with open_catalog() as catalog:
        redone = catalog.redo(steps)
    _report(redone, steps, "redo")


def _summarize(edit: Edit, names: Mapping[str, str]) -> str:
    """What was done, with the ref of the only video as it is written in lists."""
    return next((edit.summary.replace(ref, names[ref], 1) for ref in edit.refs[:1]), edit.summary)


def _split(words: tuple[str, ...]) -> tuple[list[str], list[str]]:
    first, *others = words
    refs = [first, *(word for word in others if _is_ref(word))]
    return refs, [word for word in others if not _is_ref(word)]


def _is_ref(word: str) -> bool:
    return word == "-" or ":" in word.partition("=")[0]


def _report(edits: Sequence[Edit], steps: int, verb: str) -> None:
    """Say what was undone or redone, and what was not."""
    for edit in edits:
        render.line((f"{'undone' if verb == 'undo' else 'redone'}: ", "name"), edit.summary)
        if edit.overtaken:
            changes = render.amount(edit.overtaken, "change")
            render.note(f"{changes} of this edit left alone: something else has written there since")
    if len(edits) < steps:
        render.line(f"nothing {'more ' if edits else ''}to {verb}")
