"""Every error the catalog raises on purpose.

::

    CatalogError
    ├── ConfigError                 catalog.toml, the environment, an argument
    ├── SchemaError                 the library file is not one that can be opened
    │   ├── SchemaOutdated          run `catalog migrate`
    │   └── SchemaTooNew            upgrade the package
    ├── NotFound                    no such video, source or library
    ├── QueryError                  a search that cannot be read
    ├── TooMany                     an edit of more videos than its caller allows; carries `count`
    ├── SourceError                 a server, with its name and the id asked for
    │   ├── Unauthorized            the key is missing or wrong
    │   ├── RateLimited             carries `retry_after`, in seconds
    │   ├── Unavailable             no connection, a time-out or a 5xx answer
    │   ├── Gone                    the server does not know the job
    │   ├── BadPayload              an answer that does not follow the wire format
    │   └── Refused                 the server refused, or we did: an unsafe URL, too large a body
    ├── MediaError                  bytes on disk; carries `path`
    │   ├── BadMedia                bytes that are not what they should be; carries `reason`
    │   ├── DiskFull                no room on the disk of the media folder
    │   ├── MediaOffline            the media folder is on a drive that is not there
    │   └── MediaReadOnly           nothing can be written to the media folder
    ├── ArchiveError                an archive that failed or refused
    └── ProvenanceError             a trust list that cannot be used

A message is one line: what failed, on which thing, what to do next. It never holds a key, a header or a signed query.
"""

from __future__ import annotations

import sys


class CatalogError(Exception):
    """The root: catching it catches everything the catalog raises on purpose."""


class ConfigError(CatalogError):
    """A setting that is missing, misspelt or impossible."""

    def __init__(self, message: str, *, path: str | None = None, line: int | None = None) -> None:
        super().__init__(message)
        self.path = path
        self.line = line


class SchemaError(CatalogError):
    """The file at `path` is not a library that this version can open."""

    def __init__(self, message: str, *, path: str | None = None) -> None:
        super().__init__(message)
        self.path = path


class SchemaOutdated(SchemaError):
    """The library was made by an older version: `catalog migrate` upgrades it."""


class SchemaTooNew(SchemaError):
    """The library was made by a newer version of the package than this one."""


class NotFound(CatalogError):
    """No such video, source, tag or library."""

    def __init__(self, message: str, *, ref: str | None = None, path: str | None = None) -> None:
        super().__init__(message)
        self.ref = ref
        self.path = path


class QueryError(CatalogError):
    """A search that cannot be read; `position` is the offset of the fault in the text, or None."""

    def __init__(self, message: str, *, position: int | None = None) -> None:
        super().__init__(message)
        self.position = position


class TooMany(CatalogError):
    """An edit that is about more videos than its caller allows: `count` of them. Nothing was changed."""

    def __init__(self, message: str, *, count: int) -> None:
        super().__init__(message)
        self.count = count


class SourceError(CatalogError):
    """A server that failed, refused or answered nonsense.

    `status` is the HTTP status and `payload` the JSON body, where they arrived. `problem` is what failed, without what
    the message says of the subject and of what to do next.
    """

    def __init__(
        self,
        message: str,
        *,
        source: str | None = None,
        remote_id: str | None = None,
        status: int | None = None,
        retry_after: float | None = None,
        payload: object = None,
        problem: str | None = None,
    ) -> None:
        super().__init__(message)
        self.problem = problem or message
        self.source = source
        self.remote_id = remote_id
        self.status = status
        self.payload = payload
        self.retry_after = retry_after


class Unauthorized(SourceError):
    """HTTP 401 or 403: the key is missing, wrong or not allowed to do this."""


class RateLimited(SourceError):
    """HTTP 429 until the deadline; `retry_after` is what the server last asked for, in seconds."""


class Unavailable(SourceError):
    """No connection, a time-out, or 408/409/5xx until the deadline."""


class Gone(SourceError):
    """HTTP 404 or 410: the server does not know the job. What the library holds stays."""


class BadPayload(SourceError):
    """An answer that is not JSON, or that does not follow the wire format."""


class Refused(SourceError):
    """HTTP 4xx other than the above, or a request we will not make: an unsafe URL, a body over its cap."""


class ArchiveError(CatalogError):
    """An archive that could not be reached, refused, or holds other bytes than it should."""


class MediaError(CatalogError):
    """Bytes that could not be written, read or recognised; `path` names the file."""

    def __init__(self, message: str, *, path: str | None = None) -> None:
        super().__init__(message)
        self.path = path


class BadMedia(MediaError):
    """Bytes that are not what they should be: not of the type asked for, cut off, damaged, too large.

    `reason` says it of the file, as "is an HTML page, not a video", and is part of the message.
    """

    def __init__(self, reason: str, *, path: str | None = None) -> None:
        super().__init__(f"{path or 'the file'} {reason}", path=path)
        self.reason = reason


class DiskFull(MediaError):
    """No room on the disk of the media folder. What was written of the file is removed."""


class MediaOffline(MediaError):
    """The media folder of a library that has files is not there, or empty: its drive may be unplugged.

    Nothing is said about the files in it: they are not missing.
    """


class MediaReadOnly(MediaError):
    """The media folder cannot be written to."""


def needs_media(what: str) -> MediaError:
    """What to raise, or to say, where PyAV is needed and is not installed."""
    return MediaError(f"{what} needs PyAV: run `{sys.executable} -m pip install av`")


class ProvenanceError(CatalogError):
    """A trust list that cannot be used; `path` names its file."""

    def __init__(self, message: str, *, path: str | None = None) -> None:
        super().__init__(message)
        self.path = path
