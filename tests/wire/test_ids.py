"""Encoded ids are brought back to the server's own, as far as they are there."""

from __future__ import annotations

import base64

import pytest

from catalog.wire.ids import raw_id

RAW = "video_6a1b2c3d_東京"


def encode(remote_id: str) -> str:
    text = f"litellm:custom_llm_provider:openai;model_id:sora-2;video_id:{remote_id}"
    return "video_" + base64.b64encode(text.encode()).decode()


@pytest.mark.parametrize("layers", [1, 2, 3])
def test_every_cut_id_is_opened_to_a_beginning_of_the_raw_one(layers: int) -> None:
    encoded = RAW
    for _ in range(layers):
        encoded = encode(encoded)
    opened = [raw_id(encoded[:length], is_cut=True) for length in range(len(encoded), 0, -1)]
    assert opened[0] == RAW
    assert all(RAW.startswith(raw) for raw in opened[:12])


@pytest.mark.parametrize("text", ["", "v1", "video_", "video_bGl0", "video_bGl0ZWxsbTp4", "東京"])
def test_any_other_id_stays_as_it_is(text: str) -> None:
    assert raw_id(text) == raw_id(text, is_cut=True) == text
