"""Remarks about deliveries and jobs, on a thread of their own: whoever takes them cannot hold up or end the rest."""

from __future__ import annotations

import logging
import queue
import threading
from contextlib import suppress
from typing import TYPE_CHECKING

from catalog.redaction import redact_text

if TYPE_CHECKING:
    from collections.abc import Callable

MOST_WAITING = 1000  # remarks; while as many wait, further ones are passed over
LAST_SECONDS = 1.0  # for those that wait when the receiver ends

_log = logging.getLogger("catalog.hooks")


class Remarks:
    """Passes each line to `take`, whose failures are logged; a context manager, which ends with what still waits."""

    def __init__(self, take: Callable[[str], None]) -> None:
        self._take = take
        self._lines: queue.Queue[str | None] = queue.Queue(MOST_WAITING)
        self._thread = threading.Thread(target=self._work, name="catalog-remarks", daemon=True)

    def __enter__(self) -> Remarks:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        with suppress(queue.Full):
            self._lines.put_nowait(None)
            self._thread.join(LAST_SECONDS)

    def tell(self, line: str) -> None:
        """Pass a line on, from any thread, without waiting for it."""
        with suppress(queue.Full):
            self._lines.put_nowait(redact_text(line))

    def _work(self) -> None:
        while (line := self._lines.get()) is not None:
            try:
                self._take(line)
            except Exception as error:  # noqa: BLE001 - remarks are a courtesy, and the next one may be taken
                with suppress(Exception):
                    _log.warning("a remark was lost: %s: %s", type(error).__name__, error)
