"""The pictures that clips and images lack: thumbnails, and sheets of frames.

Most libraries lack none, and a download looks each time: the look is for what has no row, which an index tells.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from catalog.rows import read_path

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from catalog.database import Reader

MADE_OF = {"thumbnail": ("video", "image"), "spritesheet": ("video",)}  # which files each variant is made of


class Lacking(NamedTuple):
    """A file without a picture of a variant: `path` is where it lies, relative to `root`.

    `root` is empty for the folder of the library.
    """

    file_id: int
    video_id: int
    ref: str
    variant: str
    number: int
    sha256: str
    root: str
    path: str


_LACKING = """
SELECT files.id, files.video_id, videos.ref, files.variant, files.number, files.sha256,
file_places.root, file_places.path
FROM files CROSS JOIN videos ON videos.id = files.video_id
CROSS JOIN file_places ON file_places.id = (
    SELECT place.id FROM file_places AS place
    WHERE place.sha256 = files.sha256 AND place.state = 'present' ORDER BY place.root <> '',
    EXISTS (SELECT 1 FROM roots WHERE roots.path = place.root AND roots.state = 'offline'), place.id LIMIT 1
)
WHERE files.id > :last AND files.variant IN :kinds AND files.state = 'present' {among}
AND NOT EXISTS (
    SELECT 1 FROM files AS picture
    WHERE picture.video_id = files.video_id AND picture.variant = :variant AND picture.number = files.number
    AND (picture.state = 'present' OR (picture.origin = 'made' AND :retries = 0))
)
ORDER BY files.id LIMIT :limit
"""
# Of those that can be read now.
_COUNT = """
SELECT files.variant, count(*) FROM files
WHERE files.variant IN :kinds AND files.state = 'present' AND NOT EXISTS (
    SELECT 1 FROM files AS picture
    WHERE picture.video_id = files.video_id AND picture.variant = :variant AND picture.number = files.number
    AND (picture.state = 'present' OR picture.origin = 'made')
) AND EXISTS (
    SELECT 1 FROM file_places WHERE file_places.sha256 = files.sha256 AND file_places.state = 'present'
    AND NOT EXISTS (SELECT 1 FROM roots WHERE roots.path = file_places.root AND roots.state = 'offline')
) GROUP BY files.variant
"""
# The first are those that nobody has tried to make, the second those that a server was to give and did not.
_LEFT = """
SELECT files.video_id FROM files WHERE files.id IN (
    SELECT source.id FROM files AS source WHERE source.variant IN :kinds AND NOT EXISTS (
        SELECT 1 FROM files AS picture
        WHERE picture.video_id = source.video_id AND picture.variant = :variant AND picture.number = source.number
    )
    UNION ALL
    SELECT source.id FROM files AS picture
    CROSS JOIN files AS source ON source.video_id = picture.video_id AND source.variant IN :kinds
    AND source.number = picture.number
    WHERE picture.state <> 'present' AND picture.variant = :variant AND coalesce(picture.origin, '') <> 'made'
) AND files.state = 'present' AND files.origin = 'download' AND EXISTS (
    SELECT 1 FROM file_places
    WHERE file_places.sha256 = files.sha256 AND file_places.root = '' AND file_places.state = 'present'
)
ORDER BY files.id DESC LIMIT :limit
"""
_ALIKE = """
SELECT picture.sha256, picture.size, picture.type, file_places.path, picture.width, picture.height
FROM files CROSS JOIN files AS picture ON picture.video_id = files.video_id AND picture.number = files.number
CROSS JOIN file_places ON file_places.sha256 = picture.sha256 AND file_places.root = ''
AND file_places.state = 'present'
WHERE files.sha256 = :sha256 AND files.variant IN :kinds AND picture.variant = :variant AND picture.state = 'present'
AND picture.origin = 'made' LIMIT 1
"""


def list_lacking(
    connection: Reader,
    variant: str,
    *,
    after: int = 0,
    among: Iterable[int] | None = None,
    retries: bool = False,
    limit: int = 100,
) -> list[Lacking]:
    """The next files, after this row, that lack a picture of the variant, of these videos or of all.

    Those of which none could be made are left out, but for `retries`.
    """
    parameters = {
        "last": after,
        "kinds": list(MADE_OF[variant]),
        "variant": variant,
        "retries": retries,
        "limit": limit,
    }
    if among is None:
        rows = connection.execute(_LACKING.format(among=""), parameters)
    else:
        rows = connection.execute(_LACKING.format(among="AND files.video_id IN :among"), {
            **parameters, "among": list(among),
        })  # fmt: skip
    make: Callable[..., Lacking] = Lacking
    return [make(*own, read_path(root), read_path(path)) for *own, root, path in rows]


def count_lacking(connection: Reader, variant: str) -> dict[str, int]:
    """How many files of which variant lack a picture of this variant, and lie where they can be read.

    Those of which none could be made are left out.
    """
    return dict(connection.execute(_COUNT, {"kinds": list(MADE_OF[variant]), "variant": variant}).fetchall())


def list_left(connection: Reader, variant: str, *, kinds: Iterable[str], limit: int) -> list[int]:
    """The videos of downloaded files of these kinds that lack a picture, the newest first, for so many files at most.

    Files of which none could be made are left out.
    """
    rows = connection.execute(_LEFT, {"kinds": list(kinds), "variant": variant, "limit": limit})
    return [row[0] for row in rows]


class Alike(NamedTuple):
    """A picture that was made of the same bytes: `path` is relative to the folder of the library."""

    sha256: str
    size: int
    type: str
    path: str
    width: int | None
    height: int | None


def find_alike(connection: Reader, sha256: str, variant: str) -> Alike | None:
    """The picture of this variant that was made of the bytes with this hash, for another video."""
    parameters = {"sha256": sha256, "kinds": list(MADE_OF[variant]), "variant": variant}
    row = connection.execute(_ALIKE, parameters).fetchone()
    return row and Alike(*row)
