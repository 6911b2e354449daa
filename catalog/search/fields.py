"""What a query can ask for: the fields of a video, from `catalog.fields`, and what is computed from them, with SQL.

`kind` says how a value is compared:

    text      equal without regard to ASCII case, or beginning so
    name      any of a video's names begins so or, in quotes, is so; case matters
    own_id    a video's own id is so or, with `*`, begins so; case matters
    words     words and phrases in that column of the full-text index
    passage   part of a long text that is not indexed
    number    compared as a number
    seed      a whole number of any size, exactly
    parameter a name, or name=value, of a parameter of generation
    time      compared as a period of UTC time
    size      as text, against `WxH` and the server's own words
    tag       a key, or key=value
    facet     a value of a facet of prompts, or a narrower one
    phrase    words in the value of an open facet of prompts
    relation  how a video is linked to a parent
    file      the name of a file that the library holds, or its hash
    mismatch  of a file: in which way it differs from what was asked for
    credentials  what the newest checks of the files of a video found
    mark      what a file of a video says of itself, which nobody has signed
    input     the id, address or name of what went into a video beside its prompt
    kin       related to the video that the value names     depth     generations above it
    collection  the path of a collection that a video is in, or of one above it
    saved     found by the search that is saved under this name
    presence  has:NAME          absence   missing:NAME      claim     is:NAME
"""

from __future__ import annotations

from functools import cached_property
from typing import TYPE_CHECKING, NamedTuple

from catalog.database import epoch
from catalog.errors import QueryError
from catalog.fields import OPEN_FACETS, TABLE
from catalog.records import UNDECIDED
from catalog.rows import NEGATIVE_PROMPT, SIZE
from catalog.search.facets import CONTROLLED, EFFECTIVE, list_names

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from catalog.database import Reader
    from catalog.fields import Column
    from catalog.search.query import Value


class Field(NamedTuple):
    """One field: `order` is the SQL to sort by and `facet` the SQL to count by, None where that makes little sense.

    With `counts_missing` the counts also show how many videos lack a value. A time that `is_ahead` is written as the
    length from now: `<1h` is between now and then.
    """

    name: str
    kind: str
    sql: str
    aliases: tuple[str, ...] = ()
    order: str | None = None
    facet: str | None = None
    counts_missing: bool = False
    is_ahead: bool = False

    @property
    def is_prompt_facet(self) -> bool:
        """Whether prompts ask for it, so that it is in tables of its own."""
        return self.kind in {"facet", "phrase"}

    @property
    def plain(self) -> str:
        """The name without what says that inherited values count too."""
        return self.name.removeprefix(EFFECTIVE)

    @property
    def is_effective(self) -> bool:
        """Whether what videos inherit counts too."""
        return self.name.startswith(EFFECTIVE)

    @property
    def has_value(self) -> bool:
        """Whether a video can have or lack it."""
        return self.kind not in {"presence", "absence", "claim", "kin", "depth", "mismatch", "input", "saved"}


_SECONDS = "CAST(round(videos.seconds) AS INTEGER)"
_MONTH = "substr(videos.created_at, 1, 7)"
_LATENCY = (  # in whole seconds; a pair in the wrong order is left out
    "CASE WHEN videos.completed_at >= videos.created_at "
    f"THEN {epoch('videos.completed_at')} - {epoch('videos.created_at')} END"
)
_FIRST_RELATION = "(SELECT links.relation FROM links WHERE links.child_id = videos.id LIMIT 1)"
_FIRST_TAG = "(SELECT tags.id FROM tags WHERE tags.video_id = videos.id LIMIT 1)"
_ANNOTATION = "(SELECT {} FROM annotations WHERE annotations.video_id = videos.id)"
_RATING = _ANNOTATION.format("annotations.rating")
_VERDICT = f"ifnull({_ANNOTATION.format('annotations.verdict')}, '{UNDECIDED}')"
_TAG = "CASE tags.value WHEN '' THEN tags.key ELSE tags.key || '=' || tags.value END"

_COMPUTED = {"negative_prompt": NEGATIVE_PROMPT}
_COUNTED = {"seconds": _SECONDS}  # clips are measured, and hardly two lengths agree
_SORTED = frozenset({"text", "name", "own_id", "number", "time", "seed"})
_ORDERS = {"seed": "substr('00000000000000000000' || videos.seed, -20)"}  # as long as the longest, so by number


def _list_fields(column: Column) -> Iterator[Field]:
    """The fields of a column: itself, and what is computed from it."""
    if column.name == "size_text":
        yield Field("size", "size", SIZE, ("size_text",), "videos.width * videos.height", SIZE, counts_missing=True)
    elif column.ask:
        kind, aliases, counted, counts_missing = column.ask
        sql = _COMPUTED.get(column.name, f"videos.{column.name}")
        facet = _COUNTED.get(column.name, sql) if counted or kind == "seed" else None
        order = _ORDERS.get(column.name, sql) if kind in _SORTED else None
        is_ahead = column.name == "expires_at"
        yield Field(column.name, kind, sql, aliases, order, facet, counts_missing, is_ahead)
    if column.name == "created_at":
        yield Field("month", "text", _MONTH, (), _MONTH, _MONTH, counts_missing=True)


def _prompt_facet(name: str, kind: str = "facet") -> Field:
    return Field(name, kind, "", facet="facet_values.value")


_TABLE = (
    *(field for column in TABLE for field in _list_fields(column)),
    Field("id", "name", "videos.remote_id", order="videos.remote_id"),
    Field("tag", "tag", _FIRST_TAG, ("tags",), facet=_TAG),
    *map(_prompt_facet, CONTROLLED),
    *(_prompt_facet(name, "phrase") for name in OPEN_FACETS),
    Field("latency", "number", _LATENCY, order=_LATENCY),
    Field("relation", "relation", _FIRST_RELATION),
    *(Field(name, "kin", "") for name in ("descends", "ancestor", "family", "parent", "similar")),
    Field("depth", "depth", ""),
    Field("file", "file", ""),
    Field("mismatch", "mismatch", ""),
    *(Field(name, "input", "") for name in ("reference", "character")),
    *(Field(name, "credentials", "", facet="value") for name in ("credentials", "signer", "generator", "source_type")),
    *(Field(name, "mark", "", facet="value") for name in ("mark", "tool", "workflow")),
    Field("rating", "number", _RATING, order=_RATING, facet=_RATING, counts_missing=True),
    Field("verdict", "text", _VERDICT, order=_VERDICT, facet=_VERDICT),
    Field("note", "passage", _ANNOTATION.format("annotations.note"), ("notes",)),
    Field("collection", "collection", "", ("collections",), facet="value"),
    Field("query", "saved", "", ("saved",)),
    Field("has", "presence", ""),
    Field("missing", "absence", ""),
    Field("is", "claim", ""),
)

FIELDS = {field.name: field for field in _TABLE}
FACETS = {field.name: field for field in _TABLE if field.facet}
SORTED_BY = tuple(field.name for field in _TABLE if field.order)
_ORDER_NAMES = ("relevance", *SORTED_BY)
_NAMES = FIELDS | {alias: field for field in _TABLE for alias in field.aliases}


class Fields:
    """The fields of one library: those of the table, and the facets that its user added.

    The library is asked for its facets only when a name is not in the table.
    """

    def __init__(self, connection: Reader) -> None:
        self._connection = connection

    @cached_property
    def _present(self) -> list[str]:
        return list_names(self._connection)

    @cached_property
    def _own(self) -> dict[str, Field]:
        return {_fold(name): _prompt_facet(name) for name in self._present if _fold(name) not in _NAMES}

    def find(self, name: str) -> Field | None:
        """The field with that name or alias, in any case, `-` or `_`; behind EFFECTIVE, a facet of prompts."""
        folded = _fold(name)
        if folded.startswith(EFFECTIVE):
            field = self.find(folded.removeprefix(EFFECTIVE))
            is_plain = field is not None and field.is_prompt_facet and not field.is_effective
            return field._replace(name=f"{EFFECTIVE}{field.name}") if field and is_plain else None
        return _NAMES.get(folded) or self._own.get(folded)

    def get_facet(self, name: str) -> Field:
        """The field to count by; raises QueryError with the names there are."""
        field = self.find(name)
        if field is None or field.facet is None:
            raise unknown_name("facet", name, [*FACETS, *self._own])
        return field

    def list_facets(self) -> list[Field]:
        """The default fields to count by: all but seeds, and facets of prompts that are open or lack values."""
        present = set(self._present).difference(OPEN_FACETS)
        return [
            field
            for field in (*FACETS.values(), *self._own.values())
            if (field.name in present if field.is_prompt_facet else field.kind != "seed")
        ]

    def list_countable(self) -> list[str]:
        """The names of all fields that can be counted, of the facets of prompts those with a value."""
        present = set(self._present)
        fields = (*FACETS.values(), *self._own.values())
        return [field.name for field in fields if not field.is_prompt_facet or field.name in present]

    def list_names(self) -> list[str]:
        """Every name and alias."""
        facets = [field.name for field in (*FIELDS.values(), *self._own.values()) if field.is_prompt_facet]
        return [*_NAMES, *self._own, *(f"{EFFECTIVE}{name}" for name in facets)]


def find_order(name: str) -> Field | None:
    """The field to sort by, None where there is none of that name."""
    field = _NAMES.get(_fold(name))
    return field if field and field.order else None


def get_order(name: str) -> Field:
    """The field to sort by; raises QueryError with the names there are."""
    field = find_order(name)
    if field is None:
        raise unknown_name("sort", name, _ORDER_NAMES)
    return field


def explain_sort(values: Sequence[Value]) -> str:
    """Why `sort:` with these values does not sort."""
    name = values[0].text.removeprefix("-")
    if len(values) > 1:
        return "name one field to sort by"
    if name == "relevance" or find_order(name):
        return "sort: stands outside parentheses and OR"
    return explain_name("sort", name, _ORDER_NAMES)


def find_similar(name: str, names: Iterable[str]) -> str | None:
    """The one of `names` that `name` is most likely a misspelling of."""
    import difflib

    return next(iter(difflib.get_close_matches(name.lower(), list(names), n=1, cutoff=0.75)), None)


def unknown_name(what: str, name: str, names: Iterable[str]) -> QueryError:
    """The error for a name that is not one of `names`, with the nearest of them or all."""
    return QueryError(explain_name(what, name, names))


def explain_name(what: str, name: str, names: Iterable[str]) -> str:
    """That a name is not one of `names`, with the nearest of them or all."""
    choices = list(names)
    similar = find_similar(name, choices)
    hint = f"did you mean {similar}?" if similar else f"there are {', '.join(choices)}"
    return f"no {what} {shorten(name)}: {hint}"


def shorten(text: str, width: int = 60) -> str:
    """The text in quotes on one line, cut to `width`: safe in a message."""
    line = "".join(char if char.isprintable() else " " for char in text)
    return f'"{line if len(line) <= width else line[: width - 1] + "…"}"'


def _fold(name: str) -> str:
    return name.lower().replace("-", "_")
