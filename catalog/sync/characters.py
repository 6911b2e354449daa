"""Characters that videos were made with: each is retrieved once, for its name."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from catalog import store
from catalog.errors import Gone, Refused, SourceError, Unauthorized
from catalog.reading.work import list_unknown_characters
from catalog.wire.values import read_text, read_time

if TYPE_CHECKING:
    from collections.abc import Callable

    from catalog.client.client import Client
    from catalog.sync.run import Run

MAX_FAILURES = 3  # failed retrievals after which the other characters are left for the next run


def take_in_characters(run: Run, client: Client) -> None:
    """Retrieve the characters that videos of the source name and the library lacks, if the server offers any."""
    failures = 0
    for character_id in run.ask(list_unknown_characters) if client.dialect.character_path else ():
        try:
            payload = client.get_character(character_id).payload
        except Unauthorized:
            raise
        except SourceError as error:
            run.note([str(error)])
            failures += 1
            if failures >= MAX_FAILURES:
                return
            if not isinstance(error, Gone) and not (isinstance(error, Refused) and error.status is None):
                continue
            payload = {}  # it cannot be retrieved: later runs do not ask for it
        with run.database.write() as connection:
            store.save_character(
                connection,
                run.source.name,
                character_id,
                name=_read(payload.get("name"), read_text),
                created_at=_read(payload.get("created_at"), read_time),
                seen_at=run.now(),
            )


def _read(raw: object, read: Callable[[object], Any]) -> Any:
    try:
        return None if raw is None else read(raw)
    except ValueError:
        return None
