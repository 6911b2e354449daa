"""What a page of the gallery shows, as its address says it: every state is a URL, and every link is another state."""

from __future__ import annotations

from dataclasses import dataclass, fields, replace
from typing import TYPE_CHECKING, Any
from urllib.parse import urlencode

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

    @classmethod
    def read(cls, query: Mapping[str, str]) -> State:
        """The state of an address; a value that is none of those to choose from counts as not given."""
        choices = {"sort": SORTS, "size": SIZES, "view": VIEWS, "stack": STACKS}
        values = {each.name: query.get(each.name, "") for each in fields(cls)}
        return cls(**{name: value if value in choices.get(name, (value,)) else "" for name, value in values.items()})

    def change(self, **values: Any) -> State:
        """Another state; from another question, the first page."""
        if values.keys() & {"q", "sort", "stack"}:
            values = {"after": "", "before": "", **values}
        return replace(self, **values)

    def for_queries(self) -> Callable[[str], str]:
        """The address of this state at its first page, for each of many other queries; each as `query` writes one."""
        rest = self.change(q="").query()[1:]

        def address(q: str) -> str:
            text = "&".join(filter(None, (urlencode({"q": q}) if q else "", rest)))
            return f"?{text}" if text else ""

        return address

    def query(self) -> str:
        """The state as the query of an address, with its question mark; empty for the first state of all."""
        text = urlencode({name: value for name in _NAMES if (value := getattr(self, name))})
        return f"?{text}" if text else ""


_NAMES = tuple(each.name for each in fields(State))
