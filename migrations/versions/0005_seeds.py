"""Seeds and the parameters of generation, which were among everything else that a server said."""

import sqlalchemy as sa
from alembic import op

revision = "0005"
down_revision = "0004"


def upgrade() -> None:
    op.add_column("videos", sa.Column("seed", sa.Text))
    op.add_column("videos", sa.Column("parameters", sa.JSON))
