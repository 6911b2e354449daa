"""Answers that are not about what was asked: how they are told from another name of the same job, and kept apart.

Gateways answer under ids of their own, so an answer with another id than the one asked for is another name of the job,
as long as nothing contradicts: the library does not know that id as another video's, and prompt, model and time of
creation agree with what is known. An answer without any id is about the job asked for as long as these agree. What
contradicts becomes part of no video. Of a job of which nothing is known, nothing contradicts: it is believed.
"""

from __future__ import annotations

import re
from collections import Counter
from typing import TYPE_CHECKING, Any, NamedTuple

from catalog.store.bulk import insert_rows, update_rows
from catalog.store.names import find_ids
from catalog.wire.ids import raw_id

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence
    from collections.abc import Set as AbstractSet

    from catalog.database import Reader, Writer

_DAY = re.compile(r"-(?:\d{4}-\d\d-\d\d|20\d{6})$")
_KNOWN = "SELECT id, remote_id, prompt, model, created_at FROM videos WHERE id IN :ids"
_ALIASES = "SELECT alias FROM video_aliases WHERE source = :source AND alias IN :names"
_EARLIER = (
    "SELECT asked_id, payload_hash, id, times_seen FROM stray_answers WHERE source = :source AND asked_id IN :asked"
)


class Claim(NamedTuple):
    """An answer taken for one about `asked_id`, though it has these `names`, its own id first, or none at all.

    `row` holds what it says, as the library would store it.
    """

    asked_id: str
    names: tuple[str, ...]
    row: Mapping[str, Any]


class Stray(NamedTuple):
    """A claim that is refused: the reason, for a person, says which id the answer has and what contradicts.

    `answered_id` is empty where it has none.
    """

    asked_id: str
    answered_id: str
    reason: str


def find_strays(connection: Reader, source: str, claims: Sequence[Claim], asked: Iterable[str] = ()) -> list[Stray]:
    """The claims that something contradicts; `asked` are the ids that the caller asks for as jobs of their own."""
    names = {name for claim in claims for name in claim.names}
    owners = find_ids(connection, source, names | {claim.asked_id for claim in claims})
    rows = {row["id"]: row for row in connection.execute(_KNOWN, {"ids": list(set(owners.values()))})}
    answered = Counter(name for claim in claims for name in set(map(raw_id, claim.names)))
    taken = {raw_id(name) for name in asked} | {name for name, count in answered.items() if count > 1}
    strays = []
    for claim in claims:
        video_id = owners.get(claim.asked_id)
        known = rows[video_id] if video_id is not None else None
        if known is not None and known["remote_id"] in claim.names:
            continue
        others = [name for name in claim.names if owners.get(name, video_id) != video_id]
        problem = _find_problem(claim, known, others, taken)
        if problem is not None:
            answered_id = claim.names[0] if claim.names else ""
            subject = f"the job {answered_id}" if answered_id else "a job that it does not name"
            strays.append(Stray(claim.asked_id, answered_id, f"the answer is about {subject}, {problem}"))
    return strays


def _find_problem(claim: Claim, known: Any, others: Sequence[str], taken: AbstractSet[str]) -> str | None:
    """What contradicts a claim, None if nothing does; `others` are those of its names that other videos have."""
    if others:
        return "which the library knows as another video"
    if not taken.isdisjoint(map(raw_id, claim.names)):
        return "which is asked for as a job of its own, or answers for several"
    differing = [] if known is None else _list_differing(known, claim.row)
    if not differing:
        return None
    return f"whose {_join(differing)} {'differs' if len(differing) == 1 else 'differ'} from what is known"


def find_by_alias(connection: Reader, source: str, remote_ids: Iterable[str]) -> set[str]:
    """Those of the ids that the library knows as an alias of a video."""
    return {row[0] for row in connection.execute(_ALIASES, {"source": source, "names": list(remote_ids)})}


def keep_strays(connection: Writer, source: str, strays: Mapping[Stray, Mapping[str, Any]]) -> None:
    """Keep refused answers, each given with its observation's row; one that was kept before is counted."""
    asked = {"source": source, "asked": [stray.asked_id for stray in strays]}
    earlier = {(row[0], row[1]): (row[2], row[3]) for row in connection.execute(_EARLIER, asked)}
    new, repeats = [], []
    for stray, row in strays.items():
        if (known := earlier.get((stray.asked_id, row["payload_hash"]))) is not None:
            repeats.append({"id": known[0], "last_received_at": row["last_received_at"], "times_seen": known[1] + 1})
        else:
            new.append({**row, **stray._asdict(), "source": source})
    insert_rows(connection, "stray_answers", new)
    update_rows(connection, "stray_answers", repeats)


def _list_differing(known: Mapping[str, Any], row: Mapping[str, Any]) -> list[str]:
    """The words for what both say, and say differently."""
    compared = (("prompt", "prompt", _words), ("model", "model", _model), ("created_at", "time of creation", str))
    return [
        word
        for column, word, read in compared
        if known[column] and row[column] and read(known[column]) != read(row[column])
    ]


def _words(prompt: str) -> str:
    return " ".join(prompt.split())


def _model(name: str) -> str:
    """The model without its provider before it, as gateways write, and without its day: `openai/sora-2-2025-10-06`."""
    return _DAY.sub("", name.strip().rpartition("/")[2].casefold())


def _join(words: Sequence[str]) -> str:
    return " and ".join(filter(None, (", ".join(words[:-1]), words[-1])))
