"""Whether the credentials of videos agree with what servers, requests and the user say of their parents.

Both sides stay as they are: nothing is chosen, nothing overwritten. A claim is a link that a server, a request or the
user made. Only credentials that are intact can agree or disagree with it.
"""

from __future__ import annotations

from collections import defaultdict
from typing import TYPE_CHECKING, NamedTuple

from catalog.family_reports import EvidenceRow
from catalog.ingredients import FENCED, LINKING, OUTPUTS, PARENT, Made, find_parents

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence

    from catalog.database import Reader

    Member = int | str  # the row of a video, or the ref of one that the library does not have

PORTION = 500  # videos whose evidence is in memory at once
ORIGINS = ("api", "request", "c2pa", "user")
_MAKING = frozenset({"remix", "edit", "extension"})  # relations to what something was made from; the others went in

_LINKS = """
SELECT child_id, parent_id, parent_source || ':' || parent_remote_id, relation, origin
FROM links WHERE child_id IN :ids ORDER BY origin = 'c2pa', id
"""
_STATUSES = f"""
SELECT files.video_id, c2pa_checks.status FROM files CROSS JOIN c2pa_checks ON c2pa_checks.id = files.check_id
WHERE files.video_id IN :ids AND files.variant IN {OUTPUTS} ORDER BY files.variant DESC, files.number
"""
_REFS = "SELECT id, ref FROM videos WHERE id IN :ids"


class Compared(NamedTuple):
    """What the two sides say of one edge or, where they disagree, of all that they disagree about.

    `parents` are those that are claimed, then those that only credentials name; `named` are all of them that
    credentials name, and by what each was recognized.
    """

    evidence: str
    relation: str
    origins: tuple[str, ...]
    parents: tuple[Member, ...] = ()
    named: dict[Member, str] = {}  # noqa: RUF012 - never changed
    title: str | None = None


class _Edge:
    """One edge: its relation by its first link, whose it is, and the ref of the parent."""

    def __init__(self, relation: str) -> None:
        self.relation = relation
        self.origins: set[str] = set()

    @property
    def is_claimed(self) -> bool:
        return self.origins != {"c2pa"}


def list_evidence(connection: Reader, ids: Sequence[int]) -> Iterator[EvidenceRow]:
    """The evidence for each edge from these videos to their parents, in their order."""
    compared = compare_evidence(connection, ids)
    statuses = read_statuses(connection, list(compared))
    members = {member for rows in compared.values() for row in rows for member in (*row.parents, *row.named)}
    names: dict[Member, str] = {member: member for member in members if isinstance(member, str)}
    rows_of = [*compared, *(member for member in members if isinstance(member, int))]
    names |= dict(connection.execute(_REFS, {"ids": rows_of}).fetchall())
    for child in ids:
        for row in compared.get(child, ()):
            yield EvidenceRow(
                child=names[child],
                parent=names[row.parents[0]] if row.parents else None,
                parents=tuple(names[parent] for parent in row.parents),
                relation=row.relation,
                evidence=row.evidence,
                origins=row.origins,
                credentials=statuses.get(child),
                matched=next(iter(row.named.values()), None),
                named=tuple(names[parent] for parent in row.named),
                title=row.title,
            )


def compare_evidence(connection: Reader, ids: Sequence[int]) -> dict[int, list[Compared]]:
    """What is said of the edges of these videos, by child, of those that have any."""
    edges: dict[int, dict[Member, _Edge]] = defaultdict(dict)
    for child, parent, ref, relation, origin in connection.execute(_LINKS, {"ids": list(ids)}):
        edges[child].setdefault(parent or ref, _Edge(relation)).origins.add(origin)
    statuses = read_statuses(connection, ids)
    made = find_parents(connection, [child for child, status in statuses.items() if status in LINKING])
    fenced = find_parents(connection, [child for child, status in statuses.items() if status in FENCED], FENCED)
    compared = {}
    for child in ids:
        if statuses.get(child) in FENCED:
            rows = list(_fence(edges[child], fenced.get(child, Made())))
        else:
            rows = list(_compare(edges[child], made.get(child, Made())))
        if rows:
            compared[child] = rows
    return compared


def read_statuses(connection: Reader, ids: Iterable[int]) -> dict[int, str]:
    """The status of the credentials of each of these videos that was checked.

    Of several clips and images, that of the first which is intact, else of the first that has a manifest, else of the
    first.
    """
    statuses: dict[int, str] = {}
    for video, status in connection.execute(_STATUSES, {"ids": list(ids)}):
        if video not in statuses or _rank(status) < _rank(statuses[video]):
            statuses[video] = status
    return statuses


def _rank(status: str) -> int:
    return 0 if status in LINKING else 1 if status in FENCED else 2


def _fence(edges: dict[Member, _Edge], said: Made) -> Iterator[Compared]:
    """What is said beside credentials that are not intact, whose parents are shown and count for nothing."""
    named: dict[Member, str] = {parent: each.matched for parent, each in said.parents.items()}
    title = next(iter(said.titles.values()), None)
    for parent, edge in edges.items():
        yield Compared("not_intact", edge.relation, order_origins(edge.origins), (parent,), named, title)
    kinds = [*(each.relationship for each in said.parents.values()), *(kind for kind, _ in said.titles)]
    if kinds and not edges:
        yield Compared("not_intact", _relate(kinds[0]), (), (), named, title)


def _compare(edges: dict[Member, _Edge], said: Made) -> Iterator[Compared]:
    claims = {parent: edge for parent, edge in edges.items() if edge.is_claimed}
    disputed, others = _list_disputed(claims, said)
    yield from _compare_claims({parent: claims[parent] for parent in claims if parent not in disputed}, said)
    if disputed:
        origins = order_origins({"c2pa"}.union(*(claims[parent].origins for parent in disputed)))
        yield Compared("disagree", claims[disputed[0]].relation, origins, (*disputed, *others), others)
    for parent, each in said.parents.items():
        if parent not in claims and parent not in others:
            relation = edges[parent].relation if parent in edges else _relate(each.relationship)
            yield Compared("credentials_only", relation, ("c2pa",), (parent,), {parent: each.matched})
    if said.names_lost_parent and not any(edge.relation in _MAKING for edge in claims.values()):
        yield Compared("parent_unknown", "remix", ("c2pa",), (), {}, said.lost_title)


def _list_disputed(claims: Mapping[Member, _Edge], said: Made) -> tuple[list[Member], dict[Member, str]]:
    """The parents that are claimed, and those that the credentials name, where these are others."""
    made_from = [parent for parent, edge in claims.items() if edge.relation in _MAKING]
    others: dict[Member, str] = {
        parent: each.matched for parent, each in said.parents.items() if each.relationship == PARENT
    }
    is_disputed = made_from and others and not any(parent in said.parents for parent in made_from)
    return (made_from, others) if is_disputed else ([], {})


def _compare_claims(claims: Mapping[Member, _Edge], said: Made) -> Iterator[Compared]:
    """What is said of parents that are not in dispute."""
    named: dict[Member, str] = {parent: each.matched for parent, each in said.parents.items()}
    for parent, edge in claims.items():
        if parent in named:
            origins = order_origins(edge.origins | {"c2pa"})
            yield Compared("agree", edge.relation, origins, (parent,), {parent: named[parent]})
        elif said.names_lost_parent and edge.relation in _MAKING:
            yield Compared("parent_unknown", edge.relation, order_origins(edge.origins), (parent,), {}, said.lost_title)
        else:
            yield Compared("api_only", edge.relation, order_origins(edge.origins), (parent,))


def _relate(relationship: str) -> str:
    return "remix" if relationship == PARENT else "reference"


def order_origins(origins: Collection[str]) -> tuple[str, ...]:
    """The origins of links in the order in which they are shown."""
    return tuple(origin for origin in ORIGINS if origin in origins)
