"""Why a server refused: the error envelopes of many servers become one Fault."""

from __future__ import annotations

from typing import Any

from catalog.wire.answers import Fault
from catalog.wire.values import find_text

_SUCCESS_CODES = frozenset({"200", "0", "success", "ok"})
_CODE_KEYS = ("code", "error_code", "status_code", "err_code")
_MESSAGE_KEYS = ("message", "msg", "error_msg", "status_msg", "err_msg")
_BASE = "base_resp"  # MiniMax puts code and message of every answer there
_DEEPEST_ENVELOPE = 3


def is_success(code: object) -> bool:
    """Whether the `code` or `success` of an envelope reports success."""
    if isinstance(code, bool) or code is None:
        return code is True
    return (find_text(code) or "").casefold() in _SUCCESS_CODES


def find_fault(payload: dict[str, Any], *, is_failure: bool) -> Fault | None:
    """The fault that the body reports; None when it reports none.

    `is_failure` says that the HTTP status was an error, which makes a bare message or an empty body a fault too.
    """
    code, message = _said(payload)
    outer_code = None if is_success(code) else find_text(code)
    fault = _find_envelope(payload)
    if fault is not None:
        return Fault(fault.code or outer_code, fault.message or message)
    has_failed = payload.get("success") is False or payload.get("error") is True
    if is_failure or has_failed or (code is not None and not is_success(code) and message is not None):
        return Fault(outer_code, message)
    return None


def _said(payload: dict[str, Any]) -> tuple[object, str | None]:
    """The code and the message of an answer as a whole."""
    said = payload[_BASE] if isinstance(payload.get(_BASE), dict) else payload
    return next((said[key] for key in _CODE_KEYS if key in said), None), _message(said)


def error_headers(payload: object) -> dict[str, str]:
    """The headers of an upstream server that the error in an answer repeats, names in lower case."""
    error = payload.get("error") if isinstance(payload, dict) else None
    headers = error.get("headers") if isinstance(error, dict) else None
    return {str(name).lower(): str(value) for name, value in headers.items()} if isinstance(headers, dict) else {}


def _find_envelope(payload: dict[str, Any]) -> Fault | None:
    """The fault under `error` or `detail`; an empty one where `error` is an object of another shape."""
    error = payload.get("error")
    fault = _read_envelope(error) or _read_envelope(payload.get("detail"))
    if fault is None and isinstance(error, dict) and error.keys() - {"code", "message"}:
        return Fault()
    return fault


def _read_envelope(raw: object) -> Fault | None:
    """A fault from an object, a text, or FastAPI's list of errors in a request."""
    raw = _unwrap(raw)
    if isinstance(raw, dict):
        code, message = find_text(raw.get("code")), _message(raw)
        return None if message is None and code in {None, "0"} else Fault(code, message)
    if isinstance(raw, list):
        messages = [message for item in raw if isinstance(item, dict) and (message := _message(item))]
        return Fault(None, "; ".join(messages) or None) if raw else None
    return Fault(None, raw) if isinstance(raw, str) and raw.strip() else None


def _unwrap(raw: object) -> object:
    """The innermost error of objects that have an `error` and lack a message of their own."""
    for _ in range(_DEEPEST_ENVELOPE):
        if not (isinstance(raw, dict) and isinstance(raw.get("error"), dict) and _message(raw) is None):
            break
        raw = raw["error"]
    return raw


def _message(payload: dict[str, Any]) -> str | None:
    return next((text for text in map(find_text, map(payload.get, _MESSAGE_KEYS)) if text), None)
