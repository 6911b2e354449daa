"""Where videos come from in words: who says that, and whether their credentials agree."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING

import click

from catalog.cli import render
from catalog.cli.bulk import remark_on_query
from catalog.cli.labels import shorten_refs
from catalog.cli.options import open_catalog

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from catalog.cli.fitting import Part
    from catalog.family_reports import EvidenceRow
    from catalog.records import Video
    from catalog.reports import LineageNode

WORDS = {
    "agree": "agree",
    "api_only": "API only",
    "credentials_only": "credentials only",
    "disagree": "disagree",
    "parent_unknown": "parent not in the library",
    "not_intact": "manifest not intact",
}
_SAYING = {"api": "API", "request": "request", "c2pa": "credentials", "user": "you"}
_ONLY = {"request": "request only", "user": "you only"}
_REMARKS = {
    "disagree": "they disagree",
    "parent_unknown": "credentials name one that is not in the library",
    "not_intact": "credentials not intact",
}
_STYLES = {"agree": "completed", "disagree": "failed", "not_intact": "suspect"}
_MARKED = frozenset({"changed", "broken"})  # statuses that are warned of
_EDGES = {"character": "with it as a character", "reference": "with it as a reference"}
_TITLE = 60  # columns of a title from a file


def show_evidence(query: str, *, as_json: bool) -> None:
    """Print the evidence for each edge of the videos that match; the exit status is 1 if any of it disagrees."""
    counts: Counter[str] = Counter()
    with open_catalog() as catalog:
        remark_on_query(catalog, query or None)
        rows = catalog.evidence(query)
        if as_json:
            _write_document(rows, counts)
        for row in () if as_json else rows:
            counts[row.evidence] += 1
            render.block(_describe_row(row, shorten_refs(catalog, [row.child, *row.parents, *row.named])))
    if not counts:
        render.note("no video that matches has a parent" if query else "no video has a parent")
    elif not as_json:
        each = ", ".join(f"{counts[word]:,} {text}" for word, text in WORDS.items() if counts[word])
        render.words(f"{render.amount(counts.total(), 'edge')}: {each}")
    if counts["disagree"]:
        click.get_current_context().exit(1)


def describe_edge(node: LineageNode, parent: Video | None) -> list[Part]:
    """What a node of a family is to the one above it, who says that, and what the credentials say of it."""
    if node.relation is None:
        return []
    saying = ", ".join(_SAYING.get(origin, origin) for origin in node.origins)
    remark = _REMARKS.get(node.evidence or "")
    words = f"{_EDGES.get(node.relation, node.relation)} ({'; '.join(filter(None, (saying, remark)))})"
    facts: list[Part] = [(words, _STYLES[node.evidence or ""] if remark and node.evidence in _STYLES else "")]
    if node.video is not None and parent is not None:
        facts += _list_changes(node.relation, node.video, parent)
    return facts


def describe_credentials(node: LineageNode) -> list[Part]:
    """The status of the credentials of a member of a family, as a query writes it."""
    if node.credentials is None:
        return []
    return [(f"credentials:{node.credentials}", "failed" if node.credentials in _MARKED else "faint")]


def _list_changes(relation: str, video: Video, parent: Video) -> list[Part]:
    """What changed beside the prompt; an extension is as long as the clip that it goes on with and itself."""
    changes = []
    before, after = parent.seconds, video.seconds
    if before and after and before != after:
        stitched = " stitched" if relation == "extension" and after > before else ""
        changes.append(f"{render.number(before)} s → {render.number(after)} s{stitched}")
    pairs = ((parent.model, video.model), (parent.size, video.size))
    changes += [render.plain(f"{old} → {new}") for old, new in pairs if old and new and old != new]
    return [*changes]


def _describe_row(row: EvidenceRow, names: Mapping[str, str]) -> list[Part]:
    """The child, the edge with who says it, the word for the evidence, the status, and what else there is to say."""
    word = _ONLY.get(row.origins[0], WORDS[row.evidence]) if row.evidence == "api_only" else WORDS[row.evidence]
    facts: list[Part] = [
        (names[row.child], "name"),
        _name_edge(row, names),
        (word, _STYLES.get(row.evidence, "faint")),
        (f"credentials:{row.credentials}" if row.credentials else "not checked", "faint"),
    ]
    if remark := _remark(row, names):
        facts.append((remark, "faint"))
    return facts


def _name_edge(row: EvidenceRow, names: Mapping[str, str]) -> str:
    sayers = ", ".join(_SAYING.get(origin, origin) for origin in row.origins if origin != "c2pa")
    if row.evidence == "disagree":
        claimed = _join(names[ref] for ref in row.parents if ref not in row.named)
        return f"{row.relation} of {claimed} ({sayers}) or of {_name_ingredient(row, names)} (credentials)"
    if row.parent is not None:
        return f"{row.relation} of {names[row.parent]} ({sayers or 'credentials'})"
    return f"{row.relation} of {_name_ingredient(row, names)}"


def _name_ingredient(row: EvidenceRow, names: Mapping[str, str]) -> str:
    """What the credentials name, by its refs, else by the title that they give."""
    title = f'"{render.clip(row.title, _TITLE)}"' if row.title else "something without a title"
    return _join(names[ref] for ref in row.named) or title


def _remark(row: EvidenceRow, names: Mapping[str, str]) -> str | None:
    if row.evidence in {"not_intact", "parent_unknown"}:
        is_telling = row.parent is not None and (row.named or row.title)
        return f"they name {_name_ingredient(row, names)}" if is_telling else None
    return row.matched and f"by {row.matched.replace('_', ' ')}"


def _join(names: Iterable[str]) -> str:
    return " and ".join(names)


def _write_document(rows: Iterable[EvidenceRow], counts: Counter[str]) -> None:
    """Print one JSON document, an edge at a time."""
    click.echo('{"edges": [', nl=False)
    for row in rows:
        click.echo("," if counts else "")
        counts[row.evidence] += 1
        render.document(row, indent=None, end="")
    click.echo("\n]," if counts else "],")
    click.echo('"counts": ', nl=False)
    render.document({word: counts[word] for word in WORDS}, indent=None, end="}\n")
