"""Characters that videos were made with: each is retrieved once, for its name."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from catalog import store
from catalog.errors import Gone, Refused, SourceError
from catalog.reading.work import list_unknown_characters
from catalog.sync.queue import Queue, is_key_refused
from catalog.wire.values import read_text, read_time

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from catalog.client.client import Client
    from catalog.sync.run import Run


def take_in_characters(run: Run, client: Client) -> None:
    """Retrieve the characters that videos of the source name and the library lacks, if the server offers any."""
    unknown = run.ask(list_unknown_characters) if client.dialect.character_path else ()
    queue = Queue(unknown, failures=1, probes=2)
    while (character_id := queue.take()) is not None:
        payload: Mapping[str, Any] = {}  # of one that cannot be retrieved: later runs do not ask for it
        try:
            payload = client.get_character(character_id).payload
            queue.hear(character_id, None)
        except SourceError as error:
            if is_key_refused(error):
                raise
            run.note([str(error)])
            queue.hear(character_id, error)
            if not _is_final(error) or run.suspicion:
                continue
        with run.write() as connection:
            store.save_character(
                connection,
                run.source.name,
                character_id,
                name=_read(payload.get("name"), read_text),
                created_at=_read(payload.get("created_at"), read_time),
                seen_at=run.now(),
            )


def _is_final(error: SourceError) -> bool:
    """Whether the server does not have it, or it cannot be asked for."""
    return isinstance(error, Gone) or (isinstance(error, Refused) and error.status is None)


def _read(raw: object, read: Callable[[object], Any]) -> Any:
    try:
        return None if raw is None else read(raw)
    except ValueError:
        return None
