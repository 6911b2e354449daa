"""What comparing credentials with other sources answers with. Dataclasses like those of `records`."""

from __future__ import annotations

from dataclasses import dataclass

from catalog.records import Record


@dataclass(frozen=True, slots=True)
class EvidenceRow(Record):
    """What is known of where a video comes from, for one edge to a parent.

    `evidence` is one of `agree`; `api_only`, which a server, a request or the user says; `credentials_only`;
    `disagree`; `parent_unknown`, where the credentials name a parent that the library does not have; `not_intact`,
    where the credentials do not hold, so that what they say counts for nothing.

    `parents` are what the row is about: where both sides disagree, the claimed parents, then those of the credentials;
    `parent` is the first, None where the library has none. `named` are the parents by the credentials, and `matched`
    tells by what the first was recognized: `manifest`, `instance_id` or `file_hash`. `title` is that of an ingredient
    which is not in the library. `origins` are who says it: `api request c2pa user`; `credentials` is the status.
    """

    child: str
    parent: str | None
    parents: tuple[str, ...]
    relation: str
    evidence: str
    origins: tuple[str, ...]
    credentials: str | None = None
    matched: str | None = None
    named: tuple[str, ...] = ()
    title: str | None = None
