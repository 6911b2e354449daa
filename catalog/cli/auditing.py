"""What vouches for a video: `audit`."""

from __future__ import annotations

from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

import click

from catalog.cli import render
from catalog.cli.completion import complete_query
from catalog.cli.labels import read_prompt
from catalog.cli.options import json_option, library_options, open_catalog, read_refs
from catalog.cli.words import WordsCommand
from catalog.disk import open_file, put_in_place
from catalog.errors import CatalogError, NotFound
from catalog.exports.page import MARK, UNKNOWN, describe_cost, describe_edit, describe_link
from catalog.leftovers import held_from_the_start, name_part, remove_part

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator

    from catalog.api import Catalog
    from catalog.audit_reports import Trail, TrailStep

_LONGEST = 160  # columns of a prompt in a pipe


@click.command(cls=WordsCommand)
@click.argument("query", nargs=-1, metavar="[QUERY|REF]...", shell_complete=complete_query)
@click.option("--html", metavar="FILE", help="Write one page to print or to send; `-` is standard output.")
@click.option(
    "--limit",
    type=click.IntRange(min=1),
    default=1000,
    show_default=True,
    metavar="N",
    help="Steps of a trail, the nearest to its video.",
)
@json_option
@library_options
def audit(query: tuple[str, ...], html: str | None, limit: int, as_json: bool) -> None:
    """Show the trail from the first draft to each video.

    Lists every job that a video was made from, parents first: prompt, settings, times, cost, files with their hashes
    and Content Credentials, what says that it was made from another, and what you edited. Without a query, of every
    video. Words that are all names of videos mean those; `-` reads refs from standard input. A match that stands on the
    trail of another one is audited there.

    \b
      catalog audit tag:campaign=launch --html launch.html
      catalog audit video_123 --json
    """
    if html is not None and as_json:
        raise click.UsageError("use either --html or --json")
    with open_catalog() as catalog, catalog.reading():
        words = read_refs(query) if query == ("-",) else list(query)
        refs = words if query == ("-",) or _are_names(catalog, words) else None
        title = " ".join(words)
        notes = () if refs is not None else catalog.search(title, limit=0).notes
        for remark in notes:
            render.note(remark)
        if as_json:
            with render.pieces() as write:
                catalog.export_audit(title, "json", write, refs=refs, limit=limit)
        elif html is not None:
            _write_page(catalog, html, title, refs, limit)
        elif not _show_trails(catalog.audit(title, refs=refs, limit=limit)):
            render.line("0 videos")
            if not notes:
                render.note(render.NOTHING)


def _are_names(catalog: Catalog, words: list[str]) -> bool:
    """Whether each word is the name of a video, or the beginning of one."""
    try:
        return bool(words) and all(catalog.find(word) is not None for word in words)
    except NotFound as error:
        if error.ref is None:  # it is the library that is missing
            raise
        return False  # the beginning of several


def _write_page(catalog: Catalog, html: str, title: str, refs: list[str] | None, limit: int) -> None:
    if html == "-":
        with render.pieces() as write:
            catalog.export_audit(title, "html", write, refs=refs, limit=limit)
        return
    with _replacing(Path(html), catalog.path) as write:
        export = catalog.export_audit(title, "html", write, refs=refs, limit=limit)
    render.note(f"{html}: {render.amount(export.trails, 'trail')} of {render.amount(export.cost.jobs, 'video')}")


@contextmanager
def _replacing(named: Path, library: Path) -> Iterator[Callable[[str], object]]:
    """What writes a page, which takes the place of an earlier one once it is whole; raises CatalogError.

    It is open to whom the library is open to, and no other file is overwritten.
    """
    try:
        target = named.resolve()
        if target.exists() and not _is_page(target):
            raise CatalogError(
                f"cannot write {named}: it is there, and is not a page of `catalog audit`; name a new file"
            )
        part = name_part(target)
        try:
            with held_from_the_start(part, library.stat()):
                with part.open("w", encoding="utf-8") as file:
                    yield file.write
                put_in_place(part, target)
        finally:
            remove_part(part)
    except OSError as error:
        raise CatalogError(f"cannot write {named}: {error.strerror or error}") from error


def _is_page(path: Path) -> bool:
    with open_file(path) as file:
        return file.read(len(MARK)) == MARK.encode()


def _show_trails(trails: Iterable[Trail]) -> int:
    """Print the trails, and return how many there are."""
    count = 0
    for count, trail in enumerate(trails, 1):
        if count > 1:
            render.gap()
        _show_trail(trail)
    return count


def _show_trail(trail: Trail) -> None:
    steps = render.amount(len(trail.steps), "step")
    render.line((trail.ref, "name"), f"  {steps}, {describe_cost(trail.cost)}")
    for position, step in enumerate(trail.steps, 1):
        _show_step(position, step)
    if trail.is_cut:
        render.note(f"{trail.ref}: older steps are left out: raise --limit")


def _show_step(position: int, step: TrailStep) -> None:
    created = f"{render.moment(step.created_at)} UTC" if step.created_at else f"created {UNKNOWN}"
    cost = f"{render.dollars(step.cost_usd)} {step.cost_basis}" if step.cost_usd is not None else f"cost {UNKNOWN}"
    facts = (step.status, step.status), step.model or f"model {UNKNOWN}", created, cost
    render.block([f"{position}.", (step.ref, "name"), *facts])
    prompt = read_prompt(step.prompt) or f"prompt {UNKNOWN}"
    width = render.line_width() if render.is_terminal() else _LONGEST
    render.line("    ", render.clip(prompt, width - 4))
    for link in step.links:
        render.block([describe_link(link)], indent="    ")
    for file in (file for file in step.files if file.origin != "made"):
        status = file.credentials.words if file.credentials else "Content Credentials not checked."
        render.words(f"    {file.variant} {file.number}, sha256 {file.sha256 or UNKNOWN}. {status}")
    for edit in step.edits:
        render.block([describe_edit(edit)], indent="    ")
