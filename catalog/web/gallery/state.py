"""What a page of the gallery shows, as its address says it: every state is a URL, and every link is another state."""

from __future__ import annotations

from dataclasses import dataclass, field, fields, replace
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
    _rest: str | None = field(default=None, init=False, repr=False, compare=False)

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
        """The query of the address where another question is asked: its first page, all else as it is."""
        rest = self._rest
        if rest is None:
            rest = self.change(q="", open="", compare="", review="").query()[1:]
            object.__setattr__(self, "_rest", rest)
        if not query:
            return f"?{rest}" if rest else ""
        return f"?q={quote_plus(query)}&{rest}" if rest else f"?q={quote_plus(query)}"

    def opener(self) -> Callable[[str], str]:
        """What makes the query of the address where a video is open, from its ref."""
        rest = self.change(open="").query() or "?"
        return lambda ref: f"{rest}{'&' if len(rest) > 1 else ''}open={quote_plus(ref)}"

    def query(self) -> str:
        """The state as the query of an address, with its question mark; empty for the first state of all."""
        text = urlencode({name: value for name in NAMES if (value := getattr(self, name))})
        return f"?{text}" if text else ""


NAMES = tuple(each.name for each in fields(State) if each.init)
