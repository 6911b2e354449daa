"""Bytes that lie, end early or go on: marks are read or passed over, in little time and memory, and nothing raises."""

from __future__ import annotations

import io
import json
import struct
import tracemalloc
import zlib
from typing import TYPE_CHECKING

import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image
from PIL.PngImagePlugin import PngInfo

from catalog.media.marks import Marks, read_marks, read_marks_of
from catalog.media.marks.notes import MOST_KEPT, MOST_NOTES, MOST_READ
from catalog.media.sniff import AVI, GIF, JPEG, MKV, MP4, PNG, WEBP
from tests.media.boxes import FTYP, box, full, longs, mkv, mvhd
from tests.media.marks.carriers import (
    GRAPH_TEXT,
    LABEL_TEXT,
    PARAMETERS,
    WORKFLOW_TEXT,
    XMP_BOX,
    chunk,
    clip,
    handler,
    item,
    itxt,
    jpeg,
    keyed,
    label_packet,
    png,
    read,
    riff,
    segment,
    simple,
    source_packet,
    tagged,
    webm,
)
from tests.media.test_probe import encode

if TYPE_CHECKING:
    from pathlib import Path

ALL = {"AIGC": LABEL_TEXT, "prompt": GRAPH_TEXT, "workflow": WORKFLOW_TEXT, "comment": "vid:v12044gd0000c"}
MEGABYTE = 1024**2
BOUND = 250 * MEGABYTE


def measure(data: io.BytesIO | Path) -> tuple[Marks, int]:
    """The marks, and the bytes of memory that reading them took at most."""
    tracemalloc.start()
    try:
        marks = read_marks_of(data) if isinstance(data, io.BytesIO) else read_marks(data)
        return marks, tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()


def is_silent(data: bytes) -> bool:
    """Whether a file says nothing but hints."""
    return all(mark.kind == "hint" for mark in read(data).marks)


# Boxes


def test_a_film_that_is_cut_while_it_is_read_says_nothing() -> None:
    class Shrinking(io.BytesIO):
        def read(self, size: int | None = -1) -> bytes:
            data = super().read(size)
            return data if len(data) <= 4096 else data[:3]

    assert read_marks_of(Shrinking(tagged({"title": "x" * 9_000, **ALL})), MP4) == Marks()


def test_a_count_of_four_billion_keys_is_not_believed() -> None:
    data = tagged(ALL)
    at = data.index(b"keys") + 8
    lying = data[:at] + b"\xff\xff\xff\xff" + data[at + 4 :]
    assert read(lying) == read(data)


def test_items_without_a_key_and_keys_without_an_item_are_passed_over() -> None:
    keys = full("keys", longs(1), struct.pack(">I4s", 12, b"mdta") + b"AIGC")
    for number in (0, 2, 99, 0x7FFFFFFF, 0xFFFFFFFF):
        meta = full("meta", handler(b"mdta"), keys, box("ilst", item(longs(number), LABEL_TEXT.encode())))
        assert is_silent(clip(meta))
    assert is_silent(clip(full("meta", handler(), keys)))
    assert is_silent(clip(full("meta", handler(), box("ilst", item(longs(1), b"x"), box("data")))))
    empty = full("meta", handler(b"mdta"), keys, box("ilst", box("\0\0\0\1", box("data", longs(1))), box("\0\0\0\1")))
    assert is_silent(clip(empty))


@pytest.mark.parametrize("length", [0, 3, 7, 8, 0x7FFFFFFF, 0xFFFFFFFF])
def test_a_key_whose_length_lies_ends_the_keys(length: int) -> None:
    data = tagged(ALL)
    at = data.index(b"mdtaprompt") - 4
    marks = read(data[:at] + struct.pack(">I", length) + data[at + 4 :])
    assert [mark.key for mark in marks.marks if mark.kind == "aigc"] == ["AIGC"]
    assert marks.prompt is None or length == 8


def test_names_of_any_bytes_are_text() -> None:
    for name in (b"\xff\xfe\0prompt", b"AI\0GC", "\u202eAIGC".encode(), b"", b"A" * 70_000):
        keys = full("keys", longs(1), struct.pack(">I4s", 8 + len(name), b"mdta") + name)
        assert is_silent(clip(full("meta", handler(b"mdta"), keys, box("ilst", item(longs(1), LABEL_TEXT.encode())))))


def test_values_of_any_bytes_are_text() -> None:
    for value in (b"\xff\xfe\xfd", b"{\0}", b'{"Label":"\xc3\x28"}', "\u202e{".encode(), bytes(range(256))):
        for mark in read(tagged({"AIGC": value, "prompt": value, "comment": value})).marks:
            assert "\0" not in mark.value
            mark.value.encode()


def test_halves_of_surrogates_never_leave_as_such() -> None:
    graph = GRAPH_TEXT.replace("a red fox", "\\ud83e fox").replace("wan2.2", "\\udc00")
    label = LABEL_TEXT.replace("KLingMuse", "\\ud800")
    marks = read(
        tagged({"prompt": graph, "AIGC": label, "comment": json.dumps({"prompt": graph, "workflow": {"a": "\ud83e"}})})
    )
    for text in (*marks[1:], *(text for pair in marks.ids for text in pair), *(mark.value for mark in marks.marks)):
        (text or "").encode()
    assert marks.prompt == "\ufffd fox in snow"


def test_a_description_too_long_to_be_held_is_searched_for_its_texts(tmp_path: Path) -> None:
    path = tmp_path / "long.mp4"
    table = struct.pack(">I4s", 40 * MEGABYTE, b"trak")
    behind = box("udta", keyed(ALL))
    with path.open("wb") as file:
        file.write(FTYP + struct.pack(">I4s", 8 + 40 * MEGABYTE + len(behind), b"moov") + table)
        file.seek(len(FTYP) + 8 + 40 * MEGABYTE)
        file.write(behind)
    marks, held = measure(path)
    assert marks.claims == {"aigc", "ai"}
    assert held < 5 * MEGABYTE


def test_a_hundred_megabytes_of_tags_take_little_memory(tmp_path: Path) -> None:
    path = tmp_path / "tags.mp4"
    one = box("\xa9cmt", struct.pack(">HH", 60_000, 0x55C4) + b'{"AIGC":' + b"x" * 59_992)
    udta = struct.pack(">I4s", 8 + 1_800 * len(one), b"udta")
    with path.open("wb") as file:
        file.write(FTYP + struct.pack(">I4s", 16 + 1_800 * len(one), b"moov") + udta)
        for _ in range(1_800):
            file.write(one)
    marks, held = measure(path)
    assert 1 <= len(marks.marks) <= 2  # the same again is none, and one sticks out of what is held
    assert held < BOUND


def test_a_text_of_a_hundred_megabytes_is_listed(tmp_path: Path) -> None:
    path = tmp_path / "tags.webm"
    size = 100 * MEGABYTE

    def head(number: int, length: int) -> bytes:
        return number.to_bytes((number.bit_length() + 7) // 8) + b"\1" + length.to_bytes(7)

    name = mkv(0x45A3, b"WORKFLOW")
    text = head(0x4487, size)
    parts = (
        head(number, size + 12 + len(name) + more) for number, more in ((0x67C8, 0), (0x7373, 10), (0x1254C367, 20))
    )
    tags = b"".join(reversed(list(parts)))
    with path.open("wb") as file:
        file.write(
            mkv(0x1A45DFA3, mkv(0x4282, b"webm")) + head(0x18538067, size + 100) + tags + name + text + b'{"nodes'
        )
        file.truncate(file.tell() + size)
    marks, held = measure(path)
    assert held < BOUND
    assert [(mark.key, mark.is_truncated, mark.is_broken, mark.size) for mark in marks.marks] == [
        ("workflow", True, False, size)
    ]


def test_an_id_that_is_cut_is_none() -> None:
    text = b"vid:v12044gd0000c"
    for size in (len(text), 500):
        data = riff(b"AVI ", (b"LIST", b"INFOICMT" + struct.pack("<I", size) + text))
        assert read(data).ids == ((("vid", "v12044gd0000c"),) if size == len(text) else ())


def test_more_notes_than_anybody_writes_are_not_all_read() -> None:
    items = b"".join(item(longs(1), json.dumps({"Label": str(at)}).encode()) for at in range(MOST_NOTES + 500))
    keys = full("keys", longs(1), struct.pack(">I4s", 12, b"mdta") + b"AIGC")
    marks = read(clip(full("meta", handler(b"mdta"), keys, box("ilst", items))))
    assert MOST_NOTES - 5 <= len(marks.marks) <= MOST_NOTES


# Bombs


@pytest.mark.parametrize("text", ["[" * 100_000, '{"a":' * 100_000, '{"1":' + "[" * 100_000 + "]" * 100_000 + "}"])
def test_json_of_any_depth_is_broken(text: str) -> None:
    marks = read(tagged({"prompt": text, "workflow": text, "AIGC": text, "comment": text.replace("a", "AIGC")}))
    assert all(mark.is_broken for mark in marks.marks if mark.kind != "hint")
    assert len([mark for mark in marks.marks if mark.kind == "workflow"]) == 2
    assert marks.prompt is None


def test_json_that_is_just_too_deep_is_broken_though_it_can_be_read() -> None:
    for depth, is_broken in ((90, False), (110, True), (900, True)):
        text = '{"nodes":' + "[" * depth + "]" * depth + "}"
        (mark,) = (mark for mark in read(tagged({"workflow": text})).marks if mark.kind == "workflow")
        assert mark.is_broken == is_broken


def test_json_of_millions_of_values_is_not_read() -> None:
    text = '{"nodes":[' + "{}," * 1_300_000 + "{}]}"
    assert len(text) < MOST_KEPT
    marks, held = measure(io.BytesIO(tagged({"workflow": text})))
    assert [mark.is_broken for mark in marks.marks if mark.kind == "workflow"] == [True]
    assert held < 50 * MEGABYTE


def test_numbers_of_many_digits_are_broken() -> None:
    assert read(tagged({"prompt": GRAPH_TEXT.replace(str(2**64 - 1), "9" * 5_000)})).prompt is None


def test_a_packed_text_does_not_swell_without_bound() -> None:
    bomb = zlib.compress(b"{" + b" " * 60 * MEGABYTE, 1)
    for kind, head in ((b"zTXt", b"prompt\0\0"), (b"iTXt", b"workflow\0\1\0\0\0")):
        marks, held = measure(io.BytesIO(png(chunk(kind, head + bomb))))
        assert held < BOUND
        assert [(mark.is_truncated, mark.size) for mark in marks.marks] == [(True, MOST_READ + 1)]
    many = png(*[chunk(b"zTXt", b"prompt\0\0" + zlib.compress(b"{" + b" " * 20 * MEGABYTE, 1))] * 4)
    assert measure(io.BytesIO(many))[1] < BOUND


def test_xmp_in_thousands_of_segments_takes_little_memory() -> None:
    head = b"http://ns.adobe.com/xmp/extension/\0" + b"A" * 32
    pieces = (segment(0xE1, head + struct.pack(">II", 0, at) + b"x" * 65_000) for at in range(2_000))
    marks, held = measure(io.BytesIO(jpeg(*pieces)))
    assert marks == Marks()
    assert held < 120 * MEGABYTE


def test_packed_text_that_is_damaged_is_kept_as_far_as_it_goes() -> None:
    packed = zlib.compress(GRAPH_TEXT.encode())
    marks = read(png(chunk(b"zTXt", b"prompt\0\0" + packed[:-20]), chunk(b"zTXt", b"workflow\0\0junk")))
    assert [(mark.key, mark.is_broken) for mark in marks.marks] == [("prompt", True)]


def test_parameters_of_nothing_but_settings_are_read_in_time() -> None:
    text = "\nSteps: 1, Size: 1" * 100_000
    marks, held = measure(io.BytesIO(tagged({"parameters": text})))
    assert marks.tools == set() or marks.tools == {"a1111"}
    assert held < BOUND
    for text in (
        "Steps: 1, " + "A" * 2_000_000,
        "\nSteps: 1,a" * 300_000,
        'Steps: 1, A: "' + "\\" * 2_000_001,
        "\n" + " " * 2_000_000 + "Steps",
    ):
        read(tagged({"parameters": text}))


# Chunks and segments


def test_chunks_in_chunks_are_not_followed() -> None:
    data = b""
    for _ in range(5_000):
        data = b"LIST" + struct.pack("<I", 4 + len(data)) + b"INFO" + data
    assert read(riff(b"AVI ", (b"LIST", b"INFO" + data))) == Marks()
    assert read(riff(b"AVI ", (b"RIFF", riff(b"AVI ", (b"XMP ", label_packet().encode()))))) == Marks()


@pytest.mark.parametrize(
    "data",
    [
        riff(b"WEBP", (b"EXIF", b"II*\0\xff\xff\xff\xff")),
        riff(b"WEBP", (b"EXIF", b"II*\0\x08\0\0\0\xff\xff" + b"\x0e\x01\2\0\xff\xff\xff\xff\0\0\0\0" * 3)),
        riff(b"WEBP", (b"EXIF", b"MM\0*\0\0\0\x08\0\1\x87\x69\0\4\0\0\0\1\0\0\0\x08")),  # its directory is its own
        riff(b"WEBP", (b"EXIF", b"")),
        b"RIFF\xff\xff\xff\xffWEBPEXIF\xff\xff\xff\xff",
        b"RIFF\0\0\0\0WEBP",
        png(chunk(b"iTXt", b"prompt"), chunk(b"tEXt", b""), chunk(b"zTXt", b"prompt\0"), chunk(b"eXIf", b"")),
        b"\x89PNG\r\n\x1a\n\xff\xff\xff\xfftEXtprompt\0{",
        jpeg(segment(0xE1, b""), segment(0xFE, b""), segment(0xE1, b"http://ns.adobe.com/xmp/extension/\0short")),
        b"\xff\xd8" + b"\xff" * 300_000,
        b"\xff\xd8\xff\xe1\0\0" * 100,
        b"GIF89a" + bytes(7),
        b"GIF89a\1\0\1\0\x80\0\0" + bytes(6) + b"!\xff",
        b"GIF89a\1\0\1\0\0\0\0" + b"!\xff\x0bXMP DataXMP" + b"\xff",
        b"GIF89a\1\0\1\0\0\0\0" + b"!\xfe" + b"\xff" * 100,
        b"GIF89a\1\0\1\0\0\0\0" + b",",
        webm(simple("AIGC", b"")),
        webm(b"\x67\xc8\xff", simple("X" * 100_000, b"y")),
        webm(mkv(0x67C8, mkv(0x4487, b"{}"))),
        mkv(0x1A45DFA3, b"") + b"\x18\x53\x80\x67\xff\x1f\x43\xb6\x75\xff",
        mkv(0x1A45DFA3, b"") + b"\x12\x54\xc3\x67\x01\xff\xff\xff\xff\xff\xff\xff",
        FTYP + box("moov", b""),
        FTYP + box("moov", box("meta", b""), box("udta", b""), box("trak", box("mdia", box("hdlr", b"")))),
        FTYP + box("moov", mvhd(), box("udta", box("\xa9cmt", b"\xff"), box("\xa9cmt", b"\xff\xff\0\0x"))),
        FTYP + box("uuid", b"") + box("uuid", XMP_BOX) + box("mdat", b""),
    ],
)  # fmt: skip
def test_parts_that_are_empty_or_lie_say_nothing(data: bytes) -> None:
    assert all(mark.is_broken for mark in read(data).marks if mark.kind != "hint")


@given(st.binary(max_size=300), st.sampled_from([MP4, MKV, PNG, JPEG, WEBP, AVI, GIF, None]))
def test_no_bytes_raise(data: bytes, file_type: object) -> None:
    read_marks_of(io.BytesIO(data), file_type)  # type: ignore[arg-type]


NAMES = (
    "class_type",
    "inputs",
    "text",
    "positive",
    "negative",
    "guider",
    "seed",
    "noise",
    "add_noise",
    "model",
    "nodes",
)
MORE = (
    "ckpt_name",
    "links",
    "id",
    "type",
    "widgets_values",
    "link",
    "name",
    "widget",
    "mode",
    "prompt",
    "workflow",
    "1",
    "2",
)
LABELS = ("AIGC", "Label", "ProduceID", "PropagateID", "aigc_label_type", "product", "exportType", "log_id")
VALUES = st.recursive(
    st.none()
    | st.booleans()
    | st.integers(0, 3)
    | st.floats()
    | st.sampled_from(
        [*NAMES, "KSampler", "SaveVideo", "disable", "9" * 5000, 2**70, -1, "\ud800", ["1", 0], [2, 0], ["2", 1]]
    ),
    lambda inner: (
        st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from([*NAMES, *MORE, *LABELS]), inner, max_size=5)
    ),
    max_leaves=15,
)
NODES = st.fixed_dictionaries(
    {"class_type": VALUES, "inputs": st.dictionaries(st.sampled_from(NAMES), VALUES, max_size=6)}
)


@given(
    VALUES, st.dictionaries(st.sampled_from(["1", "2", "3"]), NODES), st.dictionaries(st.sampled_from(LABELS), VALUES)
)
def test_no_json_raises(value: object, graph: object, label: object) -> None:
    texts = {"prompt": json.dumps(graph), "workflow": json.dumps(value), "AIGC": json.dumps(label)}
    marks = read(
        tagged({**texts, "aigc_info": json.dumps(label), "comment": json.dumps({"prompt": graph, "workflow": value})})
    )
    assert marks.claims <= {"aigc", "platform", "ai"}
    for text in (*marks[1:], *(text for pair in marks.ids for text in pair)):
        (text or "").encode()


def draw(form: str) -> bytes:
    """A picture as Pillow writes it, with all that it can write."""
    exif = Image.Exif()
    exif[0x010F], exif[0x0131] = "workflow:" + WORKFLOW_TEXT, "ComfyUI"
    exif.get_ifd(0x8769)[0x9286] = b"UNICODE\0" + PARAMETERS.encode("utf-16-be")
    info = PngInfo()
    info.add_text("prompt", GRAPH_TEXT, zip=True)
    info.add_itxt("XML:com.adobe.xmp", source_packet())
    more = {
        "PNG": {"pnginfo": info},
        "GIF": {"comment": LABEL_TEXT},
    }.get(form, {"xmp": label_packet().encode()})
    target = io.BytesIO()
    Image.new("RGB", (8, 8)).save(target, form, exif=exif, **more)
    return target.getvalue()


REAL = [
    encode(options={"movflags": "use_metadata_tags"}, frames=2, metadata=ALL),
    encode("mov", frames=2, metadata={"comment": json.dumps({"prompt": GRAPH_TEXT, "workflow": {}})}),
    encode("webm", "libvpx-vp9", frames=2, metadata=ALL),
    encode("avi", frames=2, metadata={"comment": json.dumps({"AIGC": json.loads(LABEL_TEXT)})}),
    clip(keyed(ALL), box("udta", keyed(ALL)), top=box("uuid", XMP_BOX, label_packet().encode())),
    *map(draw, ("PNG", "JPEG", "WEBP", "GIF")),
    png(itxt("parameters", PARAMETERS), behind=chunk(b"comf", b"workflow\0" + WORKFLOW_TEXT.encode())),
]
NUMBERS = (b"\0\0\0\0", b"\0\0\0\1", b"\1\0\0\0", b"\x7f\xff\xff\xff", b"\xff\xff\xff\xff", b"data", b'{"a"', b"<!--")


def list_places(data: bytes) -> list[int]:
    """Where in a file its texts are, and what describes them, begin; and every 50th byte."""
    words = (
        b"moov",
        b"udta",
        b"meta",
        b"keys",
        b"ilst",
        b"data",
        b"mdta",
        b"uuid",
        b"EXIF",
        b"Exif",
        b"XMP",
        b"LIST",
        b"INFO",
    )
    more = (
        b"tEXt",
        b"zTXt",
        b"iTXt",
        b"eXIf",
        b"comf",
        b"II*",
        b"MM\0",
        b"inputs",
        b"class_type",
        b"Label",
        b"rdf:",
        b"xmlns",
    )
    found = [at for word in words + more if (at := data.find(word)) >= 0]
    return sorted({max(0, at + shift) for at in found for shift in range(-8, 24, 2)} | set(range(0, len(data), 50)))


PLACES = [list_places(data) for data in REAL]


def test_the_files_to_be_changed_say_something() -> None:
    assert all(any(mark.kind != "hint" for mark in read(data).marks) for data in REAL)


@given(st.data())
def test_whatever_is_changed_in_a_file_nothing_raises(data: st.DataObject) -> None:
    number = data.draw(st.integers(0, len(REAL) - 1))
    whole = bytearray(REAL[number])
    for _ in range(data.draw(st.integers(1, 6))):
        at = data.draw(st.sampled_from(PLACES[number]))
        whole[at : at + 4] = data.draw(st.sampled_from(NUMBERS) | st.binary(min_size=4, max_size=4))
    if data.draw(st.booleans()):
        at = data.draw(st.sampled_from(PLACES[number]))
        del whole[at : at + data.draw(st.integers(1, 40))]
    cut = data.draw(st.just(len(whole)) | st.integers(1, len(whole)))
    marks = read(bytes(whole[:cut]))
    assert isinstance(marks.claims, frozenset)
    assert isinstance(marks.tools, frozenset)
    for text in (*marks[1:], *(text for pair in marks.ids for text in pair), *(mark.value for mark in marks.marks)):
        assert "\0" not in (text or "")
        (text or "").encode()


@pytest.mark.parametrize("data", REAL)
def test_a_file_that_is_cut_anywhere_says_nothing_that_the_whole_does_not(data: bytes) -> None:
    whole = read(data)
    for cut in range(0, len(data), max(1, len(data) // 150)):
        marks = read(data[:cut])
        assert marks.claims <= whole.claims
        assert marks.prompt in {None, whole.prompt}
        assert marks.seed in {None, whole.seed}
        assert set(marks.ids) <= set(whole.ids)
        assert {mark.value for mark in marks.marks if not mark.is_broken} <= {mark.value for mark in whole.marks}


def test_a_text_longer_than_is_read_is_cut_and_not_broken() -> None:
    text = b"prompt\0" + b'{"1":"' + b"x" * (MOST_READ + 10)
    (mark,) = read(png(chunk(b"tEXt", text))).marks
    assert (mark.is_truncated, mark.is_broken, mark.size) == (True, False, len(text) - 7)
