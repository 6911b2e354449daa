"""What a packet of XMP (ISO 16684-1) says of how a picture or film came to be.

Read as a stream, within bounds: a document type, with which entities would come, ends the reading.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Mapping
    from xml.parsers.expat import XMLParserType

    from .mark import Kind

MAX_DEPTH = 100
MOST_PROPERTIES = 1_000

_TC260 = "www.tc260.org.cn/ns/AIGC/1.0"
_IPTC = "iptc.org/std/Iptc4xmpExt/2008-02-29"
_KINDS: Mapping[tuple[str, str], Kind] = {
    (_TC260, "aigc"): "aigc",
    (_IPTC, "digitalsourcetype"): "iptc",
    (_IPTC, "aisystemused"): "iptc",
    (_IPTC, "aisystemversionused"): "iptc",
    (_IPTC, "aipromptinformation"): "iptc",
    (_IPTC, "aipromptwritername"): "iptc",
    ("ns.adobe.com/photoshop/1.0", "credit"): "iptc",
    ("ns.adobe.com/xap/1.0", "creatortool"): "hint",
}
_LABEL = re.compile(r":AIGC\s*[=>]")
_STATED = re.compile(r":(DigitalSourceType|AISystemUsed|AIPromptInformation)\s*[=>]")
_RDF = "http://www.w3.org/1999/02/22-rdf-syntax-ns#"
_RESOURCE, _ITEM = f"{_RDF} resource", f"{_RDF} li"


class Property(NamedTuple):
    """A property that is of interest: the kind of mark it makes, its name without a prefix, its text."""

    kind: Kind
    name: str
    text: str


class Packet(NamedTuple):
    """What a packet says; nothing where it is broken."""

    properties: tuple[Property, ...]
    is_broken: bool


class _Refused(Exception):
    """A packet with a document type, or one that is nested too deeply."""


def read_packet(text: str) -> Packet:
    """The properties of interest, in order, as elements or attributes under whatever prefix."""
    from xml.parsers.expat import ExpatError, ParserCreate

    start, end = text.find("<"), text.rfind(">")
    reader = _Reader()
    try:
        parser = ParserCreate("utf-8", " ")  # whatever the packet declares: it is text by now
        reader.attach(parser)
        parser.Parse(text[start : end + 1].encode("utf-8", "replace"), True)
    except (ExpatError, _Refused):
        return Packet((), is_broken=True)
    return Packet(tuple(reader.properties), is_broken=False)


def name_broken(text: str) -> Kind | None:
    """The kind of mark that a broken packet would have made, by the names in its text."""
    if _TC260 in text and _LABEL.search(text):
        return "aigc"
    return "iptc" if _IPTC in text and _STATED.search(text) else None


def _find_kind(name: str) -> Kind | None:
    namespace, _, local = name.rpartition(" ")
    return _KINDS.get((namespace.partition("://")[2].rstrip("/#"), local.lower()))


class _Reader:
    """Collects the properties while the parser goes through the packet."""

    def __init__(self) -> None:
        self.properties: list[Property] = []
        self._depth = 0
        self._open: tuple[int, Kind, str] | None = None  # the property that is being read, and its depth
        self._text: list[str] = []

    def attach(self, parser: XMLParserType) -> None:
        parser.buffer_text = True
        parser.StartDoctypeDeclHandler = self._refuse
        parser.StartElementHandler = self._start
        parser.EndElementHandler = self._end
        parser.CharacterDataHandler = self._text.append

    def _refuse(self, *_: object) -> None:
        raise _Refused

    def _start(self, name: str, attributes: dict[str, str]) -> None:
        self._depth += 1
        if self._depth > MAX_DEPTH:
            raise _Refused
        if self._open is None:
            kind = _find_kind(name)
            if kind:
                self._open = self._depth, kind, name.rpartition(" ")[2]
            self._text.clear()
        for attribute, text in attributes.items():
            kind = _find_kind(attribute)
            if kind:
                self._keep(kind, attribute.rpartition(" ")[2], text)
            elif attribute == _RESOURCE and self._open:
                self._keep(*self._open[1:], text)

    def _end(self, name: str) -> None:
        if self._open and (name == _ITEM or self._depth == self._open[0]):
            self._keep(*self._open[1:], "".join(self._text))
            self._text.clear()
        if self._open and self._depth == self._open[0]:
            self._open = None
        self._depth -= 1

    def _keep(self, kind: Kind, name: str, text: str) -> None:
        if text.strip() and len(self.properties) < MOST_PROPERTIES:
            self.properties.append(Property(kind, name, text.strip()))
