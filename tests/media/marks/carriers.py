"""Files that carry texts where real programs put them, made byte by byte."""

from __future__ import annotations

import io
import json
import struct
import zlib
from html import escape
from typing import TYPE_CHECKING, Any

from PIL import Image

from catalog.media.marks import Marks, read_marks_of
from tests.media.boxes import FTYP, box, full, longs, mkv, mvhd, trak

if TYPE_CHECKING:
    from collections.abc import Mapping

XMP_BOX = bytes.fromhex("be7acfcb97a942e89c71999491e3afac")
SOURCES = "http://cv.iptc.org/newscodes/digitalsourcetype/"
LABEL = {
    "Label": "1",
    "ContentProducer": "001191110108335469089C10100",
    "ProduceID": "KLingMuse_6f2a",
    "ReservedCode1": "",
    "ContentPropagator": "",
    "PropagateID": "share_9",
    "ReservedCode2": "",
}
LABEL_TEXT = json.dumps(LABEL)
GRAPH: dict[str, Any] = {
    "3": {
        "class_type": "KSampler",
        "inputs": {"seed": 2**64 - 1, "model": ["4", 0], "positive": ["6", 0], "negative": ["7", 0], "steps": 20},
    },
    "4": {"class_type": "UNETLoader", "inputs": {"unet_name": "wan2.2_t2v_14B.safetensors", "weight_dtype": "default"}},
    "6": {"class_type": "CLIPTextEncode", "inputs": {"text": "a red fox in snow", "clip": ["5", 0]}},
    "7": {"class_type": "CLIPTextEncode", "inputs": {"text": "blurry", "clip": ["5", 0]}},
    "9": {"class_type": "SaveVideo", "inputs": {"video": ["8", 0], "filename_prefix": "ComfyUI"}},
    "8": {"class_type": "VAEDecode", "inputs": {"samples": ["3", 0]}},
}
GRAPH_TEXT = json.dumps(GRAPH)
WORKFLOW_TEXT = json.dumps({"last_node_id": 9, "nodes": [{"id": 6, "type": "CLIPTextEncode"}], "links": []})
PARAMETERS = (
    "a lighthouse, <lora:sea:0.8>\nat dusk\nNegative prompt: fog, people\n"
    "Steps: 20, Sampler: Euler a, CFG scale: 7, Seed: 2179987202, Size: 768x512, Model hash: 93b79e, Model: sea-v4, "
    'Lora hashes: "sea: 1234, Seed: 5", Version: v1.9.4'
)


def read(data: bytes) -> Marks:
    return read_marks_of(io.BytesIO(data))


def item(name: bytes, text: bytes, kind: int = 1) -> bytes:
    return box(name.decode("latin-1"), box("data", longs(kind, 0), text))


def keyed(texts: Mapping[str, bytes | str], kind: int = 1) -> bytes:
    """A `meta` with names and items, as QuickTime and FFmpeg write them."""
    keys = [struct.pack(">I4s", 8 + len(name.encode()), b"mdta") + name.encode() for name in texts]
    items = [
        item(longs(number), text if isinstance(text, bytes) else text.encode(), kind)
        for number, text in enumerate(texts.values(), 1)
    ]
    return full("meta", handler(b"mdta"), full("keys", longs(len(keys)), *keys), box("ilst", *items))


def handler(kind: bytes = b"mdir", name: bytes = b"\0") -> bytes:
    return full("hdlr", bytes(4), kind, bytes(12), name)


def clip(*parts: bytes, top: bytes = b"", data: bytes = bytes(400)) -> bytes:
    """A film with these boxes in its `moov`."""
    return FTYP + top + box("moov", mvhd(), trak(), *parts) + box("mdat", data)


def tagged(texts: Mapping[str, bytes | str]) -> bytes:
    """A film with these texts under names of their own."""
    return clip(box("udta", keyed(texts)))


def packet(attributes: str = "", elements: str = "", prefix: str = "TC260") -> str:
    return (
        '<?xpacket begin="\ufeff" id="W5M0MpCehiHzreSzNTczkc9d"?>'
        '<x:xmpmeta xmlns:x="adobe:ns:meta/"><rdf:RDF xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#">'
        f'<rdf:Description rdf:about="" xmlns:{prefix}="http://www.tc260.org.cn/ns/AIGC/1.0/" '
        'xmlns:Iptc4xmpExt="http://iptc.org/std/Iptc4xmpExt/2008-02-29/" '
        'xmlns:photoshop="http://ns.adobe.com/photoshop/1.0/" xmlns:xmp="http://ns.adobe.com/xap/1.0/" '
        f"{attributes}>{elements}</rdf:Description></rdf:RDF></x:xmpmeta>" + " " * 40 + '<?xpacket end="w"?>'
    )


def label_packet(prefix: str = "TC260") -> str:
    return packet(f'{prefix}:AIGC="{escape(LABEL_TEXT)}"', prefix=prefix)


def source_packet(source: str = "trainedAlgorithmicMedia") -> str:
    return packet(f'Iptc4xmpExt:DigitalSourceType="{SOURCES}{source}"')


def chunk(kind: bytes, data: bytes) -> bytes:
    return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))


def png(*chunks: bytes, behind: bytes = b"") -> bytes:
    """A picture with these chunks before, and those behind what it shows."""
    target = io.BytesIO()
    Image.new("RGB", (4, 4)).save(target, "PNG")
    plain = target.getvalue()
    at, end = plain.index(b"IDAT") - 4, plain.index(b"IEND") - 4
    return plain[:at] + b"".join(chunks) + plain[at:end] + behind + plain[end:]


def itxt(key: str, text: str, *, is_packed: bool = False) -> bytes:
    data = zlib.compress(text.encode()) if is_packed else text.encode()
    return chunk(b"iTXt", key.encode("latin-1") + b"\0" + bytes([is_packed]) + b"\0en\0" + key.encode() + b"\0" + data)


def segment(marker: int, data: bytes) -> bytes:
    return struct.pack(">BBH", 0xFF, marker, 2 + len(data)) + data


def jpeg(*segments: bytes) -> bytes:
    target = io.BytesIO()
    Image.new("RGB", (4, 4)).save(target, "JPEG")
    return target.getvalue()[:2] + b"".join(segments) + target.getvalue()[2:]


def tag(number: int, *held: bytes) -> bytes:
    return mkv(number, *held)


def simple(name: str, text: str | bytes) -> bytes:
    return tag(0x67C8, tag(0x45A3, name.encode()), tag(0x4487, text if isinstance(text, bytes) else text.encode()))


def webm(*tags: bytes) -> bytes:
    return tag(0x1A45DFA3, tag(0x4282, b"webm")) + tag(0x18538067, tag(0x1254C367, tag(0x7373, *tags)))


def riff(form: bytes, *chunks: tuple[bytes, bytes]) -> bytes:
    body = b"".join(kind + struct.pack("<I", len(data)) + data + bytes(len(data) % 2) for kind, data in chunks)
    return b"RIFF" + struct.pack("<I", 4 + len(body)) + form + body
