"""The inbox of webhooks: each delivery once, kept before its sender is told so, open until its job was retrieved."""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal

from sqlalchemy import insert, select, update

from catalog.redaction import redact
from catalog.rows import encodable, json_text
from catalog.tables import Deliveries

if TYPE_CHECKING:
    from datetime import datetime

    from sqlalchemy import Connection, Table

    from catalog.wire.webhooks import Delivery

State = Literal["waiting", "done", "refused"]

_DELIVERIES: Table = Deliveries.__table__  # type: ignore[attr-defined]


def save_delivery(connection: Connection, source: str, delivery: Delivery, *, received_at: datetime) -> bool:
    """Keep a delivery: whether it was new. One that speaks of a job waits for its retrieval, any other is done."""
    columns = _DELIVERIES.c
    known = select(columns.id).where(columns.source == source, columns.webhook_id == delivery.id)
    if connection.execute(known).first() is not None:
        return False
    speaks_of_job = delivery.video_id is not None
    connection.execute(
        insert(_DELIVERIES).values(
            source=source,
            webhook_id=delivery.id,
            type=encodable(delivery.type),
            received_at=received_at,
            body=json_text(redact(dict(delivery.event))),
            state="waiting" if speaks_of_job else "done",
            remote_id=delivery.video_id,
            done_at=None if speaks_of_job else received_at,
            message=None if speaks_of_job else "speaks of no video",
            attempts=0,
        )
    )
    return True


def save_attempt(
    connection: Connection, delivery_id: int, state: State, *, tried_at: datetime, message: str | None = None
) -> None:
    """Note one try to retrieve the job of a delivery, and how the delivery stands after it."""
    columns = _DELIVERIES.c
    done_at = None if state == "waiting" else tried_at
    changes = {"state": state, "done_at": done_at, "message": message, "attempts": columns.attempts + 1}
    connection.execute(update(_DELIVERIES).where(columns.id == delivery_id).values(**changes))
