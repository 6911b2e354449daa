"""Redaction of JSON, texts and URLs: takes out what must never reach a row or a log.

That is queries of signed URLs, inline media (`b64_json`, `data:` URLs), paths on the server, and keys that an error
echoes. Everything else stays, so a redacted payload parses to the same video. Redacting twice is redacting once.
"""

from __future__ import annotations

import re
from typing import Any

REMOVED = "[removed]"

_SECRET_KEYS = frozenset({"b64_json", "file_path", "file_paths", "authorization", "api_key", "apikey", "x-api-key"})
_SIGNED = re.compile(
    r"(?:[?#&;]|\\u0026)(?:sig|sign|key|auth|policy|hdnts|hdnea|jwt|md5|code)="
    r"|(?:signature|token|credential|secret|password|expires|access_?key(?:_?id)?|(?:api|auth)[_-]?key|key-pair-id)=",
    re.IGNORECASE,
)
_QUERY = re.compile(r"[?#][^\s\"'<>]+")
_LOGIN = re.compile(r"(?<=://)(?:[^\s/?#@\"'<>]*@)+")
_SECRETS = (
    ("data:", r"\bdata:(?:[\w.+-]{1,64}/[\w.+-]{1,64}(?:;[^\s,;]{1,64}){0,4}|;base64),[^\s\"'<>]*"),
    ("file:/", r"\bfile:/[^\s\"'<>]*"),
    ("bearer", r"(?<=\bbearer\s)\s{0,8}(?=\S{0,512}(?:\d|[._~+/=]\w)|\S{20})[\w.~+/*=-]{6,}"),
    ("sk-", r"(?<![a-z0-9])sk-[a-z0-9_*.-]{6,}"),
    ("xai-", r"(?<![a-z0-9])xai-[a-z0-9*]{20,}"),
    ("hf_", r"(?<![a-z0-9])hf_[a-z0-9]{20,}"),
    ("aiza", r"(?<![a-z0-9])aiza[a-z0-9_-]{30,}"),
    ("akia", r"(?<![a-z0-9])akia[a-z0-9]{16}"),
    ("whsec_", r"(?<![a-z0-9])whsec_[a-z0-9+/=]{8,}"),
)
_REMOVALS = tuple((hint, re.compile(pattern, re.IGNORECASE)) for hint, pattern in _SECRETS)
_SHORTEST_SECRET = 7


def redact(value: Any) -> Any:
    """The JSON value without secrets: the same object when it had none, else a new one."""
    holder: list[Any] = [value]
    work: list[tuple[Any, Any]] = [(holder, 0)] if isinstance(value, dict | list) else []
    has_changed = False
    if isinstance(value, str):
        return redact_text(value)
    while work:
        owner, position = work.pop()
        item = owner[position]
        copy: Any = item.copy()
        owner[position] = copy
        for key, child in item.items() if isinstance(item, dict) else enumerate(item):
            clean = _redact_member(key, child)
            if clean is not child:
                copy[key] = clean
                has_changed = True
            elif isinstance(child, dict | list):
                work.append((copy, key))
    return holder[0] if has_changed else value


def _redact_member(key: object, child: Any) -> Any:
    """What may be kept of a member of an object or list; a nested object or list is returned as it is."""
    if isinstance(key, str) and key.lower() in _SECRET_KEYS:
        return child if child is None or child in ("", REMOVED) else REMOVED
    return redact_text(child) if isinstance(child, str) else child


def redact_text(text: str) -> str:
    """The text without its secrets; the same object when it had none."""
    if len(text) < _SHORTEST_SECRET:
        return text
    clean = redact_url(text)
    folded = clean.lower()
    for hint, pattern in _REMOVALS:
        if hint in folded:
            clean = pattern.sub(REMOVED, clean)
    return text if clean == text else clean


def redact_url(url: str) -> str:
    """The URL, or each URL of a text, without its login, and without query and fragment where these look signed."""
    if "@" in url and "://" in url:
        url = _LOGIN.sub("", url)
    if ("?" in url or "#" in url) and "=" in url and _SIGNED.search(url):
        url = _QUERY.sub(_keep_harmless, url)
    return url


def _keep_harmless(query: re.Match[str]) -> str:
    return "" if _SIGNED.search(query[0]) else query[0]
