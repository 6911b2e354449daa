"""What readers get: frozen dataclasses, cheap to import and safe to share.

Nothing here knows a database, a server or a terminal. Times are aware datetimes in UTC, lengths are seconds, sizes are
pixels, money is US dollars. An unknown field is None, never a guess.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, fields
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any, ClassVar, NoReturn

if TYPE_CHECKING:
    from catalog.mark_reports import FileMark

TERMINAL_STATUSES = frozenset({"completed", "failed", "cancelled", "expired", "deleted"})
ALARM = "came again with another body"  # what the message of such a delivery begins with until its alarm is seen
UNDECIDED = "undecided"  # the verdict where there is none
UNFINISHED_STATUSES = ("queued", "in_progress", "unknown")


def utc_text(moment: datetime) -> str:
    """The moment as the library writes it, `2026-11-21T10:57:03.000Z`; the width is fixed: text order is time order."""
    if moment.tzinfo is not UTC:
        moment = moment.astimezone(UTC)
    return moment.isoformat(timespec="milliseconds")[:-6] + "Z"


def read_utc(text: str | None) -> datetime | None:
    """The moment that `utc_text` wrote; None for None. Raises ValueError for any other text."""
    return None if text is None else datetime.fromisoformat(text).astimezone(UTC)


class FrozenDict(dict[Any, Any]):
    """A map that cannot change, so that the record that holds it can be hashed and shared.

    It is a dict to whoever reads it, and so `json`, `pickle`, `copy` and `dataclasses.asdict` take it as one.
    """

    def _refuse(self, *_: object, **__: object) -> NoReturn:
        raise TypeError("a record cannot change: make a dict of its map first")

    __setitem__ = __delitem__ = __ior__ = _refuse
    clear = pop = popitem = setdefault = update = _refuse

    def __hash__(self) -> int:  # type: ignore[override]  # unlike a dict
        return hash(frozenset(self.items()))

    def __reduce__(self) -> tuple[Any, ...]:
        return FrozenDict, (dict(self),)

    def __copy__(self) -> FrozenDict:
        return self

    def __deepcopy__(self, _: object) -> FrozenDict:
        return self


_FROZEN = frozenset({FrozenDict, str, int, float, bool})  # types whose values never change


def freeze(value: Any) -> Any:
    """The value with every map and list in it made unchangeable, lists as tuples."""
    if value is None or type(value) in _FROZEN:
        return value
    if type(value) is dict or isinstance(value, Mapping):  # an abstract class is asked slowly
        return FrozenDict({key: freeze(item) for key, item in value.items()})
    if isinstance(value, list | tuple) and type(value) in {list, tuple}:
        return tuple(map(freeze, value))
    return value


class Record:
    """What every public record can do besides: it cannot change, can be compared and hashed, and goes into JSON.

    A dataclass could make the methods of each record by itself, which takes a tenth of the start of a search.
    """

    __slots__ = ()
    COMPUTED: ClassVar[tuple[str, ...]] = ()  # names that are not fields and stand first in JSON
    HIDDEN: ClassVar[frozenset[str]] = frozenset()  # fields that stay out of JSON

    def __eq__(self, other: object) -> bool:
        if type(other) is not type(self):
            return NotImplemented
        return self._values() == other._values()

    def __hash__(self) -> int:
        return hash(self._values())

    def __repr__(self) -> str:
        values = (f"{name}={value!r}" for name, value in zip(self._names(), self._values(), strict=True))
        return f"{type(self).__qualname__}({', '.join(values)})"

    def _names(self) -> list[str]:
        return [each.name for each in fields(self)]  # type: ignore[arg-type]  # records are dataclasses

    def _values(self) -> tuple[Any, ...]:
        return tuple([getattr(self, name) for name in self._names()])

    def to_dict(self) -> dict[str, Any]:
        """The record as JSON values: names kept, times as ISO-8601 with `Z`, tuples as lists, computed names included.

        `json.dumps` takes it as it is.
        """
        values: dict[str, Any] = to_json(self)
        return values

    def _freeze(self, *names: str) -> None:
        """Make the maps of a new record unchangeable."""
        for name in names:
            object.__setattr__(self, name, freeze(getattr(self, name)))


@dataclass(frozen=True, slots=True, eq=False, repr=False)
class Facet(Record):
    """One `name = value` that a prompt asks for, and the words it was read from: `prompt[start:end]`."""

    name: str
    value: str
    origin: str
    start: int | None = None
    end: int | None = None
    shot: int | None = None


@dataclass(frozen=True, slots=True, eq=False, repr=False)
class Link(Record):
    """An edge from a video to the parent it was made from; the library may not know the parent."""

    child: str
    parent: str
    relation: str
    origin: str


@dataclass(frozen=True, slots=True, eq=False, repr=False)
class Probe(Record):
    """What a file says about itself; None where it does not say, or it is a picture, which has no length.

    `seconds` is how long the track of video is shown. `width` and `height` are pixels as shown, `fps` frames a second
    on average. `codec` and `audio` are the codecs' common names: h264, hevc, av1, vp9; aac, opus.
    """

    seconds: float | None = None
    width: int | None = None
    height: int | None = None
    fps: float | None = None
    codec: str | None = None
    audio: str | None = None
    created_at: datetime | None = None


@dataclass(frozen=True, slots=True, eq=False, repr=False)
class Place(Record):
    """Where the bytes of a file lie; `state` is `present`, `missing` or `offline`, as last seen, since `changed_at`."""

    path: str
    state: str
    changed_at: datetime | None = None


@dataclass(frozen=True, slots=True, eq=False, repr=False)
class Credentials(Record):
    """What the newest check of a file's Content Credentials found, `words` say it in a few words.

    `signer` is the name that they claim, as anybody can.
    """

    status: str
    words: str
    signer: str | None
    checked_at: datetime | None


@dataclass(frozen=True, slots=True, eq=False, repr=False)
class File(Record):
    """A file of a job: bytes that the library holds or held, or could not get.

    `variant` is video, image, thumbnail, spritesheet or reference, and `number` counts the files of one variant from 1.
    `size` is in bytes; `type` is the media type that the bytes have. `state` is `present`, `failed` (they could not be
    fetched), `damaged` or `lost` (nobody has them any more), with the `reason` for the last three; it speaks of the
    bytes as last seen, whatever the places. `origin` says how they came: `download`, `inline` in an answer, `captured`
    or `made` here. `archives` are the addresses of archives that hold them. `credentials` is what the newest check of
    its Content Credentials found, None where there was none; `marks` are what it says of itself, unsigned. `name` is
    the one that it has in a folder of the user's, None where it lies in none; in the media folder, files have no names.
    """

    variant: str
    number: int
    sha256: str | None
    size: int | None
    type: str | None
    state: str
    reason: str | None = None
    origin: str | None = None
    probe: Probe | None = None
    places: tuple[Place, ...] = ()
    archives: tuple[str, ...] = ()
    credentials: Credentials | None = None
    marks: tuple[FileMark, ...] = ()
    name: str | None = None

    @property
    def path(self) -> str | None:
        """A place where the bytes lie now, None where there is none."""
        return next((place.path for place in self.places if place.state == "present"), None)


@dataclass(frozen=True, slots=True, eq=False, repr=False)
class Input(Record):
    """What went into a job beside its prompt: `role` is `reference`, `character`, `source` or the like.

    `name` is its id, address or file name, as the request gave it; `file` is the number of the `reference` file that
    holds it, None where the library does not.
    """

    role: str
    number: int
    name: str | None = None
    file: int | None = None


@dataclass(frozen=True, slots=True, eq=False, repr=False)
class Tag(Record):
    """A `key=value`, or a bare key with an empty value; `origin` is `user` or `provider`."""

    key: str
    value: str
    origin: str

    def __str__(self) -> str:
        return f"{self.key}={self.value}" if self.value else self.key


@dataclass(frozen=True, slots=True, eq=False, repr=False)
class Video(Record):
    """One generation job and what became of it, as the library knows it now.

    `negative_prompt` is what the request sent beside the prompt, else what the prompt itself asks to leave out.
    `facets` are what the prompt asks for: those the user gave first, then by name, shot and position in the prompt.
    `flaws` say which parts of the answers could not be read, and which texts are kept cut.
    `files` are its files that the library holds, held or could not get, `inputs` what went into it beside the prompt.
    `inherited` are the facets that a remix has from its parent, because its prompt, an instruction, leaves them alone.
    A `rating` is 1 to 5, a `verdict` `keep`, `reject` or `undecided`; `collections` are the paths of those it is in.
    """

    COMPUTED: ClassVar[tuple[str, ...]] = ("ref", "size")

    source: str
    remote_id: str
    kind: str = "video"
    status: str = "unknown"
    provider_status: str | None = None
    progress: float | None = None
    model: str | None = None
    prompt: str | None = None
    negative_prompt: str | None = None
    seconds: float | None = None
    width: int | None = None
    height: int | None = None
    size_text: str | None = None
    quality: str | None = None
    tier: str | None = None
    created_at: datetime | None = None
    completed_at: datetime | None = None
    expires_at: datetime | None = None
    error_code: str | None = None
    error_message: str | None = None
    remixed_from_id: str | None = None
    output_urls: tuple[str, ...] = ()
    cost_usd: float | None = None
    cost_basis: str | None = None
    seed: str | None = None
    parameters: Mapping[str, Any] = field(default_factory=dict)
    batch_custom_id: str | None = None
    metadata: Mapping[str, Any] = field(default_factory=dict)
    extra: Mapping[str, Any] = field(default_factory=dict)
    flaws: tuple[str, ...] = ()
    first_seen_at: datetime | None = None
    last_seen_at: datetime | None = None
    gone_at: datetime | None = None
    deleted_at: datetime | None = None
    tags: tuple[Tag, ...] = ()
    links: tuple[Link, ...] = ()
    facets: tuple[Facet, ...] = ()
    files: tuple[File, ...] = ()
    inputs: tuple[Input, ...] = ()
    inherited: tuple[Facet, ...] = ()
    rating: int | None = None
    verdict: str = UNDECIDED
    note: str | None = None
    collections: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        self._freeze("output_urls", "parameters", "metadata", "extra")

    @property
    def ref(self) -> str:
        """`source:remote_id`, which names the video everywhere; split it at the first colon."""
        return f"{self.source}:{self.remote_id}"

    @property
    def file_name(self) -> str | None:
        """The name of the first of its files that lies in a folder of the user's; what stands for a missing prompt."""
        return next((file.name for file in self.files if file.name), None)

    @property
    def is_terminal(self) -> bool:
        """Whether the job has ended, so that the provider will not change it any more."""
        return self.status in TERMINAL_STATUSES

    @property
    def size(self) -> str | None:
        """`WxH` where both are known, else the size as the server wrote it."""
        return f"{self.width}x{self.height}" if self.width and self.height else self.size_text


@dataclass(frozen=True, slots=True, eq=False, repr=False)
class FacetCount(Record):
    """How many of the matching videos have this value; `value` is None for those that have none."""

    value: str | None
    count: int


@dataclass(frozen=True, slots=True, eq=False, repr=False)
class PromptsRead(Record):
    """How many prompts there are (`total`), and how many of them have not been read for their facets yet (`due`)."""

    COMPUTED: ClassVar[tuple[str, ...]] = ("read",)

    total: int
    due: int

    @property
    def read(self) -> int:
        """How many have been read."""
        return self.total - self.due

    def __str__(self) -> str:
        return f"{self.read:,} of {self.total:,} prompts read"


@dataclass(frozen=True, slots=True, eq=False, repr=False)
class Page(Record):
    """One page of results: `total` counts all matches; `next` is the cursor of the next page, None on the last.

    `previous` is the cursor of the page before, None on the first. `snippets` holds, by ref, the part of the prompt
    that matched, with the matched words between `[` and `]`. `ranked` is how many of the newest matches relevance has
    put in order, after which the pages end; None where it is all of them. `notes` are remarks about the query for the
    person who wrote it. Where stacks are shown, `total` counts these, `takes` by ref how many of the matches each cover
    stands for, `stacked` all matches.
    """

    videos: tuple[Video, ...]
    total: int
    facets: Mapping[str, tuple[FacetCount, ...]] = field(default_factory=dict)
    snippets: Mapping[str, str] = field(default_factory=dict)
    next: str | None = None
    ranked: int | None = None
    notes: tuple[str, ...] = ()
    takes: Mapping[str, int] = field(default_factory=dict)
    stacked: int | None = None
    previous: str | None = None

    def __post_init__(self) -> None:
        self._freeze("facets", "snippets", "takes")


def to_json(value: Any) -> Any:
    """The value as JSON values, see `Record.to_dict`; the key None, which stands for no value, stays None."""
    if isinstance(value, Record):
        names = (*value.COMPUTED, *(item.name for item in fields(value)))  # type: ignore[arg-type]  # a dataclass
        return {name: to_json(getattr(value, name)) for name in names if name not in value.HIDDEN}
    if isinstance(value, datetime):
        return utc_text(value)
    if hasattr(value, "__fspath__"):
        return str(value)
    if isinstance(value, Mapping):
        return {None if key is None else str(key): to_json(item) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [to_json(item) for item in value]
    return value
