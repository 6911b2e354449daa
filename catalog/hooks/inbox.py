"""Deliveries, verified and kept: from here on none can be lost. This module knows no network."""

from __future__ import annotations

from dataclasses import dataclass, replace
from http import HTTPStatus
from typing import TYPE_CHECKING

from catalog import store
from catalog.errors import CatalogError
from catalog.records import TERMINAL_STATUSES
from catalog.wire.parse import parse_videos
from catalog.wire.webhooks import BadDelivery, BadSignature, Delivery, verify

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence
    from datetime import datetime

    from catalog.database import Database


@dataclass(frozen=True, slots=True)
class Inbox:
    """The deliveries of one source; `on_new` is called when a new one has been kept."""

    database: Database
    source: str
    secrets: Sequence[str]
    now: Callable[[], datetime]
    tell: Callable[[str], None]
    on_new: Callable[[], None]

    def receive(self, headers: Mapping[str, str], body: bytes) -> tuple[HTTPStatus, str]:
        """Take in one delivery, and return the status and the message to answer with."""
        now = self.now()
        try:
            delivery = verify(headers, body, self.secrets, now.timestamp())
        except BadDelivery as error:
            self.tell(str(error))
            return _refusal(error), str(error)
        try:
            is_new = self._keep(delivery, now)
        except Exception as error:  # noqa: BLE001 - the last net: a delivery that gets no answer is given up sooner
            fault = error if isinstance(error, CatalogError) else f"{type(error).__name__}: {error}"
            self.tell(f"delivery {delivery.id} was not kept, and its sender is asked to repeat it: {fault}")
            return HTTPStatus.SERVICE_UNAVAILABLE, "the library is busy: deliver again"
        outcome = "kept" if is_new else "already known"
        self.tell(" ".join(filter(None, (delivery.id, delivery.type, delivery.video_id, outcome))))
        if is_new:
            self.on_new()
        return HTTPStatus.OK, outcome

    def _keep(self, delivery: Delivery, now: datetime) -> bool:
        """Keep the delivery and what it says about the job in one transaction, and return whether it is new."""
        event = dict(delivery.event)
        answer = parse_videos(event)
        said_at = answer.webhook.created_at if answer.webhook else None
        videos = [replace(video, payload=event) for video in answer.videos] if delivery.video_id else []
        has_ended = delivery.is_job and all(video.status in TERMINAL_STATUSES for video in videos)
        with self.database.write() as connection:
            is_new = store.save_delivery(connection, self.source, delivery, received_at=now, has_ended=has_ended)
            if is_new and videos:
                store.save_source(connection, self.source)
                store.save_videos(connection, self.source, videos, channel="webhook", received_at=now, as_of=said_at)
        return is_new


def _refusal(error: BadDelivery) -> HTTPStatus:
    if error.reason == "size":
        return HTTPStatus.REQUEST_ENTITY_TOO_LARGE
    return HTTPStatus.UNAUTHORIZED if isinstance(error, BadSignature) else HTTPStatus.BAD_REQUEST
