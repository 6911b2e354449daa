"""Families in a library, out of lines such as `c < a b`: a child and its parents, in order of creation."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from catalog import store

if TYPE_CHECKING:
    from collections.abc import Iterable

    from catalog.database import Database

ADD_VIDEO = """
INSERT INTO videos (source, remote_id, kind, status, model, prompt, created_at, completed_at, cost_usd, cost_basis)
VALUES ('studio', ?, 'video', ?, ?, ?, ?, ?, ?, ?)
"""
ADD_LINK = """
INSERT INTO links (child_id, relation, origin, parent_source, parent_remote_id)
SELECT id, ?, ?, 'studio', ? FROM videos WHERE remote_id = ?
"""


def add_family(library: Database, lines: Iterable[str], **fields: Any) -> None:
    """Make the videos of the lines, each with these fields; a parent that has no line of its own stays unknown."""
    values = {"status": "completed", "model": "sora-2", "prompt": "A neon street.", "completed_at": None}
    values |= {"cost_usd": 0.4, "cost_basis": "estimated", **fields}
    videos, links = [], []
    for number, line in enumerate(lines):
        child, _, parents = line.partition(" < ")
        created = (
            f"2026-01-{1 + number // 86400:02}T{number // 3600 % 24:02}:{number // 60 % 60:02}:{number % 60:02}.000Z"
        )
        end = values["completed_at"]
        facts = (values["status"], values["model"], values["prompt"], created, end)
        videos.append((child.strip(), *facts, values["cost_usd"], values["cost_basis"]))
        links += [("remix", "api", parent, child.strip()) for parent in parents.split()]
    with library.write() as connection:
        connection.executemany(ADD_VIDEO, videos)
        add_links(library, links, connection)


def add_links(library: Database, links: Iterable[tuple[str, str, str, str]], connection: Any = None) -> None:
    """Add links (relation, origin, parent, child), in the transaction of `connection` or in one of their own."""
    if connection is None:
        with library.write() as writer:
            add_links(library, links, writer)
        return
    connection.executemany(ADD_LINK, list(links))
    store.rebuild_descent(connection)
