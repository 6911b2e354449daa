"""What folding adds to prompts and to error messages for the full text, each in a column of its own."""

import sqlalchemy as sa
from alembic import op

revision = "0007"
down_revision = "0006"


def upgrade() -> None:
    op.execute("DROP TABLE videos_fts")  # the names of its columns are those of `videos`
    op.execute("ALTER TABLE videos RENAME COLUMN cjk_grams TO grams")
    op.add_column("videos", sa.Column("error_grams", sa.Text))
    # Datasette finds the index by the text content="videos", double quotes included.
    op.execute(
        "CREATE VIRTUAL TABLE videos_fts USING fts5(prompt, error_message, labels, grams, error_grams, "
        'content="videos", content_rowid="id", detail=full, tokenize="unicode61 remove_diacritics 2")'
    )
    op.execute("INSERT INTO videos_fts(videos_fts) VALUES ('rebuild')")
