"""Finding videos: `search`, `facets`."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import click

from catalog.cli import columns as chosen
from catalog.cli import render
from catalog.cli.bulk import yes_option
from catalog.cli.completion import complete_facets, complete_query, complete_refs, complete_sort
from catalog.cli.labels import name_video, shorten_refs, start_at_match
from catalog.cli.options import json_option, library_options, open_catalog
from catalog.cli.words import BareOption, WordsCommand
from catalog.records import UNDECIDED, to_json

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator, Mapping

    from catalog.api import Catalog
    from catalog.cli.fitting import Part
    from catalog.records import FacetCount, Page, Video

_WIDEST = 160  # columns of a prompt


@click.command(cls=WordsCommand)
@click.argument("query", nargs=-1, metavar="[QUERY]...", shell_complete=complete_query)
@click.option(
    "--facet",
    "facets",
    multiple=True,
    metavar="NAME",
    shell_complete=complete_facets,
    help="Also count the values of this facet; repeatable.",
)
@click.option(
    "--multi",
    multiple=True,
    metavar="NAME",
    shell_complete=complete_facets,
    help="Also count this facet, as if the query had no term on it; repeatable.",
)
@click.option(
    "--sort",
    metavar="FIELD",
    shell_complete=complete_sort,
    help="Sort by `relevance` or a field; `-FIELD` sorts descending.",
)
@click.option("--limit", default=20, show_default=True, metavar="N", help="Videos per page; 0 only counts.")
@click.option("--after", metavar="CURSOR", help="Show the page after the one that gave this cursor.")
@click.option("--before", metavar="CURSOR", help="Show the page before the one that gave this as `previous`.")
@click.option("--ids", is_flag=True, help="Print only refs, one per line.")
@click.option(
    "--columns",
    type=chosen.ColumnNames(),
    metavar="NAME,NAME",
    help="Show these fields of each video; in a pipe, tabs stand between them.",
)
@click.option("--deleted", is_flag=True, help="Include deleted videos.")
@click.option(
    "--stack",
    cls=BareOption,
    bare="prompt",
    type=click.Choice(["prompt", "family"]),
    help="Show one of each stack, takes of one prompt; --stack=family: one of each family.",
)
@click.option("--explain", is_flag=True, help="Show how the query is read, and how many videos each part matches.")
@json_option
@library_options
def search(
    query: tuple[str, ...],
    facets: tuple[str, ...],
    multi: tuple[str, ...],
    sort: str | None,
    limit: int,
    after: str | None,
    before: str | None,
    ids: bool,
    columns: tuple[str, ...] | None,
    deleted: bool,
    stack: str | None,
    explain: bool,
    as_json: bool,
) -> None:
    """Find videos by words, fields and tags.

    All terms must match: words, "a phrase", begin*, -not, field:value, field:>=8, field:2..5; (fox OR wolf) is either.
    Without a query, lists every video, newest first. The shell interprets quotes, > and parentheses, so put such a
    query in single quotes.

    On a terminal, lines fit its width and a ref is cut to a beginning that every command accepts; in a pipe refs and
    columns are whole. Times are UTC. With --columns, --json has only these fields of each video.

    \b
      catalog search neon street -status:failed
      catalog search '"push in" seconds:>=8 created:2026-11' --facet model
      catalog search model:sora* --ids | catalog tag - campaign=launch
      catalog search status:failed --columns ref,error_code,cost
    """
    if ids and columns:
        raise click.UsageError("use either --ids or --columns")
    if explain:
        if any((ids, columns, after, before, facets, multi, stack)):
            raise click.UsageError("--explain goes with --sort, --deleted and --json alone: it shows no videos")
        _explain_query(" ".join(query), sort, is_with_deleted=deleted, as_json=as_json)
        return
    with open_catalog() as catalog:
        page = catalog.search(
            " ".join(query),
            facets=facets,
            multi=multi,
            sort=sort,
            limit=limit,
            after=after,
            before=before,
            snippets=not ids,
            include_deleted=deleted,
            stack=stack,
        )
        refs = {} if as_json or ids else shorten_refs(catalog, (video.ref for video in page.videos))
    if as_json:
        render.document(_pick_columns(page, columns) if columns else page)
    elif ids:
        _list_refs(page)
    else:
        _show_page(page, columns, refs)


@click.command()
@click.argument("names", nargs=-1, metavar="[NAME]...", shell_complete=complete_facets)
@click.option(
    "--query",
    metavar="QUERY",
    shell_complete=complete_query,
    help="Count only the videos that match; with --give, those get the facets.",
)
@click.option("--limit", default=20, show_default=True, metavar="N", help="Values per facet, most frequent first.")
@click.option(
    "--explain",
    metavar="REF",
    shell_complete=complete_refs,
    help="Show the facets of one video instead, and the words that caused each.",
)
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
        _count_facets(catalog, names, query or "", limit, as_json=as_json)


def _count_facets(catalog: Catalog, names: Collection[str], query: str, limit: int, *, as_json: bool) -> None:
    counts = catalog.facets(names, query=query, limit=limit)
    if as_json:
        render.document(counts)
    else:
        _show_counts(counts)
    prompts = catalog.count_prompts()
    if prompts.due:
        render.note(f"{prompts}: `catalog reindex --facets` reads the others")
    if not any(counts.values()):
        _give_hints(catalog.search(query, limit=0))


def _explain_query(query: str, sort: str | None, *, is_with_deleted: bool, as_json: bool) -> None:
    with open_catalog() as catalog:
        explanation = catalog.explain(query, sort=sort, include_deleted=is_with_deleted)
    if as_json:
        render.document(explanation)
        return
    rows = [(f"{part.videos:,}", f"{'  ' * part.depth}{part.text}", "; ".join(part.ways)) for part in explanation.parts]
    render.table(("videos", "part", "found by"), rows, right=("videos",), whole={"part"})
    newest = f" (the newest {explanation.ranked:,})" if explanation.ranked else ""
    render.line(f"{render.amount(explanation.total, 'video')}, sorted by {explanation.sort}{newest}")
    for remark in explanation.notes:
        render.note(remark)


def _explain(video: Video, names: Collection[str], *, as_json: bool) -> None:
    shown = [facet for facet in (*video.facets, *video.inherited) if not names or facet.name in names]
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


def _show_page(page: Page, columns: tuple[str, ...] | None, refs: Mapping[str, str]) -> None:
    if columns and not render.is_terminal():
        _write_columns(page, columns, refs)
    else:
        _list_page(page, columns, refs)


def _list_page(page: Page, columns: tuple[str, ...] | None, refs: Mapping[str, str]) -> None:
    if columns and page.videos:
        rows = [[chosen.write(video, name, refs) for name in columns] for video in page.videos]
        numbers = chosen.NUMBERS.intersection(columns)
        render.table(columns, rows, right=numbers, whole=chosen.TIMES | {"ref", "status"})
    else:
        for video in page.videos:
            _show_video(video, page.snippets.get(video.ref), refs[video.ref], page.takes.get(video.ref, 1))
    render.line((_count(page), "name"))
    if page.facets:
        render.gap()
    _show_counts(page.facets)
    _give_hints(page)


def _show_video(video: Video, snippet: str | None, name: str, takes: int) -> None:
    """The prompt or what else stands for the video, and the facts below it."""
    width = min(render.line_width(), _WIDEST)
    label = name_video(video, snippet)
    render.line(render.clip(start_at_match(label, width) if snippet else label, width))
    more = [(f"{takes:,} takes", "name")] if takes > 1 else []
    render.block([*_describe(video, name), *more], indent="    ")


def _write_columns(page: Page, columns: tuple[str, ...], refs: Mapping[str, str]) -> None:
    """One line per video and a first one with the names, tabs between the values; everything else is a remark."""
    render.tabbed(columns)
    for video in page.videos:
        render.tabbed([chosen.write(video, name, refs) for name in columns])
    if page.facets:
        render.gap()
    _show_counts(page.facets)
    render.note(_count(page))
    _give_hints(page)


def _pick_columns(page: Page, columns: tuple[str, ...]) -> dict[str, Any]:
    return page.to_dict() | {"videos": [chosen.pick(video, columns) for video in page.videos]}


def _count(page: Page) -> str:
    shown = f", {len(page.videos):,} shown" if len(page.videos) < page.total else ""
    if page.stacked is not None:
        return f"{render.amount(page.total, 'stack')} of {render.amount(page.stacked, 'video')}{shown}"
    return f"{render.amount(page.total, 'video')}{shown}"


def _give_hints(page: Page) -> None:
    for remark in page.notes:
        render.note(remark)
    if page.ranked and page.videos:
        render.note(f"relevance orders the newest {page.ranked:,} of these: add sort:-created for all, newest first")
    if not page.total and not page.notes:
        render.note(render.NOTHING)
    if page.next:
        hint = ["next page: add", f"--after {page.next}"]
        fits = not render.is_terminal() or len(" ".join(hint)) <= render.line_width()
        for text in [" ".join(hint)] if fits else hint:
            render.note(text)


def _show_counts(counts: Mapping[str, tuple[FacetCount, ...]]) -> None:
    for position, (name, values) in enumerate(counts.items()):
        if position:
            render.gap()
        rows = [(f"{value.count:,}", render.NO_VALUE if value.value is None else value.value) for value in values]
        render.table(("videos", name), rows, right=("videos",))


def _describe(video: Video, name: str) -> Iterator[Part]:
    """What is known of a video besides its prompt."""
    yield name, "name"
    yield video.status, video.status
    if video.error_code:
        yield video.error_code, "failed"
    length = f"{render.number(video.seconds)} s" if video.seconds is not None else ""
    created = f"{video.created_at:%Y-%m-%d %H:%M} UTC" if video.created_at else ""
    estimated = " estimated" if video.cost_basis == "estimated" else ""
    cost = f"{render.dollars(video.cost_usd)}{estimated}" if video.cost_usd is not None else ""
    deleted = "deleted here" if video.deleted_at else "gone there" if video.gone_at else ""
    rating = f"rated {video.rating}" if video.rating else ""
    verdict = video.verdict if video.verdict != UNDECIDED else ""
    yield from filter(None, (video.model, video.size, length, created, cost, rating, verdict, deleted))
