"""What a page of the gallery shows, as its address says it: every state is a URL, and every link is another state."""

from __future__ import annotations

from dataclasses import dataclass, field, fields, replace
from functools import lru_cache
from typing import TYPE_CHECKING, Any
from urllib.parse import quote_plus, urlencode

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

SIZES = ("S", "M", "L")
VIEWS = ("grid", "list")
SORTS = {
    "-created_at": "Newest first",
    "created_at": "Oldest first",
    "relevance": "Best match first",
    "-rating": "Best rated first",
    "-cost": "Dearest first",
    "-seconds": "Longest first",
    "expires_at": "Expiring first",
    "model": "Model",
}
STACKS = ("", "prompt", "family")
_SHORT = 100  # characters up to which what was quoted is kept: the clauses that pages link to are the same ones
_STACKED = "prompt"  # what `stack=1` means


@dataclass(frozen=True, slots=True)
class State:
    """A state: what stands in the address under these names; what is empty is left out of it."""

    q: str = ""
    sort: str = ""
    size: str = ""
    view: str = ""
    stack: str = ""
    open: str = ""
    compare: str = ""
    review: str = ""
    after: str = ""
    before: str = ""
    rail: str = ""
    _parts: tuple[str, str] | None = field(default=None, init=False, repr=False, compare=False)

    @classmethod
    def read(cls, query: Mapping[str, str]) -> State:
        """The state of an address; a value that is none of those to choose from counts as not given."""
        choices = {"sort": SORTS, "size": SIZES, "view": VIEWS, "stack": STACKS}
        values = {name: query.get(name, "") for name in NAMES}
        values["stack"] = _STACKED if values["stack"] == "1" else values["stack"]
        return cls(**{name: value if value in choices.get(name, (value,)) else "" for name, value in values.items()})

    def change(self, **values: Any) -> State:
        """Another state; from another question, the first page."""
        if values.keys() & {"q", "sort", "stack"}:
            values = {"after": "", "before": "", **values}
        return replace(self, **values)

    def link(self, query: str) -> str:
        """The query of the address where another question is asked: its first page, all else as it is.

        Most of a page's links go on from its own question, of which a page may have hundreds: that is quoted once.
        """
        if self._parts is None:
            rest = self.change(q="", open="", compare="", review="").query()[1:]
            object.__setattr__(self, "_parts", (_quote(f"{self.q} "), f"&{rest}" if rest else ""))
        begun, rest = self._parts or ("", "")
        if not query:
            return f"?{rest[1:]}" if rest else ""
        if query.startswith(self.q) and query[len(self.q) :].startswith(" "):
            return f"?q={begun}{_quote(query[len(self.q) + 1 :])}{rest}"
        return f"?q={_quote(query)}{rest}"

    def opener(self, name: str = "open") -> Callable[[str], str]:
        """What makes the query of the address with another value of a name, such as the ref of a video to open."""
        rest = self.change(**{name: ""}).query() or "?"
        return lambda value: f"{rest}{'&' if len(rest) > 1 else ''}{name}={quote_plus(value)}"

    def query(self) -> str:
        """The state as the query of an address, with its question mark; empty for the first state of all."""
        text = urlencode({name: value for name in NAMES if (value := getattr(self, name))})
        return f"?{text}" if text else ""


def _quote(text: str) -> str:
    return _quote_short(text) if len(text) <= _SHORT else quote_plus(text)


_quote_short = lru_cache(4096)(quote_plus)
NAMES = tuple(each.name for each in fields(State) if each.init)
