"""The page of one video, as a dialog over the grid: its clip, its prompt, its family, and all that is known of it."""

from __future__ import annotations

from http import HTTPStatus
from typing import TYPE_CHECKING, NamedTuple

from catalog.errors import CatalogError, NotFound, QueryError
from catalog.media.pictures import COLUMNS, ROWS, divides
from catalog.web.gallery import facts, files, kin, pages
from catalog.web.gallery.state import State
from catalog.web.gallery.tiles import media_name, name_video
from catalog.web.gallery.visits import Refused, as_json, page

if TYPE_CHECKING:
    from collections.abc import Sequence

    from catalog.letters import Part
    from catalog.records import File, Video
    from catalog.reports import Change
    from catalog.web.gallery.visits import Answer, Visit

_CHANGES = 200  # lines of the flight recorder
_FRAMES = 24  # of a sheet that are shown as a strip


class Frame(NamedTuple):
    """A frame of a sheet: its part of the picture in pixels, and when it is, as a part of the clip's length."""

    x: int
    y: int
    moment: float


class Strip(NamedTuple):
    """The frames of a clip, in a sheet of this size."""

    media: str
    width: int
    height: int
    cell_width: int
    cell_height: int
    frames: tuple[Frame, ...]


class Shown(NamedTuple):
    """A clip or picture of the job: what plays it, and why it cannot be shown where it cannot."""

    number: int
    is_clip: bool
    media: str | None
    width: int
    height: int
    fps: float | None
    faults: tuple[str, ...]


class Detail(NamedTuple):
    """What the page shows."""

    video: Video
    label: str
    shown: tuple[Shown, ...]
    strip: Strip | None
    poster: str | None
    prompt: tuple[facts.Segment, ...]
    spoken: tuple[str, ...]
    first_facts: tuple[facts.Fact, ...]
    more_facts: tuple[facts.Fact, ...]
    moments: tuple[facts.Fact, ...]
    measures: tuple[facts.Measure, ...]
    files: tuple[files.Described, ...]
    given: tuple[facts.Given, ...]
    facets: dict[str, list[facts.Fact]]
    inherited: dict[str, list[facts.Fact]]
    tags: tuple[tuple[str, str, bool], ...]
    collections: tuple[tuple[str, str], ...]
    metadata: str | None
    extra: str | None
    path: str | None
    family: kin.Family
    stack: kin.Stack
    changes: tuple[Change, ...]
    older_changes: int
    close: str
    previous: str | None
    next: str | None


def show_part(visit: Visit, ref: str) -> Answer:
    """The dialog alone, for a page that is shown already."""
    state = State.read({**visit.query, "open": ref})
    with visit.catalog.reading():
        return page(pages.render(visit, "detail.html", state=state, detail=describe(visit, state)))


def show_request(visit: Visit, ref: str) -> Answer:
    """The request that would make this take, as JSON and as a command, to be copied."""
    from catalog.wire.scripts import as_curl, as_text

    video = _get(visit, ref)
    try:
        draft = visit.catalog.draft_request(video.ref)
    except (NotFound, CatalogError) as error:
        raise Refused(HTTPStatus.CONFLICT, str(error)) from error
    return as_json({"json": as_text(draft.body), "curl": as_curl(draft), "notes": [*draft.notes]})


def describe(visit: Visit, state: State, among: Sequence[Video] = ()) -> Detail:
    """The video that the state opens; `among` are the matches that are shown beside it. Raises Refused."""
    catalog = visit.catalog
    video = _get(visit, state.open)
    url = _Links(visit, state)
    shown = files.find_shown(video)
    changes = catalog.changes(video.ref)
    is_checked = any(file.credentials for file in video.files)
    checks = files.list_checks(catalog.provenance(video.ref)) if is_checked else {}
    position = next((index for index, each in enumerate(among) if each.ref == video.ref), None)
    neighbours = (None, None) if position is None else (position - 1, position + 1)
    return Detail(
        video=video,
        label=name_video(video),
        shown=tuple(_show(video, file) for file in shown or (None,)),
        strip=_find_strip(video, shown[0] if shown else None),
        poster=next((name for file in video.files if file.variant == "thumbnail" and (name := media_name(file))), None),
        prompt=tuple(facts.cut_prompt(video.prompt or "", video.facets, _read_wanted(visit, state), url.find)),
        spoken=tuple(facts.list_spoken(video)),
        first_facts=tuple(facts.list_facts(video, url.find)),
        more_facts=tuple(facts.list_more_facts(video, url.find)),
        moments=tuple(facts.list_moments(video, url.find)),
        measures=tuple(facts.compare_measures(video)),
        files=tuple(files.describe_file(file, checks.get((file.variant, file.number), ())) for file in video.files),
        given=tuple(facts.list_given(video, url.find)),
        facets=facts.group_facets(video.facets, url.find),
        inherited=facts.group_facets(video.inherited, url.find),
        tags=tuple((str(tag), url.find("tag", str(tag)), tag.origin == "user") for tag in video.tags),
        collections=tuple((path, url.find("collection", path)) for path in video.collections),
        metadata=facts.as_document(video.metadata),
        extra=facts.as_document(video.extra),
        path=next((file.path for file in shown if file.path), None),
        family=kin.read_family(catalog, video, url.open),
        stack=kin.read_stack(catalog, video, url.open),
        changes=tuple(changes[-_CHANGES:]),
        older_changes=max(0, len(changes) - _CHANGES),
        close=url.page(state.change(open="")),
        previous=url.beside(among, neighbours[0]),
        next=url.beside(among, neighbours[1]),
    )


class _Links:
    """Where the links of the page lead."""

    def __init__(self, visit: Visit, state: State) -> None:
        self._visit, self._state = visit, state

    def page(self, state: State) -> str:
        return f"{self._visit.base}/{state.query()}"

    def find(self, field: str, value: str | None) -> str:
        """All videos of which this holds."""
        query = self._visit.catalog.refine("", field, value)
        return self.page(self._state.change(q=query, open="", sort=""))

    def open(self, ref: str) -> str:
        """Another video, over the same grid."""
        return self.page(self._state.change(open=ref))

    def beside(self, among: Sequence[Video], position: int | None) -> str | None:
        return self.open(among[position].ref) if position is not None and 0 <= position < len(among) else None


def _get(visit: Visit, ref: str) -> Video:
    try:
        return visit.catalog.get(ref)
    except NotFound as error:
        if error.path is not None:  # the library itself is missing
            raise
        raise Refused(HTTPStatus.NOT_FOUND, f"no video {ref} in this library") from error


def _read_wanted(visit: Visit, state: State) -> list[Part]:
    try:
        return facts.read_wanted(visit.catalog.clauses(state.q))
    except QueryError:
        return []


def _show(video: Video, file: File | None) -> Shown:
    faults = tuple(files.why_unseen(video, file))
    probe = file.probe if file else None
    sizes = ((probe.width, probe.height) if probe else (None, None)), (video.width, video.height), (16, 9)
    width, height = next((width, height) for width, height in sizes if width and height)
    return Shown(
        number=file.number if file else 1,
        is_clip=file is None or (file.type or "").startswith("video/"),
        media=None if faults or file is None else media_name(file),
        width=width,
        height=height,
        fps=probe.fps if probe else None,
        faults=faults,
    )


def _size_of(file: File | None) -> tuple[int, int]:
    probe = file.probe if file else None
    return (probe.width or 0, probe.height or 0) if probe else (0, 0)


def _find_strip(video: Video, shown: File | None) -> Strip | None:
    sheet = next((file for file in video.files if file.variant == "spritesheet" and media_name(file)), None)
    size, name = _size_of(sheet), sheet and media_name(sheet)
    grid = (COLUMNS, ROWS) if sheet and sheet.origin == "made" else divides(size, _size_of(shown))
    if grid is None or not name or 0 in size:
        return None
    columns, rows = grid
    width, height, count = size[0] // columns, size[1] // rows, columns * rows
    step = -(-count // _FRAMES)
    frames = tuple(
        Frame(cell % columns * width, cell // columns * height, (cell + 0.5) / count) for cell in range(0, count, step)
    )
    return Strip(name, *size, width, height, frames)
