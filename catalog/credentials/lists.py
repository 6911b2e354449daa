"""The trust lists of a library: added from files, fetched where that is asked for, made into a profile for checks."""

from __future__ import annotations

import hashlib
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import PurePath
from typing import TYPE_CHECKING

from catalog import store
from catalog.credential_reports import TrustListEntry, TrustUpdate
from catalog.errors import CatalogError, ProvenanceError
from catalog.provenance import Profile, load_list, parse_list
from catalog.provenance.trust import LONGEST_LIST, name_uri, read_list
from catalog.provenance.words import clean, quote
from catalog.reading.credentials import list_trust_lists

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence
    from pathlib import Path

    from catalog.database import Database, Reader
    from catalog.provenance import TrustList
    from catalog.reading.credentials import KeptList

# The lists of the C2PA, with their dates: https://github.com/c2pa-org/conformance-public, folder trust-list.
_OFFICIAL = "https://raw.githubusercontent.com/c2pa-org/conformance-public/refs/heads/main/trust-list"
OFFICIAL_LISTS = (f"{_OFFICIAL}/C2PA-TRUST-LIST.json", f"{_OFFICIAL}/C2PA-TSA-TRUST-LIST.json")


def read_profile(connection: Reader) -> Profile:
    """The profile of the library: all of its trust lists; raises ProvenanceError for one that cannot be read."""
    return Profile(tuple(map(_restore, list_trust_lists(connection))))


def _restore(kept: KeptList) -> TrustList:
    try:
        parsed = parse_list(
            kept.content,
            _name_file(kept.source or kept.uri),
            name=kept.name,
            uri=kept.uri,
            are_time_stampers=kept.are_time_stampers,
            source=kept.source,
        )
    except ProvenanceError as error:
        problem = f"the trust list {quote(kept.name)}: {error}: `catalog trust remove` takes it out"
        raise ProvenanceError(problem) from error
    return replace(parsed, is_frozen=kept.is_frozen)


def _name_file(source: str) -> str:
    return PurePath(source.rstrip("/")).name


def list_entries(connection: Reader, now: datetime) -> list[TrustListEntry]:
    """The trust lists of the library, in the order in which they were added."""
    return [_describe(kept, now) for kept in list_trust_lists(connection)]


def add_list(
    database: Database,
    path: Path,
    *,
    name: str | None = None,
    are_time_stampers: bool | None = None,
    now: datetime | None = None,
) -> TrustListEntry:
    """Add the trust list in a file, or renew the one of its name; raises ProvenanceError for what is not a list."""
    with database.read():  # a library that is missing is told before a list that is none
        pass
    uri = name_uri(name) if name else None
    trust_list = load_list(path, name=name, uri=uri, are_time_stampers=are_time_stampers, source=str(path.absolute()))
    content = read_list(path)
    if hashlib.sha256(content).hexdigest() != trust_list.sha256:
        raise ProvenanceError(f"{path}: it changed while it was read", path=str(path))
    return _keep(database, trust_list, content, now or datetime.now(UTC))


def remove_list(database: Database, name: str) -> TrustListEntry:
    """Remove the trust list with this name or URI; raises ProvenanceError, which lists those that there are."""
    with database.write() as connection:
        kept = list_trust_lists(connection)
        wanted = name.strip().casefold()
        found = [each for each in kept if wanted in _list_names(each)]
        if len(found) != 1:
            problem = f"{len(found)} trust lists are named {quote(name)}" if found else f"no trust list {quote(name)}"
            named = ", ".join(f"{clean(each.name)} ({each.uri})" for each in found or kept)
            raise ProvenanceError(f"{problem}: {f'there are {named}' if named else 'there is none'}")
        store.remove_trust_list(connection, found[0].uri)
    return replace(_describe(found[0], datetime.now(UTC)), outcome="removed")


def _list_names(kept: KeptList) -> set[str]:
    names = (kept.name, clean(kept.name), kept.uri, kept.uri.removeprefix("list:"))
    return {each.casefold() for each in names}


def update_lists(
    database: Database,
    urls: Iterable[str] = (),
    configured: Sequence[str] | None = None,
    *,
    now: datetime | None = None,
) -> TrustUpdate:
    """Fetch trust lists, and keep those that are ones: the `urls`, else the `configured` ones and all fetched before.

    What is configured stands in the place of the official lists. What cannot be had is in the report.
    """
    from catalog.client.documents import fetch_document

    now = now or datetime.now(UTC)
    with database.read() as connection:
        kept = list_trust_lists(connection)
    fetched = [each.source for each in kept if each.source and each.source.startswith(("https://", "http://"))]
    wanted = tuple(urls) or (*(OFFICIAL_LISTS if configured is None else configured), *fetched)
    entries, failed = [], {}
    for url in dict.fromkeys(wanted):
        known = next((each for each in kept if each.source == url), None)
        try:
            content = fetch_document(url, "fetching the trust list", longest=LONGEST_LIST)
            trust_list = parse_list(
                content,
                _name_file(url),
                name=known and known.name,
                uri=known and known.uri,
                source=url,
            )
            entries.append(_keep(database, trust_list, content, now))
        except CatalogError as error:
            failed[url] = str(error)
    return TrustUpdate(tuple(entries), failed)


def _keep(database: Database, trust_list: TrustList, content: bytes, now: datetime) -> TrustListEntry:
    with database.write() as connection:
        kept = list_trust_lists(connection)
        for each in kept:
            if each.uri != trust_list.uri and each.sha256 == trust_list.sha256:
                advice = f"`catalog trust remove {each.uri.removeprefix('list:')}` takes it out first"
                raise ProvenanceError(f"the trust list {quote(each.name)} is the same file already: {advice}")
        earlier = next((each for each in kept if each.uri == trust_list.uri), None)
        is_same = earlier is not None and _is_same(earlier, trust_list)
        if not is_same:
            store.save_trust_list(connection, trust_list, content, at=now)
        (saved,) = (each for each in list_trust_lists(connection) if each.uri == trust_list.uri)
    outcome = "unchanged" if is_same else "added" if earlier is None else "renewed"
    return replace(_describe(saved, now), repeated=trust_list.repeated, outcome=outcome)


def _is_same(kept: KeptList, trust_list: TrustList) -> bool:
    then = (kept.sha256, kept.name, kept.source, kept.signers, kept.time_stampers)
    counts = len(trust_list.signers), len(trust_list.time_stampers)
    return then == (trust_list.sha256, trust_list.name, trust_list.source, *counts)


def _describe(kept: KeptList, now: datetime) -> TrustListEntry:
    return TrustListEntry(
        name=kept.name,
        uri=kept.uri,
        source=kept.source,
        sha256=kept.sha256,
        signers=kept.signers,
        time_stampers=kept.time_stampers,
        issued=kept.issued,
        next_update=kept.next_update,
        is_overdue=bool(kept.next_update and kept.next_update[:10] < now.date().isoformat()),
        is_frozen=kept.is_frozen,
        added_at=kept.added_at,
    )
