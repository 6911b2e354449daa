"""The archive of a library's bytes in object storage that speaks S3: copied there, read back, and brought back."""

from catalog.archive.journey import archive, unarchive

__all__ = ["archive", "unarchive"]
