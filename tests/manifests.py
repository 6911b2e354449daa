"""Files of videos and what checks found in them, made by hand: a parent, and a child that names it."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from catalog import store
from catalog.provenance import Check, Ingredient, Manifest
from catalog.wire.parse import parse_videos
from tests.house import Shelf, job

if TYPE_CHECKING:
    from catalog.database import Writer

START = datetime(2026, 11, 21, 12, tzinfo=UTC)
SHA = {name: name[0].encode().hex() * 32 for name in ("parent", "child", "other", "third")}


def manifest(label: str, *made_of: Ingredient, **more: Any) -> Manifest:
    return Manifest(label, is_active=True, ingredients=made_of, **more)


def check(*manifests: Manifest, status: Any = "intact_unknown_signer") -> Check:
    """A check that found these manifests, which are a store of their own."""
    found = {"store": repr(manifests).encode(), "crjson": "{}", "manifests": manifests} if manifests else {}
    return Check(status, sha256="ab", checked_at=START, reader="c2pa 1", **found)


def put(connection: Writer, name: str, sha256: str | None = None, variant: str = "video") -> int:
    """Keep a file of a job: the row of the file."""
    sha256 = sha256 or SHA[name]
    held = store.Bytes(sha256, 1, "video/mp4", f"media/{sha256}.mp4")
    spot = store.Spot(store.find_ids(connection, "studio", [name])[name], variant)
    return store.save_file(connection, spot, held, origin="download", at=START)


def keep(desk: Shelf, name: str, sha256: str | None = None, variant: str = "video", **more: Any) -> int:
    """Take in a job with a file: the row of the file."""
    with desk.library.write() as connection:
        videos = parse_videos(job(name, **more)).videos
        store.save_videos(connection, "studio", videos, channel="list", received_at=START)
        return put(connection, name, sha256, variant)


def save(desk: Shelf, checks: dict[int, Check]) -> None:
    with desk.library.write() as connection:
        store.save_checks(connection, checks)


PARENT = manifest("urn:parent", instance_id="xmp:iid:parent", hash="A" * 43 + "=")
NAMED = Ingredient("parentOf", title="parent.mp4", manifest="urn:parent", manifest_hash="A" * 43 + "=")
CHILD = manifest("urn:child", NAMED, instance_id="xmp:iid:child")
