"""Which port a scheme means, and which proxy the environment names for a host.

Our own client asks this and so does a capturing one, which may be built on another HTTP library: none is loaded here.
"""

from __future__ import annotations

import urllib.request

DEFAULT_PORTS = {"http": 80, "https": 443}


def environment_proxy(scheme: str, host: str) -> str | None:
    """The URL of the proxy for a host, credentials included, by `HTTPS_PROXY`, `NO_PROXY` and their like."""
    if urllib.request.proxy_bypass(host):
        return None
    proxies = urllib.request.getproxies()
    return proxies.get(scheme) or proxies.get("all")
