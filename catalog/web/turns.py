"""Lets others have their turn while a page of many cells is written, which Datasette does in one piece."""

from __future__ import annotations

import asyncio
import time
from typing import TYPE_CHECKING, Any

from datasette import hookimpl
from jinja2 import Template

if TYPE_CHECKING:
    from collections.abc import Awaitable

    from jinja2 import Environment

_TURN = 0.02  # seconds


class _Turn:
    """How long one page has been written without a pause."""

    def __init__(self) -> None:
        self._since = 0.0

    def is_over(self) -> bool:
        """Whether others must have their turn now; a new one begins then."""
        now = time.monotonic()
        if now - self._since < _TURN:
            return False
        self._since = now
        return True


class GivingWay:
    """A plugin of Datasette's that shows no cell of its own, and pauses now and then."""

    __name__ = "catalog.giving_way"

    def __init__(self) -> None:
        self._turn = _Turn()

    @hookimpl  # type: ignore[untyped-decorator]  # pluggy's, which has no types here
    def render_cell(self) -> Awaitable[None] | None:
        """Nothing to show, after a pause where one is due."""
        return asyncio.sleep(0) if self._turn.is_over() else None


class _Template(Template):
    """A template that is rendered piece by piece, with pauses."""

    async def render_async(self, *args: Any, **kwargs: Any) -> str:
        pieces, turn = [], _Turn()
        async for piece in self.generate_async(*args, **kwargs):
            pieces.append(piece)
            if turn.is_over():
                await asyncio.sleep(0)
        return "".join(pieces)


def render_in_turns(environment: Environment) -> None:
    """Let pages of this environment pause while they are rendered."""
    environment.template_class = _Template
