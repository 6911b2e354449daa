"""Takes that were captured, sent again as a command and as code: what arrives is what was sent the first time."""

from __future__ import annotations

import json
from base64 import b64encode
from io import BytesIO
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from PIL import Image

from catalog import Catalog, capture
from catalog.capture.bodies import FormBody
from catalog.wire import scripts
from catalog.wire.parts import FilePart, nested
from tests.capture.server import MP4
from tests.house import LONG
from tests.retakes import run_loaded, run_shell

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from tests.capture.conftest import Studio

pytestmark = pytest.mark.filterwarnings("ignore::DeprecationWarning")

KEY = "sk-very-secret-key"
HOSTILE = {
    "quotes": """She says "it's over"; 'really?' `whoami` $(rm -rf /tmp/nothing) $HOME ${PATH} \\ \\n !! %s""",
    "lines": "first line\nsecond line\n\n\tindented\nJSON\nEOF\n",
    "controls": "bell \x07, escape \x1b[31m, return \r\n, delete \x7f, next line \x85, zero \x00 end",
    "scripts": "東京の雨 🎬👩\u200d🎬 שלום e\u0301 \u202eoverride\u202c \u2028 separator",
    "long": "A fox, 'quoted' and $dear. " * 371,
    "longest": "🦊" * 32_000,
    "leading": "@/etc/passwd",
    "form": "a;type=text/html;filename=b <c",
}


def draw(width: int = 1280, height: int = 720) -> bytes:
    file = BytesIO()
    Image.new("RGB", (width, height), "orange").save(file, "PNG")
    return file.getvalue()


@pytest.fixture
def cat(studio: Studio) -> Iterator[Catalog]:
    settings = f'[sources.studio]\nbase_url = "{studio.server.base_url}"\nkey_env = "STUDIO_KEY"\n'
    studio.library.with_name("catalog.toml").write_text(settings)
    with Catalog.open(studio.library) as catalog:
        yield catalog


def ref_of(studio: Studio, video: Any) -> str:
    assert capture.flush(studio.library, LONG)
    return f"studio:{video.id if hasattr(video, 'id') else video['id']}"


def arrived(studio: Studio) -> tuple[str, dict[str, Any]]:
    """The path and the fields of the last request; a file as its name and bytes."""
    method, path, body = studio.server.received[-1]
    assert method == "POST"
    return path, read(body)


def read(body: bytes) -> dict[str, Any]:
    if body.startswith(b"{"):
        return dict(json.loads(body))
    form = FormBody(b"multipart/form-data; boundary=" + body.split(b"\r\n", 1)[0][2:], needs_files=True)
    form.feed(body)
    fields = nested(form.value())
    return {
        key: (value.filename, value.content) if isinstance(value, FilePart) else value for key, value in fields.items()
    }


def send_again(cat: Catalog, ref: str, form: str, **more: Any) -> None:
    draft = cat.draft_request(ref, **more)
    assert not draft.errors
    if form == "curl":
        run_shell(scripts.as_curl(draft), STUDIO_KEY=KEY)
    else:
        run_loaded(scripts.as_sdk(draft), STUDIO_KEY=KEY)


@pytest.mark.parametrize("form", ["curl", "sdk"])
@pytest.mark.parametrize("name", HOSTILE)
def test_what_arrives_is_what_was_sent(studio: Studio, cat: Catalog, name: str, form: str) -> None:
    body = {"prompt": HOSTILE[name], "model": "sora-2", "seconds": "8", "size": "1280x720", "seed": 2**64 - 1}
    video = studio.sdk().post("/videos", cast_to=object, body=body)
    ref = ref_of(studio, video)
    assert cat.request(ref) == body
    send_again(cat, ref, form)
    assert arrived(studio) == ("/v1/videos", body)
    assert json.loads(scripts.as_batch(cat.draft_request(ref)))["body"] == body


@pytest.mark.parametrize("form", ["curl", "sdk"])
@pytest.mark.parametrize("name", ["quotes", "lines", "scripts", "long", "leading", "form"])
def test_what_the_sdk_sent_as_a_form_arrives(studio: Studio, cat: Catalog, name: str, form: str) -> None:
    studio.sdk().videos.create(prompt=HOSTILE[name], seconds="8", extra_body={"metadata": {"shot": "7"}})
    body = {"prompt": HOSTILE[name], "seconds": "8", "metadata": {"shot": "7"}}
    assert arrived(studio)[1] == body
    ref = ref_of(studio, studio.server.videos["video_1"])
    assert cat.request(ref) == body
    send_again(cat, ref, form)
    assert arrived(studio) == ("/v1/videos", body)


@pytest.mark.parametrize("form", ["curl", "sdk"])
def test_a_picture_that_was_uploaded_is_uploaded_from_where_it_is_kept(studio: Studio, cat: Catalog, form: str) -> None:
    picture = draw()
    name = 'the "fox"; type=x, \\ 東.png'
    video = studio.sdk().videos.create(
        prompt="a 'fox'\n", seconds="8", size="1280x720", input_reference=(name, picture, "image/png")
    )
    sent = arrived(studio)
    ref = ref_of(studio, video)
    body = cat.request(ref)
    assert Path(body["input_reference"]).read_bytes() == picture
    assert f'"{body["input_reference"]}"' in scripts.as_curl(cat.draft_request(ref))
    send_again(cat, ref, form)
    path, fields = arrived(studio)
    (_, first), (_, content) = sent[1].pop("input_reference"), fields.pop("input_reference")
    assert (path, fields) == sent
    assert first == content == picture


def test_a_picture_in_a_field_of_another_name_is_said_to_lie_somewhere(studio: Studio, cat: Catalog) -> None:
    picture = draw()
    body = {"prompt": "a fox", "image": f"data:image/png;base64,{b64encode(picture).decode()}"}
    ref = ref_of(studio, studio.sdk().post("/videos", cast_to=object, body=body))
    draft = cat.draft_request(ref)
    assert [(finding.code, finding.field) for finding in draft.errors] == [("removed", "image")]
    path = draft.notes[-1].removeprefix("a file that went into it is ")
    assert Path(path).read_bytes() == picture


@pytest.mark.parametrize("form", ["curl", "sdk"])
def test_a_picture_that_was_sent_inside_json_is_uploaded(studio: Studio, cat: Catalog, form: str) -> None:
    picture = draw()
    inline = {"image_url": f"data:image/png;base64,{b64encode(picture).decode()}"}
    body = {"prompt": "a fox", "size": "1280x720", "input_reference": inline}
    ref = ref_of(studio, studio.sdk().post("/videos", cast_to=object, body=body))
    send_again(cat, ref, form)
    path, fields = arrived(studio)
    _, content = fields.pop("input_reference")
    assert (path, fields, content) == ("/v1/videos", {"prompt": "a fox", "size": "1280x720"}, picture)


def test_a_picture_whose_bytes_are_gone_is_named_and_an_error(studio: Studio, cat: Catalog) -> None:
    video = studio.sdk().videos.create(prompt="a fox", input_reference=("fox.png", draw()))
    ref = ref_of(studio, video)
    Path(cat.request(ref)["input_reference"]).unlink()
    cat.check()
    draft = cat.draft_request(ref)
    assert draft.body["input_reference"] == "fox.png"
    assert [finding.code for finding in draft.errors] == ["file_missing"]
    assert "fox.png" in draft.errors[0].message
    assert '@"fox.png"' in scripts.as_curl(draft)


@pytest.mark.parametrize("form", ["curl", "sdk"])
def test_a_remix_an_edit_and_an_extension_name_their_parent(studio: Studio, cat: Catalog, form: str) -> None:
    sdk = studio.sdk()
    videos = [
        sdk.videos.remix("video_9", prompt="at night"),
        sdk.post("/videos/edits", cast_to=object, body={"prompt": "in fog", "video": {"id": "video_8"}}),
        sdk.post(
            "/videos/extensions", cast_to=object, body={"prompt": "on", "seconds": "8", "video": {"id": "video_7"}}
        ),
    ]
    sent = [(path, read(body)) for _, path, body in studio.server.received]
    refs = [ref_of(studio, video) for video in videos]
    for ref, (path, body) in zip(refs, sent, strict=True):
        send_again(cat, ref, form)
        assert arrived(studio) == (path, body)
    line = json.loads(scripts.as_batch(cat.draft_request(refs[0])))
    assert line["url"] == "/v1/videos/video_9/remix"


def test_an_upload_of_a_clip_goes_to_the_right_call(studio: Studio, cat: Catalog) -> None:
    video = studio.sdk().videos.edit(prompt="in rain", video=("cut.mp4", MP4))
    ref = ref_of(studio, video)
    draft = cat.draft_request(ref)
    assert (draft.path, draft.verb, draft.is_form) == ("/videos/edits", "edit", True)
    assert draft.uploads[0].name == "cut.mp4"


def test_no_key_is_in_any_form(studio: Studio, cat: Catalog, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("STUDIO_KEY", "abcdef-very-secret")
    video = studio.sdk().videos.create(prompt="a fox that says abcdef-very-secret")
    ref = ref_of(studio, video)
    with Catalog.open(studio.library) as other:
        draft = other.draft_request(ref)
        texts = [scripts.as_curl(draft), scripts.as_sdk(draft), scripts.as_batch(draft), json.dumps(draft.to_dict())]
    for text in texts:
        assert "very-secret" not in text
    assert '"Authorization: Bearer $STUDIO_KEY"' in texts[0]
    assert 'os.environ["STUDIO_KEY"]' in texts[1]


@pytest.mark.parametrize("form", ["curl", "sdk"])
def test_a_source_that_is_not_configured_goes_where_the_variables_of_the_sdk_say(studio: Studio, form: str) -> None:
    video = studio.sdk().post("/videos", cast_to=object, body={"prompt": "it's $5"})
    ref = ref_of(studio, video)
    with Catalog.open(studio.library) as other:
        draft = other.draft_request(ref)
    assert not draft.is_configured
    assert "OPENAI_API_KEY" in draft.notes[-1]
    names: Mapping[str, str] = {"OPENAI_BASE_URL": studio.server.base_url, "OPENAI_API_KEY": KEY}
    if form == "curl":
        assert '"Authorization: Bearer $OPENAI_API_KEY"' in scripts.as_curl(draft)
        run_shell(scripts.as_curl(draft), **names)
    else:
        run_loaded(scripts.as_sdk(draft), **names)
    assert arrived(studio) == ("/v1/videos", {"prompt": "it's $5"})
