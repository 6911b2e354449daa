"""The sample server: a real HTTP server on loopback that speaks `/v1/videos` as 26 families of servers do.

`python -m catalog.demo.gateway` runs it by itself. What it serves, the sample library, is beside it in `catalog.demo`.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from catalog.demo.gateway.app import Gateway

__all__ = ["Gateway"]


def __getattr__(name: str) -> object:
    if name != "Gateway":
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    from catalog.demo.gateway.app import Gateway

    return Gateway
