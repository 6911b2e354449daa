"""Which videos have which value of each countable field, as bitmaps in chunks of 65,536 videos."""

import sqlalchemy as sa
from alembic import op

revision = "0007"
down_revision = "0006"


def upgrade() -> None:
    op.create_table("bitmaps",
        sa.Column("id", sa.Integer, primary_key=True, autoincrement=True),
        sa.Column("field", sa.Text, nullable=False),
        sa.Column("value", sa.Text, nullable=False),
        sa.Column("chunk", sa.Integer, nullable=False),
        sa.Column("ids", sa.LargeBinary, nullable=False),
        sa.Column("revision", sa.Integer, nullable=False),
        sa.UniqueConstraint("field", "value", "chunk"),
        sqlite_autoincrement=True,
    )  # fmt: skip
    op.create_index("ix_bitmaps_revision", "bitmaps", ["revision"])
