"""The default port of a scheme, and the proxy that the environment names for a host.

Both our own client and a capturing one ask this. The latter may be built on another HTTP library, so none is loaded
here.
"""

from __future__ import annotations

import re
import urllib.request
from urllib.parse import urlsplit

from catalog.errors import ConfigError

DEFAULT_PORTS = {"http": 80, "https": 443}
ENVIRONMENT = "env"  # in place of a proxy's URL: use the proxies that the environment names


def environment_proxy(scheme: str, host: str) -> str | None:
    """The URL of the proxy for a host, with its credentials, as `HTTPS_PROXY`, `NO_PROXY` and the like say."""
    if urllib.request.proxy_bypass(host):
        return None
    proxies = urllib.request.getproxies()
    url = proxies.get(scheme) or proxies.get("all")
    return url if not url or "://" in url else f"http://{url}"


def require_proxy(url: str) -> str:
    """The URL of a proxy; raises ConfigError for an unusable one, without repeating it: it may hold a password."""
    parts = urlsplit(url.strip())
    try:
        is_usable = parts.scheme in DEFAULT_PORTS and parts.hostname and parts.port != 0
    except ValueError:  # of the port
        is_usable = False
    if not is_usable or parts.path not in {"", "/"} or parts.query or parts.fragment or re.search(r"\s", parts.netloc):
        raise ConfigError("write the proxy as http://host:port")
    return url.strip()
