"""Checks of Content Credentials, and what the manifests say that they found. Checks are only ever added.

A manifest store is kept once, whatever the number of files and checks that it was found in; what is in it cannot
change, for its hash is its name.
"""

from __future__ import annotations

import hashlib
from typing import TYPE_CHECKING, Any, NamedTuple

from catalog.records import to_json, utc_text
from catalog.rows import encodable, json_text
from catalog.store.bulk import insert_rows, update_rows
from catalog.store.indexes import indexed
from catalog.store.ingredients import followed

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping
    from datetime import datetime

    from catalog.database import Writer
    from catalog.provenance import Check, Manifest, TrustList

LONGEST_KEPT = 4 * 1024 * 1024  # bytes of a manifest store, and of its JSON

_VIDEOS = "SELECT id, video_id FROM files WHERE id IN :ids"
_STORES = "SELECT sha256, id FROM c2pa_stores WHERE sha256 IN :hashes"
_MANIFESTS = "SELECT number, id FROM c2pa_manifests WHERE store_id = :store_id"
_SHARED = """
SELECT files.id AS file_id, c2pa_checks.checked_at, c2pa_checks.status, c2pa_checks.reason, c2pa_checks.sha256,
c2pa_checks.size, c2pa_checks.type, c2pa_checks.is_detached, c2pa_checks.has_media, c2pa_checks.codes,
c2pa_checks.signer_list, c2pa_checks.remote_url, c2pa_checks.lists, c2pa_checks.reader, c2pa_checks.store_id
FROM files CROSS JOIN c2pa_checks ON c2pa_checks.id = (
    SELECT max(twin.check_id) FROM files AS twin WHERE twin.sha256 = files.sha256 AND twin.state = files.state
)
WHERE files.video_id IN :ids AND files.check_id IS NULL AND coalesce(files.origin, '') <> 'made'
"""
_NEWEST = "SELECT max(id) FROM c2pa_checks WHERE file_id = :file_id"


class SavedChecks(NamedTuple):
    """What saved checks changed: the videos of the files, and the stores that are new, by row id."""

    videos: list[int]
    stores: list[int]


def save_checks(connection: Writer, checks: Mapping[int, Check]) -> SavedChecks:
    """Keep checks of files, by row id, as the newest of each. A check without a status says nothing and is not kept."""
    kept = {file_id: check for file_id, check in checks.items() if check.status is not None}
    videos = dict(connection.execute(_VIDEOS, {"ids": list(kept)}).fetchall())
    kept = {file_id: check for file_id, check in kept.items() if file_id in videos}
    owners = set(videos.values())
    with followed(connection, owners), indexed(connection, owners):
        stores = _save_stores(connection, kept.values())
        for file_id, check in kept.items():
            insert_rows(connection, "c2pa_checks", [_row(file_id, check, stores.ids.get(_hash(check)))])
            newest = connection.execute(_NEWEST, {"file_id": file_id}).fetchone()[0]
            update_rows(connection, "files", [{"id": file_id, "check_id": newest}])
    return SavedChecks(sorted(owners), stores.new)


def share_checks(connection: Writer, videos: Iterable[int]) -> None:
    """Give the files of these videos that are due the newest check of the same bytes, where there is one."""
    owners = list(videos)
    rows = [dict(row) for row in connection.execute(_SHARED, {"ids": owners})]
    with followed(connection, owners if rows else ()), indexed(connection, owners if rows else ()):
        for row in rows:
            insert_rows(connection, "c2pa_checks", [row])
            newest = connection.execute(_NEWEST, {"file_id": row["file_id"]}).fetchone()[0]
            update_rows(connection, "files", [{"id": row["file_id"], "check_id": newest}])


def save_trust_list(connection: Writer, trust_list: TrustList, content: bytes, *, at: datetime) -> None:
    """Keep a trust list with its file, in the place of one with the same URI."""
    row = {
        "name": trust_list.name,
        "source": trust_list.source,
        "sha256": trust_list.sha256,
        "content": content,
        "are_time_stampers": _tell_time(trust_list),
        "signers": len(trust_list.signers),
        "time_stampers": len(trust_list.time_stampers),
        "issued": trust_list.issued,
        "next_update": trust_list.next_update,
        "is_frozen": int(trust_list.is_frozen),
        "added_at": utc_text(at),
    }
    query = "SELECT id FROM trust_lists WHERE uri = :uri"
    found = connection.execute(query, {"uri": trust_list.uri}).fetchone()
    if found is None:
        insert_rows(connection, "trust_lists", [{"uri": trust_list.uri, **row}])
    else:
        update_rows(connection, "trust_lists", [{"id": found[0], **row}])


def remove_trust_list(connection: Writer, uri: str) -> None:
    """Take a trust list out; the checks that were made with it still name it."""
    connection.execute("DELETE FROM trust_lists WHERE uri = :uri", {"uri": uri})


def _tell_time(trust_list: TrustList) -> int | None:
    """Whether all of a list tell the time, or none; None where its certificates say it one by one."""
    if trust_list.signers and trust_list.time_stampers:
        return None
    return int(bool(trust_list.time_stampers))


class _Stores(NamedTuple):
    """The row ids of stores by hash, and which of them are new."""

    ids: dict[str | None, int]
    new: list[int]


def _save_stores(connection: Writer, checks: Iterable[Check]) -> _Stores:
    by_hash = {sha256: check for check in checks if (sha256 := _hash(check))}
    known = dict(connection.execute(_STORES, {"hashes": list(by_hash)}).fetchall())
    new = {sha256: check for sha256, check in by_hash.items() if sha256 not in known}
    insert_rows(connection, "c2pa_stores", [_store_row(sha256, check) for sha256, check in new.items()])
    ids = dict(connection.execute(_STORES, {"hashes": list(by_hash)}).fetchall())
    for sha256, check in new.items():
        _save_manifests(connection, ids[sha256], check.manifests)
    return _Stores(ids, [ids[sha256] for sha256 in new])


def _hash(check: Check) -> str | None:
    """The hash of the store that a check read, None where it read none."""
    if not check.manifests or check.status in {"unreadable", "absent", "unsupported", "remote_only"}:
        return None
    content = check.store if check.store is not None else (check.crjson or "").encode()
    return hashlib.sha256(content).hexdigest()


def _store_row(sha256: str, check: Check) -> dict[str, Any]:
    data, crjson = check.store, check.crjson
    return {
        "sha256": sha256,
        "size": None if data is None else len(data),
        "data": None if data is None or len(data) > LONGEST_KEPT else data,
        "crjson": None if crjson is None or len(crjson) > LONGEST_KEPT else crjson,
    }


def _save_manifests(connection: Writer, store_id: int, manifests: Iterable[Manifest]) -> None:
    numbered = dict(enumerate(manifests, 1))
    rows = [{"store_id": store_id, "number": number, **_manifest_row(each)} for number, each in numbered.items()]
    insert_rows(connection, "c2pa_manifests", rows)
    ids = dict(connection.execute(_MANIFESTS, {"store_id": store_id}).fetchall())
    for number, manifest in numbered.items():
        for table, records in (("c2pa_actions", manifest.actions), ("c2pa_ingredients", manifest.ingredients)):
            parts = [
                {"manifest_id": ids[number], "number": part, **_flat(each)} for part, each in enumerate(records, 1)
            ]
            insert_rows(connection, table, parts)


def _manifest_row(manifest: Manifest) -> dict[str, Any]:
    values = to_json(manifest)
    signature = values.pop("signature")
    del values["actions"], values["ingredients"]
    return _flat_values({**values, "signer": manifest.signature.name, **signature})


def _flat(record: Any) -> dict[str, Any]:
    return _flat_values(to_json(record))


def _flat_values(values: Mapping[str, Any]) -> dict[str, Any]:
    """JSON values as columns have them: texts that the library can hold, lists as JSON."""
    return {name: _flat_value(value) for name, value in values.items()}


def _flat_value(value: Any) -> Any:
    if isinstance(value, list | dict):
        return json_text(value)
    if isinstance(value, bool):
        return int(value)
    return encodable(value).replace("\0", "\ufffd") if isinstance(value, str) else value


def _row(file_id: int, check: Check, store_id: int | None) -> dict[str, Any]:
    names = "checked_at status reason sha256 size type is_detached has_media codes signer_list remote_url lists reader"
    values = {name: to_json(getattr(check, name)) for name in names.split()}
    return {"file_id": file_id, **_flat_values(values), "store_id": store_id}
