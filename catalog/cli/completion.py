"""What the shell proposes where a word is unfinished: refs, queries, names of what there is.

Proposals come from the library where there is one, a bounded number of them; a missing or damaged library proposes
nothing. Only what a shell takes as it stands is proposed: strangers choose ids and names of models, and a shell would
run what stands in some of them.
"""

from __future__ import annotations

import re
from contextlib import suppress
from typing import TYPE_CHECKING

from catalog.errors import CatalogError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    import click
    from click.shell_completion import CompletionItem

    from catalog.api import Catalog

_HARMLESS = re.compile(r"[\w.,:=/@%+-]*")


def complete_refs(ctx: click.Context, param: click.Parameter, incomplete: str) -> list[str]:  # noqa: ARG001
    """Refs that begin with what is typed, or ids and aliases that do."""
    return _ask(ctx, lambda catalog: catalog.complete_ref(incomplete))


def complete_ratings(ctx: click.Context, param: click.Parameter, incomplete: str) -> list[str]:
    """Refs, and behind them what the videos can be rated."""
    from catalog.organising import BEST

    ratings = _begin(map(str, range(BEST + 1)), incomplete) if _has_words(ctx, param) else []
    return [*complete_refs(ctx, param, incomplete), *ratings]


def complete_verdicts(ctx: click.Context, param: click.Parameter, incomplete: str) -> list[str]:
    """Refs, and behind them verdicts."""
    from catalog.organising import VERDICTS

    verdicts = _begin(VERDICTS, incomplete) if _has_words(ctx, param) else []
    return [*complete_refs(ctx, param, incomplete), *verdicts]


def complete_collections(ctx: click.Context, param: click.Parameter, incomplete: str) -> list[str]:
    """The path of a collection, and behind it refs, or to move it another path."""
    if not ctx.params.get(str(param.name)):
        return _list_values(ctx, "collection", incomplete)
    paths = _list_values(ctx, "collection", incomplete) if ctx.params.get("action") == "move" else []
    return [*paths, *complete_refs(ctx, param, incomplete)]


def complete_saved(ctx: click.Context, param: click.Parameter, incomplete: str) -> list[str]:
    """The name of a saved search, and behind it a query."""
    if ctx.params.get(str(param.name)):
        return complete_query(ctx, param, incomplete)
    return _list_values(ctx, "query", incomplete)


def complete_query(ctx: click.Context, param: click.Parameter, incomplete: str) -> list[str]:  # noqa: ARG001
    """What the last word of a query may become: a field with its colon, or a field with one of its values."""
    before, blank, word = incomplete.rpartition(" ")
    return [f"{before}{blank}{whole}" for whole in _ask(ctx, lambda catalog: catalog.complete_query(word))]


def complete_facets(ctx: click.Context, param: click.Parameter, incomplete: str) -> list[str]:  # noqa: ARG001
    """The names of facets."""
    from catalog.search.fields import FACETS

    return _begin(FACETS, incomplete)


def complete_sort(ctx: click.Context, param: click.Parameter, incomplete: str) -> list[str]:  # noqa: ARG001
    """What a search can sort by, both ways."""
    from catalog.search.fields import SORTED_BY

    return _begin(["relevance", *SORTED_BY, *(f"-{name}" for name in SORTED_BY)], incomplete)


def complete_dialects(ctx: click.Context, param: click.Parameter, incomplete: str) -> list[str]:  # noqa: ARG001
    """The names of dialects."""
    from catalog.wire.dialects import DIALECTS

    return _begin(DIALECTS, incomplete)


def complete_paths(ctx: click.Context, param: click.Parameter, incomplete: str) -> list[CompletionItem[str]]:  # noqa: ARG001
    """Files and folders, which the shell itself lists."""
    from click.shell_completion import CompletionItem

    return [CompletionItem(incomplete, type="file")]


def _has_words(ctx: click.Context, param: click.Parameter) -> bool:
    """Whether the videos are named before the word that is completed."""
    return bool(ctx.params.get(str(param.name))) or ctx.params.get("query") is not None


def _list_values(ctx: click.Context, field: str, incomplete: str) -> list[str]:
    """The values of a field that begin so, by themselves."""
    prefix = f"{field}:"
    words = _ask(ctx, lambda catalog: catalog.complete_query(f"{prefix}{incomplete}"))
    return [word.removeprefix(prefix) for word in words]


def _ask(ctx: click.Context, question: Callable[[Catalog], list[str]]) -> list[str]:
    from catalog.cli.options import open_catalog

    with ctx, suppress(CatalogError), open_catalog() as catalog:
        return [answer for answer in question(catalog) if _HARMLESS.fullmatch(answer)]
    return []


def _begin(names: Iterable[str], incomplete: str) -> list[str]:
    return [name for name in names if name.startswith(incomplete)]
