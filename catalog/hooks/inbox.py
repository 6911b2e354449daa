"""Deliveries, verified and kept: from here on none can be lost. This module knows no network."""

from __future__ import annotations

from dataclasses import dataclass, replace
from http import HTTPStatus
from typing import TYPE_CHECKING

from catalog import store
from catalog.enclosed import keep_enclosed
from catalog.errors import CatalogError
from catalog.records import ALARM, TERMINAL_STATUSES
from catalog.redaction import cut_secrets
from catalog.wire.parse import parse_videos
from catalog.wire.webhooks import BadDelivery, BadSignature, Delivery, verify

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence
    from datetime import datetime

    from catalog.database import Database
    from catalog.store.deliveries import Arrival

    Reply = tuple[HTTPStatus, str]


_CHECK = "the first is kept; check who else holds its secret"
_OUTCOMES: dict[Arrival, str] = {
    "new": "kept",
    "repeated": "already known",
    "contradicting": f"already known, ALARM: with another body than before; {_CHECK}",
}


@dataclass(frozen=True, slots=True)
class Inbox:
    """The deliveries of one source; `on_new` is called when a new one has been kept."""

    database: Database
    source: str
    secrets: Sequence[str]
    now: Callable[[], datetime]
    tell: Callable[[str], None]
    on_new: Callable[[], None]

    def receive(self, headers: Mapping[str, str], body: bytes) -> Reply | Callable[[], Reply]:
        """Check one delivery: the status and the message to refuse it with, or the function that takes it in."""
        now = self.now()
        try:
            delivery = verify(headers, body, self.secrets, now.timestamp())
        except BadDelivery as error:
            self.tell(str(error))
            return _refusal(error), str(error)
        delivery = _without_secrets(delivery)
        return lambda: self._take_in(delivery, now)

    def _take_in(self, delivery: Delivery, now: datetime) -> Reply:
        try:
            arrival = self._keep(delivery, now)
        except Exception as error:  # noqa: BLE001 - the last net: a delivery that gets no answer is given up sooner
            fault = error if isinstance(error, CatalogError) else f"{type(error).__name__}: {error}"
            self.tell(f"delivery {delivery.id} was not kept, and its sender is asked to repeat it: {fault}")
            return HTTPStatus.SERVICE_UNAVAILABLE, "the library is busy: deliver again"
        outcome = _OUTCOMES[arrival]
        self.tell(" ".join(filter(None, (delivery.id, delivery.type, delivery.video_id, outcome))))
        if arrival == "new":
            self.on_new()
        return HTTPStatus.OK, outcome

    def _keep(self, delivery: Delivery, now: datetime) -> Arrival:
        """Keep the delivery and what it says about the job in one transaction, and return how it came."""
        event = dict(delivery.event)
        answer = parse_videos(event)
        said_at = answer.webhook.created_at if answer.webhook else None
        videos = [replace(video, payload=event) for video in answer.videos] if delivery.video_id else []
        has_ended = delivery.is_job and all(video.status in TERMINAL_STATUSES for video in videos)
        enclosed = keep_enclosed(self.database, videos)
        remarks: list[str] = []
        with self.database.write() as connection:
            arrival = store.save_delivery(connection, self.source, delivery, received_at=now, has_ended=has_ended)
            if arrival == "new" and videos:
                store.save_source(connection, self.source)
                saved = store.save_videos(
                    connection,
                    self.source,
                    videos,
                    channel="webhook",
                    received_at=now,
                    as_of=said_at,
                    enclosed=enclosed,
                )
                remarks = saved.remarks
            if arrival == "contradicting":
                # Acknowledged all the same: senders switch an address off that refuses deliveries for long.
                alarm = f"webhook {delivery.id} {ALARM} at {now:%Y-%m-%d %H:%M} UTC: {_CHECK}"
                store.save_source(connection, self.source, health="suspect", message=alarm)
        for remark in remarks:
            self.tell(remark)
        return arrival


def _without_secrets(delivery: Delivery) -> Delivery:
    """The delivery without the keys and signing secrets that its sender may repeat, before anything is read from it."""
    return replace(
        delivery,
        id=cut_secrets(delivery.id),
        type=cut_secrets(delivery.type),
        video_id=cut_secrets(delivery.video_id),
        event=cut_secrets(dict(delivery.event)),
    )


def _refusal(error: BadDelivery) -> HTTPStatus:
    if error.reason == "size":
        return HTTPStatus.REQUEST_ENTITY_TOO_LARGE
    return HTTPStatus.UNAUTHORIZED if isinstance(error, BadSignature) else HTTPStatus.BAD_REQUEST
