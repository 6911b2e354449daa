"""Which videos of the library are what the credentials of others say that they were made of.

An ingredient of an active manifest is a video by the strongest that fits: its manifest speaks for a file of the video
and has the hash that the signer gave of it (`manifest`); its instance id, which a parent and its remix may share, is
that of one other video alone (`instance_id`); its ids hold the sha256 of a file of the video, or a reference of the
child has the bytes of one (`file_hash`). Manifests are those that the newest checks of clips and images found. Of
several videos with the same file, the one counts that something else names as a parent, else the first that came.
Reads only, by indexes.
"""

from __future__ import annotations

import re
from collections import defaultdict
from itertools import islice
from typing import TYPE_CHECKING, Any, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Iterator, Sequence

    from catalog.database import Reader

LINKING = ("intact_expired", "intact_known_signer", "intact_unknown_signer", "history_problem")
FENCED = ("changed", "broken")  # statuses of manifests that may say anything
RELATIONSHIPS = ("parentOf", "inputTo", "componentOf")
MATCHES = ("manifest", "instance_id", "file_hash")  # the strongest first
OUTPUTS = "('video', 'image')"  # variants of files that a job is for
PARENT = RELATIONSHIPS[0]

_PORTION = 2000  # ingredients in memory at once
_LONGEST = 1000  # characters of a label or an id that is compared
_TITLE = 200  # characters of a title that is shown
# How a sha256 is written as an id.
_SPELLINGS = (
    "{}", "sha256:{}", "sha-256:{}", "urn:sha256:{}", "urn:hash::sha256:{}", "xmp:iid:{}", "xmp.iid:{}", "xmp:did:{}",
    "xmp.did:{}",
)  # fmt: skip
_HASH = re.compile(rf"(?:{'|'.join(re.escape(text[:-2]) for text in _SPELLINGS)})([0-9a-f]{{64}}|[0-9A-F]{{64}})")


def _short(column: str) -> str:
    return f"CASE WHEN length({column}) <= {_LONGEST} THEN {column} END"


_CHECKED = "files CROSS JOIN c2pa_checks ON c2pa_checks.id = files.check_id"
_STORES = f"""
SELECT files.video_id, c2pa_checks.store_id FROM {_CHECKED} WHERE files.video_id IN :ids
AND files.variant IN {OUTPUTS} AND c2pa_checks.status IN :statuses AND c2pa_checks.store_id IS NOT NULL
"""
_INGREDIENTS = f"""
SELECT c2pa_manifests.store_id, c2pa_manifests.label, relationship, substr(c2pa_ingredients.title, 1, {_TITLE}),
{_short("manifest")}, {_short("manifest_hash")}, {_short("c2pa_ingredients.instance_id")}, {_short("document_id")}
FROM c2pa_manifests CROSS JOIN c2pa_ingredients ON c2pa_ingredients.manifest_id = c2pa_manifests.id
WHERE c2pa_manifests.store_id IN :stores AND c2pa_manifests.is_active = 1 AND relationship IN :relationships
"""
_FILES_OF_STORE = """
CROSS JOIN c2pa_checks ON c2pa_checks.store_id = c2pa_manifests.store_id
CROSS JOIN files ON files.check_id = c2pa_checks.id
"""
_LABELLED = f"""
SELECT c2pa_manifests.label, {_short("c2pa_manifests.hash")}, files.video_id FROM c2pa_manifests {_FILES_OF_STORE}
WHERE c2pa_manifests.is_active = 1 AND c2pa_manifests.label IN :labels AND files.variant IN {OUTPUTS}
"""
# Of at most two rows each: whether a video says that it was made of something with its own instance id.
_INSTANCES = f"""
SELECT DISTINCT files.video_id, EXISTS (
    SELECT 1 FROM c2pa_ingredients WHERE c2pa_ingredients.manifest_id = c2pa_manifests.id
    AND c2pa_ingredients.instance_id = c2pa_manifests.instance_id
) FROM c2pa_manifests {_FILES_OF_STORE}
WHERE c2pa_manifests.is_active = 1 AND c2pa_manifests.instance_id = :instance_id AND files.variant IN {OUTPUTS} LIMIT 5
"""
_HASHED = f"SELECT DISTINCT video_id FROM files WHERE sha256 = :sha256 AND variant IN {OUTPUTS}"
_REFERENCES = f"""
SELECT reference.video_id, reference.sha256, output.video_id, EXISTS (
    SELECT 1 FROM c2pa_checks WHERE c2pa_checks.id = output.check_id AND c2pa_checks.store_id IS NOT NULL
) FROM files AS reference CROSS JOIN files AS output ON output.sha256 = reference.sha256
WHERE reference.video_id IN :ids AND reference.variant = 'reference'
AND output.variant IN {OUTPUTS} AND output.video_id <> reference.video_id
"""
_CLAIMED = (
    "SELECT child_id, parent_id FROM links WHERE child_id IN :ids AND origin <> 'c2pa' AND parent_id IS NOT NULL "
    "ORDER BY id"
)
_TRAITS = f"""
SELECT files.video_id, files.sha256, c2pa_checks.store_id, {_short("c2pa_manifests.label")},
{_short("c2pa_manifests.instance_id")}
FROM files LEFT JOIN c2pa_checks ON c2pa_checks.id = files.check_id
LEFT JOIN c2pa_manifests ON c2pa_manifests.store_id = c2pa_checks.store_id AND c2pa_manifests.is_active = 1
WHERE files.video_id IN :ids AND files.variant IN {OUTPUTS}
"""
_NAMING = {
    column: f"""
SELECT DISTINCT files.video_id FROM c2pa_ingredients
CROSS JOIN c2pa_manifests ON c2pa_manifests.id = c2pa_ingredients.manifest_id {_FILES_OF_STORE}
WHERE c2pa_ingredients.{column} IN :names AND c2pa_manifests.is_active = 1 AND files.variant IN {OUTPUTS}
"""
    for column in ("manifest", "instance_id", "document_id")
}
_REFERRING = "SELECT DISTINCT video_id FROM files WHERE variant = 'reference' AND sha256 IN :hashes"


class Named(NamedTuple):
    """As what the credentials of a child name a video, and by what it was recognized, one of MATCHES."""

    relationship: str
    matched: str


class Trait(NamedTuple):
    """What a file of a video can be recognized by."""

    video_id: int
    sha256: str | None
    store_id: int | None
    label: str | None
    instance_id: str | None


class Made:
    """What the credentials of a video say that it was made of: `parents` are the videos that the library has.

    `titles` are of the other ingredients, by their relationship and whether they have a manifest: the first title of
    each kind, which may be None.
    """

    def __init__(self) -> None:
        self.parents: dict[int, Named] = {}
        self.titles: dict[tuple[str, bool], str | None] = {}

    @property
    def names_lost_parent(self) -> bool:
        """Whether the parent that they name is none of the library's."""
        kinds = {named.relationship for named in self.parents.values()}
        return PARENT not in kinds and any(relationship == PARENT for relationship, _ in self.titles)

    @property
    def lost_title(self) -> str | None:
        """The title of the parent that the library does not have."""
        return next((title for (relationship, _), title in self.titles.items() if relationship == PARENT), None)

    def add(self, parent: int, named: Named) -> None:
        """Keep that a parent is named so, unless it is named more strongly."""
        if parent not in self.parents or _rank(named) < _rank(self.parents[parent]):
            self.parents[parent] = named


class _Ingredient(NamedTuple):
    store_id: int
    label: str  # of the manifest that it stands in
    relationship: str
    title: str | None
    manifest: str | None
    manifest_hash: str | None
    instance_id: str | None
    document_id: str | None


def find_parents(connection: Reader, ids: Iterable[int], statuses: Sequence[str] = LINKING) -> dict[int, Made]:
    """What the credentials of these videos say that they were made of, by row id, where they say anything.

    Only credentials with one of the statuses count.
    """
    wanted = list(ids)
    stores: dict[int, dict[int, None]] = defaultdict(dict)
    for child, store in connection.execute(_STORES, {"ids": wanted, "statuses": list(statuses)}):
        stores[store][child] = None
    claimed: dict[int, dict[int, None]] = defaultdict(dict)
    for child, parent in connection.execute(_CLAIMED, {"ids": wanted if stores else []}):
        claimed[child][parent] = None
    found: dict[int, Made] = defaultdict(Made)
    parameters = {"stores": list(stores), "relationships": list(RELATIONSHIPS)}
    rows: Iterator[Sequence[Any]] = iter(connection.execute(_INGREDIENTS, parameters) if stores else ())
    while portion := [_Ingredient(*row) for row in islice(rows, _PORTION)]:
        matcher = _Matcher(connection, portion)
        for ingredient in portion:
            for child in stores[ingredient.store_id]:
                _add(found[child], ingredient, matcher.match(ingredient, child, claimed[child]))
    _add_references(connection, found, claimed)
    return dict(found)


def read_traits(connection: Reader, ids: Iterable[int]) -> set[Trait]:
    """What the files of these videos can be recognized by."""
    return {Trait(*row) for row in connection.execute(_TRAITS, {"ids": list(ids)})}


def list_naming(connection: Reader, before: Collection[Trait], after: Collection[Trait]) -> set[int]:
    """The videos whose ingredients may be other ones now that files have these traits, and had those before."""
    traits = {*before} ^ {*after}
    hashes = {trait.sha256 for trait in traits if trait.sha256}
    moved = {(trait.video_id, trait.sha256) for trait in before} ^ {(trait.video_id, trait.sha256) for trait in after}
    spelled = {
        text.format(form) for _, sha256 in moved if sha256 for text in _SPELLINGS for form in (sha256, sha256.upper())
    }
    names = {
        "manifest": {trait.label for trait in traits if trait.label},
        "instance_id": spelled | {trait.instance_id for trait in traits if trait.instance_id},
        "document_id": spelled,
    }
    naming: set[int] = set()
    for column, texts in names.items():
        if texts:
            naming.update(row[0] for row in connection.execute(_NAMING[column], {"names": sorted(texts)}))
    if hashes:
        naming.update(row[0] for row in connection.execute(_REFERRING, {"hashes": sorted(hashes)}))
    return naming


class _Matcher:
    """Finds the videos that ingredients are: labels for all of them at once, the rest when it is asked for."""

    def __init__(self, connection: Reader, ingredients: Iterable[_Ingredient]) -> None:
        self._connection = connection
        self._labelled: dict[str, list[tuple[str | None, int]]] = defaultdict(list)
        self._instances: dict[str, dict[int, bool]] = {}
        self._hashed: dict[str, list[int]] = {}
        labels = sorted({each.manifest for each in ingredients if each.manifest})
        for label, manifest_hash, video in connection.execute(_LABELLED, {"labels": labels}) if labels else ():
            self._labelled[label].append((manifest_hash, video))

    def match(self, ingredient: _Ingredient, child: int, claimed: Collection[int]) -> tuple[int, str] | None:
        """The video that it is, and by what; what has its label and another hash is another file."""
        if ingredient.manifest is not None and ingredient.manifest == ingredient.label:
            return None  # it names itself
        labelled = self._labelled.get(ingredient.manifest or "", ())
        others = {video: True for each, video in labelled if video != child and _agree(each, ingredient.manifest_hash)}
        if others:
            return _choose(others, claimed), "manifest"
        excluded = {video for _, video in labelled} | {child}
        return self._match_instance(ingredient, child, excluded) or self._match_hash(ingredient, excluded, claimed)

    def _match_instance(self, ingredient: _Ingredient, child: int, excluded: Collection[int]) -> tuple[int, str] | None:
        """The one other video with the instance id, unless it says itself that it was made of what has that."""
        candidates = [each for each in self._list_instances(ingredient.instance_id) if each[0] != child]
        if len(candidates) != 1 or candidates[0][1] or candidates[0][0] in excluded:
            return None
        return candidates[0][0], "instance_id"

    def _match_hash(
        self, ingredient: _Ingredient, excluded: Collection[int], claimed: Collection[int]
    ) -> tuple[int, str] | None:
        for name in (ingredient.instance_id, ingredient.document_id):
            hashed = [video for video in self._list_hashed(name) if video not in excluded]
            if hashed:
                return _choose(hashed, claimed), "file_hash"
        return None

    def _list_instances(self, instance_id: str | None) -> Iterable[tuple[int, bool]]:
        if not instance_id:
            return ()
        if instance_id not in self._instances:
            videos: dict[int, bool] = {}
            for video, is_made in self._connection.execute(_INSTANCES, {"instance_id": instance_id}):
                videos[video] = videos.get(video, False) or bool(is_made)
            self._instances[instance_id] = videos
        return self._instances[instance_id].items()

    def _list_hashed(self, name: str | None) -> list[int]:
        match = _HASH.fullmatch(name or "")
        if match is None:
            return []
        sha256 = match[1].lower()
        if sha256 not in self._hashed:
            rows = self._connection.execute(_HASHED, {"sha256": sha256})
            self._hashed[sha256] = [row[0] for row in rows]
        return self._hashed[sha256]


def _add(made: Made, ingredient: _Ingredient, match: tuple[int, str] | None) -> None:
    if match is not None:
        made.add(match[0], Named(ingredient.relationship, match[1]))
    elif ingredient.manifest is None or ingredient.manifest != ingredient.label:
        made.titles.setdefault((ingredient.relationship, ingredient.manifest is not None), ingredient.title)


def _add_references(connection: Reader, found: dict[int, Made], claimed: dict[int, dict[int, None]]) -> None:
    """What is not recognized otherwise is what went into the job, where that is a file of another video.

    Unless both have manifests: these would be the same.
    """
    waiting = [child for child, made in found.items() if made.titles]
    files: dict[tuple[int, str], dict[int, bool]] = defaultdict(dict)
    for child, sha256, video, has_manifest in connection.execute(_REFERENCES, {"ids": waiting}) if waiting else ():
        files[child, sha256][video] = bool(has_manifest)
    for (child, _), videos in sorted(files.items()):
        made = found[child]
        if made.parents.keys() & videos:
            continue
        video = _choose(videos, claimed[child])
        kinds = [kind for kind in made.titles if not (kind[1] and videos[video])]
        if kinds:
            kind = min(kinds, key=lambda each: (-RELATIONSHIPS.index(each[0]), each[1]))
            made.add(video, Named(kind[0], "file_hash"))


def _agree(one: str | None, other: str | None) -> bool:
    """Whether two hashes may be of the same bytes: they are equal, or one is not known or of another length."""
    return one == other or one is None or other is None or len(one) != len(other)


def _choose(videos: Collection[int], claimed: Iterable[int]) -> int:
    return next((video for video in claimed if video in videos), None) or min(videos)


def _rank(named: Named) -> tuple[int, int]:
    return RELATIONSHIPS.index(named.relationship), MATCHES.index(named.matched)
