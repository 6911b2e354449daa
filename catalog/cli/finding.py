"""Finding videos: `search`, `facets`."""

from __future__ import annotations

from itertools import islice
from typing import TYPE_CHECKING, Any

import click

from catalog.cli import render
from catalog.cli.bulk import yes_option
from catalog.cli.options import json_option, library_options, open_catalog
from catalog.records import to_json

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator, Mapping

    from catalog.records import FacetCount, Page, Video


class QueryCommand(click.Command):
    """A command whose words may begin with a minus: `-dog` excludes a word; it is not a row of short options."""

    def parse_args(self, ctx: click.Context, args: list[str]) -> list[str]:
        options = [option for option in self.get_params(ctx) if isinstance(option, click.Option)]
        names = {name for option in options for name in option.opts}
        with_value = {name for option in options if not option.is_flag for name in option.opts}
        option_args: list[str] = []
        words: list[str] = []
        rest = iter(args)
        for arg in rest:
            if arg == "--":
                words.extend(rest)
            elif arg in names or arg.startswith("--"):
                option_args.append(arg)
                option_args.extend(islice(rest, 1 if arg in with_value else 0))
            else:
                words.append(arg)
        return super().parse_args(ctx, [*option_args, "--", *words])


def complete_facets(ctx: click.Context, param: click.Parameter, incomplete: str) -> list[str]:  # noqa: ARG001
    """The facet names that begin with what is typed, for the shell."""
    from catalog.search.fields import FACETS

    return [name for name in FACETS if name.startswith(incomplete)]


@click.command(cls=QueryCommand)
@click.argument("query", nargs=-1, metavar="[QUERY]...")
@click.option(
    "--facet",
    "facets",
    multiple=True,
    metavar="NAME",
    shell_complete=complete_facets,
    help="Also count the values of this facet; repeatable.",
)
@click.option("--sort", metavar="FIELD", help="Sort by `relevance` or a field; `-FIELD` sorts descending.")
@click.option("--limit", default=20, show_default=True, metavar="N", help="Videos per page; 0 only counts.")
@click.option("--after", metavar="CURSOR", help="Show the page after the one that gave this cursor.")
@click.option("--ids", is_flag=True, help="Print only refs, one per line.")
@click.option("--deleted", is_flag=True, help="Include deleted videos.")
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

    All terms must match: words, "a phrase", begin*, -not, field:value, field:>=8, field:2..5. Without a query, lists
    every video, newest first. The shell interprets quotes and >, so put such a query in single quotes.

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
@click.option("--query", metavar="QUERY", help="Count only the videos that match; with --give, those get the facets.")
@click.option("--limit", default=20, show_default=True, metavar="N", help="Values per facet, most frequent first.")
@click.option("--explain", metavar="REF", help="Show the facets of one video instead, and the words that caused each.")
@click.option("--give", "is_giving", is_flag=True, help="Give facets to videos instead: REF... NAME=VALUE...")
@click.option("--remove", "removed", multiple=True, metavar="NAME", help="Take back what was given; repeatable.")
@yes_option
@json_option
@library_options
def facets(
    names: tuple[str, ...],
    query: str | None,
    limit: int,
    explain: str | None,
    is_giving: bool,
    removed: tuple[str, ...],
    is_confirmed: bool,
    as_json: bool,
) -> None:
    """Count the values of facets, or give facets to videos.

    Without names, counts all facets but the open ones (subject, action, setting, dialogue), which have many values.

    With --give, the words are REF... NAME=VALUE..., as for `catalog tag`; --query names the videos instead, and `-`
    reads refs from standard input. Given facets outrank what the prompt says, and replace what was given under the same
    name; a name may be repeated, and may be one of your own. --remove lets the prompt speak again.

    \b
      catalog facets camera_movement lighting --query 'model:sora*'
      catalog facets --explain studio:video_123
      catalog facets --give studio:video_123 style=noir client=acme client=globex
      catalog facets --give --query 'neon street' --remove style
    """
    if is_giving and explain is None:
        from catalog.cli.editing import give_facets

        give_facets(names, removed, query, is_confirmed=is_confirmed, as_json=as_json)
        return
    if is_giving or removed or is_confirmed:
        raise click.UsageError("--remove and --yes go with --give, and --explain does not")
    with open_catalog() as catalog:
        if explain is not None:
            _explain(catalog.get(explain), names, as_json=as_json)
            return
        counts = catalog.facets(names, query=query or "", limit=limit)
    if as_json:
        render.document(counts)
    else:
        _show_counts(counts)


def _explain(video: Video, names: Collection[str], *, as_json: bool) -> None:
    shown = [facet for facet in video.facets if not names or facet.name in names]
    words = [video.prompt[facet.start : facet.end] if video.prompt and facet.end else "" for facet in shown]
    if as_json:
        render.document([{**to_json(facet), "words": text} for facet, text in zip(shown, words, strict=True)])
        return
    if not shown:
        render.note(f"{video.ref} has no facets")
        return
    rows = [
        (facet.name, facet.value, facet.origin, facet.shot, " ".join(text.split()))
        for facet, text in zip(shown, words, strict=True)
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
        rows = [(f"{value.count:,}", render.NO_VALUE if value.value is None else value.value) for value in values]
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
