"""How pages are written: templates of our own, which escape whatever they show and hold neither script nor style."""

from __future__ import annotations

from functools import cache
from typing import TYPE_CHECKING, Any
from urllib.parse import quote

from jinja2 import Environment, PackageLoader, StrictUndefined
from markupsafe import Markup, escape

from catalog.controls import plain
from catalog.web.gallery import phrases, static

if TYPE_CHECKING:
    from catalog.web.gallery.visits import Visit


def render(visit: Visit, template: str, **values: Any) -> str:
    """A page, or a part of one, for this visitor."""
    return (
        _environment()
        .get_template(template)
        .render(
            base=visit.base,
            tables=visit.tables,
            library=visit.name,
            may_write=visit.may_write,
            is_local=visit.is_local,
            static=f"{visit.base}/-/gallery/static/{static.version()}",
            **values,
        )
    )


@cache
def _environment() -> Environment:
    environment = Environment(
        loader=PackageLoader(__package__, "templates"),
        autoescape=True,
        undefined=StrictUndefined,
        auto_reload=False,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.filters["segment"] = lambda text: quote(str(text), safe="")
    environment.filters["breakable"] = lambda text: Markup(str(escape(text)).replace("_", "_<wbr>"))  # noqa: S704
    environment.filters |= {"amount": phrases.amount, "moment": phrases.moment, "plain": plain}
    return environment
