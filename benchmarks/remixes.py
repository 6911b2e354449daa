"""A parent with 100,000 remixes that were all checked: its own check, the links made again, evidence, the tree.

python benchmarks/remixes.py [--videos 100000]

All times are of the processor. Each remix names the parent in its credentials, and the server names it too.
"""

from __future__ import annotations

import argparse
import tempfile
import time
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING

from catalog import store
from catalog.library import create_library, open_library
from catalog.provenance import Check, Manifest
from catalog.reading.evidence import PORTION, list_evidence
from catalog.reading.lineage import read_lineage

if TYPE_CHECKING:
    from collections.abc import Callable

    from catalog.database import Database

NOW = datetime(2026, 1, 1, tzinfo=UTC)
HASH = f"{'A' * 43}="
# What is kept of a video, in order; the first is the parent, without a check.
ROWS = (
    """
    INSERT INTO videos (id, source, remote_id, kind, status, model, prompt, created_at, cost_basis, extracted_by)
    VALUES (:id, 'studio', :name, 'video', 'completed', 'sora-2', :prompt, :at, 'unknown', '1')
    """,
    """
    INSERT INTO links (child_id, relation, origin, parent_source, parent_remote_id, parent_id, depth)
    SELECT :id, 'remix', 'api', 'studio', 'v1', 1, 1 WHERE :id > 1
    """,
    """
    INSERT INTO files (id, video_id, variant, number, sha256, size, type, state, changed_at, check_id)
    VALUES (:id, :id, 'video', 0, :sha256, 1, 'video/mp4', 'present', :at, CASE WHEN :id > 1 THEN :id END)
    """,
    "INSERT INTO c2pa_stores (id, sha256) SELECT :id, :sha256 WHERE :id > 1",
    """
    INSERT INTO c2pa_manifests (id, store_id, number, label, is_active, instance_id, disclosures, soft_bindings)
    SELECT :id, :id, 1, 'urn:' || :name, 1, 'xmp:iid:' || :name, '[]', '[]' WHERE :id > 1
    """,
    """
    INSERT INTO c2pa_ingredients (manifest_id, number, relationship, title, manifest, manifest_hash, recorded)
    SELECT :id, 1, 'parentOf', 'v1.mp4', 'urn:v1', :hash, '[]' WHERE :id > 1
    """,
    """
    INSERT INTO c2pa_checks (id, file_id, checked_at, status, is_detached, has_media, codes, lists, store_id)
    SELECT :id, :id, :at, 'intact_unknown_signer', 0, 1, '{}', '[]', :id WHERE :id > 1
    """,
)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--videos", type=int, default=100_000)
    parser.add_argument("--library", type=Path)
    arguments = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        path = arguments.library or Path(folder) / "catalog.db"
        if not path.exists():
            create_library(path)
            library = open_library(path)
            fill(library, arguments.videos)
            library.close()
        library = open_library(path)
        show("the check of the parent", lambda: check_parent(library))
        show("the links made again", lambda: rebuild_links(library))
        show("evidence of all", lambda: read_evidence(library, arguments.videos))
        show("the first 100 of the tree", lambda: read_tree(library, 100))
        show("the whole tree", lambda: read_tree(library, None))
        library.close()


def show(what: str, run: Callable[[], object]) -> None:
    start = time.process_time()
    run()
    print(f"{what:30}{1000 * (time.process_time() - start):10,.1f} ms", flush=True)


def check_parent(library: Database) -> None:
    manifest = Manifest("urn:v1", is_active=True, instance_id="xmp:iid:v1", hash=HASH)
    check = Check("intact_unknown_signer", sha256="ab", checked_at=NOW, store=b"1", crjson="{}", manifests=(manifest,))
    with library.write() as connection:
        store.save_checks(connection, {1: check})


def rebuild_links(library: Database) -> None:
    with library.write() as connection:
        store.rebuild_ingredients(connection)


def read_evidence(library: Database, videos: int) -> None:
    with library.read() as connection:
        for start in range(1, videos + 1, PORTION):
            list(list_evidence(connection, range(start, min(start + PORTION, videos + 1))))


def read_tree(library: Database, limit: int | None) -> None:
    with library.read() as connection:
        read_lineage(connection, 1, limit)


def fill(library: Database, videos: int) -> None:
    """The parent, which is not checked yet, and its remixes."""
    with library.write() as connection:
        for row in ROWS:
            connection.executemany(row, map(describe, range(1, videos + 1)))
        store.rebuild_texts(connection)
        store.rebuild_bitmaps(connection)


def describe(number: int) -> dict[str, object]:
    prompt = f"A neon street at night, take {number}."
    common = {"at": "2026-01-01T00:00:00.000Z", "hash": HASH}
    return {"id": number, "name": f"v{number}", "sha256": f"{number:064x}", "prompt": prompt, **common}


if __name__ == "__main__":
    main()
