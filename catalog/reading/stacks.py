"""Stacks of takes as they stand: what is due, who is in which."""

from __future__ import annotations

from itertools import groupby
from operator import attrgetter
from typing import TYPE_CHECKING, Any, NamedTuple

from catalog.choice_reports import PromptUse
from catalog.prompts import LONGEST_READ
from catalog.reading.outcomes import DELIVERED, FATE

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from catalog.database import Reader

_OF_STACKS = """
stack_videos JOIN videos ON videos.id = stack_videos.video_id AND videos.deleted_at IS NULL
LEFT JOIN annotations ON annotations.video_id = videos.id
"""
_TAKES = f"""
SELECT stack_videos.stack_id, videos.ref, videos.cost_usd, {DELIVERED} AS delivered, {FATE} AS fate
FROM {_OF_STACKS} {{chosen}} ORDER BY stack_videos.stack_id, videos.created_at DESC, videos.id DESC
"""
_COVERS = f"""
SELECT takes.stack_id, videos.ref, videos.prompt FROM (
    SELECT stack_videos.stack_id, videos.id, row_number() OVER (
        PARTITION BY stack_videos.stack_id ORDER BY coalesce(annotations.rating, 0) DESC,
        CASE WHEN annotations.verdict = 'keep' THEN 0 ELSE 1 END, videos.created_at DESC, videos.id DESC
    ) AS place FROM {_OF_STACKS} {{chosen}}
) AS takes JOIN videos ON videos.id = takes.id WHERE takes.place = 1
"""
_DELIVERED = f"SELECT videos.id, {DELIVERED} FROM videos WHERE videos.id IN :ids"
_READ_AT_ONCE = 10_000  # videos


def count_unstacked(connection: Reader) -> int:
    """How many videos have a prompt that has not been put into a stack yet."""
    return int(connection.execute("SELECT count(*) FROM stack_due").fetchone()[0])


def list_unstacked(connection: Reader, limit: int, *, after: int = 0) -> list[tuple[int, str]]:
    """The next of those videos after this row, in order, with their prompts as far as they are compared."""
    query = (
        f"SELECT videos.id, coalesce(substr(prompt, 1, {LONGEST_READ}), '') FROM stack_due "
        "JOIN videos ON videos.id = stack_due.video_id WHERE stack_due.video_id > :after "
        "ORDER BY stack_due.video_id LIMIT :limit"
    )
    return [(row[0], row[1]) for row in connection.execute(query, {"after": after, "limit": limit})]


class Cover(NamedTuple):
    """The video that stands for a stack."""

    ref: str
    prompt: str


class _Take(NamedTuple):
    """A video of a stack, as far as it counts."""

    stack: int
    ref: str
    cost_usd: float | None
    delivered: float | None
    fate: str


def list_prompts(connection: Reader, among: Sequence[int] | None = None) -> list[PromptUse]:
    """The stacks of all videos, or of those with these row ids: the most used, the most kept, the dearest first.

    Hidden videos and those without a prompt are in none.
    """
    covers = list_covers(connection, among)
    stacks = groupby(map(_Take._make, _select(connection, _TAKES, among)), attrgetter("stack"))
    uses = [_sum_up(covers[str(stack)], list(takes)) for stack, takes in stacks]
    return sorted(uses, key=lambda use: (-use.uses, -use.keep_rate, -(use.cost_usd or 0), use.prompt))


def list_covers(connection: Reader, among: Sequence[int] | None = None) -> dict[str, Cover]:
    """The covers by the number of the stack, as text, of all videos or those with these row ids.

    A cover is the best rated of the takes, else one that is kept, else the newest.
    """
    return {str(stack): Cover(ref, prompt) for stack, ref, prompt in _select(connection, _COVERS, among)}


def sum_delivered(connection: Reader, ids: Sequence[int]) -> dict[int, float]:
    """The seconds that each of these videos delivered, of those where it is known."""
    delivered: dict[int, float] = {}
    for start in range(0, len(ids), _READ_AT_ONCE):
        delivered |= dict(map(tuple, connection.execute(_DELIVERED, {"ids": ids[start : start + _READ_AT_ONCE]})))
    return {video_id: seconds for video_id, seconds in delivered.items() if seconds is not None}


def _select(connection: Reader, query: str, among: Sequence[int] | None) -> Iterable[Sequence[Any]]:
    chosen = "" if among is None else "WHERE videos.id IN :among"
    return connection.execute(query.format(chosen=chosen), {} if among is None else {"among": list(among)})


def _sum_up(cover: Cover, takes: Sequence[_Take]) -> PromptUse:
    kept = [take for take in takes if take.fate == "kept"]
    costs = [take.cost_usd for take in takes if take.cost_usd is not None]
    delivered = [take.delivered for take in takes if take.delivered is not None]
    seconds = sum(take.delivered or 0 for take in kept if take.cost_usd is not None)
    return PromptUse(
        prompt=cover.prompt,
        uses=len(takes),
        kept=len(kept),
        rejected=sum(take.fate == "rejected" for take in takes),
        keep_rate=round(len(kept) / len(takes), 4),
        seconds=round(sum(delivered), 3) if delivered else None,
        cost_usd=round(sum(costs), 6) if costs else None,
        usd_per_kept_second=round(sum(costs) / seconds, 6) if seconds else None,
        cover=cover.ref,
        refs=tuple(take.ref for take in takes),
    )
