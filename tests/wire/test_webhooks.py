"""Deliveries as they arrive: the recorded one, and every way in which one can be wrong."""

from __future__ import annotations

import base64
import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from catalog.errors import ConfigError
from catalog.wire.webhooks import MAX_BODY, BadDelivery, BadSignature, sign, signing_key, verify

SECRET = "whsec_" + base64.b64encode(b"a key of ours, thirty-two bytes!").decode()
NOW = 1_758_941_500
BODY = b'{"id":"evt_1","object":"event","created_at":1758941485,"type":"video.completed","data":{"id":"video_1"}}'


def headers(body: bytes = BODY, *, secret: str = SECRET, timestamp: int = NOW, **changes: str) -> dict[str, str]:
    signature = sign(secret, "wh_1", timestamp, body)
    names = {"webhook-id": "wh_1", "webhook-timestamp": str(timestamp), "webhook-signature": signature}
    return names | {name.replace("_", "-"): value for name, value in changes.items()}


def reason(given: dict[str, str], body: bytes = BODY, secrets: list[str] | None = None, now: float = NOW) -> str:
    with pytest.raises(BadDelivery) as caught:
        verify(given, body, secrets or [SECRET], now)
    assert SECRET not in str(caught.value)
    return caught.value.reason


def test_the_recorded_delivery_verifies(shared):
    recorded = json.loads((shared / "payloads/openai-webhook-signed-delivery.json").read_text())
    delivery = verify(recorded["headers"], recorded["body"].encode(), [recorded["secret"]], recorded["clock_now"])
    assert (delivery.id, delivery.timestamp) == ("wh_685342e6c53c8190a1be43f081506c52", 1758941500)
    assert (delivery.type, delivery.video_id) == ("video.completed", "video_abc123")
    assert delivery.event["id"] == "evt_abc123"


def test_signing_gives_the_recorded_signature(shared):
    recorded = json.loads((shared / "payloads/openai-webhook-signed-delivery.json").read_text())
    told = recorded["headers"]
    signature = sign(recorded["secret"], told["webhook-id"], int(told["webhook-timestamp"]), recorded["body"].encode())
    assert signature == told["webhook-signature"]


def test_header_names_count_in_any_case():
    assert verify({name.title(): value for name, value in headers().items()}, BODY, [SECRET], NOW).id == "wh_1"


@pytest.mark.parametrize("offset", [-300, 0, 300])
def test_a_delivery_within_the_window_verifies(offset):
    assert verify(headers(), BODY, [SECRET], NOW + offset).timestamp == NOW


@pytest.mark.parametrize("offset", [-301, 300.5, 10**9])
def test_a_delivery_outside_the_window_is_refused(offset):
    assert reason(headers(), now=NOW + offset) == "timestamp"


def test_a_clock_that_is_no_number_refuses():
    assert reason(headers(), now=float("nan")) == "timestamp"


@pytest.mark.parametrize("text", ["soon", "1758941500.5", "-5", "1e9", "٣", "9" * 400, "NaN"])
def test_a_timestamp_that_is_no_number_of_seconds_is_refused(text):
    assert reason(headers(webhook_timestamp=text)) == "timestamp"


@pytest.mark.parametrize("name", ["webhook-id", "webhook-timestamp", "webhook-signature"])
def test_a_missing_header_is_named(name):
    given = headers()
    del given[name]
    with pytest.raises(BadSignature, match=name) as caught:
        verify(given, BODY, [SECRET], NOW)
    assert caught.value.reason == "header"


def test_a_changed_byte_is_refused():
    assert reason(headers(), BODY.replace(b"video_1", b"video_2")) == "signature"


def test_the_raw_bytes_count_and_not_their_meaning():
    assert reason(headers(), json.dumps(json.loads(BODY)).encode()) == "signature"


def test_a_changed_id_is_refused():
    assert reason(headers(webhook_id="wh_2")) == "signature"


def test_an_old_and_a_new_secret_are_both_taken_during_a_rotation():
    old = "whsec_" + base64.b64encode(b"the key before").decode()
    assert verify(headers(secret=old), BODY, [SECRET, old], NOW).id == "wh_1"


def test_one_good_entry_among_bad_ones_is_enough():
    good = headers()["webhook-signature"]
    given = headers(webhook_signature=f"nonsense v1 v1,%%% v1a,abcd v1,{'A' * 43}= {good}")
    assert verify(given, BODY, [SECRET], NOW).id == "wh_1"


@pytest.mark.parametrize("entry", ["v1,", "v1,%%%", "v1,ünï", ",", "v2,AAAA", "v1," + "A" * 9000])
def test_a_signature_that_cannot_be_read_is_refused(entry):
    assert reason(headers(webhook_signature=entry)) == "signature"


def test_the_right_digest_under_another_version_is_refused():
    signature = headers()["webhook-signature"].replace("v1,", "v2,")
    assert reason(headers(webhook_signature=signature)) == "signature"


def test_a_secret_without_the_prefix_signs_with_its_own_bytes():
    assert signing_key("c2VjcmV0") == b"c2VjcmV0"
    assert verify(headers(secret="c2VjcmV0"), BODY, ["c2VjcmV0"], NOW).id == "wh_1"


def test_a_secret_may_lack_its_padding():
    assert signing_key("whsec_YQ") == signing_key("whsec_YQ==") == b"a"


@pytest.mark.parametrize("secret", ["", "  ", "whsec_", "whsec_???", "whsec_a"])
def test_an_unusable_secret_is_a_setting_to_mend(secret):
    with pytest.raises(ConfigError):
        verify(headers(), BODY, [SECRET, secret], NOW)


def test_no_secret_at_all_is_a_setting_to_mend():
    with pytest.raises(ConfigError, match="no webhook secret"):
        verify(headers(), BODY, [], NOW)


def test_a_huge_body_is_refused_before_it_is_hashed():
    body = b"x" * (MAX_BODY + 1)
    assert reason(headers(), body) == "size"


@pytest.mark.parametrize(
    ("body", "expected"),
    [
        (b"\xff\xfe{}", "encoding"),
        (b"", "json"),
        (b"{", "json"),
        (b'{"type": NaN}', "json"),
        (b"[" * 100_000, "json"),
        (b"[]", "event"),
        (b"null", "event"),
        (b'{"id": "evt_1"}', "event"),
        (b'{"type": 7}', "event"),
        (b'{"type": "video.completed"}', "event"),
        (b'{"type": "video.completed", "data": []}', "event"),
        (b'{"type": "video.completed", "data": {"id": 5}}', "event"),
        (b'{"type": "video.failed", "data": {"id": "\\ud800"}}', "event"),
        (b'{"type": "video.failed", "data": {"id": ""}}', "event"),
    ],
)
def test_a_signed_body_that_is_no_event_says_why(body, expected):
    assert reason(headers(body), body) == expected


def test_an_event_about_something_else_names_no_video():
    body = b'{"type": "batch.completed", "data": {"id": "batch_1"}}'
    delivery = verify(headers(body), body, [SECRET], NOW)
    assert (delivery.type, delivery.video_id) == ("batch.completed", None)


@pytest.mark.parametrize(
    "job",
    [
        {"task_id": "t-1", "task_status": "succeed", "task_result": {"videos": [{"url": "https://a.example/v.mp4"}]}},
        {"code": 200, "msg": "ok", "data": {"taskId": "t-1", "state": "fail", "failMsg": "no"}},
        {"event_type": "task.done", "data": {"id": "t-1", "status": "SUCCEEDED"}},
        {"id": "t-1", "type": "video", "status": "queued"},
    ],
)
def test_a_signed_body_may_be_the_job_itself(job):
    body = json.dumps(job).encode()
    delivery = verify(headers(body), body, [SECRET], NOW)
    assert (delivery.type, delivery.video_id, delivery.is_job) == ("job", "t-1", True)


@given(st.dictionaries(st.sampled_from(sorted(headers())), st.text()), st.binary(max_size=200))
def test_whatever_arrives_is_refused_and_never_crashes(given_headers, body):
    with pytest.raises(BadDelivery):
        verify(given_headers, body, [SECRET], NOW)


@given(st.text(), st.integers(0, 10**11))
def test_whatever_is_signed_verifies(text, timestamp):
    body = json.dumps({"type": "note", "data": text}).encode()
    assert verify(headers(body, timestamp=timestamp), body, [SECRET], timestamp).event["data"] == text


@pytest.mark.parametrize("data", [{f"k{n}": 0 for n in range(10_001)}, json.loads("[" * 200 + "]" * 200)])
def test_a_signed_body_that_is_too_much_json_is_refused(data):
    body = json.dumps({"id": "evt_1", "type": "video.completed", "data": {"id": "v1", "x": data}}).encode()
    assert reason(headers(body=body), body=body) == "json"
