"""Stacks of takes: which prompts there are, their keys, which videos have them. Derived by `prompts.similarity`.

A new prompt is due until a journey has sketched it: sketching takes longer than storing. Its keys then tell what it
joins, and stacks that it joins become one. When a prompt goes, what is left of its stack is put together again.
Videos that the user deleted stay in their stacks; who reads leaves them out.
"""

from __future__ import annotations

from array import array
from hashlib import blake2b
from itertools import chain
from typing import TYPE_CHECKING, NamedTuple

from catalog import bitmaps
from catalog.forest import Forest
from catalog.prompts import LONGEST_READ
from catalog.prompts.similarity import group, sketch
from catalog.store.bulk import insert_new, insert_rows

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Mapping, Sequence

    from catalog.database import Reader, Writer
    from catalog.reports import Progress

    Keys = list[tuple[int, int]]  # each with one of the prompts that have it

READ = f"substr(prompt, 1, {LONGEST_READ})"  # the part of a prompt that is compared

_SLICE = 2_000  # keys that are written at once
_MANY = 50_000  # keys from which on numpy sorts them, which takes 100 ms to load
_PROMPTS = f"SELECT id, {READ} FROM videos WHERE id IN :ids"
_KEY = ("id", "prompt_id")
_OWNERS = "SELECT id, prompt_id FROM stack_keys WHERE id IN :keys"
_NEXT = f"""
SELECT videos.id, {READ} FROM stack_due JOIN videos ON videos.id = stack_due.video_id
ORDER BY stack_due.video_id LIMIT 5000
"""
_SIZES = "SELECT stack_id, count(*) FROM stack_prompts WHERE stack_id IN :ids GROUP BY stack_id"
_PLACES = f"""
SELECT videos.id, {READ}, EXISTS (SELECT 1 FROM stack_due WHERE video_id = videos.id), stack_videos.stack_id,
       stack_prompts.digest, stack_prompts.stack_id
FROM videos LEFT JOIN stack_videos ON stack_videos.video_id = videos.id
LEFT JOIN stack_prompts ON stack_prompts.id = stack_videos.prompt_id WHERE videos.id IN :ids
"""
_KEY_STACKS = (
    "SELECT stack_keys.id, stack_id FROM stack_keys JOIN stack_prompts ON stack_prompts.id = stack_keys.prompt_id "
    "WHERE stack_keys.id IN :keys"
)
_LARGE = 200  # prompts of a stack, up to which a check looks whether they hold together
_TABLES = ("stack_due", "stack_videos", "stack_keys", "stack_prompts")
_ONE_EACH = f"""
SELECT stack_videos.prompt_id, {READ} FROM videos JOIN stack_videos ON stack_videos.video_id = videos.id
WHERE videos.id IN (
    SELECT min(video_id) FROM stack_videos WHERE prompt_id IN
    (SELECT id FROM stack_prompts WHERE stack_id = :stack) GROUP BY prompt_id
)
"""


class Sketched(NamedTuple):
    """What the keys of a video's prompt are; `digest` is that of the text that was sketched."""

    video_id: int
    digest: int
    keys: array[int]


def digest_prompt(prompt: str) -> int:
    """A signed 64-bit number that tells the prompt from others."""
    return int.from_bytes(blake2b(prompt.encode(), digest_size=8).digest(), "big", signed=True)


def make_stacks_due(connection: Writer, ids: Iterable[int]) -> None:
    """Let these videos wait for a stack."""
    insert_new(connection, "stack_due", ["video_id"], [(video_id,) for video_id in ids])


def forget_stacks(connection: Writer) -> None:
    """Take every video out of its stack, and make all that have a prompt due."""
    bitmaps.tell_of(connection, bitmaps.STACKS)
    for table in _TABLES:
        connection.execute(f"DELETE FROM {table}")
    connection.execute("INSERT INTO stack_due (video_id) SELECT id FROM videos WHERE prompt IS NOT NULL ORDER BY id")


def rebuild_stacks(connection: Writer, on_progress: Progress | None = None) -> None:
    """Put every video with a prompt into its stack again, in the transaction of the connection."""
    forget_stacks(connection)
    while due := connection.execute(_NEXT).fetchall():
        sketched = [Sketched(video_id, digest_prompt(text), array("q", sketch(text))) for video_id, text in due]
        save_stacks(connection, sketched)
        if on_progress:
            on_progress("library", due[-1][0], None, "stacking prompts")


def save_stacks(connection: Writer, sketched: Sequence[Sketched]) -> None:
    """Put videos into stacks, where the prompt is still the one that was sketched; the others stay due."""
    by_id = {item.video_id: item for item in sketched}
    rows = connection.execute(_PROMPTS, {"ids": list(by_id)})
    digests = ((video_id, digest_prompt(prompt)) for video_id, prompt in rows if prompt is not None)
    current = [by_id[video_id] for video_id, digest in digests if digest == by_id[video_id].digest]
    query = "SELECT video_id FROM stack_videos WHERE video_id IN :ids"
    has_stack = {row[0] for row in connection.execute(query, {"ids": [item.video_id for item in current]})}
    new = {item.video_id: item.digest for item in current if item.keys and item.video_id not in has_stack}
    prompts = _save_prompts(connection, {digest: by_id[video_id].keys for video_id, digest in new.items()})
    stacks = _read_stacks(connection, set(prompts.values()))
    places = ((video_id, prompts[digest]) for video_id, digest in new.items())
    rows_of_videos = [
        {"video_id": video_id, "prompt_id": prompt, "stack_id": stacks[prompt]} for video_id, prompt in places
    ]
    if rows_of_videos:
        insert_rows(connection, "stack_videos", rows_of_videos)
        bitmaps.tell_of(connection, bitmaps.STACKS)
    connection.execute("DELETE FROM stack_due WHERE video_id IN :ids", {"ids": [item.video_id for item in current]})


def change_prompts(connection: Writer, old: Mapping[int, str | None]) -> None:
    """Take videos whose prompts have changed out of their stacks, and make them due; `old` are the prompts they had."""
    take_off_stacks(connection, old, old)
    make_stacks_due(connection, old)


def take_off_stacks(connection: Writer, ids: Iterable[int], old: Mapping[int, str | None] | None = None) -> None:
    """Take videos out of the stacks that they are in; what is left of these falls apart where they held it together."""
    query = "SELECT video_id, prompt_id FROM stack_videos WHERE video_id IN :ids"
    rows = connection.execute(query, {"ids": list(ids)}).fetchall()
    if not rows:
        return
    connection.execute("DELETE FROM stack_videos WHERE video_id IN :ids", {"ids": [row[0] for row in rows]})
    bitmaps.tell_of(connection, bitmaps.STACKS)
    prompts = {prompt_id: (old or {}).get(video_id) for video_id, prompt_id in rows}
    query = "SELECT DISTINCT prompt_id FROM stack_videos WHERE prompt_id IN :ids"
    had = {row[0] for row in connection.execute(query, {"ids": list(prompts)})}
    gone = {prompt_id: text for prompt_id, text in prompts.items() if prompt_id not in had}
    if gone:
        _remove_prompts(connection, gone)


def _save_prompts(connection: Writer, keys: Mapping[int, Collection[int]]) -> dict[int, int]:
    """The rows of prompts by their digests; those that are new are inserted, and join what has a key of theirs."""
    query = "SELECT digest, id FROM stack_prompts WHERE digest IN :digests"
    known = dict(map(tuple, connection.execute(query, {"digests": list(keys)})))
    new = [digest for digest in keys if digest not in known]
    insert_rows(connection, "stack_prompts", [{"digest": digest, "stack_id": 0} for digest in new])
    added = dict(map(tuple, connection.execute(query, {"digests": new})))
    connection.execute("UPDATE stack_prompts SET stack_id = id WHERE stack_id = 0")
    _join(connection, {added[digest]: keys[digest] for digest in new})
    return known | added


def _join(connection: Writer, keys: Mapping[int, Collection[int]]) -> None:
    """Keep the keys of prompts, and make one stack of those that have one in common."""
    find = _find_first if sum(map(len, keys.values())) < _MANY else _find_first_of_many
    firsts, pairs = find(keys)
    for portion in firsts:
        if insert_new(connection, "stack_keys", _KEY, portion) < len(portion):
            owners = dict(map(tuple, connection.execute(_OWNERS, {"keys": [key for key, _ in portion]})))
            pairs |= {(owners[key], prompt_id) for key, prompt_id in portion if owners[key] != prompt_id}
    if pairs:
        stacks = _read_stacks(connection, {prompt_id for pair in pairs for prompt_id in pair})
        _merge(connection, {(stacks[first], stacks[second]) for first, second in pairs})


def _find_first(keys: Mapping[int, Collection[int]]) -> tuple[Iterable[Keys], set[tuple[int, int]]]:
    """The keys in order, a portion at a time, each with one prompt that has it, and the pairs that have one in common.

    In order, so that a page of the table is written once.
    """
    first: dict[int, int] = {}
    pairs = {(first.setdefault(key, prompt_id), prompt_id) for prompt_id, own in keys.items() for key in own}
    return [sorted(first.items())], {pair for pair in pairs if pair[0] != pair[1]}


def _find_first_of_many(keys: Mapping[int, Collection[int]]) -> tuple[Iterable[Keys], set[tuple[int, int]]]:
    """As `_find_first`, in a tenth of the memory."""
    import numpy as np

    all_keys = np.fromiter(chain.from_iterable(keys.values()), np.int64)
    owners = np.repeat(np.fromiter(keys, np.int64), list(map(len, keys.values())))
    order = np.argsort(all_keys, kind="stable")
    all_keys, owners = all_keys[order], owners[order]
    is_first = np.ones(len(all_keys), bool)
    is_first[1:] = all_keys[1:] != all_keys[:-1]
    others = np.flatnonzero(~is_first)
    pairs = set(zip(owners[others - 1].tolist(), owners[others].tolist(), strict=True))
    all_keys, owners = all_keys[is_first], owners[is_first]
    portions = (
        list(zip(all_keys[start : start + _SLICE].tolist(), owners[start : start + _SLICE].tolist(), strict=True))
        for start in range(0, len(all_keys), _SLICE)
    )
    return portions, pairs


def _read_stacks(connection: Reader, prompts: Collection[int]) -> dict[int, int]:
    query = "SELECT id, stack_id FROM stack_prompts WHERE id IN :ids"
    return dict(map(tuple, connection.execute(query, {"ids": list(prompts)})))


def _merge(connection: Writer, pairs: Collection[tuple[int, int]]) -> None:
    """Make stacks one, the smaller joining the largest."""
    numbers = sorted({stack for pair in pairs for stack in pair})
    places = {stack: place for place, stack in enumerate(numbers)}
    forest = Forest(len(numbers))
    for first, second in pairs:
        forest.join(places[first], places[second])
    groups: dict[int, list[int]] = {}
    for place, stack in enumerate(numbers):
        groups.setdefault(forest.find(place), []).append(stack)
    sizes = dict(map(tuple, connection.execute(_SIZES, {"ids": numbers})))
    moves = []
    for stacks in groups.values():
        largest = max(stacks, key=lambda stack: (sizes[stack], -stack))
        moves += [{"stack": largest, "joining": stack} for stack in stacks if stack != largest]
    for table in ("stack_prompts", "stack_videos"):
        connection.executemany(f"UPDATE {table} SET stack_id = :stack WHERE stack_id = :joining", moves)


def _remove_prompts(connection: Writer, gone: Mapping[int, str | None]) -> None:
    """Remove prompts that no video has any more, and put together again what is left of their stacks."""
    stacks = _read_stacks(connection, gone)
    connection.execute("DELETE FROM stack_prompts WHERE id IN :ids", {"ids": list(gone)})
    for prompt_id, text in gone.items():
        keys = {} if text is None else {"keys": list(sketch(text[:LONGEST_READ]))}
        chosen = " AND id IN :keys" if keys else ""
        connection.execute(f"DELETE FROM stack_keys WHERE prompt_id = :prompt{chosen}", {"prompt": prompt_id, **keys})
    for stack in set(stacks.values()):
        left = {prompt_id: sketch(text) for prompt_id, text in connection.execute(_ONE_EACH, {"stack": stack})}
        for table, column in (("stack_prompts", "id"), ("stack_videos", "prompt_id")):
            connection.execute(f"UPDATE {table} SET stack_id = {column} WHERE stack_id = :stack", {"stack": stack})
        _rejoin(connection, left)


def _rejoin(connection: Writer, keys: Mapping[int, Collection[int]]) -> None:
    """Let prompts that are each in a stack of their own join by their keys again."""
    (firsts,), pairs = _find_first(keys)
    insert_new(connection, "stack_keys", _KEY, firsts)
    if pairs:
        _merge(connection, pairs)


class _Place(NamedTuple):
    """Where a video is, as the tables say: with the digest of its prompt, and the stack that this prompt is in."""

    prompt: str | None
    is_due: int
    stack_id: int | None
    digest: int | None
    stack_of_prompt: int | None


def list_misplaced(connection: Reader, ids: Sequence[int]) -> list[int]:
    """Those of these videos that are not in the stack where their prompts belong."""
    rows = {row[0]: _Place(*tuple(row)[1:]) for row in connection.execute(_PLACES, {"ids": list(ids)})}
    keys = {video_id: sketch(place.prompt) for video_id, place in rows.items() if not place.is_due}
    wanted = list({key for own in keys.values() for key in own})
    owners = dict(map(tuple, connection.execute(_KEY_STACKS, {"keys": wanted})))
    torn = {stack for stack in {place.stack_id for place in rows.values()} if stack and _is_torn(connection, stack)}
    return [
        video_id
        for video_id, own in keys.items()
        if not _is_right(rows[video_id], own, owners) or rows[video_id].stack_id in torn
    ]


def _is_right(place: _Place, keys: Collection[int], owners: Mapping[int, int]) -> bool:
    if not keys:
        return place.stack_id is None
    is_of_prompt = place.digest == digest_prompt(place.prompt or "") and place.stack_of_prompt == place.stack_id
    return is_of_prompt and all(owners.get(key) == place.stack_id for key in keys)


def _is_torn(connection: Reader, stack: int) -> bool:
    """Whether the prompts of a stack, unless it is a large one, do not hold together."""
    (count,) = connection.execute("SELECT count(*) FROM stack_prompts WHERE stack_id = :id", {"id": stack}).fetchone()
    if not 1 < count <= _LARGE:
        return False
    return len(set(group([text for _, text in connection.execute(_ONE_EACH, {"stack": stack})]))) > 1
