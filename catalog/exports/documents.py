"""Families and audits as JSON documents, each one value that is written as it is read."""

from __future__ import annotations

import json
from itertools import chain
from typing import TYPE_CHECKING, Any

from catalog.controls import plain_json
from catalog.exports.labels import hide_folder
from catalog.records import utc_text

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator
    from datetime import datetime

    from catalog.audit_reports import Tally, Trail
    from catalog.reading.families import Edge, Family, Member

VERSION = 1  # of both formats; grows when what stands in one changes its meaning

_encode = json.JSONEncoder(ensure_ascii=False, separators=(", ", ": ")).encode


def encode(value: Any) -> str:
    """The JSON value on one line, nothing in which a screen obeys."""
    return plain_json(_encode(value))


def write_object(members: Iterable[tuple[str, str | Iterable[str]]]) -> Iterator[str]:
    """A JSON object of these names and values; a value is JSON, whole or in pieces."""
    before = "{\n"
    for name, value in members:
        yield f"{before}{encode(name)}: "
        yield from [value] if isinstance(value, str) else value
        before = ",\n"
    yield "\n}\n"


def write_many(brackets: str, items: Iterable[str]) -> Iterator[str]:
    """The items within `[]` or `{}`, each on a line of its own."""
    before = "\n"
    yield brackets[0]
    for item in items:
        yield before + item
        before = ",\n"
    yield "" if before == "\n" else "\n"
    yield brackets[1]


def write_family(family: Family) -> Iterator[str]:
    """The family as one object: `members` and `edges` are lists, parents that the library does not have included."""
    members = chain(map(_member, family.members()), map(_lost, family.lost()))
    return write_object(
        [
            ("format", encode("catalog-family")),
            ("version", encode(VERSION)),
            ("ref", encode(family.ref)),
            ("total", encode(family.total)),
            ("members", write_many("[]", members)),
            ("edges", write_many("[]", map(_edge, family.edges()))),
        ]
    )


def write_audit(trails: Iterable[Trail], tally: Tally, query: str, made_at: datetime) -> Iterator[str]:
    """The trails as one object, counted by the tally: `total` is of all steps of all trails, each video once.

    Of an unchanged library, only `made_at` changes from one document to the next.
    """
    return write_object(
        [
            ("format", encode("catalog-audit")),
            ("version", encode(VERSION)),
            ("made_at", encode(utc_text(made_at))),
            ("query", encode(query)),
            ("trails", _write_trails(trails, tally)),
            ("total", _write_total(tally)),
        ]
    )


def _write_trails(trails: Iterable[Trail], tally: Tally) -> Iterator[str]:
    """The list of trails, each step on a line of its own."""
    before = "[\n"
    for trail in trails:
        tally.trails += 1
        for step in trail.steps:
            tally.add(step)
        head = encode({"ref": trail.ref, "is_cut": trail.is_cut, "cost": trail.cost.to_dict()})
        yield f'{before}{head[:-1]}, "steps": '
        yield from write_many("[]", (encode(step.to_dict()) for step in trail.steps))
        yield "}"
        before = ",\n"
    yield "[]" if before == "[\n" else "\n]"


def _write_total(tally: Tally) -> Iterator[str]:
    """The sum, once it is asked for: after the trails."""
    yield encode({"trails": tally.trails, "videos": tally.cost.jobs, "cost": tally.cost.to_dict()})


def _member(member: Member) -> str:
    values = member._asdict() | {
        "is_in_library": True,
        "files": [file._asdict() for file in member.files],
        "inputs": [hide_folder(given).to_dict() for given in member.inputs],
    }
    del values["id"]
    return encode(values)


def _lost(ref: str) -> str:
    return encode({"ref": ref, "is_in_library": False})


def _edge(edge: Edge) -> str:
    return encode(
        {"child": edge.child_ref, "parent": edge.parent_ref, "relation": edge.relation, "origins": edge.origins}
    )
