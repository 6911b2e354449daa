"""Where videos belong: `collection`, and searches with a name: `saved`."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from catalog.cli import render
from catalog.cli.bulk import edit_confirmed, edit_videos, query_option, remark_on_query, yes_option
from catalog.cli.completion import complete_collections, complete_saved
from catalog.cli.options import json_option, library_options, open_catalog
from catalog.cli.words import WordsCommand

if TYPE_CHECKING:
    from collections.abc import Sequence

    from catalog.api import Catalog
    from catalog.choice_reports import Collection
    from catalog.reports import Edited

_ACTIONS = ("list", "add", "remove", "move", "note")
_SAVED_ACTIONS = ("list", "add", "remove")


@click.command(cls=WordsCommand)
@click.argument("action", type=click.Choice(_ACTIONS), default=_ACTIONS[0])
@click.argument("words", nargs=-1, metavar="[PATH] [REF|NEWPATH|TEXT]...", shell_complete=complete_collections)
@click.option("--to", type=click.IntRange(min=1), metavar="N", help="With move: the place of REF, counted from 1.")
@query_option
@yes_option
@json_option
@library_options
def collection(
    action: str, words: tuple[str, ...], to: int | None, query: str | None, is_confirmed: bool, as_json: bool
) -> None:
    """List collections, put videos into them, order them.

    A collection is a path, as in `launch/teasers`; the levels that are missing are made. `add` keeps the order of the
    refs, and without refs makes the collection. `remove` takes videos out of it and what is below it, and without refs
    takes the collection itself away; no video is deleted. `move` gives it another path, or with --to a REF another
    place in it. `note` writes a text on it. `-` reads refs from standard input, one per line.

    \b
      catalog collection add launch/teasers studio:video_2 studio:video_1
      catalog collection add launch --query 'verdict:keep neon'
      catalog collection list launch/teasers
      catalog collection move launch/teasers studio:video_1 --to 1
      catalog collection move launch archive/launch
      catalog collection remove launch/teasers studio:video_2
    """
    if to is not None and action != "move":
        raise click.UsageError("--to goes with move")
    if query is not None and action not in {"add", "remove"}:
        raise click.UsageError("--query goes with add and remove")
    if action == "list":
        _list_collections(words, as_json=as_json)
        return
    if not words:
        raise click.UsageError(f"name a collection to {action}, as in launch/teasers")
    path, rest = words[0], words[1:]
    with open_catalog() as catalog:
        if action in {"add", "remove"}:
            edited = _gather(catalog, action, path, rest, query, is_confirmed=is_confirmed)
            if as_json:
                render.document(edited)
            else:
                _say_gathered(action, path, edited, is_whole=not rest and query is None)
            return
        if len(rest) != 1:
            what = {"move": "its new path, or a REF and --to N", "note": "one text, in quotation marks"}[action]
            raise click.UsageError(f"name the collection and {what}")
        changed = _change(catalog, action, path, rest[0], to)
        _show_collections(catalog.collections(changed), as_json=as_json, has_refs=to is not None)


@click.command(cls=WordsCommand)
@click.argument("action", type=click.Choice(_SAVED_ACTIONS), default=_SAVED_ACTIONS[0])
@click.argument("words", nargs=-1, metavar="[NAME] [QUERY]...", shell_complete=complete_saved)
@json_option
@library_options
def saved(action: str, words: tuple[str, ...], as_json: bool) -> None:
    """List searches that are saved, save one, remove one.

    `query:NAME` stands for a saved search in every query, also in that of another one. `add` takes the name and then
    the query, and replaces the search that has the name. Four worklists come with the library, and may be removed.

    \b
      catalog saved add keepers 'rating:>=4 verdict:keep'
      catalog search 'query:keepers created:2026-11'
      catalog saved remove keepers
    """
    with open_catalog() as catalog:
        if action == "add":
            if len(words) < 2:
                raise click.UsageError("name the search and then its query")
            one = catalog.save_search(words[0], " ".join(words[1:]))
            if as_json:
                render.document(one)
            else:
                render.line((one.name, "name"), f"  {one.query}")
            return
        if action == "remove":
            if len(words) != 1:
                raise click.UsageError("name one search to remove, in quotation marks if it has blanks")
            catalog.remove_search(words[0])
            if not as_json:
                render.line(f"removed {render.plain(words[0])}; `catalog undo` brings it back")
                return
        elif words:
            raise click.UsageError("list takes no names")
        searches = catalog.saved_searches()
    if as_json:
        render.document(searches)
    elif not searches:
        render.note("no search is saved: `catalog saved add NAME QUERY` saves one")
    else:
        render.table(("name", "query"), [(one.name, one.query) for one in searches])


def _list_collections(words: Sequence[str], *, as_json: bool) -> None:
    if len(words) > 1:
        raise click.UsageError("list takes one path, or none")
    with open_catalog() as catalog:
        _show_collections(catalog.collections(*words), as_json=as_json, has_refs=True)


def _gather(
    catalog: Catalog, action: str, path: str, refs: Sequence[str], query: str | None, *, is_confirmed: bool
) -> Edited:
    """Put videos into a collection or take them out of it, or make it or take it away where none is named."""
    verb = catalog.collect if action == "add" else catalog.uncollect
    name = render.plain(path).replace("{", "{{").replace("}", "}}")
    if not refs and query is None:
        act = f"remove {name} with {{}} in it"
        return edit_confirmed(lambda at_most: verb(path, at_most=at_most), act=act, is_confirmed=is_confirmed)
    remark_on_query(catalog, query)

    def change(*arguments: list[str], at_most: int | None, query: str | None = None) -> Edited:
        return verb(path, *arguments, at_most=at_most, query=query)

    act = "put {} into " if action == "add" else "take {} out of "
    return edit_videos(change, refs, query, act=act + name, is_confirmed=is_confirmed)


def _change(catalog: Catalog, action: str, path: str, word: str, to: int | None) -> str:
    """Move a collection or a video in it, or write a note on it; the path that it has then."""
    if action == "note":
        catalog.note_collection(path, word)
    elif to is not None:
        catalog.move_in_collection(path, word, to=to)
    else:
        catalog.move_collection(path, word)
        return word
    return path


def _say_gathered(action: str, path: str, edited: Edited, *, is_whole: bool) -> None:
    name = render.plain(path)
    if is_whole:
        render.line(f"{name} is there" if action == "add" else f"{name} is removed, and no video with it")
        return
    if not edited.refs and not edited.unchanged:
        return
    done, already = ("put into", "in it already") if action == "add" else ("taken out of", "not in it")
    more = f", {len(edited.unchanged):,} {already}" if edited.unchanged else ""
    render.line(f"{render.amount(edited.count, 'video')} {done} {name}{more}")


def _show_collections(collections: Sequence[Collection], *, as_json: bool, has_refs: bool) -> None:
    """Print collections, with `has_refs` also the videos of the first one in their order."""
    if as_json:
        render.document(collections)
        return
    if not collections:
        render.note("no collection was made so far: `catalog collection add PATH REF...` makes one")
        return
    rows = [(item.total, item.videos, item.path, item.note or "") for item in collections]
    render.table(("videos", "of its own", "collection", "note"), rows, right=("videos", "of its own"))
    for place, ref in enumerate(collections[0].refs if has_refs else (), 1):
        render.line(f"{place:6}  ", (ref, "name"))
