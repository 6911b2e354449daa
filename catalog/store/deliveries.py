"""The inbox of webhooks: each delivery once, kept before it is acknowledged, open until its job has been retrieved."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Literal

from catalog.records import ALARM, utc_text
from catalog.redaction import redact
from catalog.rows import encodable, json_text
from catalog.store.bulk import insert_rows

if TYPE_CHECKING:
    from datetime import datetime

    from catalog.database import Writer
    from catalog.wire.webhooks import Delivery

State = Literal["waiting", "done", "refused"]
Arrival = Literal["new", "repeated", "contradicting"]

_SENT_AT = ("created_at", "timestamp")  # in events of OpenAI's form, and of the Standard Webhooks


def save_delivery(
    connection: Writer, source: str, delivery: Delivery, *, received_at: datetime, has_ended: bool = False
) -> Arrival:
    """Keep a delivery that is new, and return how it came: under a new id, or a known one with its body or another.

    One about a job waits for its retrieval, unless it says itself that the job `has_ended`; any other is done. One that
    came with another body bears an alarm until that is seen.
    """
    query = "SELECT id, body FROM deliveries WHERE source = :source AND webhook_id = :id"
    known = connection.execute(query, {"source": source, "id": delivery.id}).fetchone()
    if known is not None and _is_same(known["body"], delivery):
        return "repeated"
    if known is not None:
        alarm = f"{ALARM} at {received_at:%Y-%m-%d %H:%M} UTC"
        connection.execute("UPDATE deliveries SET message = :alarm WHERE id = :id", {"alarm": alarm, "id": known["id"]})
        return "contradicting"
    is_about_job = delivery.video_id is not None
    is_done = has_ended or not is_about_job
    row = {
        "source": source,
        "webhook_id": delivery.id,
        "type": encodable(delivery.type),
        "received_at": utc_text(received_at),
        "body": json_text(redact(dict(delivery.event))),
        "state": "done" if is_done else "waiting",
        "remote_id": delivery.video_id,
        "done_at": utc_text(received_at) if is_done else None,
        "message": None if is_about_job else "not about a video",
        "attempts": 0,
    }
    insert_rows(connection, "deliveries", [row])
    return "new"


def _is_same(body: str, delivery: Delivery) -> bool:
    """Whether this body says what the delivery says, both redacted by the same rules.

    Some senders write an event afresh each time, with another time of sending.
    """
    kept, repeated = redact(json.loads(body)), json.loads(json_text(redact(dict(delivery.event))))
    if not delivery.is_job:
        for event in (kept, repeated):
            for name in _SENT_AT:
                event.pop(name, None)
    return bool(kept == repeated)


def save_attempt(
    connection: Writer, delivery_id: int, state: State, *, tried_at: datetime, message: str | None = None
) -> None:
    """Record an attempt to retrieve the job of a delivery, and the state of the delivery after it; an alarm stays."""
    connection.execute(
        "UPDATE deliveries SET state = :state, done_at = :done_at, attempts = attempts + 1, "
        "message = CASE WHEN message LIKE :alarm THEN message ELSE :message END WHERE id = :id",
        {
            "id": delivery_id,
            "alarm": f"%{ALARM}%",
            "state": state,
            "done_at": None if state == "waiting" else utc_text(tried_at),
            "message": message,
        },
    )


def see_alarms(connection: Writer, source: str) -> None:
    """Take every alarm about the deliveries of a source as seen; what each said stays, after `seen: `."""
    connection.execute(
        "UPDATE deliveries SET message = 'seen: ' || message WHERE source = :source AND message LIKE :alarm",
        {"source": source, "alarm": f"{ALARM}%"},
    )
    connection.execute(
        "UPDATE sources SET health = CASE WHEN last_run_at IS NULL THEN 'new' ELSE 'ok' END, message = NULL "
        "WHERE name = :source AND health = 'suspect' AND message LIKE :alarm",
        {"source": source, "alarm": f"%{ALARM}%"},
    )
