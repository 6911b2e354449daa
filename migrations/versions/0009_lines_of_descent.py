"""Which row each link leads to, and how many generations are above its child: families by number, not by name.

What the new columns hold is derived from the links: the caller of the migrations fills them.
"""

from alembic import op

revision = "0009"
down_revision = "0008"


def upgrade() -> None:
    op.execute("ALTER TABLE links ADD COLUMN parent_id INTEGER REFERENCES videos (id) ON DELETE SET NULL")
    op.execute("ALTER TABLE links ADD COLUMN depth INTEGER")
    op.execute("ALTER TABLE links ADD COLUMN is_circular INTEGER")
    op.execute("DROP INDEX ix_links_parent")
    op.execute("CREATE INDEX ix_links_parent_id ON links (parent_id, child_id) WHERE parent_id IS NOT NULL")
    op.execute("CREATE INDEX ix_links_lost ON links (parent_source, parent_remote_id) WHERE parent_id IS NULL")
    op.execute("CREATE INDEX ix_links_depth ON links (depth, child_id)")
