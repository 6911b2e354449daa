"""Bodies as they pass by: what is too much JSON is no body."""

from __future__ import annotations

import pytest

from catalog.capture.bodies import JsonBody


@pytest.mark.parametrize(
    "data", [b"[" + b"{}," * 1_000_000 + b"{}]", b"[" * 100_000, b'{"a":' * 200 + b"1" + b"}" * 200]
)
def test_what_is_too_much_json_cannot_be_read(data: bytes):
    body = JsonBody()
    body.feed(data)
    with pytest.raises(ValueError, match=r"JSON of more|nested too deeply"):
        body.value()
