"""Trust lists: certificates of those whom a list knows as signers, or as authorities that tell the time.

None is shipped. Lists are kept apart before the reader gets them, which else names either of two that share a
certificate, at random.
"""

from __future__ import annotations

import base64
import binascii
import hashlib
import json
import re
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ..disk import open_file
from ..errors import ProvenanceError
from ..records import Record
from .checks import ListUse
from .words import clean

if TYPE_CHECKING:
    from collections.abc import Iterator

_PEM = re.compile(rb"-----BEGIN CERTIFICATE-----(.*?)-----END CERTIFICATE-----", re.DOTALL)
_BEGIN = b"-----BEGIN CERTIFICATE-----"
_TIME_STAMPING = "1.3.6.1.5.5.7.3.8"
_TIME_WORDS = re.compile(r"time-?\s?stamp|\bTSA\b", re.IGNORECASE)
_FROZEN = re.compile(r"(?<![a-z])frozen(?![a-z])", re.IGNORECASE)
_SLUG = re.compile(r"[^a-z0-9.-]+")
LONGEST_LIST = 16 * 1024 * 1024  # bytes; the official lists have 60,000


@dataclass(frozen=True, slots=True)
class TrustList(Record):
    """A list by its file: the certificates of signers and of time-stamp authorities, each in PEM.

    `uri` is what the reader calls it by, `source` where the file came from, `sha256` the hash of the file. `issued` and
    `next_update` are ISO dates where the list has them. `is_frozen` says that it takes in nobody new. `repeated` counts
    the certificates that stood in the file once more, and count once.
    """

    name: str
    uri: str
    signers: tuple[str, ...] = ()
    time_stampers: tuple[str, ...] = ()
    sha256: str = ""
    source: str | None = None
    issued: str | None = None
    next_update: str | None = None
    is_frozen: bool = False
    repeated: int = 0

    @property
    def count(self) -> int:
        """How many certificates it holds."""
        return len(self.signers) + len(self.time_stampers)

    @property
    def use(self) -> ListUse:
        """What a check keeps of the list that it was made with."""
        return ListUse(
            self.name, self.uri, self.sha256, self.count, self.issued, self.next_update, is_frozen=self.is_frozen
        )


@dataclass(frozen=True, slots=True)
class Anchors(Record):
    """Certificates that the reader is given under one URI; `kind` is its word for what they are: manifest or tsa."""

    kind: str
    uri: str
    pem: str


@dataclass(frozen=True, slots=True)
class Profile(Record):
    """The lists that checks are made with, in order: of two that know a signer, the first is named."""

    lists: tuple[TrustList, ...] = ()

    def __post_init__(self) -> None:
        names = [each.uri for each in self.lists]
        if len(set(names)) < len(names):
            raise ProvenanceError(f"two trust lists have one URI: {', '.join(sorted(names))}")

    @property
    def signer_lists(self) -> frozenset[str]:
        """The URIs of the lists that know signers."""
        return frozenset(each.uri for each in self.lists if each.signers)

    def anchors(self) -> tuple[Anchors, ...]:
        """What the reader is given: each certificate once, those of signers first."""
        given: set[str] = set()
        anchors = []
        for kind, suffix in (("manifest", ""), ("tsa", "#time-stamps")):
            for each in self.lists:
                wanted = each.signers if kind == "manifest" else each.time_stampers
                certificates = [certificate for certificate in wanted if certificate not in given]
                given.update(certificates)
                if certificates:
                    anchors.append(Anchors(kind, each.uri + suffix, "".join(certificates)))
        return tuple(anchors)


def load_list(
    path: str | Path,
    *,
    name: str | None = None,
    uri: str | None = None,
    are_time_stampers: bool | None = None,
    source: str | None = None,
) -> TrustList:
    """The trust list in a file: PEM with certificates, or the JSON form of ETSI TS 119 602.

    Certificates for time-stamping become anchors of time-stamps, all others of signers; in a file of a list of
    time-stamp authorities, by its name, all of them are the former. `are_time_stampers` decides it for all. Raises
    ProvenanceError for what cannot be read, is not a list, or holds no certificate.
    """
    path = Path(path)
    data = read_list(path)
    try:
        return parse_list(
            data,
            path.name,
            name=name,
            uri=uri,
            are_time_stampers=are_time_stampers,
            source=source if source is not None else str(path),
        )
    except ProvenanceError as error:
        raise ProvenanceError(f"{path}: {error}", path=str(path)) from error


def read_list(path: Path) -> bytes:
    """The bytes of a file that may be a list, of one that is too long only the first; raises ProvenanceError."""
    try:
        with open_file(path) as file:
            return file.read(LONGEST_LIST + 1)
    except (OSError, ValueError) as error:
        raise ProvenanceError(f"{path}: {getattr(error, 'strerror', None) or error}", path=str(path)) from error


def parse_list(
    data: bytes,
    file_name: str,
    *,
    name: str | None = None,
    uri: str | None = None,
    are_time_stampers: bool | None = None,
    source: str | None = None,
) -> TrustList:
    """The trust list that these bytes of a file are, see `load_list`."""
    if len(data) > LONGEST_LIST:
        raise ProvenanceError(f"this is not a trust list: it has more than {LONGEST_LIST // 1024**2} MiB")
    issued = next_update = scheme_name = None
    if data.lstrip(b"\xef\xbb\xbf \t\r\n").startswith(b"{"):
        certificates, scheme_name, issued, next_update = _parse_etsi(data)
    else:
        certificates = list(_parse_pem(data))
    stem = Path(file_name).stem
    name = name or scheme_name or _NAMES.get(stem.lower(), stem)
    if are_time_stampers is None and re.search(r"(^|[^a-z])tsa([^a-z]|$)|time-?stamp", stem, re.IGNORECASE):
        are_time_stampers = True
    signers, time_stampers = _split(certificates, are_time_stampers)
    comments = b"\n".join(line for line in data.splitlines()[:20] if line.startswith(b"#")).decode("utf-8", "replace")
    return TrustList(
        name=clean(name),
        uri=uri or name_uri(stem),
        signers=signers,
        time_stampers=time_stampers,
        sha256=hashlib.sha256(data).hexdigest(),
        source=source,
        issued=issued,
        next_update=next_update,
        is_frozen=bool(_FROZEN.search(f"{stem} {comments}")),
        repeated=len(certificates) - len(signers) - len(time_stampers),
    )


def name_uri(name: str) -> str:
    """The URI of a list by its name, or that of its file without the ending."""
    return "list:" + (_SLUG.sub("-", name.lower()).strip("-") or "unnamed")


_NAMES = {
    "c2pa-trust-list": "C2PA trust list",
    "c2pa-tsa-trust-list": "C2PA time-stamp list",
    "interim-anchors-frozen": "interim list, frozen",
}


def _parse_pem(data: bytes) -> Iterator[bytes]:
    """The certificates of a PEM file in DER; whatever stands between them is a remark."""
    begun = data.count(_BEGIN)
    if not begun:
        kind = "no certificate in it" if b"-----BEGIN " in data else "not PEM: no -----BEGIN CERTIFICATE----- in it"
        raise ProvenanceError(f"this is not a trust list: {kind}")
    blocks = _PEM.findall(data)
    if len(blocks) != begun:
        raise ProvenanceError(f"it is cut off: {len(blocks)} of {begun} certificates are whole")
    for number, block in enumerate(blocks, 1):
        yield _decode(block, number)


def _decode(text: bytes, number: int) -> bytes:
    try:
        return base64.b64decode(b"".join(text.split()), validate=True)
    except binascii.Error as error:
        raise ProvenanceError(f"certificate {number} is not base64: {error}") from error


def _parse_etsi(data: bytes) -> tuple[list[bytes], str | None, str | None, str | None]:
    """The certificates of a list in JSON, its name, and the dates of its issue and of the next one."""
    try:
        scheme = json.loads(data)["LoTE"]
        head, entities = scheme["ListAndSchemeInformation"], scheme["TrustedEntitiesList"]
        texts = [
            certificate["val"]
            for entity in entities
            for service in entity["TrustedEntityServices"]
            for certificate in service["ServiceInformation"]["ServiceDigitalIdentity"]["X509Certificates"]
        ]
        names = [str(each["value"]) for each in head.get("SchemeName", [])]
        dates = [_read_date(head.get(key)) for key in ("ListIssueDateTime", "NextUpdate")]
    except (ValueError, KeyError, TypeError, AttributeError, RecursionError) as error:
        raise ProvenanceError("this is not a trust list: JSON, but not of ETSI TS 119 602") from error
    if not texts:
        raise ProvenanceError("this is not a trust list: no certificate in it")
    certificates = [_decode(str(text).encode(), number) for number, text in enumerate(texts, 1)]
    return certificates, names[0] if names else None, dates[0], dates[1]


def _read_date(value: Any) -> str | None:
    try:
        return date.fromisoformat(str(value)[:10]).isoformat()
    except ValueError:
        return None


def _split(certificates: list[bytes], are_time_stampers: bool | None) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """Signers and time-stamp authorities, in PEM, each certificate once."""
    from cryptography import x509

    signers: list[str] = []
    time_stampers: list[str] = []
    for number, der in enumerate(dict.fromkeys(certificates), 1):
        try:
            certificate = x509.load_der_x509_certificate(der)
            tells_time = _tells_time(certificate) if are_time_stampers is None else are_time_stampers
        except Exception as error:
            raise ProvenanceError(f"certificate {number} cannot be read: {clean(str(error), 200)}") from error
        (time_stampers if tells_time else signers).append(_to_pem(der))
    return tuple(signers), tuple(time_stampers)


def _to_pem(der: bytes) -> str:
    text = base64.b64encode(der).decode()
    lines = [text[at : at + 64] for at in range(0, len(text), 64)]
    return "\n".join(("-----BEGIN CERTIFICATE-----", *lines, "-----END CERTIFICATE-----", ""))


def _tells_time(certificate: Any) -> bool:
    """Whether a certificate is one of an authority of time-stamps: by its purposes, or where it has none, its name."""
    from cryptography import x509

    try:
        purposes = certificate.extensions.get_extension_for_class(x509.ExtendedKeyUsage).value
    except x509.ExtensionNotFound:
        return bool(_TIME_WORDS.search(certificate.subject.rfc4514_string()))
    return {each.dotted_string for each in purposes} == {_TIME_STAMPING}
