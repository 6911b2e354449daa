"""What the user does to videos: `tag link unlink delete undelete` and `facets --give`; `history undo redo` of it."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from catalog.cli import render
from catalog.cli.bulk import edit_videos, query_option, remark_on_query, show_edited, sum_up, yes_option
from catalog.cli.completion import complete_refs
from catalog.cli.labels import shorten_refs
from catalog.cli.options import json_option, library_options, open_catalog

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping, Sequence

    from catalog.records import Video
    from catalog.reports import Edit, Edited

_STEPS = click.IntRange(min=1)
_RELATIONS = click.Choice(("remix", "edit", "extension", "character", "reference"))


@click.command()
@click.argument("refs_and_tags", nargs=-1, metavar="REF... [KEY[=VALUE]]...", shell_complete=complete_refs)
@click.option("--remove", "removed", multiple=True, metavar="KEY", help="Remove the tag with this key; repeatable.")
@query_option
@yes_option
@json_option
@library_options
def tag(
    refs_and_tags: tuple[str, ...], removed: tuple[str, ...], query: str | None, is_confirmed: bool, as_json: bool
) -> None:
    """Add tags to videos, or remove them.

    A tag is KEY=VALUE or a bare KEY; a key that the video already has gets the new value. The first word is a REF,
    unless --query names the videos; so is every further word with a colon before any `=`. `-` reads refs from standard
    input, one per line. Tags all of the videos or, when one is not found, none.

    \b
      catalog tag studio:video_123 campaign=launch keeper
      catalog tag studio:video_123 --remove campaign
      catalog tag --query 'neon street' campaign=launch
      catalog search neon --ids | catalog tag - campaign=launch
    """
    refs, tags = _split(refs_and_tags, _is_ref, is_first=query is None)
    if not tags and not removed:
        raise click.UsageError("name a tag: KEY, KEY=VALUE or --remove KEY")
    done, already = ("tagged", "already tagged") if tags else ("untagged", "already without")
    act = "tag {}" if tags else "remove tags from {}"
    with open_catalog() as catalog:
        remark_on_query(catalog, query)
        edited = edit_videos(catalog.tag, refs, query, *tags, remove=removed, act=act, is_confirmed=is_confirmed)
        if as_json:
            render.document(edited)
            return
        show_edited(catalog, edited, lambda video: map(str, video.tags), done=done, already=already, none="no tags")


@click.command()
@click.argument("refs_and_parent", nargs=-1, metavar="REF... PARENT", shell_complete=complete_refs)
@click.option("--relation", type=_RELATIONS, required=True, help="What each of the videos is to its parent.")
@query_option
@yes_option
@json_option
@library_options
def link(refs_and_parent: tuple[str, ...], relation: str, query: str | None, is_confirmed: bool, as_json: bool) -> None:
    """Link videos to what they were made from.

    Says of each video that it was made from PARENT, the last word: as its remix, edit or extension, or with it as a
    character or reference. PARENT may be a SOURCE:ID that the library does not have. What servers, requests and
    credentials say beside it stays: `catalog lineage --evidence` compares. A link that would make a video come from
    itself is refused. `-` reads refs from standard input, one per line.

    \b
      catalog link studio:video_2 studio:video_1 --relation remix
      catalog link --query 'tag:spot' studio:video_1 --relation edit
    """
    refs, parent = _split_parent(refs_and_parent, query)
    with open_catalog() as catalog:
        remark_on_query(catalog, query)
        edited = edit_videos(
            catalog.link, refs, query, parent, relation=relation, act="link {}", is_confirmed=is_confirmed
        )
        if as_json:
            render.document(edited)
            return
        show_edited(catalog, edited, _list_links, done="linked", already="already linked", none="no links of yours")


@click.command()
@click.argument("refs_and_parent", nargs=-1, metavar="REF... PARENT", shell_complete=complete_refs)
@click.option("--relation", type=_RELATIONS, help="Only links of this relation.")
@query_option
@yes_option
@json_option
@library_options
def unlink(
    refs_and_parent: tuple[str, ...], relation: str | None, query: str | None, is_confirmed: bool, as_json: bool
) -> None:
    """Take links of yours off videos.

    Takes back what `catalog link` said of the videos and PARENT, the last word. Links that a server, a request or
    credentials named stay, because they are evidence. `-` reads refs from standard input, one per line.
    """
    refs, parent = _split_parent(refs_and_parent, query)
    with open_catalog() as catalog:
        remark_on_query(catalog, query)
        edited = edit_videos(
            catalog.unlink, refs, query, parent, relation=relation, act="unlink {}", is_confirmed=is_confirmed
        )
        if as_json:
            render.document(edited)
            return
        show_edited(catalog, edited, _list_links, done="unlinked", already="not linked", none="no links of yours")


@click.command()
@click.argument("refs", nargs=-1, metavar="REF...", shell_complete=complete_refs)
@query_option
@yes_option
@json_option
@library_options
def delete(refs: tuple[str, ...], query: str | None, is_confirmed: bool, as_json: bool) -> None:
    """Hide videos behind tombstones.

    A tombstone hides the video from searches and keeps syncs from bringing it back. Nothing is lost: `catalog
    undelete` removes the tombstone. Nothing is deleted at the provider. Hides all of the videos or, when one is not
    found, none. `-` reads refs from standard input, one per line.
    """
    with open_catalog() as catalog:
        remark_on_query(catalog, query)
        edited = edit_videos(catalog.delete, refs, query, act="hide {}", is_confirmed=is_confirmed)
    if as_json:
        render.document(edited)
        return
    hint = "; nothing was deleted at the provider, and `catalog undelete REF...` brings them back"
    _sum_up(edited, "hidden", "already hidden", hint)


@click.command()
@click.argument("refs", nargs=-1, metavar="REF...", shell_complete=complete_refs)
@query_option
@yes_option
@json_option
@library_options
def undelete(refs: tuple[str, ...], query: str | None, is_confirmed: bool, as_json: bool) -> None:
    """Bring hidden videos back.

    Removes the tombstones of all of the videos or, when one is not found, of none. --query finds hidden videos only.
    `-` reads refs from standard input, one per line.
    """
    with open_catalog() as catalog:
        remark_on_query(catalog, query, include_deleted=True)
        edited = edit_videos(catalog.undelete, refs, query, act="bring back {}", is_confirmed=is_confirmed)
    if as_json:
        render.document(edited)
        return
    _sum_up(edited, "brought back", "already visible")


def give_facets(
    words: Sequence[str], removed: Sequence[str], query: str | None, *, is_confirmed: bool, as_json: bool
) -> None:
    """Do what `catalog facets --give` does."""
    refs, given = _split(words, lambda word: _is_ref(word) or "=" not in word, is_first=query is None)
    if not given and not removed:
        raise click.UsageError("name a facet: NAME=VALUE or --remove NAME")
    values: dict[str, list[str]] = {}
    for word in given:
        name, _, value = word.partition("=")
        values.setdefault(name, []).append(value)
    done, already = ("given facets", "already given") if given else ("without given facets", "already without")
    act = "give facets to {}" if given else "take facets back from {}"
    with open_catalog() as catalog:
        remark_on_query(catalog, query)
        edited = edit_videos(catalog.give, refs, query, values, remove=removed, act=act, is_confirmed=is_confirmed)
        if as_json:
            render.document(edited)
            return
        show_edited(catalog, edited, _list_given, done=done, already=already, none="no given facets")


@click.command()
@click.option("--limit", type=_STEPS, default=20, show_default=True, metavar="N", help="Edits to list.")
@json_option
@library_options
def history(limit: int, as_json: bool) -> None:
    """List what you edited, newest first.

    Each edit with its number: of tags, judgements, collections, saved searches, given facets, links or tombstones.
    `via` is what it was made through: shell, gallery or python; --json also names the user. Times are UTC. What is
    undone stays on the list.
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
            (
                edit.number,
                render.moment(edit.made_at),
                edit.via or "",
                "undone" if edit.undone_at else "",
                _summarize(edit, names),
            )
            for edit in edits
        ]
        titles = ("edit", "made (UTC)", "via", "state", "what")
        render.table(titles, rows, right=("edit",), whole=("made (UTC)", "via", "state"))


@click.command()
@click.argument("steps", type=_STEPS, default=1, metavar="[N]")
@library_options
def undo(steps: int) -> None:
    """Undo your newest edits.

    The newest one, or the newest N, one after the other, each with all of its videos: what you said of them is again
    what it was before. What syncs and imports brought since stays. `catalog redo` takes it
    back, until you edit something else.
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


def _split_parent(words: Sequence[str], query: str | None) -> tuple[list[str], str]:
    """The videos to link, and their parent, which is named last."""
    if not words:
        raise click.UsageError("name the videos and then their parent, or give --query and name the parent")
    if query is None and len(words) == 1:
        raise click.UsageError(f"name the parent too: {words[0]} alone is linked to nothing")
    if words[-1] == "-":
        raise click.UsageError("name the parent last: only the videos are read from standard input")
    return list(words[:-1]), words[-1]


def _list_links(video: Video) -> Iterable[str]:
    return (
        f"{link.relation} of {link.parent}" for link in video.links if link.origin == "user" and link.child == video.ref
    )


def _list_given(video: Video) -> Iterable[str]:
    return (f"{facet.name}={facet.value}" for facet in video.facets if facet.origin == "given")


def _sum_up(edited: Edited, done: str, already: str, hint: str = "") -> None:
    if edited.refs or edited.unchanged:
        render.line(sum_up(edited, done, already) + (hint if edited.refs else ""))


def _split(words: Sequence[str], is_ref: Callable[[str], bool], *, is_first: bool) -> tuple[list[str], list[str]]:
    """The refs among the words, the first of them where it `is_first`, and the others."""
    refs, others = list(words[:1] if is_first else ()), list[str]()
    for word in words[len(refs) :]:
        (refs if is_ref(word) else others).append(word)
    return refs, others


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
