"""The values of a video, defined once: which fields are countable, and who has which value by the rows."""

from __future__ import annotations

import json
from collections import defaultdict
from typing import TYPE_CHECKING, Any

from pyroaring import BitMap

from catalog.bitmaps.sets import CHUNK_BITS, range_of
from catalog.fields import OPEN_FACETS, TABLE
from catalog.organising import list_levels
from catalog.records import UNDECIDED
from catalog.rows import NEGATIVE_PROMPT, SIZE

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence
    from collections.abc import Set as AbstractSet

    from catalog.database import Reader

    Key = tuple[str, str]  # a field and one of its values
    State = dict[Key, list[int]]  # the ids of the videos that have it
    Sets = dict[Key, BitMap]

COMMON = 100  # videos from which a value of a field that is whole only in part has a bitmap

# Fields of one value each, with SQL on a row of `videos`; numbers are their shortest text: 8.0, 1280.
COLUMNS = {
    **{column.name: f"videos.{column.name}" for column in TABLE if column.ask and column.ask.counted},
    "progress": "videos.progress",
    "width": "videos.width",
    "height": "videos.height",
    "size": SIZE,
    "size_text": "videos.size_text",
    "month": "substr(videos.created_at, 1, 7)",
}
# What a video can have or lack, with a test on its row; facets, tags and relations come to it.
PRESENT = {
    **{column.name: f"videos.{column.name} IS NOT NULL" for column in TABLE if column.ask},
    **dict.fromkeys(("id", "source", "remote_id", "ref", "kind", "status"), "1"),
    "negative_prompt": f"{NEGATIVE_PROMPT} IS NOT NULL",
    "size": f"{SIZE} IS NOT NULL",
    "month": "videos.created_at IS NOT NULL",
    "latency": "(videos.completed_at >= videos.created_at) IS TRUE",
}
INHERITED = "inherited."  # before the name of a facet: what videos inherit of it, and do not ask for themselves
# What a person thinks of a video, from LEFT JOINED rows of annotations, and whether it was said.
JUDGEMENTS = {"rating": "annotations.rating", "verdict": f"ifnull(annotations.verdict, '{UNDECIDED}')"}
SAID = {name: f"annotations.{name} IS NOT NULL" for name in ("rating", "verdict", "note")}
DEFAULTED = frozenset({"verdict"})  # fields that every video has a value of, whether it was said or not
COLLECTION = "collection"
# Fields whose rare values may have no bitmap.
PARTIAL = frozenset({"tag", "tag_key", *OPEN_FACETS, *(f"{INHERITED}{name}" for name in OPEN_FACETS)})
HAS = "has"
FILE = "file"
# What can be said of the files of a video, as aggregates over its rows of FILES: the values of the field FILE. A job is
# for its clips and images, not for thumbnails and the like; what was made here can be made again.
_IS_OUTPUT = "files.variant IN ('video', 'image')"
_IS_HELD = f"files.sha256 IS NOT NULL AND {_IS_OUTPUT}"
FILES = "files CROSS JOIN videos ON videos.id = files.video_id"
FILE_TESTS = {
    "held": f"max({_IS_HELD})",
    "missing": (
        "max(files.sha256 IS NOT NULL AND ifnull(files.origin, '') <> 'made' "
        "AND NOT EXISTS (SELECT 1 FROM file_places WHERE file_places.sha256 = files.sha256 AND state <> 'missing') "
        "AND NOT EXISTS (SELECT 1 FROM archives WHERE archives.sha256 = files.sha256))"
    ),
    "lost": f"max(files.state = 'lost' AND {_IS_OUTPUT})",
    "damaged": "max(files.state = 'damaged')",
    "archived": (
        f"ifnull(min(CASE WHEN {_IS_HELD} "
        "THEN EXISTS (SELECT 1 FROM archives WHERE archives.sha256 = files.sha256) END), 0)"
    ),
    "mismatch_seconds": ("max(files.variant = 'video' AND ifnull(abs(files.seconds - videos.seconds) > 0.1, 0))"),
    "mismatch_size": (f"max({_IS_OUTPUT} AND ifnull(files.width <> videos.width OR files.height <> videos.height, 0))"),
}
# What the newest checks of clips and images found: fields with the SQL of their values, and what it joins. Names are as
# long as whoever signed made them: so much of each is the value.
_CHECKED = (
    "files CROSS JOIN c2pa_checks ON c2pa_checks.id = files.check_id{more} "
    f"WHERE {_IS_OUTPUT} AND files.video_id {{test}}"
)
_MANIFESTS = " CROSS JOIN c2pa_manifests ON c2pa_manifests.store_id = c2pa_checks.store_id"
_ACTIVE = f"{_MANIFESTS} AND c2pa_manifests.is_active = 1"
_ACTIONS = f"{_MANIFESTS} CROSS JOIN c2pa_actions ON c2pa_actions.manifest_id = c2pa_manifests.id"
_LONGEST_NAME = 200  # characters
CREDENTIALS = {
    "credentials": ("c2pa_checks.status", ""),
    "signer": (f"substr(c2pa_manifests.signer, 1, {_LONGEST_NAME})", _ACTIVE),
    "generator": (f"substr(c2pa_manifests.generator, 1, {_LONGEST_NAME})", _ACTIVE),
    "source_type": (f"substr(c2pa_actions.source_type, 1, {_LONGEST_NAME})", _ACTIONS),
}
# Statuses of files without credentials that could be read: their videos do not have any.
NO_CREDENTIALS = ("unsupported", "remote_only", "unreadable", "absent")
# What files say of themselves, unsigned: fields with all their values, of any file of a video but what went into it.
MARKS = {
    "mark": ("ai", "aigc", "iptc", "platform"),
    "tool": ("a1111", "comfyui"),
    "workflow": ("prompt", "workflow"),
}
SAYING = "files.variant <> 'reference' AND files.marks <> ''"
# Its values only tell of changes: TEXTS of the full-text index, REBUILT of all bitmaps at once, STACKS and LINKS of
# tables that no bitmap is of.
CHANGE = "fts:change"
TEXTS, REBUILT, STACKS, LINKS = "texts", "rebuilt", "stacks", "links"
WORD = "fts:word"  # its values are expressions of the full-text index; no facet is called so
_TAKEN = {
    *COLUMNS,
    *PRESENT,
    "tag",
    "tag_key",
    "relation",
    *CREDENTIALS,
    *JUDGEMENTS,
    COLLECTION,
    *MARKS,
    FILE,
    HAS,
}  # no facet of such a name is found

_MASK = " | ".join(f"(({test}) << {number})" for number, test in enumerate(PRESENT.values()))
_VIDEOS = f"SELECT videos.id, {_MASK}, {', '.join(COLUMNS.values())} FROM videos WHERE videos.id"
_TAGS = "SELECT video_id, key, value FROM tags WHERE video_id"
_ROWS_OF = {"": "video_facets", INHERITED: "inherited_facets"}  # the tables of facets, by what is before their names
_FACETS = {
    prefix: f"SELECT video_id, '{prefix}', value_id FROM {rows} WHERE video_id {{test}}"
    for prefix, rows in _ROWS_OF.items()
}
_RELATIONS = "SELECT child_id, relation FROM links WHERE child_id {test}"
_FILE_MASK = " | ".join(f"(({test}) << {number})" for number, test in enumerate(FILE_TESTS.values()))
_OF_FILES = (
    f"SELECT files.video_id, {_FILE_MASK}, max(files.check_id IS NOT NULL), "
    f"group_concat(CASE WHEN {SAYING} THEN files.marks END, ' ') FROM {FILES} "
    "WHERE files.video_id {test} GROUP BY files.video_id"
)

_SAID_MASK = " | ".join(f"(({test}) << {number})" for number, test in enumerate(SAID.values()))
_OF_PEOPLE = (
    f"SELECT videos.id, {_SAID_MASK}, {', '.join(JUDGEMENTS.values())} "
    "FROM videos LEFT JOIN annotations ON annotations.video_id = videos.id WHERE videos.id {test}"
)
_COLLECTED = (
    "SELECT collection_videos.video_id, collections.path FROM collection_videos "
    "CROSS JOIN collections ON collections.id = collection_videos.collection_id WHERE collection_videos.video_id {test}"
)

_BY_CREDENTIALS = {
    name: f"SELECT DISTINCT files.video_id AS id, {value} AS value FROM {_CHECKED.format(more=more, test='{test}')}"
    for name, (value, more) in CREDENTIALS.items()
}

_ALL_OF_FACET = (
    "SELECT DISTINCT video_id FROM {rows} WHERE value_id = "
    "(SELECT id FROM facet_values WHERE facet = :facet AND value = :value)"
)
_ALL_OF_KEY = "SELECT DISTINCT video_id FROM tags WHERE key = :value"
_ALL_OF_TAG = "SELECT DISTINCT video_id FROM tags WHERE key = :key AND value = :value"
_BY_VALUE = "SELECT value_id, json_group_array(video_id) FROM {rows} GROUP BY value_id"
_COMMON_FACETS = "SELECT value_id FROM {rows} GROUP BY value_id HAVING count(*) >= {common}"
_COMMON_TAGS = f"SELECT key, value FROM tags GROUP BY key, value HAVING count(*) >= {COMMON} OR instr(key, '=')"
_COMMON_KEYS = f"SELECT key FROM tags GROUP BY key HAVING count(*) >= {COMMON}"


def read_state(connection: Reader, ids: Iterable[int]) -> State:
    """Which of these videos have which value, by their rows, as they are now."""
    return _read(connection, "IN :ids", {"ids": list(ids)})


def read_descent(connection: Reader, ids: Iterable[int]) -> State:
    """The part of their state that follows from links: relations, and what is inherited along them."""
    found: State = defaultdict(list)
    parameters = {"ids": list(ids)}
    _add_relations(connection, found, "IN :ids", parameters)
    _add_facets(connection, found, [INHERITED], "IN :ids", parameters)
    return found


def read_judgements(connection: Reader, ids: Iterable[int]) -> State:
    """The part of their state that a person has said: ratings, verdicts, and whether there are notes."""
    found: State = defaultdict(list)
    _add_judgements(connection, found, "IN :ids", {"ids": list(ids)})
    return found


def read_collections(connection: Reader, ids: Iterable[int]) -> State:
    """The part of their state that follows from the collections that they are in."""
    found: State = defaultdict(list)
    _add_collections(connection, found, "IN :ids", {"ids": list(ids)})
    return found


def read_chunk(connection: Reader, chunk: int, common: AbstractSet[Key], facets: Sets | None = None) -> Sets:
    """The state of the videos of a chunk, as sets; of PARTIAL fields, only of these values.

    `facets` is what `read_facets` has read of all videos, where the rows of the chunk shall not be read for it.
    """
    first, last = chunk << CHUNK_BITS, ((chunk + 1) << CHUNK_BITS) - 1
    state = _read(connection, "BETWEEN :first AND :last", {"first": first, "last": last}, has_facets=facets is None)
    whole = {key: BitMap(ids) for key, ids in state.items() if key[0] not in PARTIAL or key in common}
    within = range_of(first, last + 1)
    return whole | {key: part for key, ids in (facets or {}).items() if (part := ids & within)}


def _read(connection: Reader, test: str, parameters: Mapping[str, Any], *, has_facets: bool = True) -> State:
    """The state of the videos whose ids the test is true of."""
    found: State = defaultdict(list)
    _add_columns(found, connection.execute(f"{_VIDEOS} {test}", parameters).fetchall())
    for video_id, key, value in connection.execute(f"{_TAGS} {test}", parameters):
        found[HAS, "tag"].append(video_id)
        found["tag_key", key].append(video_id)
        found["tag", f"{key}={value}" if value else key].append(video_id)
    _add_relations(connection, found, test, parameters)
    _add_judgements(connection, found, test, parameters)
    _add_collections(connection, found, test, parameters)
    are_checked = False
    for video_id, mask, is_checked, marks in connection.execute(_OF_FILES.format(test=test), parameters):
        are_checked = are_checked or bool(is_checked)
        if marks:
            _add_marks(found, video_id, marks)
        for number, name in enumerate(FILE_TESTS):
            if mask >> number & 1:
                found[FILE, name].append(video_id)
    if are_checked:
        _add_credentials(connection, found, test, parameters)
    if has_facets:
        _add_facets(connection, found, _ROWS_OF, test, parameters)
    return found


def _add_columns(found: State, rows: Sequence[Any]) -> None:
    if not rows:
        return
    ids, masks, *columns = zip(*rows, strict=True)
    for name, values in zip(COLUMNS, columns, strict=True):
        by_value = defaultdict(list)
        for video_id, value in zip(ids, values, strict=True):
            by_value[value].append(video_id)
        by_value.pop(None, None)
        for value, having in by_value.items():
            found[name, str(value)].extend(having)
    _add_masks(found, PRESENT, zip(ids, masks, strict=True))


def _add_masks(found: State, names: Iterable[str], masks: Iterable[tuple[int, int]]) -> None:
    """What the videos have, from one bit for each of the names."""
    by_mask = defaultdict(list)
    for video_id, mask in masks:
        by_mask[mask].append(video_id)
    for mask, having in by_mask.items():
        for number, name in enumerate(names):
            if mask >> number & 1:
                found[HAS, name].extend(having)


def _add_judgements(connection: Reader, found: State, test: str, parameters: Mapping[str, Any]) -> None:
    rows = connection.execute(_OF_PEOPLE.format(test=test), parameters).fetchall()
    _add_masks(found, SAID, ((row[0], row[1]) for row in rows))
    for number, name in enumerate(JUDGEMENTS, 2):
        for row in rows:
            if row[number] is not None:
                found[name, str(row[number])].append(row[0])


def _add_collections(connection: Reader, found: State, test: str, parameters: Mapping[str, Any]) -> None:
    """The collections that videos are in, each with those above it."""
    within: dict[str, set[int]] = defaultdict(set)
    for video_id, path in connection.execute(_COLLECTED.format(test=test), parameters):
        for level in list_levels(path):
            within[level].add(video_id)
    for path, ids in within.items():
        found[COLLECTION, path].extend(sorted(ids))
    if within:
        found[HAS, COLLECTION].extend(sorted(set().union(*within.values())))


def _add_relations(connection: Reader, found: State, test: str, parameters: Mapping[str, Any]) -> None:
    for video_id, relation in connection.execute(_RELATIONS.format(test=test), parameters):
        found[HAS, "relation"].append(video_id)
        found["relation", relation].append(video_id)


def _add_credentials(connection: Reader, found: State, test: str, parameters: Mapping[str, Any]) -> None:
    for name, query in _BY_CREDENTIALS.items():
        having: set[int] = set()
        for video_id, value in connection.execute(query.format(test=test), parameters):
            if value:
                found[name, value].append(video_id)
                if value not in NO_CREDENTIALS or name != "credentials":
                    having.add(video_id)
        if having:
            found[HAS, name].extend(having)
        elif name == "credentials":
            return  # without credentials there are no manifests


def _add_marks(found: State, video_id: int, marks: str) -> None:
    values = {tuple(word.split(":", 1)) for word in marks.split()}
    for name, known in MARKS.items():
        having = [value for value in known if (name, value) in values]
        for value in having:
            found[name, value].append(video_id)
        if having:
            found[HAS, name].append(video_id)


def select_credentials(name: str) -> str:
    """The SELECT of the `id` and `value` of what videos have of a field of CREDENTIALS, all of it."""
    return _BY_CREDENTIALS[name].format(test="IS NOT NULL")


def _add_facets(
    connection: Reader, found: State, prefixes: Iterable[str], test: str, parameters: Mapping[str, Any]
) -> None:
    """What the videos have in the tables of these prefixes, in one query: there are many small changes."""
    rows = " UNION ALL ".join(_FACETS[prefix] for prefix in prefixes).format(test=test)
    by_value: dict[int, dict[str, list[int]]] = defaultdict(lambda: defaultdict(list))
    for video_id, prefix, value_id in connection.execute(rows, parameters):
        by_value[value_id][prefix].append(video_id)
    if not by_value:
        return
    query = "SELECT id, facet, value FROM facet_values WHERE id IN :ids"
    for value_id, facet, value in connection.execute(query, {"ids": list(by_value)}):
        if facet not in _TAKEN:
            for prefix, ids in by_value[value_id].items():
                found[f"{prefix}{facet}", value] = ids
                found[HAS, f"{prefix}{facet}"].extend(ids)


def read_facets(connection: Reader, common: AbstractSet[Key]) -> Sets:
    """What all videos have of facets, value by value, in the order of the index: faster than video by video."""
    names = {row[0]: (row[1], row[2]) for row in connection.execute("SELECT id, facet, value FROM facet_values")}
    state: Sets = {}
    for prefix, table in _ROWS_OF.items():
        for value_id, text in connection.execute(_BY_VALUE.format(rows=table)):
            facet, value = names[value_id]
            key = f"{prefix}{facet}", value
            if facet in _TAKEN:
                continue
            ids = BitMap(json.loads(text))
            if key[0] not in PARTIAL or key in common:
                state[key] = ids
            if (present := state.get((HAS, key[0]))) is None:
                state[HAS, key[0]] = ids.copy()
            else:
                present |= ids
    return state


def list_common(connection: Reader) -> set[Key]:
    """The values of PARTIAL fields that are common, and a few that are not: a video may have one several times."""
    common = {("tag_key", row[0]) for row in connection.execute(_COMMON_KEYS)}
    common |= {("tag", f"{key}={value}" if value else key) for key, value in connection.execute(_COMMON_TAGS)}
    query = "SELECT facet, value FROM facet_values WHERE id IN :ids"
    for prefix, table in _ROWS_OF.items():
        ids = [row[0] for row in connection.execute(_COMMON_FACETS.format(rows=table, common=COMMON))]
        common |= {(f"{prefix}{facet}", value) for facet, value in connection.execute(query, {"ids": ids})}
    return common


def read_if_common(connection: Reader, field: str, value: str) -> BitMap:
    """The videos that have a value, by their rows, if they are many enough for a bitmap; else none."""
    ids = read_rows(connection, field, value, COMMON)
    return read_rows(connection, field, value) if len(ids) >= COMMON else BitMap()


def read_rows(connection: Reader, field: str, value: str, limit: int = -1) -> BitMap:
    """The videos that have a value of a PARTIAL field, by their rows; with a limit, some of them."""
    facet = field.removeprefix(INHERITED)
    if facet in OPEN_FACETS:
        rows = _ROWS_OF[field[: -len(facet)]]
        queries = [(_ALL_OF_FACET.format(rows=rows), {"facet": facet, "value": value})]
    elif field == "tag_key":
        queries = [(_ALL_OF_KEY, {"value": value})]
    else:  # a key may contain the sign too
        cuts = [number for number, character in enumerate(value) if character == "="]
        pairs = [(value, ""), *((value[:cut], value[cut + 1 :]) for cut in cuts)]
        queries = [(_ALL_OF_TAG, {"key": key, "value": rest}) for key, rest in pairs]
    return BitMap(
        row[0]
        for query, parameters in queries
        for row in connection.execute(f"{query} LIMIT :limit", {**parameters, "limit": limit})
    )
