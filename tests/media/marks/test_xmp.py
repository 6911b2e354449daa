"""Packets of XMP: every way to write a property, and what must not be read."""

from __future__ import annotations

from html import escape

import pytest

from catalog.media.marks.xmp import MAX_DEPTH, name_broken, read_packet
from tests.media.boxes import box
from tests.media.marks.carriers import LABEL_TEXT, SOURCES, XMP_BOX, clip, label_packet, packet, read

SOURCE = f"{SOURCES}trainedAlgorithmicMedia"


@pytest.mark.parametrize(
    "text",
    [
        label_packet(),
        label_packet("aigc-label"),
        packet(elements=f"<TC260:AIGC>{escape(LABEL_TEXT)}</TC260:AIGC>"),
        packet(elements=f"<TC260:AIGC><![CDATA[{LABEL_TEXT}]]></TC260:AIGC>"),
        packet(elements=f"<TC260:AIGC><rdf:Alt><rdf:li>{LABEL_TEXT}</rdf:li></rdf:Alt></TC260:AIGC>"),
        packet(f'TC260:AIGC="{escape(escape(LABEL_TEXT))}"'),
        label_packet().replace("http://www.tc260", "https://www.tc260").replace("AIGC/1.0/", "AIGC/1.0"),
        "\ufeff\n" + label_packet() + "\0\0",
        '<?xml version="1.0" encoding="UTF-16"?>' + label_packet(),
    ],
)
def test_a_label_is_read_however_it_is_written(text: str) -> None:
    marks = read(clip(top=box("uuid", XMP_BOX, text.encode())))
    assert marks.claims == {"aigc", "ai"}
    assert marks.ids[0] == ("ProduceID", "KLingMuse_6f2a")


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16"])
def test_a_packet_is_read_in_its_encoding(encoding: str) -> None:
    assert read(clip(top=box("uuid", XMP_BOX, label_packet().encode(encoding)))).claims == {"aigc", "ai"}


@pytest.mark.parametrize(
    ("attributes", "elements"),
    [
        (f'Iptc4xmpExt:DigitalSourceType="{SOURCE}"', ""),
        ("", f"<Iptc4xmpExt:DigitalSourceType>\n {SOURCE}\n</Iptc4xmpExt:DigitalSourceType>"),
        ("", f'<Iptc4xmpExt:DigitalSourceType rdf:resource="{SOURCE}"/>'),
        ("", f"<Iptc4xmpExt:digitalsourcetype>{SOURCE}</Iptc4xmpExt:digitalsourcetype>"),
    ],
)
def test_a_source_is_read_however_it_is_written(attributes: str, elements: str) -> None:
    assert [(kind, text) for kind, _, text in read_packet(packet(attributes, elements)).properties] == [
        ("iptc", SOURCE)
    ]


def test_the_same_name_in_another_namespace_is_not_read() -> None:
    text = packet(f'xmp:DigitalSourceType="{SOURCE}" xmp:AIGC="{escape(LABEL_TEXT)}"')
    assert read_packet(text) == ((), False)


def test_a_credit_counts_only_where_it_speaks_of_ai() -> None:
    def claims(credit: str) -> object:
        return read(clip(top=box("uuid", XMP_BOX, packet(f'photoshop:Credit="{credit}"').encode()))).claims

    assert claims("Made with Google AI") == {"ai"}
    assert claims("AI Weiwei Studio") == claims("Reuters") == frozenset()


def test_all_texts_of_a_list_are_read() -> None:
    prompts = "<rdf:Bag><rdf:li>a fox</rdf:li><rdf:li>in snow</rdf:li></rdf:Bag>"
    found = read_packet(packet(elements=f"<Iptc4xmpExt:AISystemUsed>{prompts}</Iptc4xmpExt:AISystemUsed>"))
    assert [text for _, _, text in found.properties] == ["a fox", "in snow"]


LAUGHS = '<!DOCTYPE l [<!ENTITY a "ha">' + "".join(
    f'<!ENTITY {name} "{"&" + before + ";"}{"&" + before + ";"}">'
    for before, name in zip("abcdefgh", "bcdefghi", strict=True)
)
EXTERNAL = '<!DOCTYPE l [<!ENTITY i SYSTEM "file:///etc/passwd">'


@pytest.mark.parametrize("types", [LAUGHS, EXTERNAL, '<!DOCTYPE l SYSTEM "http://127.0.0.1:9/x.dtd" ['])
def test_a_document_type_ends_the_reading(types: str) -> None:
    body = packet(elements="<TC260:AIGC>&i;</TC260:AIGC>").partition("?>")[2]
    text = types + "]>" + body
    assert read_packet(text) == ((), True)
    marks = read(clip(top=box("uuid", XMP_BOX, text.encode())))
    assert [(mark.kind, mark.is_broken, mark.value) for mark in marks.marks if mark.kind != "hint"] == [
        ("aigc", True, text)
    ]
    assert marks.claims == {"aigc"}


def test_a_packet_that_is_nested_too_deeply_is_broken() -> None:
    depth = MAX_DEPTH * 1000
    assert read_packet(packet(elements="<a>" * depth + "</a>" * depth)).is_broken
    assert not read_packet(packet(elements="<a>" * 50 + "</a>" * 50)).is_broken


@pytest.mark.parametrize("text", ["", "<", ">", "no markup", "<a>", "<a></b>", "<a>&nbsp;</a>", "<x:a/>", "\ufffd" * 9])
def test_what_is_not_xml_is_broken_and_names_nothing(text: str) -> None:
    assert read_packet(text) == ((), True)
    assert name_broken(text) is None


def test_a_packet_that_was_cut_is_kept_as_broken() -> None:
    marks = read(clip(top=box("uuid", XMP_BOX, label_packet()[:700].encode())))
    assert [(mark.kind, mark.key, mark.is_broken) for mark in marks.marks if mark.kind != "hint"] == [
        ("aigc", "xmp", True)
    ]
    assert "ai" not in marks.claims
