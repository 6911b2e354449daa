"""The walk over a server's list, which trusts no server: page after page until one of the signs of an end.

Lists lie: some repeat their first page for ever, some restart when the cursor's job is gone, some say `has_more` on an
empty page, some never say it. A walk ends at the first of: `has_more` false, an empty page, a page without a new id, a
cursor seen before, the most pages of one walk. The last page names the sign.

An endless list cannot be told from a long one, so a walk of so many pages is not a fault: it keeps the cursor to go on
from.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from catalog.errors import Refused

if TYPE_CHECKING:
    from collections.abc import Iterator

    from catalog.client.client import Client
    from catalog.wire.answers import Answer, ParsedVideo

MAX_PAGES = 20_000  # of one walk

END = "end of the list"
EMPTY = "empty page"
NOTHING_NEW = "page without a new job"
REPEATED = "repeated cursor"
CAPPED = "the most pages of one run"


@dataclass(frozen=True, slots=True)
class ListedPage:
    """One page: its videos, and either the cursor of the next page or why the walk ended here.

    `is_restart` marks the first page of a walk that started over because the server refused its cursor.
    """

    videos: tuple[ParsedVideo, ...]
    cursor: str | None
    ended: str | None
    is_restart: bool = False
    flaws: tuple[str, ...] = ()


def walk(client: Client, after: str | None = None, most: int = MAX_PAGES) -> Iterator[ListedPage]:
    """The pages of the list from the cursor `after` on, newest first, at most so many; raises SourceError.

    The last page of a walk that is CAPPED has the cursor of the next one.
    """
    cursor, seen, used, is_restart = after, set[str](), {after}, False
    pages = 0
    while True:
        try:
            answer = client.list_page(after=cursor).answer
        except Refused as error:
            if error.status != 400 or cursor is None or is_restart:
                raise
            cursor, seen, used, is_restart = None, set(), {None}, True
            continue
        following = _next_cursor(client, answer, cursor)
        pages += 1
        ended = _why_ended(answer, seen, following, used)
        is_capped = ended is None and pages >= most
        seen.update(video.remote_id for video in answer.videos)
        used.add(following)
        cursor = None if ended else following
        ended = CAPPED if is_capped else ended
        yield ListedPage(tuple(answer.videos), cursor, ended, is_restart, answer.flaws)
        if ended:
            return


def _next_cursor(client: Client, answer: Answer, cursor: str | None) -> str | None:
    """The cursor of the next page. Where the page does not say whether there is one, a full page counts as yes."""
    if answer.has_more is False or not answer.videos or client.dialect.paging == "whole":
        return None
    if answer.next_page is not None:
        return str(answer.next_page)
    if answer.has_more is None and len(answer.videos) < client.dialect.max_limit:
        return None
    if client.dialect.paging == "page":
        return str(int(cursor) + 1 if cursor and cursor.isdecimal() else 2)
    return answer.next_cursor or answer.videos[-1].remote_id


def _why_ended(answer: Answer, seen: set[str], following: str | None, used: set[str | None]) -> str | None:
    if not answer.videos:
        return EMPTY if answer.has_more else END
    if seen.issuperset(video.remote_id for video in answer.videos):
        return NOTHING_NEW
    if following is None:
        return END
    return REPEATED if following in used else None
