"""Content Credentials: trust lists, checks and manifests; and what remixes inherit of their parents' facets."""

import sqlalchemy as sa
from alembic import op

revision = "0011"
down_revision = "0010"


def key() -> sa.Column:
    return sa.Column("id", sa.Integer, primary_key=True, autoincrement=True)


def child_of(table: str, name: str) -> sa.Column:
    return sa.Column(name, sa.Integer, sa.ForeignKey(f"{table}.id", ondelete="CASCADE"), nullable=False)


def texts(*names: str) -> list[sa.Column]:
    return [sa.Column(name, sa.Text) for name in names]


def upgrade() -> None:
    op.create_table("trust_lists",
        key(),
        sa.Column("uri", sa.Text, nullable=False),
        sa.Column("name", sa.Text, nullable=False),
        sa.Column("source", sa.Text),
        sa.Column("sha256", sa.Text, nullable=False),
        sa.Column("content", sa.LargeBinary, nullable=False),
        sa.Column("are_time_stampers", sa.Integer),
        sa.Column("signers", sa.Integer, nullable=False),
        sa.Column("time_stampers", sa.Integer, nullable=False),
        *texts("issued", "next_update"),
        sa.Column("is_frozen", sa.Integer, nullable=False),
        sa.Column("added_at", sa.Text, nullable=False),
        sa.UniqueConstraint("uri"),
        sqlite_autoincrement=True,
    )  # fmt: skip
    op.create_table("c2pa_stores",
        key(),
        sa.Column("sha256", sa.Text, nullable=False),
        sa.Column("size", sa.Integer),
        sa.Column("data", sa.LargeBinary),
        sa.Column("crjson", sa.Text),
        sa.UniqueConstraint("sha256"),
        sqlite_autoincrement=True,
    )  # fmt: skip
    op.create_table("c2pa_manifests",
        key(),
        child_of("c2pa_stores", "store_id"),
        sa.Column("number", sa.Integer, nullable=False),
        sa.Column("label", sa.Text, nullable=False),
        sa.Column("is_active", sa.Integer, nullable=False),
        sa.Column("claim_version", sa.Integer),
        *texts("title", "format", "instance_id", "generator", "generator_version"),
        *texts("signer", "organisation", "common_name", "issuer", "serial", "algorithm"),
        *texts("valid_from", "valid_until", "signed_at", "time_source", "time_authority"),
        sa.Column("disclosures", sa.JSON, nullable=False),
        sa.Column("soft_bindings", sa.JSON, nullable=False),
        sa.Column("hash", sa.Text),
        sa.UniqueConstraint("store_id", "number"),
        sqlite_autoincrement=True,
    )  # fmt: skip
    for name in ("label", "instance_id"):  # of those that speak for a file: each is copied into what was made of it
        op.create_index(f"ix_c2pa_manifests_{name}", "c2pa_manifests", [name], sqlite_where=sa.text("is_active = 1"))
    op.create_index("ix_c2pa_manifests_hash", "c2pa_manifests", ["hash"], sqlite_where=sa.text("hash IS NOT NULL"))
    op.create_table("c2pa_actions",
        key(),
        child_of("c2pa_manifests", "manifest_id"),
        sa.Column("number", sa.Integer, nullable=False),
        sa.Column("action", sa.Text, nullable=False),
        *texts("source_type", "software_agent", "model", "description", "at"),
        sa.UniqueConstraint("manifest_id", "number"),
        sqlite_autoincrement=True,
    )  # fmt: skip
    op.create_index("ix_c2pa_actions_source_type", "c2pa_actions", ["source_type"],
                    sqlite_where=sa.text("source_type IS NOT NULL"))  # fmt: skip
    op.create_table("c2pa_ingredients",
        key(),
        child_of("c2pa_manifests", "manifest_id"),
        sa.Column("number", sa.Integer, nullable=False),
        *texts("relationship", "title", "format", "instance_id", "document_id"),
        *texts("manifest", "manifest_hash", "thumbnail"),
        sa.Column("recorded", sa.JSON, nullable=False),
        sa.UniqueConstraint("manifest_id", "number"),
        sqlite_autoincrement=True,
    )  # fmt: skip
    for name in ("manifest", "instance_id", "document_id"):
        op.create_index(f"ix_c2pa_ingredients_{name}", "c2pa_ingredients", [name, "manifest_id"],
                        sqlite_where=sa.text(f"{name} IS NOT NULL"))  # fmt: skip
    op.create_table("c2pa_checks",
        key(),
        child_of("files", "file_id"),
        sa.Column("checked_at", sa.Text, nullable=False),
        sa.Column("status", sa.Text, nullable=False),
        *texts("reason", "sha256"),
        sa.Column("size", sa.Integer),
        *texts("type"),
        sa.Column("is_detached", sa.Integer, nullable=False),
        sa.Column("has_media", sa.Integer, nullable=False),
        sa.Column("codes", sa.JSON, nullable=False),
        *texts("signer_list", "remote_url"),
        sa.Column("lists", sa.JSON, nullable=False),
        *texts("reader"),
        sa.Column("store_id", sa.Integer, sa.ForeignKey("c2pa_stores.id")),
        sqlite_autoincrement=True,
    )  # fmt: skip
    op.create_index("ix_c2pa_checks_file_id", "c2pa_checks", ["file_id"])
    op.create_index(
        "ix_c2pa_checks_store_id", "c2pa_checks", ["store_id"], sqlite_where=sa.text("store_id IS NOT NULL")
    )
    op.add_column("files", sa.Column("check_id", sa.Integer))
    op.create_index("ix_files_check_id", "files", ["check_id"], sqlite_where=sa.text("check_id IS NOT NULL"))
    is_unchecked = "check_id IS NULL AND sha256 IS NOT NULL AND coalesce(origin, '') <> 'made'"
    op.create_index("ix_files_unchecked", "files", ["id"], sqlite_where=sa.text(is_unchecked))
    op.create_table("inherited_facets",
        key(),
        child_of("videos", "video_id"),
        child_of("facet_values", "value_id"),
        sa.UniqueConstraint("video_id", "value_id"),
        sqlite_autoincrement=True,
    )  # fmt: skip
    op.create_index("ix_inherited_facets_value_id", "inherited_facets", ["value_id", "video_id"])
    op.add_column("links", sa.Column("is_inherited", sa.Integer))
    op.create_index(
        "ix_links_uninherited", "links", ["depth", "child_id"], sqlite_where=sa.text("is_inherited IS NULL")
    )
