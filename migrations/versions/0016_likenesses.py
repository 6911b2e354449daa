"""What pictures look like, by their bytes, so that those that look alike are found."""

import sqlalchemy as sa
from alembic import op

revision = "0016"
down_revision = "0015"


def upgrade() -> None:
    op.create_table("likenesses",
        sa.Column("id", sa.Integer, primary_key=True, autoincrement=True),
        sa.Column("sha256", sa.Text, nullable=False),
        sa.Column("dhash", sa.Integer),
        sa.UniqueConstraint("sha256"),
        sqlite_autoincrement=True,
    )  # fmt: skip
    op.create_index("ix_files_thumbnails", "files", ["sha256"], sqlite_where=sa.text("variant = 'thumbnail'"))
