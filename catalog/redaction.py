"""Redaction of JSON, texts and URLs: takes out what must never reach a row or a log.

That is every secret that this process knows, in any spelling; queries of signed URLs, inline media (`b64_json`, `data:`
URLs), paths on the server, and what looks like a key that an error echoes. Everything else stays, so a redacted payload
parses to the same video. Redacting twice is redacting once.

Who reads a secret, from the environment or as an argument, calls `know_secrets` before it goes anywhere: from then on
no call of this module lets it through, whichever way it comes back.
"""

from __future__ import annotations

import re
import threading
from base64 import b64decode
from typing import TYPE_CHECKING, Any
from urllib.parse import parse_qsl, unquote, urlsplit

from catalog.spellings import LONG, REMOVED, SHORT, Secrets

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator

INLINE_KEYS = frozenset(
    {
        *("b64_json", "b64json", "b64-json", "video_b64", "image_b64", "video_base64", "image_base64"),
        *("videobase64", "imagebase64", "bytesbase64encoded", "bytes_base64_encoded"),
    }
)  # of media in base64, in small letters
_SECRET_KEYS = INLINE_KEYS | {"file_path", "file_paths", "authorization", "api_key", "apikey", "x-api-key"}
_SIGNED = re.compile(
    r"(?:[?#&;]|\\u0026)(?:sig|sign|key|auth|policy|hdnts|hdnea|jwt|md5|code)="
    r"|(?:signature|token|credential|secret|password|expires|access_?key(?:_?id)?|(?:api|auth)[_-]?key|key-pair-id)=",
    re.IGNORECASE,
)
_QUERY = re.compile(r"[?#][^\s\"'<>]+")
_LOGIN = re.compile(r"(?<=://)(?:[^\s/?#@\"'<>]*@)+")
_MEDIA = re.compile(  # base64 may be broken into lines
    r"\bdata:(?:[\w.+-]{1,64}/[\w.+-]{1,64}(?:;[^\s,;]{1,64}){0,4}|;base64),[^\s\"'<>]*"
    r"(?:(?<=[\w+/=-])(?:\s+[\w+/=-]{20,})*(?:[ \t\r]*\n[ \t]*[\w+/-]{1,19}={0,2}\s*\Z)?)?",
    re.IGNORECASE | re.ASCII,
)
_INLINE = re.compile(r"""(b64_json\\*["']\s{0,4}:\s{0,4}\\*["'])[\w+/=-]{6,}""", re.IGNORECASE)
_SECRETS = (
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
_NAMED = re.compile(  # a key under its name, in JSON that stands in a text, escaped or not
    r"((?:api[_-]?key|(?:access|secret)[_-]key|client[_-]secret|access[_-]token)\\*[\"']?\s{0,4}[:=]\s{0,4}\\*[\"'])"
    r"[^\s\"'\\<>]{6,}",
    re.IGNORECASE,
)
_NAMES = ("key", "secret", "token")
_WEBHOOK = "whsec_"
_MOST_KEYS = 4096
_MOST_KNOWN = 64  # secrets; who serves many accounts in one process has known more, and the latest count
_CREDENTIAL = re.compile(  # the name of a header or a parameter
    r"authorization|cookie|credential|passw|secret|session|api_?key|(?<![a-z])(?:auth|token|(?<!idempotency-)key)(?![a-z])",
    re.IGNORECASE,
)
_ASSIGNED = re.compile(r"""\w+="?([^"]+)"?""")
_NEEDLESS = re.compile(r"%(?:25)*(?:3\d|[46][1-9a-f]|[57][0-9a])", re.IGNORECASE)  # letters and digits
_LONG_COOKIE = 16  # shorter ones are languages and themes
_ADDRESS = re.compile(r"[\w.@:~/-]+")  # of a model or of a server
_BASE64_KEY = re.compile(r"(?=.*[a-z])(?=.*[A-Z])(?=.*\d)[\w+/=]{24,}")
_TOKEN = re.compile(r"(?=[^a-z]*[a-z])(?=[^A-Z]*[A-Z])(?=(?:\D*\d){2})[\w.~+=-]{20,}")  # no name in a path is like it

_known = Secrets()
_harmless: set[str] = set()
_known_values: dict[str, None] = {}
_registry = threading.Lock()


def know_secrets(*secrets: str | None) -> None:
    """From now on, take these out of whatever this process keeps or says; of many, the latest count."""
    global _known, _harmless
    values = dict.fromkeys(form for secret in secrets if secret for form in _forms(secret.strip()))
    with _registry:
        if _known_values.keys() >= values.keys():
            return
        for value in values:
            _known_values.pop(value, None)
            _known_values[value] = None
        for value in list(_known_values)[:-_MOST_KNOWN]:
            del _known_values[value]
        _known, _harmless = Secrets(_known_values), set()


def _forms(secret: str) -> Iterator[str]:
    """The secret, and where it is a webhook's, what is encoded in it."""
    yield secret
    encoded = secret.removeprefix(_WEBHOOK)
    if encoded != secret:
        yield encoded.rstrip("=")
        yield _decode(encoded)


def _decode(encoded: str) -> str:
    """The text in base64; empty where it is none."""
    try:
        return b64decode(encoded.rstrip("=") + "=" * (-len(encoded.rstrip("=")) % 4)).decode()
    except ValueError:
        return ""


def redact(value: Any) -> Any:
    """The JSON value without secrets: the same object when it had none, else a new one."""
    return _rewrite(value, redact_text, _redact_member, _harmless)


def cut_secrets(value: Any, secrets: Secrets | None = None) -> Any:
    """The JSON value without these secrets, else without those that are known; all else stays, signed URLs too."""
    chosen = secrets or _known

    def cut_member(_key: object, child: Any) -> Any:
        if isinstance(child, str):
            return chosen.cut(child)
        return _cut_number(child, chosen) if chosen.has_numbers else child

    return _rewrite(value, chosen.cut, cut_member, chosen.harmless) if chosen else value


class _Place:
    """An object or list inside a JSON value, where it stands, and its changed copy once it has one."""

    __slots__ = ("copy", "item", "owner", "position")

    def __init__(self, item: Any, owner: _Place | None, position: Any) -> None:
        self.item = item
        self.copy: Any = None
        self.owner = owner
        self.position = position

    def change(self, copy: Any = None) -> Any:
        """The copy, which stands in copies of all that it stands in: what has no change in it is not copied."""
        if self.copy is not None:
            return self.copy
        self.copy = self.item.copy() if copy is None else copy
        place, owner = self, self.owner
        while owner is not None:
            is_new = owner.copy is None
            if is_new:
                owner.copy = owner.item.copy()
            owner.copy[place.position] = place.copy
            if not is_new:
                break
            place, owner = owner, owner.owner
        return self.copy


def _rewrite(
    value: Any, clean_key: Callable[[str], str], clean_member: Callable[[object, Any], Any], harmless: set[str]
) -> Any:
    """The JSON value with its keys and members cleaned: the same object where nothing changes, else a new one.

    `harmless` are keys that were found clean before, as the same few come again and again.
    """
    value = clean_member(None, value)
    if not isinstance(value, dict | list):
        return value
    whole = _Place(value, None, None)
    work = [whole]
    while work:
        place = work.pop()
        item = place.item
        if isinstance(item, dict) and not item.keys() <= harmless:
            cleaned = {clean_key(key): child for key, child in item.items()}
            if cleaned.keys() != item.keys():
                item = place.change(cleaned)
            elif len(harmless) < _MOST_KEYS:
                harmless.update(cleaned)
        for key, child in item.items() if isinstance(item, dict) else enumerate(item):
            clean = clean_member(key, child)
            if clean is not child:
                place.change()[key] = clean
            elif isinstance(child, dict | list):
                work.append(_Place(child, place, key))
    return value if whole.copy is None else whole.copy


def _redact_member(key: object, child: Any) -> Any:
    """What may be kept of a member of an object or list; a nested object or list is returned as it is."""
    if isinstance(key, str) and key.lower() in _SECRET_KEYS:
        return child if child is None or child in ("", REMOVED) else REMOVED
    if isinstance(child, str):
        return redact_text(child)
    return _cut_number(child, _known) if _known.has_numbers else child


def _cut_number(child: Any, secrets: Secrets) -> Any:
    return REMOVED if isinstance(child, int) and secrets.cut(str(child)) != str(child) else child


def redact_text(text: str) -> str:
    """The text without its secrets; the same object when it had none."""
    if len(text) < SHORT:
        return text
    clean = _MEDIA.sub(REMOVED, text) if "data:" in text.lower() else text  # first: there may be megabytes of it
    if "b64_json" in clean:
        clean = _INLINE.sub(rf"\1{REMOVED}", clean)
    clean = redact_url(_known.cut(clean))
    folded = clean.lower()
    for hint, pattern in _REMOVALS:
        if hint in folded:
            clean = pattern.sub(REMOVED, clean)
    if ('"' in folded or "'" in folded) and any(map(folded.__contains__, _NAMES)):
        clean = _NAMED.sub(rf"\1{REMOVED}", clean)
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


def find_credentials(headers: Iterable[tuple[str, str]] = (), url: str = "") -> Iterator[str]:
    """What a request carries to prove who asks: in its headers, and in the login, the query and the path of its URL."""
    for name, value in headers:
        if _CREDENTIAL.search(name):
            yield from _read_credential(name.lower(), value)
    yield from _read_url(url)


def _read_credential(name: str, value: str) -> Iterator[str]:
    if "cookie" in name:
        cookies = (pair.partition("=")[2] for pair in value.split("; "))
        yield from (cookie for cookie in cookies if len(cookie) >= _LONG_COOKIE)
        return
    scheme, _, credential = value.strip().rpartition(" ")
    yield credential
    if assigned := _ASSIGNED.fullmatch(credential):
        yield assigned[1]
    if scheme.lower() == "basic":
        yield _decode(credential).partition(":")[2]


def _read_url(url: str) -> Iterator[str]:
    try:
        parts = urlsplit(url)
        password = parts.password
    except ValueError:
        return
    yield from () if password is None else (password, unquote(password))
    for name, value in parse_qsl(parts.query):
        if len(value) >= LONG and (_CREDENTIAL.search(name) or _SIGNED.search(f"?{name}=")):
            yield value
    for segment in parts.path.split("/"):
        once = unquote(segment)
        meaning = unquote(once)
        if _TOKEN.fullmatch(segment) or (meaning != segment and _is_escaped_key(segment, meaning)):
            yield from dict.fromkeys((once, meaning))


def _is_escaped_key(segment: str, meaning: str) -> bool:
    """Whether a segment of a path that has escapes is a key: with signs that no name has, or escaped without need."""
    if len(meaning) < LONG or not meaning.isascii() or not meaning.isprintable() or " " in meaning:
        return False
    if _NEEDLESS.search(segment) or _BASE64_KEY.fullmatch(meaning):
        return True
    return not _ADDRESS.fullmatch(meaning) and any(map(str.isdigit, meaning))
