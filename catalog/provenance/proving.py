"""Whether the reader's settings do what they are set for: a picture is signed on the spot and read with them.

The reader takes a setting that it does not know, or no longer knows, without a word. What would follow are statuses
that nobody notices to be wrong, so nothing is checked where this fails.
"""

from __future__ import annotations

import binascii
import io
import os
import struct
import zlib
from functools import lru_cache

from . import reader
from .authority import Authority, sign
from .status import derive_status, read_codes
from .trust import Profile, TrustList

_URI = "list:proof"
_NOWHERE = "http://127.0.0.1:9/store.c2pa"  # the port of discard: nothing that answers


class NotProven(Exception):
    """The reader does not do what it is set to do; the message says what."""


def require_proof() -> None:
    """Prove the settings, once in each process; raises NotProven, and ReaderMissing."""
    fault = _find_fault(os.getpid())
    if fault:
        raise NotProven(f"the reader does not do what it is set to do: {fault}")


@lru_cache(maxsize=1)
def _find_fault(_: int) -> str | None:
    try:
        return find_fault()
    except reader.ReaderMissing:
        raise
    except Exception as error:  # noqa: BLE001 - of two libraries that load others
        return f"{type(error).__name__}: {error}"


def find_fault() -> str | None:
    """What the reader does not do with the settings of checks; None where it does it all."""
    authority = Authority()
    known = Profile((TrustList("proof", _URI, signers=(authority.root,)),))
    signer = authority.signer(purposes=("1.3.6.1.4.1.62558.2.1",))  # accepted only where the purposes are
    picture = make_picture()
    signed, _ = sign(picture, "image/png", signer)
    altered = signed[:-20] + bytes([signed[-20] ^ 1]) + signed[-19:]  # in the sum of the pixels' chunk
    cases = (
        ("a signer on the list is not known", signed, known, "intact_known_signer"),
        ("a signer on no list is known", signed, Profile(), "intact_unknown_signer"),
        ("altered bytes are not noticed", altered, known, "changed"),
    )
    for fault, data, profile, status in cases:
        if _read_status(data, profile) != status:
            return fault
    remote, _ = sign(picture, "image/png", signer, remote_url=_NOWHERE, is_embedded=False)
    if _read_status(remote, known) != "remote":
        return "credentials that are elsewhere are not told from others"
    return None


def _read_status(data: bytes, profile: Profile) -> str:
    try:
        reading = reader.read("image/png", io.BytesIO(data), reader.context_of(profile))
    except reader.Failed as error:
        return "remote" if error.remote_url == _NOWHERE else "unreadable"
    if reading is None:
        return "absent"
    result = derive_status(reading.report, read_codes(reading.report), profile.signer_lists)
    accepted = result.reason is None or result.status == "changed"
    return result.status if accepted else "not accepted"


def make_picture() -> bytes:
    """A grey picture of one pixel, as PNG."""
    header = struct.pack(">IIBBBBB", 1, 1, 8, 0, 0, 0, 0)
    chunks = ((b"IHDR", header), (b"IDAT", zlib.compress(b"\0\x80")), (b"IEND", b""))
    return b"\x89PNG\r\n\x1a\n" + b"".join(
        struct.pack(">I", len(body)) + kind + body + struct.pack(">I", binascii.crc32(kind + body))
        for kind, body in chunks
    )
