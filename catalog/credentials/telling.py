"""What the library knows of a video's Content Credentials: kept rows as the records that a check gives."""

from __future__ import annotations

import json
from dataclasses import fields
from typing import TYPE_CHECKING, Any

from catalog.credential_reports import FileProvenance, PastCheck, Provenance
from catalog.credentials.history import explain_move, find_lost
from catalog.credentials.lists import read_profile
from catalog.credentials.run import find_sidecar
from catalog.provenance import (
    Action,
    Check,
    Codes,
    Disclosure,
    Ingredient,
    ListUse,
    Manifest,
    Profile,
    Signature,
    Target,
    check_files,
)
from catalog.provenance.words import clean
from catalog.reading.credentials import list_files, list_refs_with, read_checks, read_manifests
from catalog.reading.names import get_name
from catalog.records import read_utc

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from pathlib import Path

    from catalog.database import Database, Reader
    from catalog.reading.credentials import KeptCheck, KeptFile, KeptManifest

    Manifests = Mapping[int | None, tuple[Manifest, ...]]


def read_provenance(connection: Reader, ref: str) -> Provenance:
    """The Content Credentials of a video's files, as they were found by the checks; raises NotFound."""
    name = get_name(connection, ref)
    files = list_files(connection, name.id)
    checks = read_checks(connection, [file.file_id for file in files])
    stores = {check.store_id for history in checks.values() for check in history if check.store_id is not None}
    kept = read_manifests(connection, stores)
    manifests: Manifests = {store: tuple(map(restore_manifest, kept[store])) for store in kept}
    return Provenance(name.ref, tuple(_describe(file, checks.get(file.file_id, ()), manifests) for file in files))


def _describe(file: KeptFile, checks: Sequence[KeptCheck], manifests: Manifests) -> FileProvenance:
    """A file with its history; a check of bytes that it does not have any more is none of it as it is now."""
    restored = [restore_check(check, manifests.get(check.store_id, ())) for check in checks]
    return FileProvenance(
        file.variant,
        file.number,
        file.sha256,
        file.place,
        restored[-1] if restored and not file.is_due else None,
        tuple(_tell_history(checks, restored)),
        find_lost(checks) if not file.is_due else None,
    )


def _tell_history(checks: Sequence[KeptCheck], restored: Sequence[Check]) -> list[PastCheck]:
    history = []
    before: tuple[KeptCheck, Check] | None = None
    for kept, check in zip(checks, restored, strict=True):
        moved = None
        if before is not None:
            active = before[1].active
            moved = explain_move(before[0], kept, active.signature.valid_until if active else None)
        names = tuple(clean(each.name) for each in check.lists)
        history.append(
            PastCheck(kept.checked_at, kept.status, check.words, kept.sha256, names, clean(kept.reader) or None, moved)
        )
        before = kept, check
    return history


def restore_check(kept: KeptCheck, manifests: tuple[Manifest, ...]) -> Check:
    """The check that was kept, without the bytes of the store."""
    return Check(
        kept.status,  # type: ignore[arg-type]  # one of those that were saved
        reason=kept.reason,
        sha256=kept.sha256,
        size=kept.size,
        type=kept.type,
        is_detached=kept.is_detached,
        has_media=kept.has_media,
        codes=Codes(**{name: tuple(codes) for name, codes in kept.codes.items()}),
        signer_list=kept.signer_list,
        remote_url=kept.remote_url,
        lists=tuple(ListUse(**each) for each in kept.lists),
        reader=kept.reader,
        checked_at=kept.checked_at,
        manifests=manifests,
    )


def restore_manifest(kept: KeptManifest) -> Manifest:
    """The manifest that was kept."""
    row = kept.row
    return Manifest(
        **_pick(row, Manifest, "label", "claim_version", "title", "format", "instance_id", "hash"),
        **_pick(row, Manifest, "generator", "generator_version"),
        is_active=bool(row["is_active"]),
        signature=_restore_signature(row),
        actions=tuple(Action(**_pick(each, Action)) for each in kept.actions),
        ingredients=tuple(
            Ingredient(**{**_pick(each, Ingredient), "recorded": tuple(json.loads(each["recorded"]))})
            for each in kept.ingredients
        ),
        disclosures=tuple(Disclosure(**each) for each in json.loads(row["disclosures"])),
        soft_bindings=tuple(json.loads(row["soft_bindings"])),
    )


def _restore_signature(row: Mapping[str, Any]) -> Signature:
    values = _pick(row, Signature)
    for name in ("valid_from", "valid_until", "signed_at"):
        values[name] = read_utc(values[name])
    return Signature(**values)


def _pick(row: Mapping[str, Any], record: Any, *names: str) -> dict[str, Any]:
    """The columns that are fields of a record, all of them by default."""
    return {name: row[name] for name in names or [each.name for each in fields(record)]}


def check_alone(database: Database, path: Path, manifest: Path | None = None) -> Provenance:
    """Check a file that nothing is kept of, by the trust lists of the library where there is one."""
    profile = Profile()
    twins: tuple[str, ...] = ()
    if database.is_made:
        with database.read() as connection:
            profile = read_profile(connection)
    target = Target(path, manifest or find_sidecar(path))
    ((_, check),) = check_files([target], profile=profile)
    if database.is_made and check.sha256:
        with database.read() as connection:
            twins = tuple(list_refs_with(connection, check.sha256))
    return Provenance(None, (FileProvenance(None, 1, check.sha256, str(path), check),), twins)
