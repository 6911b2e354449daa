"""The list of a source: page after page into the library, each with the cursor to resume from."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

from catalog.client import paging
from catalog.enclosed import keep_enclosed
from catalog.errors import RateLimited, SourceError, Unauthorized
from catalog.reading.work import get_walk, list_absent
from catalog.sync.absences import is_mass
from catalog.wire.requests import read_observed

if TYPE_CHECKING:
    from catalog.client.client import Client
    from catalog.client.paging import ListedPage
    from catalog.sync.run import Run
    from catalog.wire.answers import ParsedVideo
    from catalog.wire.dialects import Dialect

KNOWN = "known jobs older than the look-back"


def take_in_list(run: Run, client: Client, *, full: bool) -> list[str]:
    """Take in the list, after the rest of an interrupted walk, and return the ids that a whole list no longer has.

    Where the rest cannot be had, because of one page that always fails, what is new comes in before that is raised. All
    walks of a run together take at most its `max_pages`; where they do not suffice, the next run goes on.
    """
    cursor, walked_at = run.ask(get_walk)
    is_full = full or walked_at is None
    if cursor and not full:
        run.mode = "resumed"
        saved = json.loads(cursor)
        try:
            is_full = not _walk(run, client, saved["after"], is_full=saved["full"])
        except SourceError as error:
            if error.status is not None and not isinstance(error, Unauthorized | RateLimited):
                _walk(run, client, None, is_full=False, keeps_cursor=True)
            raise
    else:
        run.mode = "full" if is_full else "incremental"
    if run.pages_left:
        _walk(run, client, None, is_full=is_full)
    if run.stopped == paging.CAPPED:
        run.note(
            [f"{run.settings.max_pages:,} pages of the list read, the most of one run: the next run goes on there"]
        )
    return _list_absent(run) if is_full and run.stopped == paging.END else []


def _walk(run: Run, client: Client, after: str | None, *, is_full: bool, keeps_cursor: bool = False) -> bool:
    """Take in page after page; unless `is_full`, up to one whose jobs are all known and old.

    False if the cursor `after` leads to an empty page: the job it names may be gone, and with it the way to the others.
    """
    for number, page in enumerate(paging.walk(client, after, run.pages_left)):
        run.pages_left -= 1
        if after is not None and number == 0 and not page.videos:
            return False
        is_full = is_full or page.is_restart
        _take_in_page(run, client.dialect, page, is_full=is_full, keeps_cursor=keeps_cursor)
        run.progress(len(run.outcomes), None, "listing")
        if run.stopped:
            break
    return True


def _take_in_page(run: Run, dialect: Dialect, page: ListedPage, *, is_full: bool, keeps_cursor: bool) -> None:
    """Keep the videos of a page with the cursor of the next, in one transaction, and decide whether the walk stops."""
    run.note(page.flaws)
    run.is_alive = True
    videos = [_reworded(video, dialect) for video in page.videos]
    enclosed = keep_enclosed(run.database, videos)
    with run.write() as connection:
        saved = run.save(connection, videos, "list", enclosed=enclosed)
        is_known = not (is_full or saved.added) and all(_is_old(run, video) for video in page.videos)
        run.stopped = KNOWN if is_known and page.cursor is not None else page.ended
        if keeps_cursor:
            run.save_state(connection)
        elif page.cursor is not None and not is_known:
            run.save_state(connection, cursor=json.dumps({"after": page.cursor, "full": is_full}))
        elif is_full:
            run.save_state(connection, cursor=None, walked_at=run.started_at)
        else:
            run.save_state(connection, cursor=None)


def _reworded(video: ParsedVideo, dialect: Dialect) -> ParsedVideo:
    """The video read without the keys that mean something else in this dialect's lists: they get names of their own."""
    renamed = dialect.list_renames
    if not any(key in video.payload for key in renamed):
        return video
    payload = {renamed.get(key, key): value for key, value in video.payload.items()}
    return read_observed(payload, video.remote_id) or video


def _is_old(run: Run, video: ParsedVideo) -> bool:
    return video.created_at is not None and video.created_at < run.look_back


def _list_absent(run: Run) -> list[str]:
    """Jobs of the library that a whole list lacks, to be retrieved by id; none of them if too many are missing."""
    absent = run.ask(list_absent, run.started_at)
    expected = len(absent) + len(run.outcomes)
    if is_mass(len(absent), expected):
        run.suspect(f"the list no longer has {len(absent)} of {expected} jobs at once, and none is marked as gone")
        return []
    run.absences.unlisted = frozenset(absent)
    return absent
