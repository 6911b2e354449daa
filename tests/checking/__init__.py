"""Whether a library and its files are as they should be, and what becomes of both: `check`, `retire`, backups."""
