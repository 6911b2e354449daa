"""The inbox of webhooks: each delivery once, and how the tries to retrieve its job went."""

from __future__ import annotations

import json

from catalog import store
from catalog.wire.webhooks import Delivery

EVENT = {"id": "evt_1", "type": "video.completed", "data": {"id": "video_1"}}


def deliver(desk, webhook_id="wh_1", source="studio", event=None, video_id="video_1"):
    told = event or EVENT
    with desk.library.write() as connection:
        delivery = Delivery(webhook_id, 1_790_000_000, told["type"], video_id, told)
        return store.save_delivery(connection, source, delivery, received_at=desk.now)


def test_a_delivery_waits_for_the_retrieval_of_its_job(desk):
    assert deliver(desk) == "new"
    assert desk.rows("SELECT source, webhook_id, type, state, remote_id, attempts, done_at FROM deliveries") == [
        ("studio", "wh_1", "video.completed", "waiting", "video_1", 0, None)
    ]
    assert json.loads(desk.value("SELECT body FROM deliveries")) == EVENT


def test_the_same_delivery_again_is_kept_once(desk):
    deliver(desk)
    assert deliver(desk) == "repeated"
    assert desk.value("SELECT count(*) FROM deliveries") == 1


def test_two_sources_may_use_the_same_id(desk):
    deliver(desk)
    assert deliver(desk, source="other") == "new"


def test_a_delivery_about_no_video_is_done_at_once(desk):
    deliver(desk, event={"type": "batch.completed", "data": {"id": "batch_1"}}, video_id=None)
    assert desk.rows("SELECT state, message FROM deliveries") == [("done", "not about a video")]


def test_a_key_in_a_delivery_is_not_kept(desk):
    deliver(desk, event=EVENT | {"note": "whsec_c2VjcmV0c2VjcmV0"})
    assert "c2VjcmV0" not in desk.value("SELECT body FROM deliveries")


def test_tries_are_counted_until_the_delivery_is_done(desk):
    deliver(desk)
    for state, message in (("waiting", "no connection"), ("done", None)):
        with desk.library.write() as connection:
            store.save_attempt(connection, 1, state, tried_at=desk.now, message=message)
    assert desk.rows("SELECT state, attempts, message, done_at IS NOT NULL FROM deliveries") == [("done", 2, None, 1)]
