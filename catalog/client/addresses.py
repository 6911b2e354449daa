"""Which address may be called: the configured base, the paths under it, and what a URL from a payload may reach.

A server that is trusted with a key is not trusted with our network. A URL that arrives in an answer (an output, a
redirect) may lead to the public internet or to the kind of network where its own server is: a gateway on this machine
may name this machine, a gateway on the office network may name that network, and none may name the metadata service of
a cloud. Addresses are judged after the name is resolved, and the connection goes to the very address that was judged.
"""

from __future__ import annotations

import queue
import socket
import threading
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from ipaddress import IPv4Address, IPv6Address, ip_address, ip_network
from urllib.parse import quote, urlencode

import httpx

from catalog.client.hosts import DEFAULT_PORTS
from catalog.errors import ConfigError

Resolver = Callable[[str, int], list[str]]

LONGEST_ID = 1024
RESOLVE_SECONDS = 15.0  # until a name that is looked up counts as unknown

_METADATA = ("169.254.169.254", "100.100.100.200", "168.63.129.16", "192.0.0.192", "fd00:ec2::254")
_NETWORKS = tuple(
    (kind, tuple(ip_network(text) for text in texts))
    for kind, texts in (
        ("cloud metadata", _METADATA),
        ("unspecified", ("0.0.0.0/8", "::/128")),
        ("loopback", ("127.0.0.0/8", "::1/128")),
        ("link-local", ("169.254.0.0/16", "fe80::/10")),
        ("private", ("10.0.0.0/8", "172.16.0.0/12", "192.168.0.0/16", "fc00::/7", "fec0::/10")),
        ("shared", ("100.64.0.0/10",)),
        ("multicast", ("224.0.0.0/4", "ff00::/8")),
        ("IPv4-mapped", ("::ffff:0:0/96", "::/96")),
        ("NAT64", ("64:ff9b::/96", "64:ff9b:1::/48")),
        ("6to4", ("2002::/16",)),
        ("Teredo", ("2001::/32",)),
    )
)


class UnsafeURL(Exception):
    """A URL that will not be fetched; the message says why, without the URL."""


def kind_of(address: str) -> str | None:
    """The kind of an IP address that is not public (`loopback`, `private`, `NAT64` ...), None for a public one."""
    ip = ip_address(address.partition("%")[0])
    for kind, networks in _NETWORKS:
        if any(ip in network for network in networks if network.version == ip.version):
            return kind
    return None if ip.is_global else "reserved"


def resolve(host: str, port: int, seconds: float = RESOLVE_SECONDS) -> list[str]:
    """The IP addresses of a host, in the order the system prefers; raises OSError when there are none.

    A name server that does not answer within so many seconds is left behind in a thread: the system waits for it as
    long as it likes, and through every interruption.
    """
    outcome: queue.SimpleQueue[list[str] | Exception] = queue.SimpleQueue()

    def look_up() -> None:
        try:
            entries = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
            outcome.put(list(dict.fromkeys(str(entry[4][0]) for entry in entries)))
        except (OSError, UnicodeError) as error:
            outcome.put(error)

    threading.Thread(target=look_up, name="resolve", daemon=True).start()
    try:
        found = outcome.get(timeout=seconds)
    except queue.Empty:
        raise OSError("the name server does not answer") from None
    if isinstance(found, UnicodeError):
        raise OSError("not a host name") from found
    if isinstance(found, Exception):
        raise found
    return found


def literal(host: str) -> IPv4Address | IPv6Address | None:
    """The IP address that a host spells out, None for a name."""
    try:
        return ip_address(host.strip("[]").partition("%")[0])
    except ValueError:
        return None


@dataclass(frozen=True, slots=True)
class Base:
    """A configured base URL: the origin that may see the key, and the path that every call lies under."""

    scheme: str
    host: str
    port: int
    path: str

    @classmethod
    def parse(cls, text: str, *, source: str | None = None) -> Base:
        """Read a base URL such as `https://host/v1`; a trailing slash is dropped. Raises ConfigError."""
        about = f"base URL of source {source}" if source else "base URL"
        try:
            url = httpx.URL(text.strip())
        except (httpx.InvalidURL, TypeError, AttributeError, UnicodeError):
            # without its cause, which repeats a part of the URL that may be a password
            raise ConfigError(f"{about} is not a URL; write it as https://host/v1") from None
        if url.scheme not in DEFAULT_PORTS or not url.host:
            raise ConfigError(f"{about} must start with http:// or https:// and name a host, as in https://host/v1")
        if url.userinfo:
            raise ConfigError(f"{about} ({url.host}) contains credentials; put the key into the environment instead")
        if url.query or url.fragment or "?" in text or "#" in text:
            raise ConfigError(f"{about} ({url.host}) contains a query or a fragment; it must end with the path")
        return cls(url.scheme, url.host, _port(url), url.raw_path.decode("ascii").rstrip("/"))

    def __str__(self) -> str:
        return f"{self.origin}{self.path}"

    @property
    def origin(self) -> str:
        """Scheme, host and port; the port only where it differs from the default."""
        host = f"[{self.host}]" if ":" in self.host else self.host
        port = "" if self.port == DEFAULT_PORTS[self.scheme] else f":{self.port}"
        return f"{self.scheme}://{host}{port}"

    def is_origin_of(self, url: httpx.URL) -> bool:
        """Whether a URL has this scheme, host and port, so that the key may go there."""
        return (url.scheme, url.host, _port(url)) == (self.scheme, self.host, self.port)

    def url(self, template: str, remote_id: str | None = None, query: Mapping[str, str] | None = None) -> httpx.URL:
        """The URL of one call, proven to lie under this base; raises UnsafeURL for an id that cannot be in a path."""
        target = self.path + (template if remote_id is None else template.replace("{id}", escape_id(remote_id)))
        try:
            target += (("&" if "?" in target else "?") + urlencode(query, quote_via=quote, safe="")) if query else ""
            url = httpx.URL(self.origin + target)
        except (httpx.InvalidURL, UnicodeError) as error:
            raise UnsafeURL("it contains characters that a URL cannot hold") from error
        if not self.is_origin_of(url) or url.raw_path.decode("ascii") != target:
            raise UnsafeURL("it would lead out of the base URL")
        return url


def escape_id(remote_id: str) -> str:
    """An id as one path segment, reserved characters percent-encoded; raises UnsafeURL for one that cannot be one."""
    if not remote_id or len(remote_id) > LONGEST_ID:
        raise UnsafeURL("an id must have 1 to 1024 characters")
    if not remote_id.isprintable():
        raise UnsafeURL("the id contains control characters")
    if any(part in {".", ".."} for part in remote_id.replace("\\", "/").split("/")):
        raise UnsafeURL("the id contains . or .. segments")
    return quote(remote_id, safe="")


def _port(url: httpx.URL) -> int:
    return url.port or DEFAULT_PORTS.get(url.scheme, 0)


class Guard:
    """Judges where a URL from an answer may lead; thread-safe, as its only state is written once."""

    def __init__(self, base: Base, resolver: Resolver = resolve) -> None:
        self._base = base
        self._resolve = resolver
        self._home: frozenset[str | None] | None = None

    def read(self, text: str) -> httpx.URL:
        """A URL from an answer, after its form, and any IP address in it, are judged; raises UnsafeURL."""
        try:
            url = httpx.URL(text)
        except (httpx.InvalidURL, TypeError, UnicodeError) as error:
            raise UnsafeURL("it is not a URL") from error
        return self.check(url)

    def check(self, url: httpx.URL) -> httpx.URL:
        """The same URL, after its form, and any IP address in it, are judged; raises UnsafeURL."""
        if url.scheme not in DEFAULT_PORTS or not url.host:
            raise UnsafeURL("only http and https URLs are fetched")
        if url.userinfo:
            raise UnsafeURL("it contains credentials")
        if not self._base.is_origin_of(url) and (address := literal(url.host)):
            self.judge([str(address)])
        return url

    def judge(self, addresses: list[str]) -> None:
        """Raise UnsafeURL unless every address is public or of the same kind as one of the source itself."""
        for address in addresses:
            kind = kind_of(address)
            if kind is not None and kind not in self._kinds_of_home():
                raise UnsafeURL(f"it leads to a {kind} address")

    def _kinds_of_home(self) -> frozenset[str | None]:
        if self._home is None:
            spelt = literal(self._base.host)
            try:
                addresses = [str(spelt)] if spelt else self._resolve(self._base.host, self._base.port)
            except OSError:
                return frozenset()
            self._home = frozenset(kind_of(address) for address in addresses)
        return self._home
