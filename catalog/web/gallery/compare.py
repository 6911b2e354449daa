"""Two to four videos beside each other: their clips, what differs between them, and their prompts merged into one.

In the address, refs stand between commas; a comma in a ref, and a percent sign, are percent-encoded once more.
"""

from __future__ import annotations

from http import HTTPStatus
from typing import TYPE_CHECKING, NamedTuple
from urllib.parse import unquote

from catalog.errors import NotFound
from catalog.web.gallery import pages
from catalog.web.gallery.merging import merge_prompts
from catalog.web.gallery.sides import list_facts, make_side
from catalog.web.gallery.state import State
from catalog.web.gallery.visits import Refused, page

if TYPE_CHECKING:
    from collections.abc import Sequence

    from catalog.api import Catalog
    from catalog.records import Video
    from catalog.web.gallery.visits import Answer, Visit

FEWEST, MOST = 2, 4
_LIMIT = f"compare takes {FEWEST} to {MOST} videos"
_PIECES = 40  # between commas, of which refs may have some of their own


class Row(NamedTuple):
    """A fact by its name, and what it is for each of the videos."""

    name: str
    values: tuple[str, ...]

    @property
    def is_equal(self) -> bool:
        """Whether it is the same for all."""
        return len(set(self.values)) == 1


def show(visit: Visit) -> Answer:
    """The page of the comparison that the address asks for."""
    return _answer(visit, "compare.html", visit.query.get("compare", ""))


def show_part(visit: Visit) -> Answer:
    """The comparison alone, to be put on another page."""
    return _answer(visit, "comparison.html", visit.query.get("refs", ""))


def find_videos(catalog: Catalog, text: str) -> list[Video]:
    """The videos that an address names, each once; raises Refused unless there are two to four, and NotFound.

    A name is taken as it stands where a video has it, decoded where not, and may go on behind a comma: whoever encodes
    an address only once means that.
    """
    pieces = [piece for piece in text.split(",") if piece.strip()]
    if len(pieces) > _PIECES:
        raise Refused(HTTPStatus.BAD_REQUEST, f"{_LIMIT}, not {len(pieces)}")
    videos: dict[str, Video] = {}
    unknown = []
    while pieces:
        video, length = _find_first(catalog, pieces)
        if video is None:
            unknown.append(unquote(pieces[0]))
        else:
            videos[video.ref] = video
        pieces = pieces[length:]
    if not FEWEST <= len(videos) + len(unknown) <= MOST:
        raise Refused(HTTPStatus.BAD_REQUEST, f"{_LIMIT}, not {len(videos) + len(unknown)}")
    if unknown:
        raise NotFound(f"no video {' and no video '.join(unknown)} in this library")
    return list(videos.values())


def compare_facts(videos: Sequence[Video]) -> tuple[list[Row], list[Row]]:
    """The facts that differ, and those that are equal; what none of the videos has is left out."""
    each = [list_facts(video) for video in videos]
    names = dict.fromkeys(name for values in each for name in values)
    rows = [Row(name, tuple(values.get(name, "") for values in each)) for name in names]
    rows = [row for row in rows if any(row.values)]
    return [row for row in rows if not row.is_equal], [row for row in rows if row.is_equal]


def _answer(visit: Visit, template: str, refs: str) -> Answer:
    state = State.read(visit.query)
    with visit.catalog.reading():
        videos = find_videos(visit.catalog, refs)
        first, *others = videos
        prompts = merge_prompts(first.prompt or "", [visit.catalog.diff(first.ref, other.ref) for other in others])
    different, equal = compare_facts(videos)
    sides = [make_side(video) for video in videos]
    text = pages.render(
        visit,
        template,
        state=state,
        heading="h1" if template == "compare.html" else "h2",
        sides=sides,
        is_wide=sum(side.width for side in sides) > sum(side.height for side in sides),
        different=different,
        equal=equal,
        prompts=prompts,
        closed=f"{visit.base}/{state.change(compare='').query()}",
    )
    return page(text)


def _find_first(catalog: Catalog, pieces: Sequence[str]) -> tuple[Video | None, int]:
    """The video that the first pieces name, and how many of them do: the most; one alone may begin a name."""
    for length in range(min(len(pieces), _PIECES), 0, -1):
        name = ",".join(pieces[:length])
        for text in dict.fromkeys((name, unquote(name))):
            video = catalog.find(text) if length == 1 or ":" in text else None
            if video and (length == 1 or video.ref == text):
                return video, length
    return None, 1
