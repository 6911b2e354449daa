"""Reading what is known: `show`, `changes`, `stats`."""

from __future__ import annotations

import json
from dataclasses import fields
from typing import TYPE_CHECKING, Any

import click

from catalog.cli import render
from catalog.cli.completion import complete_query, complete_refs
from catalog.cli.costs import remark_on_costs, show_costs
from catalog.cli.labels import shorten_refs
from catalog.cli.options import attempt, json_option, library_options, open_catalog, read_refs, refs_argument
from catalog.organising import BEST
from catalog.prompts import LONGEST_READ
from catalog.reading.costs import GROUPINGS
from catalog.records import UNDECIDED, Probe
from catalog.reports import Stats

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from catalog.mark_reports import FileMark
    from catalog.records import Credentials, Facet, File, Video

_SHOWN_ELSEWHERE = frozenset(
    {"source", "remote_id", "width", "height", "size_text", "tags", "links", "facets", "files", "inputs", "inherited"}
    | {"rating", "verdict", "note", "collections"}
)

_MARKS = 20  # of a file that are shown; all are in the document
_SHOWN_OF_MARK = 100  # characters
_ORIGINS = {"comfyui": "in ComfyUI's graph", "a1111": "in A1111's parameters", "iptc": "in IPTC's metadata"}
_GROUPED_BY = tuple(GROUPINGS)[:3]


@click.command()
@refs_argument
@click.option(
    "--workflow", "is_workflow", is_flag=True, help="Print the workflow in its files whole, as it stands there."
)
@json_option
@library_options
def show(refs: tuple[str, ...], is_workflow: bool, as_json: bool) -> None:
    """Show everything known about videos.

    `-` reads refs from standard input, one per line. --json prints an object for a single REF, else a list. --workflow
    takes a single REF, and prints the JSON that ComfyUI wrote into its clip or picture: what its page shows, else the
    graph that it ran.
    """
    if is_workflow:
        _print_workflow(refs, as_json=as_json)
        return
    with open_catalog() as catalog:
        videos = list(attempt(read_refs(refs), catalog.get))
        linked = (ref for video in videos for link in video.links for ref in (link.child, link.parent))
        names = {} if as_json else shorten_refs(catalog, linked)
    if not as_json:
        for position, video in enumerate(videos):
            if position:
                render.gap()
            _show_video(video, names)
    elif len(refs) > 1 or "-" in refs:
        render.document(videos)
    elif videos:
        render.document(videos[0])


@click.command()
@click.argument("ref", shell_complete=complete_refs)
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
        headings = ("observed (UTC)", "field", "old", "new")
        render.table(headings, rows, whole=headings[:2])


@click.command()
@click.option("--cost", is_flag=True, help="Show what the jobs cost.")
@click.option(
    "--by",
    multiple=True,
    type=click.Choice(list(GROUPINGS)),
    help=f"Group costs by this; repeatable; default: {', '.join(_GROUPED_BY)}.",
)
@click.option("--tag", metavar="KEY", help="The tag that names a job's project; default: project.")
@click.option(
    "--query", metavar="QUERY", shell_complete=complete_query, help="With --cost: only the videos that match."
)
@json_option
@library_options
def stats(cost: bool, by: tuple[str, ...], tag: str | None, query: str | None, as_json: bool) -> None:
    """Show the library in numbers.

    Counts videos by status and model and failures by error code, and shows the seconds from queue to completion, what
    is stalled and what expires within the hour. With --cost, shows US dollars: reported by providers, estimated from
    prices, and the number of jobs whose cost is unknown, with the reason. Jobs that failed, were cancelled or expired
    are listed separately. Where you kept or rejected videos, it also shows what was spent on which, and what a kept
    second costs: all of the money for the seconds delivered that you kept.

    \b
      catalog stats --cost
      catalog stats --cost --by project --tag client
      catalog stats --cost --query 'model:sora* created:2026-11'
    """
    if not cost and (by or tag or query is not None):
        raise click.UsageError("--by, --tag and --query need --cost")
    with open_catalog() as catalog:
        numbers = catalog.costs(by or _GROUPED_BY, tag=tag or "project", query=query) if cost else catalog.stats()
        listed = (*numbers.stalled, *numbers.expiring) if isinstance(numbers, Stats) else ()
        names = {} if as_json else shorten_refs(catalog, listed)
    if as_json:
        render.document(numbers)
    elif isinstance(numbers, Stats):
        _show_stats(numbers, names)
    else:
        show_costs(numbers)
        remark_on_costs(numbers)


def _show_video(video: Video, names: Mapping[str, str]) -> None:
    render.line((video.ref, "name"))
    if video.file_name and not video.prompt:
        render.field("name", render.plain(video.file_name))
    values = {"size": video.size} | {
        item.name: getattr(video, item.name) for item in fields(video) if item.name not in _SHOWN_ELSEWHERE
    }
    texts = {name: text for name, value in values.items() if (text := _read_value(value))}
    for name, text in texts.items():
        render.field(name, text)
        if name == "prompt" and (origin := video.extra.get("prompt_origin")) in _ORIGINS:
            render.field("", f"(of the file, {_ORIGINS[origin]}: no server has said one)", style="faint")
    _show_said(video)
    for link in video.links:
        if link.child == video.ref:
            render.field("made from", f"{names[link.parent]}  ({link.relation}, known by {link.origin})")
        else:
            render.field("made into", f"{names[link.child]}  ({link.relation}, known by {link.origin})")
    _show_files(video)
    _show_facets(video)
    unknown = [name for name in values if name not in texts]
    if unknown:
        render.field("unknown", ", ".join(unknown))


def _show_said(video: Video) -> None:
    """What people said of it, and its tags."""
    if video.rating:
        render.field("rating", f"{video.rating} of {BEST}")
    if video.verdict != UNDECIDED:
        render.field("verdict", video.verdict)
    if video.note:
        render.field("note", video.note)
    for path in video.collections:
        render.field("collection", path)
    for tag in video.tags:
        render.field("tag", str(tag) if tag.origin == "user" else f"{tag}  (by the {tag.origin})")


def _show_files(video: Video) -> None:
    for given in video.inputs:
        held = f"  (kept as reference {given.file})" if given.file else ""
        render.field("input", f"{given.role} {given.name or given.number}{held}")
    for file in video.files:
        render.field("file", _describe_file(file))
        for place in file.places:
            render.field("", place.path if place.state == "present" else f"{place.path}  ({place.state})")
        for address in file.archives:
            render.field("", f"{address}  (archived)")
        if file.credentials:
            render.field("", _describe_credentials(file.credentials))
        _show_marks(file.marks)


def _describe_file(file: File) -> str:
    """`video 1: 2.1 MB of video/mp4, 4 s, 1280x720, 24 fps, h264, aac`, and what is wrong with it."""
    probe = file.probe or Probe()
    parts = [
        file.size is not None and f"{render.volume(file.size)} of {file.type}",
        probe.seconds and f"{render.number(probe.seconds)} s",
        probe.width and f"{probe.width}x{probe.height}",
        probe.fps and f"{render.number(probe.fps)} fps",
        probe.codec,
        probe.audio,
        file.state != "present" and (f"{file.state}: {file.reason}" if file.reason else file.state),
    ]
    return f"{file.variant} {file.number}: {', '.join(part for part in parts if part)}"


def _show_marks(marks: Sequence[FileMark]) -> None:
    for mark in marks[:_MARKS]:
        render.field("", _describe_mark(mark))
    if len(marks) > _MARKS:
        render.field("", f"and {render.amount(len(marks) - _MARKS, 'text')} more that it says: see --json")


def _describe_mark(mark: FileMark) -> str:
    """`label in the file, not signed: aigc, says that it is generated: {"Label":"1"}  (AIGC in moov/udta/meta)`."""
    flaws = [name for name, is_so in (("broken", mark.is_broken), ("truncated", mark.is_truncated)) if is_so]
    what = [mark.tool or mark.kind, *flaws] if mark.kind == "tool" else [mark.kind, *flaws]
    if "ai" in mark.claims:
        what.append("says that it is generated")
    if mark.kind == "workflow":
        what += [text for text in (mark.tool, mark.size is not None and render.volume(mark.size)) if text]
    name, sign = "label", f"{', '.join(what)}: "
    if mark.kind == "hint":
        name, sign = "hint", ""
    elif mark.kind == "platform" and not mark.claims:
        name, sign = "id", ""
    value = render.clip(mark.value, _SHOWN_OF_MARK) if mark.value else ""
    return f"{name} in the file, not signed: {f'{sign}{value}'.removesuffix(': ')}  ({mark.key} in {mark.carrier})"


def _print_workflow(refs: Sequence[str], *, as_json: bool) -> None:
    if len(refs) != 1 or refs[0] == "-" or as_json:
        raise click.UsageError("--workflow takes a single REF, and no --json: what it prints is JSON")
    with open_catalog() as catalog:
        found = catalog.workflow(refs[0])
    render.verbatim(found.content)
    others = f"; {render.amount(found.others, 'other')} in its files: see --json" if found.others else ""
    flaw = ", which does not parse" if found.is_broken else ""
    render.note(f"{found.key} of {found.variant} {found.number}, in {found.carrier}{flaw}{others}")


def _describe_credentials(credentials: Credentials) -> str:
    signer = f'; they name "{render.clip(credentials.signer, 60)}"' if credentials.signer else ""
    return f"credentials: {credentials.words}{signer}"


def _show_facets(video: Video) -> None:
    prompt = video.prompt or ""
    for facet in video.facets:
        render.field("facet", _describe_facet(facet, prompt))
    for facet in video.inherited:
        render.field("inherited", f"{facet.name} = {facet.value}", style="faint")
    if len(prompt) > LONGEST_READ:
        render.field("facets", f"of the first {LONGEST_READ:,} characters of the prompt: the rest is not read for them")


def _describe_facet(facet: Facet, prompt: str) -> str:
    """`camera_movement = push_in`, with the words that caused it and the shot they describe."""
    words = " ".join(prompt[facet.start : facet.end].split()) if facet.end else ""
    shot = f", shot {facet.shot}" if facet.shot else ""
    return f"{facet.name} = {facet.value}  ({facet.origin}{shot}{f': {words}' if words else ''})"


def _read_value(value: Any) -> str:
    if hasattr(value, "tzinfo"):
        return f"{render.moment(value)} UTC"
    if isinstance(value, tuple):
        return "\n".join(value)
    if isinstance(value, str):
        return value
    if isinstance(value, int | float):
        return render.number(value)
    return json.dumps(value, ensure_ascii=False, indent=2) if value else ""


def _show_stats(numbers: Stats, names: Mapping[str, str]) -> None:
    render.line((render.amount(numbers.total, "video"), "name"))
    if numbers.prompts.due:
        render.line(str(numbers.prompts))
    if not numbers.total:
        render.note("`catalog sync` and `catalog import` bring videos in")
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
    _list_names(f"unfinished for more than {hours} h", [names[ref] for ref in numbers.stalled])
    certain = [names[ref] for ref in numbers.expiring if ref not in numbers.expiring_about]
    _list_names("expiring within the hour", certain)
    about = "expiring within about an hour, as the dialect of the source documents"
    _list_names(about, [names[ref] for ref in numbers.expiring_about])


def _show_counts(name: str, counts: Mapping[str, int] | Mapping[str | None, int]) -> None:
    if counts:
        render.gap()
        rows = [(f"{count:,}", value or render.NO_VALUE) for value, count in counts.items()]
        render.table(("videos", name), rows, right=("videos",))


def _list_names(title: str, names: Iterable[str]) -> None:
    if names:
        render.gap()
        render.line(f"{title}:")
        for name in names:
            render.block([name], indent="  ")
