"""Requests as programs make them: what they say, and what their servers would object to."""

from __future__ import annotations

import base64
import copy
import hashlib
import io
import json
import sys

import av
import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image

from catalog.wire.parts import FilePart, nested
from catalog.wire.requests import ParsedRequest, parse_request
from catalog.wire.rules import validate

JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(), inner, max_size=4),
    max_leaves=12,
)
FIELDS = (
    "prompt model seconds duration size metadata characters characters[][id] character_ids video video[id] name tier "
    "resolution input_reference reference_images reference_images[] base_video_task_id width height metadata[a]"
)
BODIES = st.dictionaries(st.sampled_from(FIELDS.split()) | st.text(max_size=8), JSON, max_size=8)
GOOD = {"prompt": "A fox in the snow", "model": "sora-2", "seconds": "8", "size": "1280x720"}


def picture(width: int, height: int, form: str = "PNG") -> bytes:
    stream = io.BytesIO()
    Image.new("RGB", (width, height)).save(stream, form)
    return stream.getvalue()


def clip(seconds: int, width: int, height: int) -> bytes:
    stream = io.BytesIO()
    with av.open(stream, "w", format="mp4") as container:
        track = container.add_stream("mpeg4", rate=4)
        track.width, track.height, track.pix_fmt = width, height, "yuv420p"
        for _ in range(seconds * 4):
            container.mux(track.encode(av.VideoFrame(width, height, "yuv420p")))
        container.mux(track.encode())
    return stream.getvalue()


def data_url(content: bytes) -> str:
    return "data:image/png;base64," + base64.b64encode(content).decode()


def codes(params, dialect="openai", **options):
    return [finding.code for finding in validate(params, dialect, **options)]


def post(path, body):
    request = parse_request("POST", path, body)
    assert request is not None
    return request


def recorded(shared, name):
    return json.loads((shared / "payloads" / name).read_text())


# What a request says


def test_a_create_request_gives_its_fields():
    request = post("/v1/videos", GOOD)
    assert (request.verb, request.prompt, request.model) == ("create", "A fox in the snow", "sora-2")
    assert (request.seconds, request.width, request.height, request.size_text) == (8.0, 1280, 720, "1280x720")
    assert (request.links, request.extra) == ((), {})


def test_characters_of_a_recorded_request_become_links(shared):
    request = post("/v1/videos", recorded(shared, "openai-request-create-characters.json"))
    assert request.links == (("character", "char_123"),)


def test_a_recorded_edit_names_its_video(shared):
    request = post("/v1/videos/edits", recorded(shared, "openai-request-edit.json"))
    assert (request.verb, request.links) == ("edit", (("edit", "video_abc123"),))


def test_a_recorded_extension_names_its_video_and_its_segment(shared):
    request = post("/v1/videos/extensions", recorded(shared, "openai-request-extend.json"))
    assert (request.verb, request.links, request.seconds) == ("extension", (("extension", "video_abc123"),), 8.0)


def test_a_recorded_remix_by_task_id_names_its_base(shared):
    request = post("/v1/videos", recorded(shared, "evolink-remix-request.json"))
    assert request.links == (("remix", "task-unified-1757169743-7cvnl5zw"),)
    assert request.extra == {}


def test_a_recorded_source_video_is_an_edit_and_stays_in_the_metadata(shared):
    request = post("/v1/videos", recorded(shared, "unified-request-video-edit.json"))
    assert request.links == (("edit", "https://cdn.example.com/in.mp4"),)
    assert request.metadata == {"source_video_url": "https://cdn.example.com/in.mp4"}
    assert (request.tier, request.seconds) == ("1080p", 8.0)


def test_recorded_reference_images_are_references(shared):
    request = post("/v1/videos", recorded(shared, "unified-request-image.json"))
    assert request.links == (("reference", "https://.../ref.png"),)


def test_a_recorded_duration_counts_as_seconds_and_the_rest_is_kept(shared):
    request = post("/v1/videos/generations", recorded(shared, "apimart-request-video.json"))
    assert request.seconds == 10.0
    assert request.extra == {"resolution": "1080p"}
    assert request.parameters == {"aspect_ratio": "9:16"}


def test_a_remix_names_the_id_in_its_path():
    request = post("https://host.example/openai/v1/videos/a%2Fb/remix?x=1", {"prompt": "at night"})
    assert (request.verb, request.links) == ("remix", (("remix", "a/b"),))


def test_a_remix_with_an_unreadable_body_still_names_its_parent():
    assert post("/videos/video_9/remix", None).links == (("remix", "video_9"),)


def test_an_encoded_parent_is_brought_back_to_its_own_id():
    envelope = base64.b64encode(b"litellm:custom_llm_provider:openai;model_id:m;video_id:video_7").decode()
    request = post("/v1/videos/edits", {"prompt": "x", "video": {"id": f"video_{envelope}"}})
    assert request.links == (("edit", "video_7"),)


def test_a_form_with_bracket_keys_says_what_the_json_says():
    form = {"prompt": "x", "characters[][id]": ["char_1", "char_2"], "metadata[shot]": "3", "video[id]": "video_1"}
    body = {"prompt": "x", "characters": [{"id": "char_1"}, {"id": "char_2"}], "metadata": {"shot": "3"}}
    assert post("/videos/edits", form) == post("/videos/edits", body | {"video": {"id": "video_1"}})


def test_numbered_brackets_are_a_list_too():
    assert nested({"a[0][id]": "x", "a[1][id]": "y", "b[]": "z"}) == {"a": [{"id": "x"}, {"id": "y"}], "b": ["z"]}


@pytest.mark.parametrize("key", ["a[b][c]", "[]", "a[", "a]b[", "a[][]", "a[99999][id]"])
def test_a_key_that_fits_nowhere_stays_as_it_is(key):
    assert nested({key: 1}) == {key: 1}


def test_a_bracket_key_beside_the_whole_field_takes_nothing_away():
    assert nested({"a": {"b": 1}, "a[c]": 2}) == {"a": {"b": 1}, "a[c]": 2}


@pytest.mark.parametrize(
    ("told", "parent"),
    [
        ({"file_id": "file-1"}, "file-1"),
        ({"image_url": "https://host.example/a.png"}, "https://host.example/a.png"),
        ({"image_url": {"url": "https://host.example/a.png"}}, "https://host.example/a.png"),
        (FilePart("fox.png", "image/png", b"bytes"), "fox.png"),
        (("fox.png", b"bytes", "image/png"), "fox.png"),
        (b"bytes", f"sha256:{hashlib.sha256(b'bytes').hexdigest()}"),
        ({"image_url": data_url(b"bytes")}, f"sha256:{hashlib.sha256(b'bytes').hexdigest()}"),
    ],
)
def test_an_input_reference_is_named_by_what_is_told(told, parent):
    assert post("/videos", GOOD | {"input_reference": told}).links == (("reference", parent),)


def test_an_uploaded_character_clip_keeps_its_name():
    request = post("/videos/characters", {"name": "Mossy", "video": FilePart("mossy.mp4", content=b"mp4")})
    assert (request.verb, request.name, request.links) == ("character", "Mossy", (("character", "mossy.mp4"),))


def test_metadata_may_come_as_json_text():
    assert post("/videos", GOOD | {"metadata": '{"shot": "3"}'}).metadata == {"shot": "3"}


def test_a_parent_named_twice_is_one_link():
    body = GOOD | {"characters": [{"id": "char_1"}], "character_ids": ["char_1", "char_2"]}
    assert post("/videos", body).links == (("character", "char_1"), ("character", "char_2"))


def test_custom_fields_are_kept():
    request = post("/videos", GOOD | {"seed": 7, "steps": 30, "loras": ["a"]})
    assert (request.seed, request.parameters, request.extra) == ("7", {"steps": 30}, {"loras": ["a"]})


def test_what_cannot_be_read_is_kept_as_sent():
    request = post("/videos", {"prompt": ["x"], "seconds": {}, "size": 5, "metadata": "tag", "characters": "none"})
    assert (request.prompt, request.seconds, request.size_text, request.metadata) == (None, None, None, {})
    assert request.extra == {"prompt": ["x"], "seconds": {}, "size": 5, "metadata": "tag"}


@pytest.mark.parametrize(
    ("method", "path"),
    [
        ("GET", "/v1/videos"),
        ("DELETE", "/v1/videos/video_1"),
        ("POST", "/v1/chat/completions"),
        ("POST", "/v1/videos/video_1"),
        ("POST", "/v1/videos/video_1/remix/again"),
        ("POST", ""),
        ("POST", "https://[broken"),
    ],
)
def test_a_call_that_makes_nothing_is_none(method, path):
    assert parse_request(method, path, GOOD) is None


@given(st.sampled_from(["/videos", "/videos/a/remix", "/videos/edits", "/videos/characters"]), JSON | BODIES)
def test_whatever_the_body_a_request_comes_back(path, body):
    before = copy.deepcopy(body)
    assert isinstance(parse_request("POST", path, body), ParsedRequest)
    assert repr(body) == repr(before)


# What a server would object to


def test_a_good_request_has_no_findings():
    assert validate(GOOD, "openai") == []


@pytest.mark.parametrize("value", [None, [], "text", 5, True])
def test_a_request_that_is_no_object_is_the_only_finding(value):
    assert codes(value) == ["request_type"]


@pytest.mark.parametrize(
    ("change", "code"),
    [
        ({"prompt": None}, "prompt_missing"),
        ({"prompt": " \n"}, "prompt_missing"),
        ({"prompt": ["x"]}, "prompt_type"),
        ({"prompt": "x" * 32_001}, "prompt_length"),
        ({"model": 7}, "model_type"),
        ({"metadata": "tag"}, "metadata_type"),
        ({"metadata": []}, "metadata_type"),
        ({"metadata": {str(n): "x" for n in range(17)}}, "metadata_pairs"),
        ({"metadata": {"k" * 65: "x"}}, "metadata_key_length"),
        ({"metadata": {"k": 5}}, "metadata_value_type"),
        ({"metadata": {"k": "v" * 513}}, "metadata_value_length"),
        ({"seconds": True}, "seconds_type"),
        ({"seconds": ["8"]}, "seconds_type"),
        ({"size": 720}, "size_type"),
        ({"characters": "char_1"}, "characters_type"),
        ({"characters": [{"id": "a"}, {"id": "b"}, {"id": "c"}]}, "characters_count"),
        ({"characters": ["char_1"]}, "character_id"),
        ({"characters": [{"id": ""}]}, "character_id"),
        ({"character_ids": ["a", "b", "c"]}, "characters_count"),
        ({"input_reference": 5}, "reference_type"),
        ({"input_reference": {"image_url": "data:image/png;base64,AAAA"}}, "reference_format"),
    ],
)
def test_what_no_server_takes_is_an_error(change, code):
    (finding,) = validate(GOOD | change, "openai")
    assert (finding.code, finding.severity) == (code, "error")
    assert finding.field.partition(".")[0].partition("[")[0] in change
    assert finding.message


@pytest.mark.parametrize(
    ("change", "code"),
    [
        ({"seconds": "7"}, "seconds_unknown"),
        ({"seconds": "auto"}, "seconds_unknown"),
        ({"seconds": float("nan")}, "seconds_unknown"),
        ({"seconds": 10**5000}, "seconds_unknown"),
        ({"seconds": 8}, "seconds_form"),
        ({"size": "640x480"}, "size_unknown"),
        ({"size": "1920x1080"}, "size_needs_pro"),
        ({"size": "1080x1920", "model": "openai/sora-2-2025-12-08"}, "size_needs_pro"),
        ({"size": "1080x1920", "model": None}, "size_needs_pro"),
    ],
)
def test_what_the_dialect_does_not_document_is_a_warning(change, code):
    (finding,) = validate(GOOD | change, "openai")
    assert (finding.code, finding.severity) == (code, "warning")


def test_a_pro_model_may_have_1080p():
    assert codes(GOOD | {"size": "1920x1080", "model": "sora-2-pro-2025-10-06"}) == []


@pytest.mark.parametrize("edge", ["x", "x" * 32_000])
def test_a_prompt_at_the_edge_of_its_length_passes(edge):
    assert codes(GOOD | {"prompt": edge}) == []


def test_metadata_at_the_edge_of_its_limits_passes():
    assert codes(GOOD | {"metadata": {f"{n:064}": "v" * 512 for n in range(16)}}) == []


@pytest.mark.parametrize(
    ("seconds", "expected"), [(1, []), ("60", []), (0, ["seconds_unknown"]), (61, ["seconds_unknown"])]
)
def test_the_unified_api_takes_one_to_sixty_seconds(seconds, expected):
    assert codes({"prompt": "x", "seconds": seconds}, "unified") == expected


def test_options_of_the_unified_api_are_no_metadata_of_the_user():
    body = {"prompt": "x", "metadata": {"first_last_frame": True, "source_video_url": "https://host.example/a.mp4"}}
    assert codes(body, "unified") == []
    assert codes(body, "generic") == ["metadata_value_type"]


def test_a_dialect_is_found_by_any_of_its_names():
    assert validate(GOOD | {"seconds": "7"}, "OpenAI") == validate(GOOD | {"seconds": "7"}, "openai") != []


@pytest.mark.parametrize("dialect", ["nobody", "", "generic", "\ud800"])
def test_an_unknown_dialect_knows_no_values(dialect):
    assert codes({"prompt": "x", "seconds": 33, "size": "999x111"}, dialect) == []


def test_an_unknown_dialect_still_wants_a_prompt():
    assert codes({}, "nobody") == ["prompt_missing"]


@pytest.mark.parametrize("form", ["PNG", "JPEG", "WEBP"])
def test_a_reference_of_the_size_of_the_video_passes(form):
    assert codes(GOOD | {"input_reference": picture(1280, 720, form)}) == []


def test_a_reference_of_another_size_is_an_error():
    (finding,) = validate(GOOD | {"input_reference": {"image_url": data_url(picture(720, 1280))}}, "openai")
    assert (finding.code, finding.severity) == ("reference_size", "error")
    assert "720x1280" in finding.message


def test_a_reference_file_is_measured(tmp_path):
    path = tmp_path / "fox.png"
    path.write_bytes(picture(64, 64))
    assert codes(GOOD | {"input_reference": path}) == ["reference_size"]
    assert codes(GOOD | {"input_reference": FilePart("fox.png", content=picture(64, 64))}) == ["reference_size"]


def test_a_picture_in_another_format_is_an_error():
    assert codes(GOOD | {"input_reference": picture(1280, 720, "GIF")}) == ["reference_format"]


def test_a_path_in_a_text_is_never_opened(tmp_path):
    path = tmp_path / "fox.png"
    path.write_bytes(picture(64, 64))
    assert codes(GOOD | {"input_reference": str(path)}) == []


def test_an_edit_needs_a_prompt_and_a_video():
    assert codes({}, verb="edit") == ["prompt_missing", "video_missing"]
    assert codes({"prompt": "x", "video": {"id": 5}}) == ["video_type"]


def test_a_recorded_extension_has_no_findings(shared):
    assert validate(recorded(shared, "openai-request-extend.json"), "openai") == []


@pytest.mark.parametrize(
    ("body", "expected"),
    [
        ({"name": "Mossy", "video": {"id": "video_1"}}, []),
        ({"name": " ", "video": {"id": "video_1"}}, ["name_missing"]),
        ({"name": "M" * 81, "video": {"id": "video_1"}}, ["name_length"]),
        ({"name": "Mossy", "video": {"id": "video_1", "seconds": "3", "size": "1280x720"}}, []),
        ({"name": "Mossy", "video": {"id": "video_1", "seconds": 5}}, ["clip_seconds"]),
        ({"name": "Mossy", "video": {"id": "video_1", "seconds": 1.5}}, ["clip_seconds"]),
        ({"name": "Mossy", "video": {"id": "video_1", "width": 640, "height": 360}}, ["clip_size"]),
        ({"name": "Mossy", "video": {"id": "video_1", "size": "3840x2160"}}, ["clip_size"]),
        ({"name": "Mossy", "video": b"no video"}, ["clip_format"]),
    ],
)
def test_a_character_needs_a_name_and_a_fitting_clip(body, expected):
    assert codes(body) == expected


def test_a_clip_at_hand_is_measured():
    assert codes({"name": "Mossy", "video": clip(2, 1280, 720)}) == []
    assert codes({"name": "Mossy", "video": clip(1, 320, 240)}) == ["clip_seconds", "clip_size"]


@pytest.mark.parametrize(
    ("video", "message"),
    [
        (b"<!DOCTYPE html><title>403</title>", "the clip is an HTML page, not a video"),
        (picture(64, 64), "the clip is a PNG picture, not a video"),
        (clip(1, 320, 240)[:-9], "the clip is cut off: "),
        (b"", "the clip is empty"),
    ],
)
def test_a_clip_that_is_not_one_is_an_error_that_says_what_it_is(monkeypatch, tmp_path, video, message):
    monkeypatch.setitem(sys.modules, "av", None)  # nothing of this needs PyAV
    path = tmp_path / "clip.mp4"
    path.write_bytes(video)
    (finding,) = validate({"name": "Mossy", "video": path}, "openai")
    assert (finding.code, finding.severity) == ("clip_format", "error")
    assert finding.message.startswith(message)


def test_a_file_that_cannot_be_read_is_an_error(tmp_path):
    assert codes({"name": "Mossy", "video": tmp_path / "gone.mp4"}) == ["clip_format"]
    assert codes({"name": "Mossy", "video": tmp_path}) == ["clip_format"]
    assert codes(GOOD | {"input_reference": tmp_path}) == ["reference_format"]


@given(JSON | BODIES, st.sampled_from(["openai", "unified", "apimart", "generic", "?"]))
def test_whatever_the_request_findings_come_back(params, dialect):
    for finding in validate(params, dialect):
        assert finding.severity in {"error", "warning"}
        assert finding.code
        assert finding.message


def test_deep_nesting_is_a_finding_and_no_crash():
    deep: object = "x"
    for _ in range(50_000):
        deep = {"id": deep, "url": deep}
    names = ("prompt", "seconds", "size", "metadata", "characters", "video", "input_reference")
    assert "prompt_type" in codes(dict.fromkeys(names, deep))


@pytest.mark.parametrize(("dialect", "severity"), [("openai", "error"), ("azure", "error"), ("newapi", "warning")])
@pytest.mark.parametrize(
    "body",
    [
        GOOD | {"metadata": {"duration": 6}},
        GOOD | {"metadata": {f"key {number}": "x" for number in range(20)}},
        GOOD | {"prompt": "x" * 40_000},
        GOOD | {"characters": [{"id": "a"}, {"id": "b"}, {"id": "c"}]},
    ],
    ids=["value", "pairs", "prompt", "characters"],
)
def test_what_only_openai_forbids_is_an_error_where_its_rules_hold(dialect, severity, body):
    assert {finding.severity for finding in validate(body, dialect)} == {severity}


def test_a_request_in_parts_is_read_from_its_parts():
    body = {
        "model": "wan2.6-t2v",
        "input": {"prompt": "a heron", "negative_prompt": "rain"},
        "parameters": {"size": "1280*720", "duration": 5, "seed": 2**64 - 1, "prompt_extend": True, "fps": 24},
    }
    request = post("/videos", body)
    assert (request.prompt, request.negative_prompt, request.seconds) == ("a heron", "rain", 5.0)
    assert (request.width, request.height, request.seed) == (1280, 720, str(2**64 - 1))
    assert request.parameters == {"prompt_extend": True, "fps": 24}
    assert request.extra == {"input": body["input"], "parameters": body["parameters"]}
