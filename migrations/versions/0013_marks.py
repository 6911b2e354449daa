"""What marks of files claim, and which files were read for them. What older marks claim is filled in afterwards."""

import sqlalchemy as sa
from alembic import op

revision = "0013"
down_revision = "0012"


def upgrade() -> None:
    for name in ("claims", "tool"):
        op.add_column("file_marks", sa.Column(name, sa.Text))
    op.add_column("file_marks", sa.Column("size", sa.Integer))
    op.add_column("files", sa.Column("marks", sa.Text))
    op.create_index("ix_files_marks", "files", ["video_id"], sqlite_where=sa.text("marks <> ''"))
    is_unread = "marks IS NULL AND sha256 IS NOT NULL AND coalesce(origin, '') <> 'made'"
    op.create_index("ix_files_unmarked", "files", ["id"], sqlite_where=sa.text(is_unread))
