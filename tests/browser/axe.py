"""Whether a page can be used by whoever does not see it, or has no mouse: axe-core finds nothing serious on it."""

from __future__ import annotations

from functools import cache
from typing import TYPE_CHECKING

from axe_playwright_python.sync_playwright import Axe

if TYPE_CHECKING:
    from playwright.sync_api import Page

SERIOUS = frozenset({"serious", "critical"})


@cache
def _axe() -> Axe:
    return Axe()


def assert_accessible(tab: Page, within: str | None = None) -> None:
    """The page, or what of it the selector `within` names, has no finding that is serious or critical."""
    tab.wait_for_load_state("load")
    found = _axe().run(tab, context=within).response["violations"]
    assert not [
        f"{finding['id']}: {finding['help']}: {node['html'][:200]}"
        for finding in found
        if finding["impact"] in SERIOUS
        for node in finding["nodes"][:5]
    ]
