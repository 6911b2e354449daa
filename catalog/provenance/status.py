"""From validation codes to a status: the first rule that matches wins. Pure: it knows no file and no reader.

The codes are those of the C2PA specification 2.4, section 15.2, and of its forerunners since 1.0.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any, NamedTuple

from .checks import Codes, Status
from .words import clean

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Iterator, Mapping

EXPIRED = "signingCredential.expired"
INVALID = "signingCredential.invalid"
TRUSTED = "signingCredential.trusted"
MOST_NAMED = 8  # codes in a reason
FORM_NOT_ACCEPTED = "the form of the certificate is not accepted (signingCredential.invalid)"

_CHANGED = re.compile(r"assertion\.(dataHash|bmffHash|boxesHash|collectionHash|multiAssetHash)\.mismatch")
_SOFT = re.compile(r"signingCredential\.(untrusted|expired|invalid)|(timeStamp|cawg)\..*", re.DOTALL)
_NAMED_LIST = re.compile(r"found in \[(.*)\] trust anchors", re.DOTALL)
_MANIFEST = re.compile(r"self#jumbf=/?c2pa/([^/]+)")

# Manifests of before 2.1 list what they found of an ingredient without a word on what was a failure.
_NO_FAILURE = frozenset(
    {
        "claimSignature.validated",
        "claimSignature.insideValidity",
        "signingCredential.trusted",
        "signingCredential.ocsp.notRevoked",
        "signingCredential.notRevoked",
        "timeStamp.trusted",
        "timeStamp.validated",
        "assertion.hashedURI.match",
        "assertion.dataHash.match",
        "assertion.bmffHash.match",
        "assertion.boxHash.match",
        "assertion.boxesHash.match",
        "assertion.collectionHash.match",
        "assertion.multiAssetHash.match",
        "assertion.accessible",
        "ingredient.manifest.validated",
        "ingredient.claimSignature.validated",
        "algorithm.deprecated",
        "signingCredential.ocsp.skipped",
        "signingCredential.ocsp.inaccessible",
        "signingCredential.ocsp.unknown",
        "timeOfSigning.insideValidity",
        "timeOfSigning.outsideValidity",
        "assertion.dataHash.additionalExclusionsPresent",
        "assertion.bmffHash.additionalExclusionsPresent",
        "assertion.boxesHash.additionalExclusionsPresent",
        "ingredient.unknownProvenance",
        "manifest.unknownProvenance",
    }
)


class Result(NamedTuple):
    """A status, why where that is not plain, and the list that knows the signer."""

    status: Status
    reason: str | None = None
    signer_list: str | None = None


def derive_status(
    report: Mapping[str, Any], codes: Codes, signer_lists: Collection[str], *, has_media: bool = True
) -> Result:
    """The status of a file by what the reader reports of its manifest store.

    Without the media, mismatches of its bytes say nothing and are left out.
    """
    changes = [code for code in codes.failure if _CHANGED.fullmatch(code)]
    if changes and has_media:
        return Result("changed", _join(changes))
    failures = [code for code in hard_codes(codes.failure) if code not in changes]
    broken = [code for code in failures if not code.startswith("ingredient.")]
    if broken:
        return Result("broken", _join(broken))
    history = [*failures, *hard_codes(codes.ingredients), *hard_codes(codes.recorded)]
    if history:
        return Result("history_problem", _join(history))
    if EXPIRED in codes.failure:
        return Result("intact_expired")
    known = next((uri for uri in _lists_of_signer(report) if uri in signer_lists), None)
    if known is not None:
        return Result("intact_known_signer", None, known)
    return Result("intact_unknown_signer", FORM_NOT_ACCEPTED if INVALID in codes.failure else None)


def hard_codes(codes: Iterable[str]) -> list[str]:
    """Those of the codes that are failures; that a signer is unknown or a certificate has ended is none."""
    return [code for code in codes if not _SOFT.fullmatch(code)]


def _join(codes: Iterable[str]) -> str:
    """The first of the codes, each once; those that a signer recorded can be any texts, and any number of them."""
    different = list(dict.fromkeys(codes))
    more = [f"and {len(different) - MOST_NAMED} more"] if len(different) > MOST_NAMED else []
    return ", ".join((*(clean(code) for code in different[:MOST_NAMED]), *more))


def _lists_of_signer(report: Mapping[str, Any]) -> Iterator[str]:
    """The lists that the active manifest's own entry names; those of its ingredients say nothing about the signer."""
    active = report.get("active_manifest")
    for entry in _entries(_results(report).get("activeManifest"), "success"):
        if entry.get("code") != TRUSTED:
            continue
        of_manifest = _MANIFEST.match(str(entry.get("url") or ""))
        named = _NAMED_LIST.search(str(entry.get("explanation") or ""))
        if named and (of_manifest is None or of_manifest[1] == active):
            yield named[1]


def read_codes(report: Mapping[str, Any]) -> Codes:
    """The codes of a manifest store, from the reader's JSON."""
    results = _results(report)
    active = results.get("activeManifest")
    deltas = _failures_of_deltas(results)
    if not results:  # the older form: a flat list, in which ingredients have addresses of their own
        active = {"failure": report.get("validation_status")}
    return Codes(
        success=tuple(_codes(active, "success")),
        informational=tuple(_codes(active, "informational")),
        failure=tuple(_codes(active, "failure")),
        ingredients=tuple(deltas),
        recorded=tuple(_recorded(report)),
    )


def recorded_failures(ingredient: Mapping[str, Any]) -> list[str]:
    """The failures that were found in an ingredient, and in what it was made from, when it was taken in."""
    results = ingredient.get("validation_results")
    found = []
    if isinstance(results, dict):
        found += list(_codes(results.get("activeManifest"), "failure"))
        found += _failures_of_deltas(results)
    legacy = ingredient.get("validation_status")
    entries = legacy if isinstance(legacy, list) else []
    found += [
        str(entry["code"])
        for entry in entries
        if isinstance(entry, dict)
        and entry.get("code")
        and str(entry["code"]) not in _NO_FAILURE
        and entry.get("success") is not True
    ]
    return found


def _recorded(report: Mapping[str, Any]) -> Iterator[str]:
    """The recorded failures of every manifest that can be reached from the active one, each manifest once."""
    manifests = report.get("manifests")
    manifests = manifests if isinstance(manifests, dict) else {}
    waiting, seen = [report.get("active_manifest")], set()
    while waiting:
        label = waiting.pop()
        manifest = manifests.get(label)
        if label in seen or not isinstance(manifest, dict):
            continue
        seen.add(label)
        for ingredient in manifest.get("ingredients") or ():
            if isinstance(ingredient, dict):
                yield from recorded_failures(ingredient)
                waiting.append(ingredient.get("active_manifest"))


def _results(report: Mapping[str, Any]) -> dict[str, Any]:
    results = report.get("validation_results")
    return results if isinstance(results, dict) else {}


def _failures_of_deltas(results: Mapping[str, Any]) -> list[str]:
    deltas = results.get("ingredientDeltas")
    return [
        code
        for delta in (deltas if isinstance(deltas, list) else [])
        if isinstance(delta, dict)
        for code in _codes(delta.get("validationDeltas"), "failure")
    ]


def _codes(group: Any, kind: str) -> Iterator[str]:
    for entry in _entries(group, kind):
        if entry.get("code"):
            yield str(entry["code"])


def _entries(group: Any, kind: str) -> Iterator[dict[str, Any]]:
    entries = group.get(kind) if isinstance(group, dict) else None
    for entry in entries if isinstance(entries, list) else ():
        if isinstance(entry, dict):
            yield entry
