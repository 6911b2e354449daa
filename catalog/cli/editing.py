"""What the user does to videos: `tag`, `delete`, `undelete`."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from catalog.cli import render
from catalog.cli.options import attempt, library_options, open_catalog, read_refs, refs_argument

if TYPE_CHECKING:
    from catalog.api import Catalog
    from catalog.records import Video


@click.command()
@click.argument("refs_and_tags", nargs=-1, required=True, metavar="REF... [KEY[=VALUE]]...")
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
        return _edit(catalog, ref, tags, removed)

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


def _split(words: tuple[str, ...]) -> tuple[list[str], list[str]]:
    first, *others = words
    refs = [first, *(word for word in others if _is_ref(word))]
    return refs, [word for word in others if not _is_ref(word)]


def _is_ref(word: str) -> bool:
    return word == "-" or ":" in word.partition("=")[0]


def _edit(catalog: Catalog, ref: str, tags: list[str], removed: tuple[str, ...]) -> Video:
    video = catalog.untag(ref, *removed) if removed else None
    return catalog.tag(ref, *tags) if tags or video is None else video
