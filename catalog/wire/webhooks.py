"""Signed deliveries: who sent one, when, and about which job. Pure; receiving and retrieving live elsewhere.

The scheme is Standard Webhooks (https://www.standardwebhooks.com): the key signs `id.timestamp.body` with HMAC-SHA256
over the bytes as they arrived. An event names only its job, so whoever accepts one must fetch the job afterwards;
other servers deliver the job itself.

The `standardwebhooks` library does not replace these lines: it reads the clock itself, takes one secret, decodes a
secret without `whsec_` as base64 where the video API signs with its raw bytes, and lets a malformed entry in the
signature header, a foreign encoding or bad base64 escape as ValueError, so that one bad entry hides the good one
beside it.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, NoReturn

from catalog.errors import CatalogError, ConfigError
from catalog.wire.documents import find_excess
from catalog.wire.parse import parse_videos

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

JOB = "job"  # the type of a delivery that is a job
TOLERANCE = 300
MAX_BODY = 1 << 20
MAX_SIGNATURES = 16

_ID = re.compile(r"[\x21-\x7e]{1,256}")
_TIMESTAMP = re.compile(r"[0-9]{1,12}")


class BadDelivery(CatalogError):
    """A delivery that cannot be accepted: answer it with a 4xx.

    `reason` is one word: `header`, `size`, `timestamp`, `signature` for a delivery that no secret vouches for;
    `encoding`, `json`, `event` for a signed body that cannot be read.
    """

    def __init__(self, message: str, *, reason: str) -> None:
        super().__init__(message)
        self.reason = reason


class BadSignature(BadDelivery):
    """A delivery that no secret vouches for: forged, altered, too old, or signed with a secret we do not hold."""


@dataclass(frozen=True, slots=True)
class Delivery:
    """One verified delivery.

    `id` is the same on every redelivery; `timestamp` is when it was sent, in Unix seconds. `video_id` is the job it is
    about, None when `type` is about something else. `event` is the whole body, and `is_job` says that it is the job.
    """

    id: str
    timestamp: int
    type: str
    video_id: str | None
    event: Mapping[str, Any]
    is_job: bool = False


def verify(
    headers: Mapping[str, str],
    body: bytes,
    secrets: Sequence[str],
    now: float,
    tolerance: float = TOLERANCE,
) -> Delivery:
    """The delivery, when one of `secrets` signed exactly these bytes within `tolerance` seconds of `now`, either way.

    Header names count in any case. Raises BadSignature when no secret vouches for it, BadDelivery when a signed body is
    neither an event nor a job, ConfigError when a secret is unusable.
    """
    keys = [signing_key(secret) for secret in secrets]
    if not keys:
        raise ConfigError("no webhook secret is configured: deliveries cannot be verified")
    if len(body) > MAX_BODY:
        _refuse("size", f"the body has {len(body)} bytes, more than {MAX_BODY}")
    by_name = {str(name).lower(): str(value).strip() for name, value in headers.items()}
    delivery_id = _header(by_name, "webhook-id", _ID)
    timestamp = _header(by_name, "webhook-timestamp", _TIMESTAMP)
    if not abs(now - int(timestamp)) <= tolerance:
        _refuse("timestamp", f"webhook-timestamp is more than {tolerance:g} s off the clock here")
    signatures = _signatures(by_name)
    expected = [_digest(key, delivery_id, timestamp, body) for key in keys]
    matches = [hmac.compare_digest(digest, signature) for digest in expected for signature in signatures]
    if not any(matches):
        _refuse("signature", "no entry of webhook-signature was made with a secret held here")
    event = _read_body(body)
    if (job_id := _find_job(event)) is not None:
        return Delivery(delivery_id, int(timestamp), JOB, job_id, event, is_job=True)
    if not _is_name(event.get("type")):
        raise BadDelivery("webhook refused: the signed body is neither an event with a type nor a job", reason="event")
    return Delivery(delivery_id, int(timestamp), event["type"], _video_id(event), event)


def sign(secret: str, delivery_id: str, timestamp: int, body: bytes) -> str:
    """One entry of the `webhook-signature` header, `v1,<base64>`: what a sender puts there."""
    digest = _digest(signing_key(secret), delivery_id, str(timestamp), body)
    return f"v1,{base64.b64encode(digest).decode('ascii')}"


def signing_key(secret: str) -> bytes:
    """The key behind a secret: base64 after `whsec_`, padded or not, else its own bytes; ConfigError if unusable."""
    text = secret.strip()
    encoded = text.removeprefix("whsec_").rstrip("=")
    if text.startswith("whsec_"):
        try:
            key = base64.b64decode(encoded + "=" * (-len(encoded) % 4), validate=True)
        except ValueError as error:
            raise ConfigError("a webhook secret is not base64 after whsec_: copy it again from the provider") from error
    else:
        key = text.encode("utf-8", "surrogateescape")
    if not key:
        raise ConfigError("a webhook secret is empty")
    return key


def _refuse(reason: str, message: str) -> NoReturn:
    raise BadSignature(f"webhook refused: {message}", reason=reason)


def _header(headers: Mapping[str, str], name: str, form: re.Pattern[str]) -> str:
    value = headers.get(name)
    if not value:
        _refuse("header", f"the header {name} is missing")
    if not form.fullmatch(value):
        _refuse("timestamp" if form is _TIMESTAMP else "header", f"the header {name} is malformed")
    return value


def _signatures(headers: Mapping[str, str]) -> list[bytes]:
    value = headers.get("webhook-signature")
    if not value:
        _refuse("header", "the header webhook-signature is missing")
    signatures = []
    for entry in value.split(maxsplit=MAX_SIGNATURES)[:MAX_SIGNATURES]:
        version, _, encoded = entry.partition(",")
        if version == "v1":
            try:
                signatures.append(base64.b64decode(encoded, validate=True))
            except ValueError:
                continue
    return signatures


def _digest(key: bytes, delivery_id: str, timestamp: str, body: bytes) -> bytes:
    return hmac.new(key, f"{delivery_id}.{timestamp}.".encode() + body, hashlib.sha256).digest()


def _no_constant(word: str) -> NoReturn:
    raise ValueError(f"{word} is not JSON")


def _read_body(body: bytes) -> dict[str, Any]:
    try:
        event = json.loads(body.decode("utf-8"), parse_constant=_no_constant)
    except UnicodeDecodeError as error:
        raise BadDelivery("webhook refused: the signed body is not UTF-8", reason="encoding") from error
    except (ValueError, RecursionError) as error:
        raise BadDelivery("webhook refused: the signed body is not JSON", reason="json") from error
    if excess := find_excess(event):
        raise BadDelivery(f"webhook refused: the signed body is too much JSON: {excess}", reason="json")
    if not isinstance(event, dict):
        raise BadDelivery("webhook refused: the signed body is not a JSON object", reason="event")
    return event


def _find_job(body: dict[str, Any]) -> str | None:
    """The id of the job that the body is, with a state of its own; None for an event."""
    kind = body.get("type")
    if body.get("object") == "event" or (isinstance(kind, str) and kind.startswith("video.")):
        return None
    videos = [video for video in parse_videos(body).videos if video.status != "unknown" or video.provider_status]
    return videos[0].remote_id if len(videos) == 1 and _is_name(videos[0].remote_id) else None


def _video_id(event: Mapping[str, Any]) -> str | None:
    if not event["type"].startswith("video."):
        return None
    data = event.get("data")
    video_id = data.get("id") if isinstance(data, dict) else None
    if not _is_name(video_id):
        raise BadDelivery(f"webhook refused: a {event['type']} event does not name a video", reason="event")
    return str(video_id)


def _is_name(value: object) -> bool:
    return isinstance(value, str) and 0 < len(value) <= 512 and value.isprintable()
