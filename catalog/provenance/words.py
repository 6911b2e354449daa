"""The status of a check in words for people: what was found, never whether something is true.

What stands in a file is shown without control characters and cut short; whoever makes a page of it escapes it as well.
"""

from __future__ import annotations

import re
import unicodedata
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

if TYPE_CHECKING:
    from .checks import Check

LONGEST = 80  # characters of a text from a file
_UNSHOWN = frozenset({"Cc", "Cf", "Cs", "Co", "Cn", "Zl", "Zp"})
_JUDGING = re.compile(r"\b(fake|real|authentic|verified)\b", re.IGNORECASE)

_FAULTS = {
    "assertion.hashedURI.mismatch": "a part of them was altered",
    "assertion.missing": "a part of them is missing",
    "claimSignature.mismatch": "the signature does not match",
    "claimSignature.missing": "the signature is missing",
    "claimSignature.outsideValidity": "the certificate was not valid when they were signed",
    "claim.hardBindings.missing": "they are not bound to any bytes",
    "signingCredential.revoked": "the certificate was revoked",
    "signingCredential.ocsp.revoked": "the certificate was revoked",
    "ingredient.manifest.missing": "the credentials of a part are missing",
    "ingredient.manifest.mismatch": "the credentials of a part were altered",
}


def clean(text: str | None, longest: int = LONGEST) -> str:
    """The text on one line without control, format and bidirectional characters, cut to so many characters."""
    head = (text or "")[: 4 * longest]
    shown = "".join(" " if letter.isspace() else letter for letter in head if _is_shown(letter))
    shown = " ".join(shown.split())
    return shown if len(shown) <= longest else shown[: longest - 1].rstrip() + "…"


def _is_shown(letter: str) -> bool:
    return letter in "\t\n\r" or unicodedata.category(letter) not in _UNSHOWN


def quote(text: str | None) -> str:
    """The text in double quotes, with none within."""
    return '"' + clean(text).replace('"', "'") + '"'


def describe(check: Check) -> str:
    """The status of a check in one to four sentences."""
    if check.status is None:
        return f"not checked ({clean(check.reason, 200)})"
    sentences = [_SENTENCES[check.status](check)]
    if check.manifests:
        if check.is_detached and check.status != "changed":
            sentences.append("The credentials are detached: they lie in a file of their own.")
        if not check.has_media:
            sentences.append("The media was not at hand, so its bytes were not compared.")
        sentences += _list_remarks(check)
    return " ".join(sentences)


def _list_remarks(check: Check) -> list[str]:
    if not check.lists:
        return ["No trust list was used."]
    today = check.checked_at.date().isoformat() if check.checked_at else ""
    return [
        f"The trust list {quote(each.name)} was due to be renewed on {clean(each.next_update)[:10]}."
        for each in check.lists
        if each.next_update and each.next_update[:10] < today
    ]


def _unsupported(check: Check) -> str:
    return f"Content Credentials of this kind of file cannot be read ({clean(check.reason, 200)})."


def _remote_only(check: Check) -> str:
    where = clean(_host(check.remote_url))
    return f"The credentials are not in the file but online{f', at {where}' if where else ''}; they were not fetched."


def _host(url: str | None) -> str:
    try:
        return urlsplit(url or "").hostname or ""
    except ValueError:
        return ""


def _unreadable(check: Check) -> str:
    reason = clean(check.reason, 200)
    return f"{reason.partition(':')[0] if _JUDGING.search(reason) else reason}."


def _absent(_: Check) -> str:
    return (
        "No Content Credentials in this file. That says nothing about how it was made: clips from APIs were often "
        "unsigned."
    )


def _changed(check: Check) -> str:
    if check.is_detached:
        return "Detached credentials do not match this file: changed, or not its manifest."
    return "The signed bytes of this file have changed since it was signed."


def _broken(check: Check) -> str:
    return f"The credentials do not hold: {name_faults(check.reason)}. Do not rely on what they say."


def _history_problem(check: Check) -> str:
    return (
        f"{_unchanged(check)}, but what it was made from has credentials that do not hold: {name_faults(check.reason)}."
    )


def _intact_expired(check: Check) -> str:
    return (
        f"{_unchanged(check)}. The certificate of {_signer(check)} has expired, and no trusted time-stamp says that it "
        "signed before."
    )


def _intact_known_signer(check: Check) -> str:
    known = next((each for each in check.lists if each.uri == check.signer_list), None)
    name = clean(check.active.signature.name if check.active else None) or "a signer"
    where = quote(known.name) if known else "a trust list"
    dated = f" of {clean(known.issued)[:10]}" if known and known.issued else ""
    frozen = ", which is frozen and takes in nobody new" if known and known.is_frozen else ""
    return f"{_unchanged(check)} by {name}, whom the trust list {where}{dated} knows{frozen}."


def _intact_unknown_signer(check: Check) -> str:
    if check.reason:
        return f"{_unchanged(check)}. Claims to be signed by {_signer(check)}: {clean(check.reason, 200)}."
    if not check.lists:
        return f"{_unchanged(check)}. Claims to be signed by {_signer(check)}."
    return f"{_unchanged(check)}. Claims to be signed by {_signer(check)}, who is not on the trust lists used."


def _unchanged(check: Check) -> str:
    return "Unchanged since it was signed" if check.has_media else "The manifest is as it was signed"


def _signer(check: Check) -> str:
    name = check.active.signature.name if check.active else None
    return quote(name) if clean(name) else "an unnamed signer"


def name_faults(reason: str | None) -> str:
    """Codes, separated by commas, each with what it means where that is known."""
    codes = [clean(code) for code in (reason or "").split(", ")]
    return ", ".join(f"{_FAULTS[code]} ({code})" if code in _FAULTS else code for code in codes)


_SENTENCES = {
    "unsupported": _unsupported,
    "remote_only": _remote_only,
    "unreadable": _unreadable,
    "absent": _absent,
    "changed": _changed,
    "broken": _broken,
    "history_problem": _history_problem,
    "intact_expired": _intact_expired,
    "intact_known_signer": _intact_known_signer,
    "intact_unknown_signer": _intact_unknown_signer,
}
