"""How videos are found: `search`, `facets`."""

from __future__ import annotations

from itertools import islice
from typing import TYPE_CHECKING, Any

import click

from catalog.cli import render
from catalog.cli.options import json_option, library_options, open_catalog
from catalog.records import to_json

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator, Mapping

    from catalog.records import FacetCount, Page, Video

MISSING = "(none)"  # how the videos without a value are counted


class QueryCommand(click.Command):
    """A command whose words may begin with a minus: `-dog` is what must not be found, not a row of short options."""

    def parse_args(self, ctx: click.Context, args: list[str]) -> list[str]:
        options = [option for option in self.get_params(ctx) if isinstance(option, click.Option)]
        names = {name for option in options for name in option.opts}
        with_value = {name for option in options if not option.is_flag for name in option.opts}
        found: list[str] = []
        words: list[str] = []
        rest = iter(args)
        for arg in rest:
            if arg == "--":
                words.extend(rest)
            elif arg in names or arg.startswith("--"):
                found.append(arg)
                found.extend(islice(rest, arg in with_value))
            else:
                words.append(arg)
        return super().parse_args(ctx, [*found, "--", *words])


def complete_facets(ctx: click.Context, param: click.Parameter, incomplete: str) -> list[str]:  # noqa: ARG001
    """The names of the facets that begin so, for the shell."""
    from catalog.search.fields import FACETS

    return [name for name in FACETS if name.startswith(incomplete)]


@click.command(cls=QueryCommand)
@click.argument("query", nargs=-1, metavar="[QUERY]...")
@click.option(
    "--facet", "facets", multiple=True, metavar="NAME", shell_complete=complete_facets, help="Count its values too."
)
@click.option("--sort", metavar="FIELD", help="`relevance` or a field, `-` before it for descending.")
@click.option("--limit", default=20, show_default=True, metavar="N", help="Videos on a page, 0 to count only.")
@click.option("--after", metavar="CURSOR", help="Go on after the page that gave this cursor.")
@click.option("--ids", is_flag=True, help="Print one ref a line.")
@click.option("--deleted", is_flag=True, help="Include the videos behind tombstones.")
@json_option
@library_options
def search(
    query: tuple[str, ...],
    facets: tuple[str, ...],
    sort: str | None,
    limit: int,
    after: str | None,
    ids: bool,
    deleted: bool,
    as_json: bool,
) -> None:
    """Find videos by words, fields and tags.

    All must hold: words, "a phrase", begin*, -not, field:value, field:>=8, field:2..5. Without a query: every video,
    the newest first. The shell takes quotes and > for itself, so put such a query into single quotes.

    \b
      catalog search neon street -status:failed
      catalog search '"push in" seconds:>=8 created:2026-11' --facet model
      catalog search model:sora* --ids | catalog tag - campaign=launch
    """
    with open_catalog() as catalog:
        page = catalog.search(
            " ".join(query),
            facets=facets,
            sort=sort,
            limit=limit,
            after=after,
            snippets=not ids,
            include_deleted=deleted,
        )
    if as_json:
        render.document(page)
    elif ids:
        _list_refs(page)
    else:
        _list_page(page)


@click.command()
@click.argument("names", nargs=-1, metavar="[NAME]...", shell_complete=complete_facets)
@click.option("--query", default="", metavar="QUERY", help="Count only the videos that match.")
@click.option("--limit", default=20, show_default=True, metavar="N", help="Values of each facet, most frequent first.")
@click.option("--explain", metavar="REF", help="Show instead the facets of one video, and the words that caused each.")
@json_option
@library_options
def facets(names: tuple[str, ...], query: str, limit: int, explain: str | None, as_json: bool) -> None:
    """Count the values of facets.

    Of the facets named; else of all but the open ones (subject, action, setting, dialogue), which have many values.

    \b
      catalog facets camera_movement lighting --query 'model:sora*'
      catalog facets --explain studio:video_123
    """
    with open_catalog() as catalog:
        if explain is not None:
            _explain(catalog.get(explain), names, as_json=as_json)
            return
        counts = catalog.facets(names, query=query, limit=limit)
    if as_json:
        render.document(counts)
    else:
        _show_counts(counts)


def _explain(video: Video, names: Collection[str], *, as_json: bool) -> None:
    found = [facet for facet in video.facets if not names or facet.name in names]
    words = [video.prompt[facet.start : facet.end] if video.prompt and facet.end else "" for facet in found]
    if as_json:
        render.document([{**to_json(facet), "words": text} for facet, text in zip(found, words, strict=True)])
        return
    if not found:
        render.note(f"{video.ref} has no facets")
        return
    rows = [
        (facet.name, facet.value, facet.origin, facet.shot, " ".join(text.split()))
        for facet, text in zip(found, words, strict=True)
    ]
    render.table(("facet", "value", "origin", "shot", "words"), rows)


def _list_refs(page: Page) -> None:
    for video in page.videos:
        render.line(video.ref)
    _give_hints(page)


def _list_page(page: Page) -> None:
    for video in page.videos:
        render.line(*_describe(video))
        text = page.snippets.get(video.ref) or video.prompt or video.error_message or ""
        if text:
            render.line("    ", render.clip(text, render.line_width() - 4))
    shown = f", {len(page.videos):,} shown" if len(page.videos) < page.total else ""
    render.line((f"{render.amount(page.total, 'video')}{shown}", "name"))
    if page.facets:
        render.gap()
    _show_counts(page.facets)
    _give_hints(page)


def _give_hints(page: Page) -> None:
    for remark in page.notes:
        render.note(remark)
    if page.next:
        render.note(f"next page: add --after {page.next}")


def _show_counts(counts: Mapping[str, tuple[FacetCount, ...]]) -> None:
    for position, (name, values) in enumerate(counts.items()):
        if position:
            render.gap()
        rows = [(f"{one.count:,}", MISSING if one.value is None else one.value) for one in values]
        render.table(("videos", name), rows, right=("videos",))


def _describe(video: Video) -> Iterator[Any]:
    yield video.ref, "name"
    yield "  "
    yield video.status, video.status
    length = f"{render.number(video.seconds)} s" if video.seconds is not None else ""
    created = f"{video.created_at:%Y-%m-%d %H:%M}" if video.created_at else ""
    deleted = "deleted here" if video.deleted_at else "gone there" if video.gone_at else ""
    for text in (video.model, video.size, length, created, deleted):
        if text:
            yield f"  {text}"
