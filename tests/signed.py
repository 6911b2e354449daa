"""Clips that are signed when a test asks for them, by authorities that are thrown away."""

from __future__ import annotations

import time
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from catalog.provenance import Profile, TrustList
from catalog.provenance.authority import Authority, sign

CLIP = (Path(__file__).parents[1] / "catalog" / "demo" / "clips" / "landscape.mp4").read_bytes()
MP4 = "video/mp4"
OPENED = {
    "assertions": [
        {
            "label": "c2pa.actions",
            "data": {"actions": [{"action": "c2pa.opened", "parameters": {"ingredientIds": ["parent"]}}]},
        }
    ]
}
PARENT = {"title": "parent.mp4", "relationship": "parentOf", "label": "parent"}


class Signed:
    """An authority, the list that knows it, and clips signed by those it certifies."""

    def __init__(self) -> None:
        self.authority = Authority()
        self.signer = self.authority.signer("Sora", organisation="OpenAI")
        self.list = TrustList("a list", "list:own", signers=(self.authority.root,), issued="2026-01-01")
        self.profile = Profile((self.list,))
        self.clip, self.store = sign(CLIP, MP4, self.signer, {"title": "clip.mp4"})

    def sign(self, definition: dict[str, Any] | None = None, **options: Any) -> bytes:
        """A clip signed with a manifest of this definition."""
        return sign(CLIP, MP4, options.pop("signer", self.signer), definition, **options)[0]

    def remix(self, parent: bytes, **options: Any) -> bytes:
        """A clip that names a parent as its ingredient."""
        return self.sign(OPENED, ingredients=[(PARENT, MP4, parent)], **options)


@pytest.fixture(scope="session")
def signed() -> Signed:
    return Signed()


@pytest.fixture(scope="session")
def expired(signed: Signed) -> bytes:
    """A clip whose certificate has ended since: nobody can sign with one that has ended already."""
    end = (datetime.now(UTC) + timedelta(seconds=2)).replace(microsecond=0)
    clip = signed.sign(signer=signed.authority.signer(valid=(end - timedelta(days=9), end)))
    time.sleep(max(0.0, (end - datetime.now(UTC)).total_seconds() + 1.1))
    return clip


def alter(data: bytes, at: int) -> bytes:
    """The data with one bit turned over."""
    return data[:at] + bytes([data[at] ^ 1]) + data[at + 1 :]


def alter_media(clip: bytes) -> bytes:
    """A clip with a bit of its pictures turned over."""
    return alter(clip, clip.rindex(b"mdat") + 40)
