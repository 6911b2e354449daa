"""The library: videos and their observations, changes, tags, links, sources, runs and full-text index."""

import sqlalchemy as sa
from alembic import op

revision = "0001"
down_revision = None


def _key() -> sa.Column[int]:
    return sa.Column("id", sa.Integer, primary_key=True, autoincrement=True)


def _video(name: str = "video_id") -> sa.Column[int]:
    return sa.Column(name, sa.Integer, sa.ForeignKey("videos.id", ondelete="CASCADE"), nullable=False)


def _texts(*names: str, nullable: bool = True) -> list[sa.Column[str]]:
    return [sa.Column(name, sa.Text, nullable=nullable) for name in names]


def _counts(*names: str) -> list[sa.Column[int]]:
    return [sa.Column(name, sa.Integer, nullable=False) for name in names]


def _create(name: str, *parts: sa.Column | sa.Constraint) -> None:
    op.create_table(name, *parts, sqlite_autoincrement=True)


def upgrade() -> None:
    _create_videos()
    _create_full_text()
    _create("observations",
        _key(), _video(),
        *_texts("channel", nullable=False),
        *_counts("http_status"),
        sa.Column("payload", sa.JSON, nullable=False),
        *_texts("payload_hash", nullable=False),
        *_texts("as_of"),
        *_texts("received_at", "last_received_at", nullable=False),
        *_counts("times_seen"),
        sa.UniqueConstraint("video_id", "channel", "http_status", "payload_hash"),
    )  # fmt: skip
    _create("changes",
        _key(), _video(),
        *_texts("field", nullable=False),
        *_texts("old", "new"),
        *_texts("observed_at", nullable=False),
    )  # fmt: skip
    op.create_index("ix_changes_video_id", "changes", ["video_id"])
    _create("tags",
        _key(), _video(),
        *_texts("key", "value", "origin", nullable=False),
        sa.UniqueConstraint("video_id", "key", "origin"),
    )  # fmt: skip
    op.create_index("ix_tags_key_value", "tags", ["key", "value"])
    _create("links",
        _key(), _video("child_id"),
        *_texts("relation", "origin", "parent_source", "parent_remote_id", nullable=False),
        sa.UniqueConstraint("child_id", "relation", "origin", "parent_source", "parent_remote_id"),
    )  # fmt: skip
    op.create_index("ix_links_parent", "links", ["parent_source", "parent_remote_id"])
    _create_sources()


def _create_videos() -> None:
    _create("videos",
        _key(),
        *_texts("source", "remote_id", nullable=False),
        sa.Column("ref", sa.Text, sa.Computed("source || ':' || remote_id", persisted=False)),
        *_texts("kind", "status", nullable=False),
        *_texts("provider_status"),
        sa.Column("progress", sa.Float),
        *_texts("model", "prompt", "negative_prompt"),
        sa.Column("seconds", sa.Float),
        sa.Column("width", sa.Integer),
        sa.Column("height", sa.Integer),
        *_texts("size_text", "quality", "tier", "created_at", "completed_at", "expires_at"),
        *_texts("error_code", "error_message", "remixed_from_id"),
        sa.Column("output_urls", sa.JSON),
        sa.Column("cost_usd", sa.Float),
        *_texts("cost_basis", "batch_custom_id"),
        sa.Column("metadata", sa.JSON),
        sa.Column("extra", sa.JSON),
        sa.Column("flaws", sa.JSON),
        *_texts("first_seen_at", "last_seen_at", "gone_at", "deleted_at", "labels", "cjk_grams"),
        sa.UniqueConstraint("source", "remote_id"),
    )  # fmt: skip
    op.create_index("ix_videos_created_at", "videos", ["created_at"])
    op.create_index("ix_videos_status", "videos", ["status"])
    op.create_index("ix_videos_model", "videos", ["model"])
    op.create_index("ix_videos_deleted_at", "videos", ["deleted_at"], sqlite_where=sa.text("deleted_at IS NOT NULL"))
    op.create_index("ix_videos_expires_at", "videos", ["expires_at"], sqlite_where=sa.text("expires_at IS NOT NULL"))
    op.create_index(
        "ix_videos_unfinished",
        "videos",
        ["source"],
        sqlite_where=sa.text("status IN ('queued', 'in_progress', 'unknown')"),
    )


def _create_full_text() -> None:
    # Datasette finds the index by the text content="videos", double quotes included.
    op.execute(
        'CREATE VIRTUAL TABLE videos_fts USING fts5(prompt, error_message, labels, cjk_grams, content="videos", '
        'content_rowid="id", detail=full, tokenize="unicode61 remove_diacritics 2")'
    )


def _create_sources() -> None:
    _create("sources",
        _key(),
        *_texts("name", nullable=False),
        *_texts("base_url", "dialect", "cursor", "walked_at"),
        *_texts("health", nullable=False),
        *_texts("message", "lock_holder", "locked_at", "last_run_at", "last_success_at"),
        sa.UniqueConstraint("name"),
    )  # fmt: skip
    _create("sync_runs",
        _key(),
        *_texts("source", "mode", "started_at", "finished_at", nullable=False),
        *_counts("added", "changed", "unchanged", "unfinished", "failed", "requests"),
        *_texts("stopped", "error"),
    )  # fmt: skip
    op.create_index("ix_sync_runs_source", "sync_runs", ["source", "started_at"])
