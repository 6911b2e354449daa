"""How videos come from each other: `lineage`, `diff`."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from catalog.cli import render
from catalog.cli.completion import complete_refs
from catalog.cli.fitting import flow, measure
from catalog.cli.labels import read_prompt, shorten_refs
from catalog.cli.options import json_option, library_options, open_catalog
from catalog.exports import FORMS, MOST_EDGES

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Mapping

    from catalog.cli.fitting import Part
    from catalog.prompts import PromptDiff
    from catalog.reports import Lineage, LineageNode

    Lines = list[list[Part]]

_DRAWN = 100  # videos of a family that are drawn where no limit is given
_LABEL = 60  # columns of a prompt in a pipe
_BESIDE = 24  # columns that a prompt needs beside the facts of its video
_MARKS = {"removed": ("[-", "-]", "failed"), "added": ("{+", "+}", "completed")}


@click.command()
@click.argument("ref", shell_complete=complete_refs)
@click.option("--diff", is_flag=True, help="Show how each prompt differs from its parent's.")
@click.option(
    "--format",
    "form",
    type=click.Choice(("text", *FORMS)),
    default="text",
    help="Write the family for another program: Mermaid, Graphviz, JSON, PROV-JSON.",
)
@click.option(
    "--limit",
    type=click.IntRange(min=1),
    metavar="N",
    help=f"Videos of the family, its ancestors first; default: {_DRAWN}, with --format all.",
)
@json_option
@library_options
def lineage(ref: str, diff: bool, form: str, limit: int | None, as_json: bool) -> None:
    """Draw the family tree of a video.

    Shows its oldest ancestors and everything made from them; `*` marks the video itself. A parent that is not in the
    library appears by its ref. Of a large family, shows the ancestors, then the descendants, then the others, each the
    nearest first. With --diff, shows at each video the facets that a remix removed and added, then the words, in place
    of the prompt.

    With --format, writes the whole family in UTF-8: each member once, each relation to a parent as an edge with what
    says so.

    \b
      catalog lineage video_123 --format dot | dot -Tsvg > family.svg
    """
    if form != "text":
        if diff or as_json:
            raise click.UsageError("--format goes with neither --diff nor --json")
        _export(ref, form, limit)
        return
    limit = limit or _DRAWN
    with open_catalog() as catalog, catalog.reading():
        steps = catalog.generations(ref, limit=limit) if diff else []
        family = catalog.lineage(ref, limit=limit)
        names = {} if as_json else shorten_refs(catalog, [family.ref, *_list_members(family.roots)])
    if as_json:
        render.document(steps if diff else family)
        _note_rest(family)
        return
    describe = _describer(family, names, {step.ref: step.change for step in steps})
    for root in family.roots:
        render.tree(root, describe)
    ancestors = render.amount(family.ancestor_count, "ancestor")
    render.words(f"{names[family.ref]}: {ancestors}, {render.amount(family.descendants, 'descendant')}")
    _note_rest(family)


@click.command()
@click.argument("old", metavar="REF_A", shell_complete=complete_refs)
@click.argument("new", metavar="REF_B", shell_complete=complete_refs)
@json_option
@library_options
def diff(old: str, new: str, as_json: bool) -> None:
    """Show how the prompts of two videos differ.

    Shows words as [-removed-] and {+added+}, then the facets that were removed and added.
    """
    with open_catalog() as catalog:
        change = catalog.diff(old, new)
    if as_json:
        render.document(change)
    elif change.is_same:
        render.note("the prompts are the same")
    else:
        _show_change(change)


def _export(ref: str, form: str, limit: int | None) -> None:
    with open_catalog() as catalog, render.pieces() as write:
        export = catalog.export_lineage(ref, form, write, limit=limit)
    _note_missing(export.members, export.total)
    if form == "mermaid" and export.edges > MOST_EDGES:
        render.note(
            f"Mermaid draws at most {MOST_EDGES} edges unless its setting maxEdges is raised, and there are "
            f"{export.edges:,}: --limit takes the nearest"
        )


def _note_rest(family: Lineage) -> None:
    _note_missing(len(set(_list_members(family.roots))), family.members)


def _note_missing(shown: int, members: int) -> None:
    if shown < members:
        render.note(f"{shown:,} of {members:,} members of the family are shown: --limit {members} shows all")


def _list_members(roots: Iterable[LineageNode]) -> Iterator[str]:
    """The ref of every node of the trees, some more than once."""
    waiting = list(roots)
    while waiting:
        node = waiting.pop()
        yield node.ref
        waiting += node.children


def _describer(
    family: Lineage, names: Mapping[str, str], changes: Mapping[str, PromptDiff]
) -> Callable[[LineageNode, int], Lines]:
    """What describes a node of the family in so many columns."""

    def describe(node: LineageNode, width: int) -> Lines:
        name = f"{names[node.ref]} *" if node.ref == family.ref else names[node.ref]
        facts: list[Part] = [(name, "name"), *([node.relation] if node.relation else [])]
        if node.video is None:
            return _arrange("", [*facts, ("(not in the library)", "faint")], width)
        if node.is_repeat:
            return _arrange("", [*facts, ("(drawn above)", "faint")], width)
        facts.append((node.video.status, node.video.status))
        if node.video.error_code:
            facts.append((render.plain(node.video.error_code), "failed"))
        if node.ref in changes:
            return _arrange_change(changes[node.ref], facts, width)
        return _arrange(read_prompt(node.video.prompt), facts, width)

    return describe


def _arrange(label: str, facts: list[Part], width: int) -> Lines:
    """The label with the facts to its right or, where a terminal is narrow, below it."""
    if not render.is_terminal():
        return [render.join([render.clip(label, _LABEL), *facts] if label else facts)]
    beside = width - sum(measure(text) for text, _ in _pair(render.join(facts))) - len(render.GAP)
    if label and beside >= _BESIDE:
        return [render.join([render.clip(label, beside), *facts])]
    above: Lines = [[render.clip(label, width)]] if label else []
    return [*above, *render.arrange(facts, width)]


def _arrange_change(change: PromptDiff, facts: list[Part], width: int) -> Lines:
    """The facts, and what was removed and added: behind them in a pipe, below them on a terminal; facets come first."""
    facets: list[Part] = [(f"{mark}{facet}", style) for mark, facet, style in _list_facets(change)]
    words: list[Part] = [
        (f"{before}{text.strip()}{after}", style)
        for text, before, after, style in _list_words(change)
        if before and text.strip()
    ]
    if not (facets or words):
        facets = [("(the same prompt)", "faint")]
    if not render.is_terminal():
        behind = [render.join(parts, " ") for parts in (facets, words) if parts]
        return [[*render.join(facts), *(piece for parts in behind for piece in (render.GAP, *parts))]]
    pieces = [(word, style) for text, style in _pair([*facets, *words]) for word in render.plain(text).split()]
    return [*render.arrange(facts, width), *flow(pieces, width)]


def _show_change(change: PromptDiff) -> None:
    render.line(*((f"{before}{text}{after}", style) for text, before, after, style in _list_words(change)))
    for mark, facet, style in _list_facets(change):
        render.line((f"{mark} {facet}", style))


def _list_words(change: PromptDiff) -> Iterator[tuple[str, str, str, str]]:
    """Each stretch of words, with the marks before and after it and its style."""
    for span in change.words:
        yield span.text, *_MARKS.get(span.kind, ("", "", ""))


def _list_facets(change: PromptDiff) -> Iterator[tuple[str, str, str]]:
    """Each facet that was removed, then each that was added, with its mark before it and its style behind it."""
    for mark, style, facets in (("-", "failed", change.removed), ("+", "completed", change.added)):
        for name, value in facets:
            yield mark, f"{name}:{value}", style


def _pair(parts: Iterable[Part]) -> Iterator[tuple[str, str]]:
    """The text of each part and its style."""
    return ((part, "") if isinstance(part, str) else part for part in parts)
