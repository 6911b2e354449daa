"""A hook on the HTTP client of an SDK: what a program asks a video server for is kept as it happens.

    >>> import catalog.capture
    >>> from openai import OpenAI
    >>> http_client = catalog.capture.client("catalog.db", source="studio", facets={"client": "acme"})
    >>> client = OpenAI(http_client=http_client)

The caller's request and answer pass through byte for byte. A copy of what matters is written to a small file beside the
library when the answer is complete, and a thread of this process takes it in from there. Where the library is locked,
missing or of another version, the file stays until a later run, or the next command that writes, takes it in.
"""

from catalog.capture.notes import take_in_spool
from catalog.capture.recorder import flush
from catalog.capture.transports import async_client, async_transport, client, transport

__all__ = ["async_client", "async_transport", "client", "flush", "take_in_spool", "transport"]
