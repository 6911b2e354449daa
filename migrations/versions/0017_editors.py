"""Who made each edit, and through what."""

import sqlalchemy as sa
from alembic import op

revision = "0017"
down_revision = "0016"


def upgrade() -> None:
    op.add_column("edits", sa.Column("author", sa.Text))
    op.add_column("edits", sa.Column("via", sa.Text))
