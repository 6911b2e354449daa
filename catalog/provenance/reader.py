"""The C2PA reader: the one module that knows c2pa-python. It opens no connection, whatever a manifest asks for.

The reader takes settings that it does not know without a word, so `proving` tests these by what they do.
"""

from __future__ import annotations

import json
import os
import re
from functools import lru_cache
from typing import TYPE_CHECKING, Any, BinaryIO, NamedTuple

if TYPE_CHECKING:
    from .trust import Profile

# Purposes of certificates that may sign: e-mail, documents, Microsoft's and C2PA's own. Those of time-stamps are not
# among them, and time-stamps are accepted all the same.
PURPOSES = "1.3.6.1.5.5.7.3.4\n1.3.6.1.5.5.7.3.36\n1.3.6.1.4.1.311.76.59.1.9\n1.3.6.1.4.1.62558.2.1\n"
OFFLINE: dict[str, Any] = {
    "verify": {"remote_manifest_fetch": False, "ocsp_fetch": False},
    "core": {"allowed_network_hosts": [], "decode_identity_assertions": False},  # identities are looked up in the DNS
}
STORE_FORMAT = "application/c2pa"
_URL = re.compile(r"\burl (\S+)")
_FILE_FAULTS = re.compile(r"could not be parsed|Unknown error|\AIo\b|\AFileNotFound\b")


class ReaderMissing(Exception):
    """The reader cannot be imported here; the message says why."""


class Failed(Exception):
    """What the reader could not do: its class of error, its words, and the URL where it would have looked."""

    def __init__(self, kind: str, message: str) -> None:
        super().__init__(message)
        self.kind = kind
        self.message = message

    @property
    def is_unsupported(self) -> bool:
        """Whether the reader does not know this kind of file."""
        return self.kind == "NotSupported"

    @property
    def remote_url(self) -> str | None:
        """Where the credentials are said to be, if that is why they were not read; "" if it does not say."""
        if self.kind != "RemoteManifest" and not self.message.startswith("Remote:"):
            return None
        found = _URL.search(self.message)
        return found[1] if found else ""

    @property
    def is_of_file(self) -> bool:
        """Whether it was the file that could not be read, not the credentials in it."""
        return bool(_FILE_FAULTS.search(self.message))


class Reading(NamedTuple):
    """What the reader says of a manifest store, in its own JSON, and in the standard one (crJSON)."""

    report: dict[str, Any]
    crjson: str


def load() -> Any:
    """The module c2pa; raises ReaderMissing."""
    try:
        import c2pa
    except Exception as error:
        raise ReaderMissing(f"the reader c2pa-python cannot be loaded: {error}") from error
    return c2pa


def name_version() -> str:
    """The versions of the reader and of its library, as checks keep them; raises ReaderMissing."""
    c2pa = load()
    return f"c2pa-python {c2pa.__version__}, c2pa-rs {c2pa.sdk_version()}"


def make_settings(profile: Profile) -> dict[str, Any]:
    """The reader's settings for checks with these trust lists."""
    anchors = [
        {"trust_kind": each.kind, "trust_uri": each.uri, "trust_anchors": each.pem} for each in profile.anchors()
    ]
    return {**OFFLINE, "trust": {"trust_config": PURPOSES, "anchors": anchors}}


def context_of(profile: Profile) -> Any:
    """The reader's settings, ready to be used in this process again and again."""
    return _make_context(profile, os.getpid())  # one that was made before a fork is not valid behind it


@lru_cache(maxsize=4)
def _make_context(profile: Profile, _: int) -> Any:
    return load().Context.from_dict(make_settings(profile))


def read(file_format: str, file: BinaryIO, context: Any, store: bytes | None = None) -> Reading | None:
    """What the reader says of a file, from where it stands; None where the file has none.

    `store` is a detached manifest store. Raises Failed.
    """
    c2pa = load()
    try:
        reader = c2pa.Reader.try_create(file_format, file, manifest_data=store, context=context)
        if reader is None:
            return None
        with reader:
            return Reading(json.loads(reader.json()), reader.crjson())
    except c2pa.C2paError as error:
        raise Failed(type(error).__name__.removeprefix("_").removeprefix("C2pa"), str(error)) from error
    except (ValueError, RecursionError, MemoryError) as error:
        raise Failed("Json", f"what it says cannot be read: {error}") from error
