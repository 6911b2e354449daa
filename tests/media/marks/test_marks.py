"""What files say of themselves: as PyAV and Pillow write it, and byte by byte where they cannot."""

from __future__ import annotations

import io
import json
import struct
import subprocess
import sys
import zlib
from typing import TYPE_CHECKING

import av
import pytest
from PIL import Image
from PIL.PngImagePlugin import PngInfo

from catalog.demo import clips
from catalog.errors import BadMedia
from catalog.media.marks import Mark, Marks, read_marks
from catalog.media.probe import describe, read_probe
from catalog.media.sniff import HEAD, sniff
from tests.media.boxes import FTYP, box, full, longs
from tests.media.marks.carriers import (
    GRAPH,
    GRAPH_TEXT,
    LABEL,
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
    packet,
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


def kinds(marks: Marks) -> list[tuple[str, str, str]]:
    return [(mark.kind, mark.carrier, mark.key) for mark in marks.marks if mark.kind != "hint"]


def find(marks: Marks, kind: str) -> Mark:
    return next(mark for mark in marks.marks if mark.kind == kind)


def assert_says_all(marks: Marks) -> None:
    assert marks.claims == {"aigc", "ai"}
    assert marks.tools == {"comfyui"}
    assert marks.ids == (("ProduceID", "KLingMuse_6f2a"), ("PropagateID", "share_9"), ("vid", "v12044gd0000c"))
    assert marks.prompt == "a red fox in snow"
    assert marks.prompt_origin == "comfyui"
    assert marks.negative_prompt == "blurry"
    assert marks.model == "wan2.2_t2v_14B.safetensors"
    assert marks.seed == "18446744073709551615"
    assert marks.workflow is not None
    assert marks.workflow.value == WORKFLOW_TEXT


# Films


@pytest.mark.parametrize(
    ("form", "codec", "carrier"),
    [
        ("mp4", "libx264", "moov/udta/meta"),
        ("mov", "libx264", "moov/meta"),
        ("webm", "libvpx-vp9", "Tags"),
        ("matroska", "libx264", "Tags"),
    ],
)
def test_what_pyav_writes_into_a_film_is_read(form: str, codec: str, carrier: str) -> None:
    data = encode(
        form,
        codec,
        options={"movflags": "use_metadata_tags"} if form[0] == "m" and form[1] != "a" else {},
        metadata=ALL,
    )
    marks = read(data)
    assert {name for _, name, _ in kinds(marks)} <= {carrier, "moov/udta/meta"}
    assert_says_all(marks)


@pytest.mark.parametrize("form", ["mp4", "mov", "webm", "matroska"])
@pytest.mark.parametrize("text", ["雪の中の狐 🦊\nzweite Zeile", "\u202ebidi", " spaces ", "é" * 200_000, "a\tb\r\nc"])
def test_texts_are_those_that_pyav_reads(form: str, text: str) -> None:
    options = {"movflags": "use_metadata_tags"} if form in {"mp4", "mov"} else {}
    data = encode(
        form, "libvpx-vp9" if form == "webm" else "libx264", frames=2, options=options, metadata={"AIGC": text}
    )
    with av.open(io.BytesIO(data)) as container:
        measured = {key.lower(): value for key, value in container.metadata.items()}
    mark = find(read(data), "aigc")
    assert (mark.value, mark.is_broken, mark.size) == (measured["aigc"], True, len(text.encode()))


def test_names_in_capitals_are_read_and_a_workflow_has_its_common_name() -> None:
    marks = read(encode("webm", "libvpx-vp9", metadata={"PROMPT": GRAPH_TEXT, "WORKFLOW": WORKFLOW_TEXT}))
    assert kinds(marks) == [("workflow", "Tags", "prompt"), ("workflow", "Tags", "workflow")]
    assert marks.prompt == "a red fox in snow"


def test_a_remux_that_drops_names_leaves_nothing_but_hints() -> None:
    marks = read(encode(metadata={key: text for key, text in ALL.items() if key != "comment"}))
    assert {mark.kind for mark in marks.marks} == {"hint"}
    assert (marks.claims, marks.prompt, marks.workflow, marks.ids) == (frozenset(), None, None, ())


@pytest.mark.parametrize("form", ["mp4", "webm", "matroska", "avi"])
def test_a_comment_of_the_video_helper_suite_is_a_prompt_and_a_workflow(form: str) -> None:
    comment = json.dumps({"prompt": GRAPH_TEXT, "workflow": json.loads(WORKFLOW_TEXT)})
    marks = read(encode(form, "libvpx-vp9" if form == "webm" else "libx264", metadata={"comment": comment}))
    assert [(mark.key, mark.value) for mark in marks.marks if mark.kind == "workflow"] == [
        ("prompt", GRAPH_TEXT),
        ("workflow", WORKFLOW_TEXT),
    ]
    assert marks.seed == "18446744073709551615"


def test_the_program_that_wrote_a_film_is_a_hint_and_claims_nothing() -> None:
    google = clip(
        box(
            "udta",
            full("meta", handler(), box("ilst", item(b"\xa9too", b"Google"))),
            box("\xa9swr", b"\0\6\x55\xc4Kamera"),
        )
    )
    marks = read(google)
    assert [(mark.kind, mark.carrier, mark.key, mark.value) for mark in marks.marks if mark.carrier != "hdlr"] == [
        ("hint", "moov/udta/meta", "©too", "Google"),
        ("hint", "moov/udta", "©swr", "Kamera"),
    ]
    assert marks.claims == marks.tools == frozenset()


def test_the_names_of_handlers_are_hints() -> None:
    for name in (b"Mainconcept MP4 Sound Media Handler\0", b"#Mainconcept MP4 Sound Media Handler"):  # 35, counted
        marks = read(clip(box("trak", box("mdia", handler(b"soun", name)))))
        assert marks.marks[-1][:4] == ("hint", "hdlr", "handler_name", "Mainconcept MP4 Sound Media Handler")


def test_quicktime_keys_are_read_with_and_without_a_version_of_meta() -> None:
    texts = {"com.apple.quicktime.software": "17.1", "AIGC": LABEL_TEXT}
    assert kinds(read(clip(keyed(texts)))) == [("aigc", "moov/meta", "AIGC")]
    plain = keyed(texts)
    without = box("meta", plain[12:])
    assert [mark[:4] for mark in read(clip(without)).marks] == [
        ("hint", "moov/meta", "com.apple.quicktime.software", "17.1"),
        ("aigc", "moov/meta", "AIGC", LABEL_TEXT),
    ]


def test_texts_of_other_encodings_and_free_names_are_read() -> None:
    wide = keyed({"prompt": GRAPH_TEXT.encode("utf-16-be")}, kind=2)
    assert read(clip(box("udta", wide))).prompt == "a red fox in snow"
    free = box(
        "----",
        full("mean", b"com.apple.iTunes"),
        full("name", b"workflow"),
        box("data", longs(1, 0), WORKFLOW_TEXT.encode()),
    )
    marks = read(clip(box("udta", full("meta", handler(), box("ilst", free)))))
    assert kinds(marks) == [("workflow", "moov/udta/meta", "workflow")]


def test_xmp_of_a_film_is_read_from_its_box_and_from_quicktime() -> None:
    expected = {"aigc", "ai"}
    top = box("uuid", XMP_BOX, label_packet().encode())
    assert read(clip(top=top)).claims == read(clip() + top).claims == expected
    assert read(clip(top=box("uuid", bytes(16), label_packet().encode()))).claims == frozenset()
    assert read(clip(box("udta", box("XMP_", label_packet().encode())))).claims == expected


def test_what_klings_encoder_says_is_a_hint() -> None:
    uuid = bytes.fromhex("91ca60614aee385486142d5f73f4ae2e")
    data = clip(data=bytes(1000) + b"\x06\x05\x18" + uuid + b"kling-ai\x80" + bytes(400))
    assert Mark("hint", "mdat", "sei", "kling-ai", 8) in read(data).marks
    assert read(data).claims == frozenset()
    late = clip(data=bytes(70_000) + uuid + b"kling-ai\x80")
    assert not [mark for mark in read(late).marks if mark.key == "sei"]


def test_marks_come_from_the_same_walk_as_the_probe() -> None:
    for data in (tagged(ALL), encode("webm", "libvpx-vp9", metadata=ALL), png(itxt("prompt", GRAPH_TEXT))):
        file_type = sniff(data[:HEAD])
        assert describe(io.BytesIO(data), file_type) == (read_probe(io.BytesIO(data), file_type), read(data))
    with pytest.raises(BadMedia):
        describe(io.BytesIO(FTYP), sniff(FTYP))


def test_clips_that_say_nothing_have_no_marks_but_hints(tmp_path: Path) -> None:
    marks = read_marks(clips.FOLDER / "square.mp4")
    assert {mark.kind for mark in marks.marks} <= {"hint"}
    empty = tmp_path / "empty.mp4"
    empty.touch()
    assert read_marks(empty) == Marks()
    with pytest.raises(OSError, match="No such file"):
        read_marks(tmp_path / "missing.mp4")


def test_marks_of_a_film_are_read_without_what_pictures_and_packets_need() -> None:
    path = clips.FOLDER / "square.mp4"
    code = f"""
import sys
from pathlib import Path
from catalog.media.marks import read_marks
read_marks(Path({str(path)!r}))
print([name for name in ("PIL", "av", "xml.parsers.expat", "html", "zlib") if name in sys.modules])
"""
    loaded = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout
    assert loaded.strip() == "[]"


def test_an_avi_has_a_label_in_its_list() -> None:
    info = b"INFOAIGC" + struct.pack("<I", len(LABEL_TEXT)) + LABEL_TEXT.encode()
    data = riff(b"AVI ", (b"LIST", b"hdrl" + bytes(60)), (b"LIST", info), (b"_PMX", source_packet().encode()))
    marks = read(data)
    assert kinds(marks) == [("aigc", "INFO", "AIGC"), ("iptc", "XMP", "DigitalSourceType")]


def test_an_avi_in_several_pieces_is_read_to_its_end() -> None:
    first = riff(b"AVI ", (b"LIST", b"movi"))
    data = (
        first[:4]
        + struct.pack("<I", len(first) - 7)
        + first[8:]
        + b"x\0"
        + riff(b"AVIX", (b"XMP ", label_packet().encode()))
    )
    assert read(data).claims == {"aigc", "ai"}


def test_tags_behind_what_was_recorded_live_are_read() -> None:
    live = encode("webm", "libvpx-vp9", options={"live": "1"})
    tags = b"\x12\x54\xc3\x67" + webm(simple("PROMPT", GRAPH_TEXT)).partition(b"\x12\x54\xc3\x67")[2]
    assert read(live + tags).prompt == "a red fox in snow"


# Pictures


def test_what_pillow_writes_into_a_png_is_read() -> None:
    info = PngInfo()
    info.add_text("prompt", GRAPH_TEXT)
    info.add_text("workflow", WORKFLOW_TEXT, zip=True)
    info.add_itxt("AIGC", LABEL_TEXT)
    info.add_itxt("XML:com.adobe.xmp", source_packet(), zip=True)
    target = io.BytesIO()
    Image.new("RGB", (8, 8)).save(target, "PNG", pnginfo=info)
    marks = read(target.getvalue())
    assert kinds(marks) == [
        ("workflow", "tEXt", "prompt"),
        ("workflow", "zTXt", "workflow"),
        ("aigc", "iTXt", "AIGC"),
        ("iptc", "iTXt", "DigitalSourceType"),
    ]
    assert marks.claims == {"aigc", "iptc", "ai"}
    assert marks.prompt == "a red fox in snow"


def test_text_behind_the_picture_and_in_a_moving_png_is_read() -> None:
    marks = read(png(behind=itxt("parameters", PARAMETERS) + chunk(b"comf", b"prompt\0" + GRAPH_TEXT.encode())))
    assert kinds(marks) == [("tool", "iTXt", "parameters"), ("workflow", "comf", "prompt")]
    assert marks.tools == {"a1111", "comfyui"}


def test_a_text_chunk_is_read_in_the_encoding_that_its_program_used() -> None:
    for text, encoding in (("café", "latin-1"), ("雪の中の狐", "utf-8")):
        parameters = PARAMETERS.replace("a lighthouse", text).encode(encoding)
        assert (read(png(chunk(b"tEXt", b"parameters\0" + parameters))).prompt or "").startswith(text)


@pytest.mark.parametrize("encoding", ["utf-16-be", "utf-16-le"])
@pytest.mark.parametrize("form", ["JPEG", "WEBP", "PNG"])
def test_parameters_in_the_comment_of_a_user_are_read(form: str, encoding: str) -> None:
    exif = Image.Exif()
    exif[0x0112] = 1
    exif.get_ifd(0x8769)[0x9286] = b"UNICODE\0" + PARAMETERS.encode(encoding)
    target = io.BytesIO()
    Image.new("RGB", (8, 8)).save(target, form, exif=exif)
    marks = read(target.getvalue())
    assert kinds(marks) == [("tool", "eXIf" if form == "PNG" else "EXIF", "UserComment")]
    assert (marks.prompt_origin, marks.seed, marks.model) == ("a1111", "2179987202", "sea-v4")


@pytest.mark.parametrize("form", ["JPEG", "WEBP"])
def test_labels_in_exif_are_read(form: str) -> None:
    exif = Image.Exif()
    exif[0x010E] = json.dumps({"ServiceProvider": "tencent", "ServiceUser": "u", "Label": 1})
    exif.get_ifd(0x8769)[0x9286] = b"ASCII\0\0\0" + json.dumps({"AIGC": LABEL}).encode()
    target = io.BytesIO()
    Image.new("RGB", (8, 8)).save(target, form, exif=exif)
    marks = read(target.getvalue())
    assert kinds(marks) == [("aigc", "EXIF", "ImageDescription"), ("aigc", "EXIF", "UserComment")]
    assert all("ai" in mark.claims for mark in marks.marks)
    assert marks.ids == (("ProduceID", "KLingMuse_6f2a"), ("PropagateID", "share_9"))


@pytest.mark.parametrize("comment", [b"", b"ASCII\0\0\0", bytes(8)])
@pytest.mark.parametrize("text", [json.dumps({"AIGC": LABEL}), PARAMETERS])
def test_the_comment_of_a_user_needs_no_encoding(comment: bytes, text: str) -> None:
    exif = Image.Exif()
    exif.get_ifd(0x8769)[0x9286] = comment + text.encode()
    target = io.BytesIO()
    Image.new("RGB", (8, 8)).save(target, "JPEG", exif=exif)
    (mark,) = read(target.getvalue()).marks
    assert (mark.key, mark.value, mark.is_broken) == ("UserComment", text, False)


def test_a_recipe_in_a_comment_is_not_taken_for_parameters() -> None:
    for text in ("Bread\nSteps: 3\nTime: 1 h", "Steps: 3, or four. Time: 1 h", "Seed: 3, Steps: many"):
        marks = read(tagged({"comment": text}))
        assert (marks.tools, marks.prompt) == (frozenset(), None)


def test_a_moving_webp_of_comfyui_has_its_graphs_in_make_and_model() -> None:
    exif = Image.Exif()
    exif[0x0110] = "prompt:" + GRAPH_TEXT
    exif[0x010F] = "workflow:" + WORKFLOW_TEXT
    target = io.BytesIO()
    Image.new("RGB", (8, 8)).save(target, "WEBP", exif=exif)
    marks = read(target.getvalue())
    assert {(mark.key, mark.value) for mark in marks.marks} == {("prompt", GRAPH_TEXT), ("workflow", WORKFLOW_TEXT)}
    assert marks.prompt == "a red fox in snow"


def test_the_maker_of_a_camera_is_not_a_mark() -> None:
    exif = Image.Exif()
    exif[0x010F], exif[0x0110], exif[0x0131] = "Canon", "EOS R5", "GIMP 3.0"
    target = io.BytesIO()
    Image.new("RGB", (8, 8)).save(target, "JPEG", exif=exif, comment=b"holiday")
    assert [mark[:4] for mark in read(target.getvalue()).marks] == [("hint", "EXIF", "Software", "GIMP 3.0")]


@pytest.mark.parametrize("form", ["JPEG", "WEBP", "PNG", "GIF"])
def test_xmp_that_pillow_writes_is_read(form: str) -> None:
    target = io.BytesIO()
    picture = Image.new("RGB", (8, 8))
    if form == "PNG":
        info = PngInfo()
        info.add_itxt("XML:com.adobe.xmp", label_packet())
        picture.save(target, form, pnginfo=info)
    elif form == "GIF":
        picture.save(target, form, comment=LABEL_TEXT)
    else:
        picture.save(target, form, xmp=label_packet().encode())
    marks = read(target.getvalue())
    assert marks.claims == {"aigc", "ai"}
    assert find(marks, "aigc").value == LABEL_TEXT


def test_xmp_of_a_gif_is_read_before_and_behind_its_pictures() -> None:
    target = io.BytesIO()
    frames = [Image.new("RGB", (8, 8), color) for color in ("red", "green", "blue")]
    frames[0].save(target, "GIF", save_all=True, append_images=frames[1:], loop=0)
    plain = target.getvalue()
    trailer = b"\1" + bytes(range(255, -1, -1)) + b"\0"
    block = b"!\xff\x0bXMP DataXMP" + source_packet().encode() + trailer
    at = plain.index(b"!\xff\x0bNETSCAPE")
    for data in (plain[:at] + block + plain[at:], plain[:-1] + block + b";"):
        with Image.open(io.BytesIO(data)) as picture:
            picture.seek(2)
        assert read(data).claims == {"iptc", "ai"}


def test_extended_xmp_of_a_jpeg_is_put_together() -> None:
    text = packet(
        elements=f"<xmp:CreatorTool>{'x' * 70_000}</xmp:CreatorTool><TC260:AIGC>{LABEL_TEXT}</TC260:AIGC>"
    ).encode()
    pieces = [
        segment(
            0xE1,
            b"http://ns.adobe.com/xmp/extension/\0"
            + b"A" * 32
            + struct.pack(">II", len(text), start)
            + text[start : start + 60_000],
        )
        for start in (60_000, 0)
    ]
    data = jpeg(segment(0xE1, b"http://ns.adobe.com/xap/1.0/\0" + source_packet().encode()), *pieces)
    assert read(data).claims == {"iptc", "aigc", "ai"}
    assert read(jpeg(pieces[0])).claims == frozenset()


# What the marks claim


@pytest.mark.parametrize(
    ("label", "claims"),
    [
        (LABEL, {"aigc", "ai"}),
        ({**LABEL, "Label": 1}, {"aigc", "ai"}),
        ({"AIGC": LABEL}, {"aigc", "ai"}),
        ({"AIGC": LABEL_TEXT}, {"aigc", "ai"}),
        ({**LABEL, "Label": "2"}, {"aigc"}),
        ({**LABEL, "Label": "3"}, {"aigc"}),
        ({**LABEL, "Label": True}, {"aigc"}),
        ({**LABEL, "Label": ["1"]}, {"aigc"}),
        ({"ContentProducer": "kling"}, {"aigc"}),
    ],
)
def test_a_label_claims_what_it_says(label: object, claims: set[str]) -> None:
    assert read(tagged({"AIGC": json.dumps(label)})).claims == claims


def test_a_label_with_escaped_quotes_is_read() -> None:
    escaped = LABEL_TEXT.replace('"', "&quot;")
    for data in (tagged({"AIGC": escaped}), tagged({"AIGC": escaped.replace("&", "&amp;")})):
        marks = read(data)
        assert find(marks, "aigc").is_broken == ("&amp;" in find(marks, "aigc").value)
    assert read(tagged({"AIGC": escaped})).ids[0] == ("ProduceID", "KLingMuse_6f2a")


@pytest.mark.parametrize(
    ("texts", "claims", "ids"),
    [
        ({"aigc_info": '{"aigc_label_type":2}'}, {"platform", "ai"}, ()),
        ({"aigc_info": '{"aigc_label_type":1}'}, {"platform", "ai"}, ()),
        ({"aigc_info": '{"aigc_label_type":"2"}'}, {"platform", "ai"}, ()),
        ({"aigc_info": '{"aigc_label_type":0}'}, {"platform"}, ()),
        ({"aigc_info": '{"aigc_label_type":true}'}, {"platform"}, ()),
        ({"comment": "vid:v12044gd0000c"}, set(), (("vid", "v12044gd0000c"),)),
        ({"comment": "vid:v12044gd0000c", "vid_md5": "0" * 32}, set(), (("vid", "v12044gd0000c"),)),
        ({"com.apple.quicktime.vid_md5": "0" * 32}, set(), ()),
        ({"comment": '{"log_id":"2026a"}'}, set(), (("log_id", "2026a"),)),
        ({"source_info": '{"product":"dreamina"}'}, {"platform"}, ()),
        (
            {"comment": '{"product":"dreamina","exportType":"generation","log_id":"2026a"}'},
            {"platform", "ai"},
            (("log_id", "2026a"),),
        ),
        ({"comment": '{"product":"dreamina","exportType":"edit"}'}, {"platform"}, ()),
        ({"comment": "vid:holiday"}, set(), ()),
        ({"comment": "vid: a holiday in 2026"}, set(), ()),
        ({"comment": '{"aigc_label_type":2,"vid":"v1"}'}, {"platform", "ai"}, ()),
        ({"aigc_info": '{"aigc_label_type":"' + "9" * 5000 + '"}'}, {"platform"}, ()),
        ({"log_id": "20260101"}, set(), (("log_id", "20260101"),)),
        ({"comment": '{"rating": 5}'}, set(), ()),
    ],
)
def test_labels_of_bytedance_claim_what_they_say(texts: dict[str, str], claims: set[str], ids: object) -> None:
    marks = read(tagged(texts))
    assert marks.claims == claims
    assert marks.ids == ids


@pytest.mark.parametrize(
    ("source", "claims"),
    [
        ("trainedAlgorithmicMedia", {"iptc", "ai"}),
        ("compositeWithTrainedAlgorithmicMedia", {"iptc", "ai"}),
        ("digitalCapture", {"iptc"}),
        ("digitalCreation", {"iptc"}),
        ("algorithmicallyEnhanced", {"iptc"}),
    ],
)
def test_a_source_claims_what_it_says(source: str, claims: set[str]) -> None:
    assert (
        read(jpeg(segment(0xE1, b"http://ns.adobe.com/xap/1.0/\0" + source_packet(source).encode()))).claims == claims
    )


def test_carriers_that_disagree_are_all_kept() -> None:
    other = json.dumps({**LABEL, "Label": "3", "ProduceID": "other"})
    data = clip(
        keyed({"AIGC": other}),
        box("udta", keyed(ALL)),
        top=box("uuid", XMP_BOX, source_packet("digitalCapture").encode()),
    )
    marks = read(data)
    assert [(carrier, key) for kind, carrier, key in kinds(marks) if kind in {"aigc", "iptc"}] == [
        ("uuid", "DigitalSourceType"),
        ("moov/meta", "AIGC"),
        ("moov/udta/meta", "AIGC"),
    ]
    assert marks.claims == {"iptc", "aigc", "ai"}
    assert [value for name, value in marks.ids if name == "ProduceID"] == ["other", "KLingMuse_6f2a"]


# Which prompt counts


def prompts_packet() -> str:
    return packet(
        'Iptc4xmpExt:AISystemUsed="Gen 4" Iptc4xmpExt:AIPromptWriterName="Ana"',
        '<Iptc4xmpExt:AIPromptInformation><rdf:Alt><rdf:li xml:lang="x-default">a whale</rdf:li></rdf:Alt>'
        "</Iptc4xmpExt:AIPromptInformation>",
    )


def test_the_graph_counts_before_parameters_and_these_before_iptc() -> None:
    iptc = itxt("XML:com.adobe.xmp", prompts_packet())
    a1111, comfyui = itxt("parameters", PARAMETERS), itxt("prompt", GRAPH_TEXT)
    marks = read(png(iptc))
    assert marks[1:] == ("a whale", "iptc", None, "Gen 4", None)
    assert marks.claims == {"ai"}
    marks = read(png(iptc, a1111))
    assert marks[1:] == (
        "a lighthouse, <lora:sea:0.8>\nat dusk", "a1111", "fog, people", "sea-v4", "2179987202"
    )  # fmt: skip
    marks = read(png(iptc, a1111, comfyui))
    assert (marks.prompt, marks.prompt_origin, marks.model) == (
        "a red fox in snow", "comfyui", "wan2.2_t2v_14B.safetensors"
    )  # fmt: skip


def test_parameters_are_a_tool_and_not_a_workflow() -> None:
    marks = read(png(itxt("parameters", PARAMETERS)))
    assert marks.tools == {"a1111"}
    assert marks.workflow is None


def test_what_a_rank_leaves_open_the_next_fills() -> None:
    graph = {"6": {"class_type": "UpscaleImage", "inputs": {"scale": 2}}}
    marks = read(
        png(
            itxt("prompt", json.dumps(graph)),
            itxt("parameters", PARAMETERS.split("\nNegative")[0] + "\nSteps: 3, Size: 8x8"),
        )
    )
    assert marks[1:] == ("a lighthouse, <lora:sea:0.8>\nat dusk", "a1111", None, None, None)
    assert marks.tools == {"comfyui", "a1111"}


def test_the_first_setting_of_a_name_counts() -> None:
    text = "a fox\nSteps: 5, Seed: 1, Model: base, Size: 8x8, Hires upscaler: x, Seed: 2, Model: other"
    assert read(png(itxt("parameters", text)))[1:] == ("a fox", "a1111", None, "base", "1")


def test_a_graph_counts_as_a_workflow_where_there_is_no_other() -> None:
    marks = read(tagged({"prompt": GRAPH_TEXT}))
    assert marks.workflow is not None
    assert marks.workflow.key == "prompt"


# Long and broken


def test_four_megabytes_are_kept_whole() -> None:
    workflow = json.dumps({"nodes": [], "note": "é" + "x" * (4 * 1024**2 - 100)}, ensure_ascii=False)
    marks = read(tagged({"workflow": workflow, "prompt": GRAPH_TEXT}))
    mark = find(marks, "workflow")
    assert (mark.value, mark.is_truncated, mark.is_broken) == (workflow, False, False)
    assert mark.size == len(workflow.encode())


@pytest.mark.parametrize("form", ["mp4", "webm", "png"])
def test_more_is_listed_as_truncated_and_its_prompt_is_read(form: str) -> None:
    graph = {"1": {"class_type": "LoadImageBase64", "inputs": {"data": "A" * 5_000_000}}, **GRAPH}
    text = json.dumps(graph)
    data = {
        "mp4": lambda: tagged({"prompt": text}),
        "webm": lambda: encode("webm", "libvpx-vp9", frames=2, metadata={"PROMPT": text}),
        "png": lambda: png(chunk(b"zTXt", b"prompt\0\0" + zlib.compress(text.encode()))),
    }[form]()
    marks = read(data)
    mark = find(marks, "workflow")
    assert (mark.is_truncated, mark.is_broken, mark.size) == (True, False, len(text))
    assert text.startswith(mark.value)
    assert len(mark.value) < 10_000
    assert marks.prompt == "a red fox in snow"
    assert marks.workflow is mark


@pytest.mark.parametrize(
    ("key", "text", "kind"),
    [
        ("AIGC", LABEL_TEXT[:-9], "aigc"),
        ("AIGC", "yes", "aigc"),
        ("AIGC", "[]", "aigc"),
        ("AIGC", "{}", "aigc"),
        ("AIGC", '{"AIGC": 5}', "aigc"),
        ("aigc_info", '{"aigc_label_type":', "platform"),
        ("aigc_info", "2", "platform"),
        ("prompt", GRAPH_TEXT[:-9], "workflow"),
        ("prompt", "a cat", "workflow"),
        ("prompt", "5", "workflow"),
        ("prompt", '{"a": {"inputs": {}}}', "workflow"),
        ("workflow", WORKFLOW_TEXT[:60], "workflow"),
        ("workflow", "[1]", "workflow"),
        ("comment", json.dumps({"prompt": GRAPH_TEXT, "workflow": {}})[:300], "workflow"),
        ("comment", json.dumps({"AIGC": LABEL})[:50], "aigc"),
        ("parameters", "a cat", "tool"),
        ("parameters", '{"prompt": ', "tool"),
    ],
)
def test_what_cannot_be_read_is_kept_as_text_and_said_to_be_broken(key: str, text: str, kind: str) -> None:
    marks = read(tagged({key: text}))
    mark = find(marks, kind)
    assert (mark.value, mark.is_broken) == (text, True)
    assert marks[1:] == (None, None, None, None, None)
    assert (marks.tools, marks.workflow, marks.ids) == (frozenset(), None, ())
    assert "ai" not in marks.claims
    assert ("aigc" in marks.claims) == (kind == "aigc")
