"""Some of the videos, chosen by somebody else: what a question about them is asked of."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Sequence


class Selection(NamedTuple):
    """The SELECT of the ids of some videos, its values, and remarks for whoever chose them."""

    sql: str
    parameters: Sequence[Any] = ()
    notes: tuple[str, ...] = ()
