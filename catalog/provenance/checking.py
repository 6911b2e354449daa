"""Checking the Content Credentials of one file: it returns, whatever the file is, and asks nobody."""

from __future__ import annotations

import hashlib
import io
import json
import os
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any, BinaryIO

from ..disk import open_file, read_whole
from ..media.sniff import HEAD
from . import proving, reader
from .checks import Check
from .contents import read_manifests
from .kinds import Unsupported, name_format
from .status import derive_status, read_codes
from .stores import cut_store, hash_manifests, is_without
from .trust import Profile
from .words import clean

if TYPE_CHECKING:
    from .reader import Failed, Reading

LONGEST_REASON = 400  # characters
_PART = 256 * 1024  # bytes that are hashed at once
_FILMS = frozenset({"video/mp4", "video/x-m4v", "video/quicktime"})


def check_file(path: str | Path, *, profile: Profile | None = None, manifest: str | Path | None = None) -> Check:
    """Check the Content Credentials of a file, without a connection to anywhere; it returns and does not raise.

    `profile` holds the trust lists, none by default. `manifest` is the file of a detached manifest store, which counts
    only where the file has no credentials of its own or says that they are elsewhere.
    """
    profile = profile or Profile()
    start = _begin(profile)
    if start.reason is not None:
        return start
    try:
        return _check_path(Path(path), profile, Path(manifest) if manifest is not None else None, start)
    except Exception as error:  # noqa: BLE001 - a file from anywhere ends nothing but its own check
        return _unreadable(start, f"The file cannot be read: {_explain(error)}")


def check_store(store: bytes, *, profile: Profile | None = None) -> Check:
    """Check a manifest store that was kept, without its media: it is never `changed`. It does not raise either."""
    profile = profile or Profile()
    start = replace(_begin(profile), has_media=False, store=store)
    if start.reason is not None:
        return start
    try:
        reading = reader.read(reader.STORE_FORMAT, io.BytesIO(store), reader.context_of(profile))
        return _judge(start, profile, reading)
    except reader.Failed as error:
        return _unreadable(start, _explain_credentials(error))
    except Exception as error:  # noqa: BLE001 - as above
        return _unreadable(start, f"The credentials cannot be read: {_explain(error)}")


def _begin(profile: Profile) -> Check:
    """A check that has not looked at anything yet; with a reason where nothing can be checked here."""
    lists = tuple(each.use for each in profile.lists)
    check = Check(None, lists=lists, checked_at=datetime.now(UTC))
    try:
        check = replace(check, reader=reader.name_version())
        proving.require_proof()
    except (reader.ReaderMissing, proving.NotProven) as error:
        return replace(check, reason=clean(str(error), LONGEST_REASON))
    return check


def _check_path(path: Path, profile: Profile, manifest: Path | None, check: Check) -> Check:
    try:
        file = open_file(path)
    except (OSError, ValueError) as error:
        return _unreadable(check, f"The file cannot be read: {_explain(error)}")
    with file:
        before = os.fstat(file.fileno())
        check = replace(check, size=before.st_size)
        head = file.read(HEAD)
        if not head:
            return _unreadable(check, "The file cannot be read: it is empty")
        file.seek(0)
        check = replace(check, sha256=_hash(file))
        checked = _check_bytes(file, head, path, profile, manifest, check)
        after = os.fstat(file.fileno())
    if (before.st_size, before.st_mtime_ns) != (after.st_size, after.st_mtime_ns):
        return _unreadable(replace(check, sha256=None), "The file cannot be read: it changed while it was read")
    return checked


def _hash(file: BinaryIO) -> str:
    digest = hashlib.sha256()
    while part := file.read(_PART):
        digest.update(part)
    return digest.hexdigest()


def _check_bytes(
    file: BinaryIO, head: bytes, path: Path, profile: Profile, manifest: Path | None, check: Check
) -> Check:
    try:
        file_format = name_format(head, path.name)
    except Unsupported as error:
        return replace(check, status="unsupported", reason=str(error))
    check = replace(check, type=file_format or None)
    checked = _read_own(file, file_format, profile, check)
    if manifest is not None and checked.status in {"absent", "remote_only"}:
        return _read_detached(file, file_format, profile, manifest, replace(check, remote_url=checked.remote_url))
    return checked


def _read_own(file: BinaryIO, file_format: str, profile: Profile, check: Check) -> Check:
    if file_format in _FILMS and is_without(file):  # as the reader says, with five hundred small reads through Python
        return replace(check, status="absent")
    file.seek(0)
    try:
        reading = reader.read(file_format, file, reader.context_of(profile))
    except reader.Failed as error:
        return _explain_failure(check, error)
    return _judge(replace(check, store=cut_store(file) if reading else None), profile, reading)


def _explain_failure(check: Check, error: Failed) -> Check:
    if error.is_unsupported:
        return replace(check, status="unsupported", reason="the reader does not know it")
    if error.remote_url is not None:
        return replace(check, status="remote_only", remote_url=error.remote_url or None, reason="not in the file")
    if error.is_of_file:
        return _unreadable(check, f"The file cannot be read: {clean(error.message, LONGEST_REASON)}")
    return _unreadable(check, _explain_credentials(error))


def _explain_credentials(error: Failed) -> str:
    return f"The credentials cannot be read: {clean(error.message, LONGEST_REASON)}"


def _read_detached(file: BinaryIO, file_format: str, profile: Profile, manifest: Path, check: Check) -> Check:
    check = replace(check, is_detached=True)
    try:
        with open_file(manifest) as stream:
            store = read_whole(stream)
    except (OSError, ValueError) as error:
        return _unreadable(check, f"The credentials cannot be read: {clean(manifest.name)}: {_explain(error)}")
    if not store:
        return _unreadable(check, f"The credentials cannot be read: {clean(manifest.name)} is empty")
    file.seek(0)
    try:
        reading = reader.read(file_format, file, reader.context_of(profile), store)
    except reader.Failed as error:
        return _unreadable(check, _explain_credentials(error))
    if reading is None:
        return _unreadable(check, f"The credentials cannot be read: {clean(manifest.name)} holds none")
    return _judge(replace(check, store=store), profile, reading)


def _judge(check: Check, profile: Profile, reading: Reading | None) -> Check:
    if reading is None:
        return replace(check, status="absent")
    codes = read_codes(reading.report)
    result = derive_status(reading.report, codes, profile.signer_lists, has_media=check.has_media)
    hashes = hash_manifests(check.store) if check.store else {}
    return replace(
        check,
        status=result.status,
        reason=result.reason,
        codes=codes,
        signer_list=result.signer_list,
        manifests=read_manifests(reading.report, _load(reading.crjson), hashes),
        crjson=reading.crjson,
    )


def _load(crjson: str) -> dict[str, Any]:
    try:
        values = json.loads(crjson)
    except (ValueError, RecursionError):
        return {}
    return values if isinstance(values, dict) else {}


def _unreadable(check: Check, reason: str) -> Check:
    return replace(check, status="unreadable", reason=reason)


def _explain(error: Exception) -> str:
    return clean(getattr(error, "strerror", None) or str(error) or type(error).__name__, LONGEST_REASON)
