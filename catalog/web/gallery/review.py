"""Review: the matches of a query one after the other, each as large as fits, to be kept, rejected and rated.

Which clips these are, and their order, is settled where a review begins: the script asks for the list once, so that
what is decided moves nothing. In the address, `review=1` begins with the first undecided clip, `review=REF` with this.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from catalog.errors import NotFound
from catalog.records import UNDECIDED
from catalog.web.gallery import pages
from catalog.web.gallery.sides import list_facts, make_side
from catalog.web.gallery.state import State
from catalog.web.gallery.visits import as_json, page

if TYPE_CHECKING:
    from collections.abc import Sequence

    from catalog.choice_reports import Annotation
    from catalog.records import Video
    from catalog.web.gallery.visits import Answer, Visit

MOST = 10_000  # clips of one review
BEGIN = "1"
FACTS = ("model", "status", "seconds", "size", "seed", "cost", "source", "created", "tags", "collections")


def show(visit: Visit) -> Answer:
    """The page of the clip that the address names."""
    return _answer(visit, "review.html")


def show_part(visit: Visit) -> Answer:
    """The review alone, to be put on another page."""
    return _answer(visit, "reviewed.html")


def show_clip(visit: Visit) -> Answer:
    """One clip of a review, by the `ref` in the address."""
    video = visit.catalog.get(visit.query.get("ref", ""))
    return page(pages.render(visit, "clip.html", state=State.read(visit.query), **_describe(video)))


def list_clips(visit: Visit) -> Answer:
    """The clips of a review as JSON, in their order, with what was decided about each."""
    state = State.read(visit.query)
    clips = visit.catalog.annotations(state.q, sort=state.sort or None, limit=MOST)
    return as_json([[each.ref, each.rating, each.verdict] for each in clips])


def _answer(visit: Visit, template: str) -> Answer:
    state = State.read(visit.query)
    with visit.catalog.reading():
        clips = visit.catalog.annotations(state.q, sort=state.sort or None, limit=MOST)
        total = visit.catalog.count(state.q)
        index = _find_index(clips, state.review)
        ref = state.review if index is None else clips[index].ref
        video = None if ref == BEGIN else visit.catalog.find(ref)
    if video is None and ref != BEGIN:
        raise NotFound(f"no video {ref} in this library")

    def link(place: int) -> str | None:
        return f"{visit.base}/{state.change(review=clips[place].ref).query()}" if 0 <= place < len(clips) else None

    text = pages.render(
        visit,
        template,
        state=state,
        heading="h1" if template == "review.html" else "h2",
        progress=_say_progress(clips, index),
        remark=f"the first {MOST:,} of {total:,} matches" if total > len(clips) else "",
        previous_clip=link(-1 if index is None else index - 1),
        next_clip=link(0 if index is None else index + 1),
        closed=f"{visit.base}/{state.change(review='').query()}",
        **_describe(video),
    )
    return page(text)


def _describe(video: Video | None) -> dict[str, object]:
    facts = list_facts(video) if video else {}
    side = make_side(video) if video else None
    return {"side": side, "facts": [(name, facts[name]) for name in FACTS if facts.get(name)]}


def _find_index(clips: Sequence[Annotation], review: str) -> int | None:
    """Where the review is: at the clip that it names, else at the first undecided one; None where that is nowhere."""
    if review != BEGIN:
        return next((index for index, clip in enumerate(clips) if clip.ref == review), None)
    return next((index for index, clip in enumerate(clips) if clip.verdict == UNDECIDED), 0 if clips else None)


def _say_progress(clips: Sequence[Annotation], index: int | None) -> str:
    kept, rejected = (sum(clip.verdict == verdict for clip in clips) for verdict in ("keep", "reject"))
    place = f"{index + 1:,} of {len(clips):,}" if index is not None else f"{len(clips):,}"
    return f"{place}, {kept:,} kept, {rejected:,} rejected"
