"""A family as PROV-JSON: https://www.w3.org/submissions/prov-json/

What a job made is an entity, the job an activity; the server, the model and the user are agents. Nothing is said that
the library does not know: what a failed job was made from was used, and nothing was generated. A circle of links, which
servers have been seen to close, stands in the document as the links do, though the constraints of PROV forbid it.
"""

from __future__ import annotations

import re
from functools import lru_cache
from typing import TYPE_CHECKING, Any
from urllib.parse import quote

from catalog.exports.documents import encode, write_many, write_object
from catalog.exports.labels import hide_folder

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

    from catalog.reading.families import Edge, Family, Member
    from catalog.records import Input

NAMESPACE = "urn:x-video-catalog:"

_USER = "catalog:user"
_REMOVED = re.compile(r"[.~]")  # which `quote` leaves, and a local name does not end in
_TYPES = {"video": "catalog:Clip", "image": "catalog:Image"}


def write_family(family: Family) -> Iterator[str]:
    """The document in pieces: each kind of statement is an object of its own, and reads the members again."""
    members = family.members
    agents: dict[str, Any] = {_USER: {"prov:type": _name("prov:Person")}}
    return write_object(
        [
            ("prefix", encode({"catalog": NAMESPACE})),
            ("entity", _write_statements(_list_entities(family))),
            ("activity", _write_statements(_list_jobs(members(is_whole=False), agents))),
            ("agent", _write_statements(_list_agents(agents))),
            ("wasGeneratedBy", _write_statements(_number("g", _list_generations(members())))),
            ("used", _write_statements(_number("u", _list_uses(family)))),
            ("wasAssociatedWith", _write_statements(_number("a", _list_associations(members(is_whole=False))))),
            ("wasDerivedFrom", _write_statements(_number("d", _list_derivations(family)))),
        ]
    )


def _write_statements(statements: Iterable[tuple[str, Mapping[str, Any]]]) -> Iterator[str]:
    """A JSON object of statements by their ids, without the values that are unknown."""
    return write_many("{}", (f"{encode(key)}: {encode(_known(values))}" for key, values in statements))


def _number(letter: str, statements: Iterable[Mapping[str, Any]]) -> Iterator[tuple[str, Mapping[str, Any]]]:
    """The statements, each under an id of this document alone."""
    return ((f"_:{letter}{number}", values) for number, values in enumerate(statements, 1))


def _known(values: Mapping[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in values.items() if value is not None and value != []}


def _list_entities(family: Family) -> Iterator[tuple[str, Mapping[str, Any]]]:
    """What the jobs were to make, what went into them, and the parents that the library does not have."""
    for member in family.members():
        made = [file for file in member.files if file.variant != "reference"]
        yield (
            _clip(member.ref),
            {
                "prov:type": _name(_TYPES.get(member.kind, "catalog:Clip")),
                "prov:label": member.ref,
                "catalog:ref": member.ref,
                "catalog:status": member.status,
                "catalog:sha256": [file.sha256 for file in made if file.sha256],
                "catalog:credentials": list(dict.fromkeys(file.credentials for file in made if file.credentials)),
                "catalog:deletedAt": member.deleted_at and _time(member.deleted_at),
            },
        )
        hashes = {file.number: file.sha256 for file in member.files if file.variant == "reference"}
        for given in member.inputs:
            yield (
                _input(member.ref, given),
                {
                    "prov:type": _name("catalog:Input"),
                    "prov:label": hide_folder(given).name,
                    "catalog:role": given.role,
                    "catalog:sha256": hashes.get(given.file) if given.file else None,
                },
            )
    for ref in family.lost():
        yield (
            _clip(ref),
            {
                "prov:type": _name("catalog:Clip"),
                "prov:label": ref,
                "catalog:ref": ref,
                "catalog:isInLibrary": False,
            },
        )


def _list_jobs(members: Iterable[Member], agents: dict[str, Any]) -> Iterator[tuple[str, Mapping[str, Any]]]:
    """The jobs; notes the agents behind them, which are written next."""
    for member in members:
        agents.setdefault(_server(member), {"prov:type": _name("prov:SoftwareAgent"), "prov:label": _source(member)})
        if member.model:
            agents.setdefault(_model(member), {"prov:type": _name("prov:SoftwareAgent"), "prov:label": member.model})
        yield (
            _job(member.ref),
            {
                "prov:type": _name("catalog:Job"),
                "prov:startTime": member.created_at,
                "prov:endTime": _end(member),
                "catalog:status": member.status,
                "catalog:prompt": member.prompt,
                "catalog:negativePrompt": member.negative_prompt,
                "catalog:seconds": member.seconds,
                "catalog:costUsd": member.cost_usd,
                "catalog:costBasis": member.cost_basis,
            },
        )


def _list_agents(agents: Mapping[str, Any]) -> Iterator[tuple[str, Mapping[str, Any]]]:
    """The agents, once they are asked for: after the jobs, which note them."""
    yield from agents.items()


def _list_generations(members: Iterable[Member]) -> Iterator[Mapping[str, Any]]:
    for member in members:
        if member.has_clip:
            yield {
                "prov:entity": _clip(member.ref),
                "prov:activity": _job(member.ref),
                "prov:time": _end(member),
            }


def _list_uses(family: Family) -> Iterator[Mapping[str, Any]]:
    """What the jobs were made from: their parents, then their inputs."""
    for edge in family.edges():
        role = {"prov:role": _name(_relation(edge))}
        yield {"prov:activity": _job(edge.child_ref), "prov:entity": _clip(edge.parent_ref), **role}
    for member in family.members():
        for given in member.inputs:
            yield {"prov:activity": _job(member.ref), "prov:entity": _input(member.ref, given)}


def _list_associations(members: Iterable[Member]) -> Iterator[Mapping[str, Any]]:
    """The server that ran each job, its model, and the user who asked for it."""
    for member in members:
        for agent in (_server(member), *([_model(member)] if member.model else []), _USER):
            yield {"prov:activity": _job(member.ref), "prov:agent": agent}


def _list_derivations(family: Family) -> Iterator[Mapping[str, Any]]:
    """One for each edge to a clip that was made, with its relation and what says so."""
    made = {member.id for member in family.members() if member.has_clip}
    for edge in family.edges():
        if edge.child in made:
            yield {
                "prov:generatedEntity": _clip(edge.child_ref),
                "prov:usedEntity": _clip(edge.parent_ref),
                "prov:activity": _job(edge.child_ref),
                "prov:type": _name(_relation(edge)),
                "catalog:origin": list(edge.origins),
            }


def _end(member: Member) -> str | None:
    """When the job ended, unless a server says that it did so before it began."""
    end, start = member.completed_at, member.created_at
    return None if end is None or (start is not None and end < start) else end


def _clip(ref: str) -> str:
    return f"catalog:clip/{_local(ref)}"


def _job(ref: str) -> str:
    return f"catalog:job/{_local(ref)}"


def _input(ref: str, given: Input) -> str:
    return f"catalog:input/{_local(ref)}/{_local(given.role)}/{given.number}"


def _server(member: Member) -> str:
    return f"catalog:server/{_local(_source(member))}"


def _model(member: Member) -> str:
    return f"catalog:model/{_local(member.model or '')}"


def _relation(edge: Edge) -> str:
    return f"catalog:relation/{_local(edge.relation)}"


def _source(member: Member) -> str:
    return member.ref.partition(":")[0]


@lru_cache(maxsize=1000)  # a ref is named once for its clip, once for its job, and often for its children
def _local(text: str) -> str:
    """The text as a part of a name; a ref is cut at its colon into source and id."""
    source, _, rest = text.partition(":")
    parts = [source, rest] if rest else [source]
    return "/".join(_REMOVED.sub(lambda match: f"%{ord(match[0]):02X}", quote(part, safe="")) for part in parts)


def _name(qualified: str) -> dict[str, str]:
    return {"$": qualified, "type": "prov:QUALIFIED_NAME"}


def _time(text: str) -> dict[str, str]:
    return {"$": text, "type": "xsd:dateTime"}
