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


def _ask(ctx: click.Context, question: Callable[[Catalog], list[str]]) -> list[str]:
    from catalog.cli.options import open_catalog

    with ctx, suppress(CatalogError), open_catalog() as catalog:
        return [answer for answer in question(catalog) if _HARMLESS.fullmatch(answer)]
    return []


def _begin(names: Iterable[str], incomplete: str) -> list[str]:
    return [name for name in names if name.startswith(incomplete)]
