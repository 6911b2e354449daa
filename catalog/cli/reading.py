"""Reading what is known: `show`, `lineage`, `diff`, `changes`, `stats`."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import click

from catalog.cli import render
from catalog.cli.options import attempt, json_option, library_options, open_catalog, read_refs, refs_argument
from catalog.reading.statistics import GROUPINGS
from catalog.records import utc_text
from catalog.reports import CostGroup, Stats

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from catalog.prompts import PromptDiff
    from catalog.records import Facet, Video
    from catalog.reports import Costs, CostSum, Lineage, LineageNode

_SHOWN_ELSEWHERE = frozenset({"source", "remote_id", "width", "height", "size_text", "tags", "links", "facets"})

_GROUPED_BY = tuple(GROUPINGS)[:3]
_MARKS = {"removed": ("[-", "-]", "failed"), "added": ("{+", "+}", "completed")}


@click.command()
@refs_argument
@json_option
@library_options
def show(refs: tuple[str, ...], as_json: bool) -> None:
    """Show everything known about videos.

    `-` reads refs from standard input, one per line. --json prints an object for a single REF, else a list.
    """
    with open_catalog() as catalog:
        videos = list(attempt(read_refs(refs), catalog.get))
    if not as_json:
        for position, video in enumerate(videos):
            if position:
                render.gap()
            _show_video(video)
    elif len(refs) > 1 or "-" in refs:
        render.document(videos)
    elif videos:
        render.document(videos[0])


@click.command()
@click.argument("ref")
@click.option("--diff", is_flag=True, help="Show how each prompt differs from its parent's.")
@json_option
@library_options
def lineage(ref: str, diff: bool, as_json: bool) -> None:
    """Draw the family tree of a video.

    Shows its oldest ancestors and everything made from them; `*` marks the video itself. A parent that is not in the
    library appears by its ref. With --diff, each line shows the facets that a remix removed and added, then the words.
    """
    with open_catalog() as catalog:
        steps = catalog.generations(ref) if diff else []
        family = catalog.lineage(ref)
    if as_json:
        render.document(steps if diff else family)
        return
    changes = {step.ref: step.change for step in steps}
    for root in family.roots:
        render.tree(root, lambda node: _describe_node(node, family, changes))
    ancestors = render.amount(len(family.ancestors), "ancestor")
    render.line(f"{family.ref}: {ancestors}, {render.amount(family.descendants, 'descendant')}")


@click.command()
@click.argument("old", metavar="REF_A")
@click.argument("new", metavar="REF_B")
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


@click.command()
@click.argument("ref")
@json_option
@library_options
def changes(ref: str, as_json: bool) -> None:
    """List how a video has changed since it was first seen.

    Oldest first; times are UTC.
    """
    with open_catalog() as catalog:
        moves = catalog.changes(ref)
    if as_json:
        render.document(moves)
    elif not moves:
        render.note(f"{ref}: nothing has changed since it was first seen")
    else:
        rows = [(render.moment(move.observed_at), move.field, move.old, move.new) for move in moves]
        render.table(("observed (UTC)", "field", "old", "new"), rows)


@click.command()
@click.option("--cost", is_flag=True, help="Show what the jobs cost.")
@click.option(
    "--by",
    multiple=True,
    type=click.Choice(list(GROUPINGS)),
    help=f"Group costs by this; repeatable; default: {', '.join(_GROUPED_BY)}.",
)
@click.option("--tag", metavar="KEY", help="The tag that names a job's project; default: project.")
@json_option
@library_options
def stats(cost: bool, by: tuple[str, ...], tag: str | None, as_json: bool) -> None:
    """Show the library in numbers.

    Counts videos by status and model and failures by error code, and shows the seconds from queue to completion, what
    is stalled and what expires within the hour. With --cost, shows US dollars: reported by providers, estimated from
    prices, and the number of jobs whose cost is unknown. Jobs that failed, were cancelled or expired are listed
    separately.

    \b
      catalog stats --cost
      catalog stats --cost --by project --tag client
    """
    if not cost and (by or tag):
        raise click.UsageError("--by and --tag need --cost")
    with open_catalog() as catalog:
        numbers = catalog.costs(by or _GROUPED_BY, tag=tag or "project") if cost else catalog.stats()
    if as_json:
        render.document(numbers)
    elif isinstance(numbers, Stats):
        _show_stats(numbers)
    else:
        _show_costs(numbers)


def _show_video(video: Video) -> None:
    render.line((video.ref, "name"))
    values = {"size": video.size} | {
        name: getattr(video, name) for name in video.__dataclass_fields__ if name not in _SHOWN_ELSEWHERE
    }
    texts = {name: text for name, value in values.items() if (text := _read_value(value))}
    for name, text in texts.items():
        render.field(name, text)
    for tag in video.tags:
        render.field("tag", str(tag) if tag.origin == "user" else f"{tag}  (by the {tag.origin})")
    for link in video.links:
        if link.child == video.ref:
            render.field("made from", f"{link.parent}  ({link.relation}, known by {link.origin})")
        else:
            render.field("made into", f"{link.child}  ({link.relation}, known by {link.origin})")
    for facet in video.facets:
        render.field("facet", _describe_facet(facet, video.prompt or ""))
    unknown = [name for name in values if name not in texts]
    if unknown:
        render.field("unknown", ", ".join(unknown))


def _describe_facet(facet: Facet, prompt: str) -> str:
    """`camera_movement = push_in`, with the words that caused it and the shot they describe."""
    words = " ".join(prompt[facet.start : facet.end].split()) if facet.end else ""
    shot = f", shot {facet.shot}" if facet.shot else ""
    return f"{facet.name} = {facet.value}  ({facet.origin}{shot}{f': {words}' if words else ''})"


def _read_value(value: Any) -> str:
    if hasattr(value, "tzinfo"):
        return utc_text(value)
    if isinstance(value, tuple):
        return "\n".join(value)
    if isinstance(value, str):
        return value
    if isinstance(value, int | float):
        return render.number(value)
    return json.dumps(value, ensure_ascii=False, indent=2) if value else ""


def _describe_node(node: LineageNode, family: Lineage, changes: Mapping[str, PromptDiff]) -> list[Any]:
    parts: list[Any] = [(f"{node.ref} *" if node.ref == family.ref else node.ref, "name")]
    if node.relation:
        parts.append(f"  {node.relation}")
    if node.video is None:
        return [*parts, ("  (not in the library)", "faint")]
    if node.is_repeat:
        return [*parts, ("  (drawn above)", "faint")]
    parts += ["  ", (node.video.status, node.video.status)]
    if node.ref in changes:
        return [*parts, "  ", _describe_change(changes[node.ref])]
    return [*parts, "  ", (render.clip(node.video.prompt or "", 60), "faint")]


def _describe_change(change: PromptDiff) -> str:
    """What was removed and added, facets before words, in one line."""
    marks = {"removed": "[-{}-]", "added": "{{+{}+}}"}
    words = " ".join(marks[span.kind].format(span.text.strip()) for span in change.words if span.kind in marks)
    facets = str(change) if change.added or change.removed else ""
    return render.clip(f"{facets}  {words}".strip() or "(the same prompt)", 200)


def _show_change(change: PromptDiff) -> None:
    words: list[render.Part] = []
    for span in change.words:
        before, after, style = _MARKS.get(span.kind, ("", "", ""))
        words.append((f"{before}{span.text}{after}", style))
    render.line(*words)
    for mark, facets in (("-", change.removed), ("+", change.added)):
        for name, value in facets:
            render.line((f"{mark} {name}:{value}", "failed" if mark == "-" else "completed"))


def _show_stats(numbers: Stats) -> None:
    render.line((render.amount(numbers.total, "video"), "name"))
    _show_counts("status", numbers.by_status)
    _show_counts("model", numbers.by_model)
    _show_counts("error of failed videos", numbers.by_error)
    if numbers.latency:
        render.gap()
        headings = ("model", "size", "status", "videos", "p50 (s)", "p95 (s)")
        rows = (
            (
                group.model,
                group.size,
                group.status,
                f"{group.count:,}",
                render.number(group.p50),
                render.number(group.p95),
            )
            for group in numbers.latency
        )
        render.line("from queue to completion:")
        render.table(headings, rows, right=headings[3:])
    hours = render.number(numbers.stalled_after / 3600)
    _list_refs(f"unfinished for more than {hours} h", numbers.stalled)
    _list_refs("expiring within the hour", tuple(ref for ref in numbers.expiring if ref not in numbers.expiring_about))
    _list_refs("expiring within about an hour, as the dialect of the source documents", numbers.expiring_about)


def _show_counts(name: str, counts: Mapping[str, int] | Mapping[str | None, int]) -> None:
    if counts:
        render.gap()
        rows = [(f"{count:,}", value or render.NO_VALUE) for value, count in counts.items()]
        render.table(("videos", name), rows, right=("videos",))


def _list_refs(title: str, refs: tuple[str, ...]) -> None:
    if refs:
        render.gap()
        render.line(f"{title}:")
        for ref in refs:
            render.line(f"  {ref}")


def _show_costs(costs: Costs) -> None:
    tables = {"": [CostGroup("all", costs.cost, costs.failed)], **costs.by}
    for name, groups in tables.items():
        heading = costs.tag if name == "project" else name
        _show_sums("jobs", heading, [(group.value, group.cost) for group in groups])
        _show_sums("failed", heading, [(group.value, group.failed) for group in groups])


def _show_sums(jobs: str, name: str, sums: Iterable[tuple[str | None, CostSum]]) -> None:
    """A table of what each group of jobs cost; an unknown amount is left empty."""
    headings = (jobs, "reported $", "estimated $", "unknown")
    rows = [
        (
            f"{cost.jobs:,}",
            _dollars(cost.reported_usd),
            _dollars(cost.estimated_usd),
            f"{cost.unknown:,}",
            value or render.NO_VALUE,
        )
        for value, cost in sums
        if cost.jobs
    ]
    if rows:
        render.table((*headings, name), rows, right=headings)
        render.gap()


def _dollars(amount: float | None) -> str:
    return "" if amount is None else f"{amount:,.4f}"
