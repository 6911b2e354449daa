"""A bucket of a server that speaks S3: Amazon's, R2, MinIO and the like.

Keys are the names that files have in the media folder, so that a key says what its bytes are. Objects are made and
never written over. Credentials come from the environment alone, as `AWS_ACCESS_KEY_ID` and `AWS_SECRET_ACCESS_KEY`, and
so does the server, as `AWS_ENDPOINT_URL`. The extra `[s3]` brings the client.
"""

from __future__ import annotations

import hashlib
import os
import re
from contextlib import contextmanager
from datetime import timedelta
from typing import TYPE_CHECKING, NamedTuple

from catalog.errors import ArchiveError, ConfigError
from catalog.redaction import know_secrets, redact_text

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from obstore.store import S3Store

SCHEME = "s3://"
ENDPOINTS = ("AWS_ENDPOINT_URL_S3", "AWS_ENDPOINT_URL", "AWS_ENDPOINT")  # the first that is set counts
SECRETS = ("AWS_SECRET_ACCESS_KEY", "AWS_SESSION_TOKEN")

_ADDRESS = re.compile(r"s3://(?P<bucket>[a-z0-9][a-z0-9.-]{1,61}[a-z0-9])(?P<prefix>(/[\w.=+-]*)*)")
_LARGE = 64 * 1024 * 1024  # bytes from which a file is sent in parts
_PIECE = 1024 * 1024
_RETRIES, _PATIENCE = 4, 60  # of one request, and seconds for all of them
_LONGEST_REASON = 200


class Address(NamedTuple):
    """Where an archive is: its bucket, and what its keys begin with."""

    bucket: str
    prefix: str

    @classmethod
    def parse(cls, text: str) -> Address:
        """The address that `s3://bucket/prefix` writes; raises ConfigError for another text."""
        found = _ADDRESS.fullmatch(text)
        prefix = found["prefix"].strip("/") if found else ""
        if found is None or any(part in {"", ".", ".."} for part in prefix.split("/") if prefix):
            raise ConfigError(f"{redact_text(text)!r} is not the address of an archive: write s3://bucket/prefix")
        return cls(found["bucket"], prefix)

    def __str__(self) -> str:
        return f"{SCHEME}{self.bucket}" + (f"/{self.prefix}" if self.prefix else "")


class Bucket:
    """The objects under one address; safe to share between threads. Raises ArchiveError, and ConfigError when made."""

    def __init__(self, address: Address) -> None:
        try:
            from obstore.store import S3Store
        except ImportError as error:
            raise ConfigError("archives need the extra [s3]: pip install 'video-catalog[s3]'") from error
        know_secrets(*(os.environ.get(name) for name in SECRETS))
        self.address = address
        endpoint = next((os.environ[name] for name in ENDPOINTS if os.environ.get(name)), None)
        with _explained(address):
            self._store: S3Store = S3Store(
                address.bucket,
                prefix=address.prefix or None,
                config={"endpoint": endpoint, "virtual_hosted_style_request": False} if endpoint else None,
                client_options={"allow_http": bool(endpoint and endpoint.startswith("http://"))},
                retry_config={"max_retries": _RETRIES, "retry_timeout": timedelta(seconds=_PATIENCE)},
            )

    def address_of(self, key: str) -> str:
        """The whole address of an object."""
        return f"{self.address}/{key}"

    def put(self, key: str, path: Path, size: int, media_type: str) -> bool:
        """Send a file; False where there is an object of this key and size already.

        Raises ArchiveError where there is one of another size: it stays as it is.
        """
        import obstore
        from obstore.exceptions import AlreadyExistsError

        with _explained(self.address):
            if size >= _LARGE:  # an object in parts cannot be made for the first time only
                held = self.size_of(key)
            else:
                try:
                    obstore.put(self._store, key, path, mode="create", attributes={"Content-Type": media_type})
                except AlreadyExistsError:
                    held = self.size_of(key)
                else:
                    return True
            if held is None:
                obstore.put(self._store, key, path, use_multipart=True, attributes={"Content-Type": media_type})
                return True
        if held != size:
            raise ArchiveError(f"{self.address_of(key)} has {held:,} bytes in place of {size:,}: left as it is")
        return False

    def size_of(self, key: str) -> int | None:
        """The bytes of an object; None where there is none."""
        import obstore

        with _explained(self.address):
            try:
                return int(obstore.head(self._store, key)["size"])
            except FileNotFoundError:
                return None

    def read(self, key: str) -> Iterator[bytes]:
        """The bytes of an object, in pieces; raises ArchiveError where there is none."""
        import obstore

        with _explained(self.address):
            for piece in obstore.get(self._store, key).stream(min_chunk_size=_PIECE):
                yield bytes(piece)

    def hash(self, key: str) -> tuple[str, int]:
        """The sha256 of an object, in hexadecimal, and its bytes, by reading it."""
        digest, size = hashlib.sha256(), 0
        for piece in self.read(key):
            digest.update(piece)
            size += len(piece)
        return digest.hexdigest(), size


@contextmanager
def _explained(address: Address) -> Iterator[None]:
    """Raise an ArchiveError, in our words, for what the server or the client would not do."""
    from obstore.exceptions import BaseError, PermissionDeniedError, UnauthenticatedError

    try:
        yield
    except FileNotFoundError as error:
        raise ArchiveError(f"{address}: no such object, or bucket, is there") from error
    except (PermissionDeniedError, UnauthenticatedError) as error:
        raise ArchiveError(
            f"{address}: the server refused the credentials: set AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY"
        ) from error
    except (BaseError, OSError, ValueError) as error:
        raise ArchiveError(f"{address}: {_reason(error)}") from error


def _reason(error: Exception) -> str:
    """What an error says, on one line without secrets."""
    text = " ".join(redact_text(str(error)).split())
    return text if len(text) <= _LONGEST_REASON else f"{text[: _LONGEST_REASON - 1]}…"
