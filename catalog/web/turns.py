"""Lets others have their turn while a page of many cells is written, which Datasette does in one piece."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from datasette import hookimpl
from jinja2 import Template

from catalog.web.queues import current_lane

if TYPE_CHECKING:
    from collections.abc import Awaitable

    from jinja2 import Environment


class GivingWay:
    """A plugin of Datasette's that shows no cell of its own, and pauses now and then."""

    __name__ = "catalog.giving_way"

    @hookimpl(tryfirst=True)  # type: ignore[untyped-decorator]  # first: after a plugin with a value, nobody is awaited
    def render_cell(self) -> Awaitable[None] | None:
        """Nothing to show, after a pause where one is due."""
        lane = current_lane()
        return lane.give_way() if lane and lane.is_turn_over() else None


class _Template(Template):
    """A template that is rendered piece by piece, with pauses."""

    async def render_async(self, *args: Any, **kwargs: Any) -> str:
        pieces, lane = [], current_lane()
        async for piece in self.generate_async(*args, **kwargs):
            pieces.append(piece)
            if lane:
                await lane.give_way()
        return "".join(pieces)


def render_in_turns(environment: Environment) -> None:
    """Let pages of this environment pause while they are rendered."""
    environment.template_class = _Template
