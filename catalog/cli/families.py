"""How videos come from each other: `lineage`, `diff`."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from catalog.cli import render
from catalog.cli.completion import complete_query, complete_refs
from catalog.cli.evidence import describe_credentials, describe_edge, show_evidence
from catalog.cli.fitting import flow, measure
from catalog.cli.labels import read_prompt, shorten_refs
from catalog.cli.options import json_option, library_options, open_catalog
from catalog.cli.words import WordsCommand
from catalog.exports import FORMS, MOST_EDGES

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Mapping

    from catalog.cli.fitting import Part
    from catalog.prompts import PromptDiff
    from catalog.reports import Lineage, LineageNode

    Lines = list[list[Part]]

_EVIDENCE = "--evidence"
_DRAWN = 100  # videos of a family that are drawn where no limit is given
_LABEL = 60  # columns of a prompt in a pipe
_BESIDE = 24  # columns that a prompt needs beside the facts of its video
_MARKS = {"removed": ("[-", "-]", "failed"), "added": ("{+", "+}", "completed")}


class _LineageCommand(WordsCommand):
    """A command that takes a query behind `--evidence`, whose words may begin with a minus, and else a ref."""

    def parse_args(self, ctx: click.Context, args: list[str]) -> list[str]:
        return super().parse_args(ctx, args) if _EVIDENCE in args else click.Command.parse_args(self, ctx, args)


def _complete(ctx: click.Context, param: click.Parameter, incomplete: str) -> list[str]:
    complete = complete_query if ctx.params.get("is_compared") else complete_refs
    return complete(ctx, param, incomplete)


@click.command(cls=_LineageCommand)
@click.argument("words", nargs=-1, metavar="REF | --evidence [QUERY]...", shell_complete=_complete)
@click.option(_EVIDENCE, "is_compared", is_flag=True, help="Compare what credentials say of parents with the rest.")
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
def lineage(words: tuple[str, ...], is_compared: bool, diff: bool, form: str, limit: int | None, as_json: bool) -> None:
    """Draw the family tree of a video.

    Shows its oldest ancestors and everything made from them; `*` marks the video itself. Behind each relation stands
    what changed, and who says it: API, request, credentials, you. A parent that is not in the library appears by its
    ref. Of a large family, shows the ancestors, then the descendants, then the others, each the nearest first. With
    --diff, shows at each video the facets that a remix removed and added, then the words, or the whole of an
    instruction, in place of the prompt.

    With --evidence, compares for each edge what credentials say with what servers, requests and you say, of all videos
    or of those that match QUERY: agree, API only, credentials only, disagree, parent not in the library, manifest not
    intact. The exit status is 1 where any disagree.

    With --format, writes the whole family in UTF-8: each member once, each relation to a parent as an edge with what
    it is known from.

    \b
      catalog lineage video_123 --format dot | dot -Tsvg > family.svg
    """
    _refuse_pairs(is_compared=is_compared, diff=diff, is_export=form != "text", as_json=as_json)
    if is_compared:
        show_evidence(" ".join(words), as_json=as_json)
        return
    if len(words) != 1:
        raise click.UsageError("name one video, or give --evidence to compare what is known of many")
    ref = words[0]
    if form != "text":
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
@click.argument("old", metavar="REF", shell_complete=complete_refs)
@click.argument("new", metavar="[REF_B]", required=False, shell_complete=complete_refs)
@json_option
@library_options
def diff(old: str, new: str | None, as_json: bool) -> None:
    """Show how the prompts of two videos differ.

    Of one video, compares its prompt with that of the video it was made from. Shows words as [-removed-] and {+added+}
    where the texts resemble each other, then the facets that were removed and added. A remix prompt that is an
    instruction is shown in full, with the facets that it adds, replaces, takes away and leaves alone.
    """
    with open_catalog() as catalog:
        change = catalog.diff(old, new)
    if as_json:
        render.document(change)
    elif change.is_same:
        render.note("the prompts are the same")
    else:
        _show_change(change)


def _refuse_pairs(*, is_compared: bool, diff: bool, is_export: bool, as_json: bool) -> None:
    """Raise UsageError for options that do not go together."""
    if is_compared and (diff or is_export):
        raise click.UsageError("--evidence goes with --json alone: it compares no prompts and draws nothing")
    if is_export and (diff or as_json):
        raise click.UsageError("--format goes with neither --diff nor --json")


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
    return (node.ref for node in _list_nodes(roots))


def _list_nodes(roots: Iterable[LineageNode]) -> Iterator[LineageNode]:
    waiting = list(roots)
    while waiting:
        node = waiting.pop()
        yield node
        waiting += node.children


def _describer(
    family: Lineage, names: Mapping[str, str], changes: Mapping[str, PromptDiff]
) -> Callable[[LineageNode, int], Lines]:
    """What describes a node of the family in so many columns."""
    parents = {id(child): node.video for node in _list_nodes(family.roots) for child in node.children}

    def describe(node: LineageNode, width: int) -> Lines:
        name = f"{names[node.ref]} *" if node.ref == family.ref else names[node.ref]
        facts: list[Part] = [(name, "name"), *describe_edge(node, parents.get(id(node)))]
        if node.video is None:
            return _arrange("", [*facts, ("(not in the library)", "faint")], width)
        if node.is_repeat:
            return _arrange("", [*facts, ("(drawn above)", "faint")], width)
        facts.append((node.video.status, node.video.status))
        if node.video.error_code:
            facts.append((render.plain(node.video.error_code), "failed"))
        facts += describe_credentials(node)
        if node.ref in changes:
            return _arrange_change(changes[node.ref], facts, width)
        return _arrange(read_prompt(node.video.prompt) or render.plain(node.name or ""), facts, width)

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
    if change.instruction is not None:
        words = [(" ".join(change.instruction.split()), "")]
    if not render.is_terminal():
        behind = [render.join(parts, " ") for parts in (facets, words) if parts]
        return [[*render.join(facts), *(piece for parts in behind for piece in (render.GAP, *parts))]]
    pieces = [(word, style) for text, style in _pair([*facets, *words]) for word in render.plain(text).split()]
    return [*render.arrange(facts, width), *flow(pieces, width)]


def _show_change(change: PromptDiff) -> None:
    if change.instruction is not None:
        render.line(change.instruction)
    elif [span.kind for span in change.words] == ["removed", "added"]:
        for text, before, after, style in _list_words(change):
            render.line((f"{before}{text}{after}", style))
    else:
        render.line(*((f"{before}{text}{after}", style) for text, before, after, style in _list_words(change)))
    for mark, facet, style in _list_facets(change):
        render.line((f"{mark} {facet}{'  (replaced)' if facet in _name(change.replaced) else ''}", style))
    for facet in _name(change.inherited):
        render.line((f"= {facet}  (inherited)", "faint"))


def _list_words(change: PromptDiff) -> Iterator[tuple[str, str, str, str]]:
    """Each stretch of words, with the marks before and after it and its style."""
    for span in change.words:
        yield span.text, *_MARKS.get(span.kind, ("", "", ""))


def _list_facets(change: PromptDiff) -> Iterator[tuple[str, str, str]]:
    """Each facet that was removed, then each that was added, with its mark before it and its style behind it."""
    gone = sorted([*change.removed, *change.replaced])
    for mark, style, facets in (("-", "failed", gone), ("+", "completed", change.added)):
        for facet in _name(facets):
            yield mark, facet, style


def _name(facets: Iterable[tuple[str, str]]) -> list[str]:
    """The facets as a query writes them."""
    return [f"{name}:{value}" for name, value in facets]


def _pair(parts: Iterable[Part]) -> Iterator[tuple[str, str]]:
    """The text of each part and its style."""
    return ((part, "") if isinstance(part, str) else part for part in parts)
