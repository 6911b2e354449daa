"""What must not be stored is gone, and nothing else."""

from __future__ import annotations

import copy
import json
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from catalog import redaction
from catalog.redaction import REMOVED, cut_secrets, find_credentials, know_secrets, redact, redact_text, redact_url
from catalog.spellings import Secrets
from catalog.wire.parse import parse_videos

if TYPE_CHECKING:
    from pathlib import Path

LAW = settings(deadline=None, suppress_health_check=[HealthCheck.too_slow])
SECRET_TEXTS = st.sampled_from(
    [
        "https://a.example/v?X-Amz-Signature=1",
        "sk-proj-abcdef123",
        "Bearer abcdef1234",
        "data:a/b;base64,QQ==",
        "file:///x",
    ]
)
JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text() | SECRET_TEXTS,
    lambda inner: st.lists(inner) | st.dictionaries(st.text() | st.sampled_from(["b64_json", "file_path"]), inner),
    max_leaves=20,
)


@pytest.mark.parametrize(
    "url",
    [
        "https://b.s3.amazonaws.com/v.mp4?X-Amz-Algorithm=AWS4&X-Amz-Expires=3600&X-Amz-Signature=abc",
        "https://storage.example/v.mp4?GoogleAccessId=a&Expires=1&Signature=abc",
        "https://b.blob.example/v.mp4?sv=2024&se=2026-01-01&sig=abc%3D",
        "https://cdn.example/v.mp4?token=xxx&e=1711904000",
        "https://cdn.example/v.mp4?auth_key=171-0-0-abc",
        "https://cdn.example/v.mp4?OSSAccessKeyId=a&Expires=1",
        "https://cdn.example/v.mp4?a=1&amp;sig=abc",
        "https://cdn.example/v.mp4#access_token=abc",
        "https://api.example/v?key=abc",
    ],
)
def test_a_signed_query_is_cut(url: str) -> None:
    assert redact_url(url) == url.partition("?")[0].partition("#")[0]


@pytest.mark.parametrize(
    "url",
    ["https://a.example/v.mp4", "https://a.example/v?index=0&model=azure%2Fsora-2&duration=8", "/poll?model=a#top"],
)
def test_a_harmless_query_stays(url: str) -> None:
    assert redact_url(url) is url


def test_a_login_in_a_url_is_cut() -> None:
    assert redact_url("https://user:p@ss@a.example/@me") == "https://a.example/@me"


@pytest.mark.parametrize(
    ("text", "clean"),
    [
        ("Incorrect API key provided: sk-proj-ab12****cd34.", f"Incorrect API key provided: {REMOVED}"),
        (
            "header Authorization: Bearer eyJhbGciOi.abc was refused",
            f"header Authorization: Bearer {REMOVED} was refused",
        ),
        ("cannot open file:///srv/x.mp4 now", f"cannot open {REMOVED} now"),
        ("got data:image/png;base64,iVBORw0KGgo= instead", f"got {REMOVED} instead"),
        ("see https://a.example/v?sig=abc, please", "see https://a.example/v please"),
    ],
)
def test_secrets_inside_a_text_are_cut(text: str, clean: str) -> None:
    assert redact_text(text) == clean


@pytest.mark.parametrize(
    "text",
    [
        "a standard bearer marching through snow",
        "task-unified-1757169743-7cvnl5zw",
        "data: three numbers, and what? yes",
        "https://vidgen.x.ai/xai-vidgen-bucket/xai-video-72924fdc-e6d7-4885-b318-8a367aaa9a02.mp4",
        "risk-averse-investors walk at dusk",
        "profile:/ C# code",
    ],
)
def test_innocent_text_stays_the_same_object(text: str) -> None:
    assert redact_text(text) is text


def test_inline_media_and_server_paths_are_cut_by_their_keys() -> None:
    job = {
        "data": [{"b64_json": "AAAA", "fps": 24}],
        "file_path": "/srv/a.mp4",
        "file_paths": ["/srv/a.mp4"],
        "id": "a",
    }
    clean = {"data": [{"b64_json": REMOVED, "fps": 24}], "file_path": REMOVED, "file_paths": REMOVED, "id": "a"}
    assert redact(job) == clean


def test_a_null_path_stays_null() -> None:
    job = {"file_path": None, "b64_json": ""}
    assert redact(job) is job


@settings(LAW)
@given(JSON)
def test_redacting_twice_is_redacting_once(value: Any) -> None:
    once = redact(value)
    assert redact(once) is once


@settings(LAW)
@given(JSON)
def test_the_value_itself_is_never_changed(value: Any) -> None:
    before = repr(copy.deepcopy(value))
    redact(value)
    assert repr(value) == before


def test_ten_thousand_levels_are_cleaned_to_the_bottom() -> None:
    value: Any = "sk-proj-abcdef123"
    for _ in range(10_000):
        value = [value]
    clean = redact(value)
    for _ in range(10_000):
        (clean,) = clean
    assert clean == REMOVED


@pytest.mark.parametrize(
    "text", ["data:a/b" * 50_000, "bearer " * 50_000, "sk-" * 50_000, "://" * 50_000, "?" * 200_000]
)
def test_a_long_hostile_text_is_no_trouble(text: str) -> None:
    assert len(redact_text(text)) <= len(text)


def test_a_redacted_payload_parses_to_the_same_video(shared: Path) -> None:
    for file in sorted((shared / "payloads").glob("*.json")):
        payload = json.loads(file.read_text("utf-8"))
        before, after = parse_videos(payload, asked_id="a"), parse_videos(redact(payload), asked_id="a")
        assert [told(video) for video in before.videos] == [told(video) for video in after.videos], file.name


def told(video: Any) -> tuple[Any, ...]:
    urls = [redact_url(url) for url in video.output_urls]
    return (video.remote_id, video.status, video.prompt, video.error_message, video.created_at, video.seconds, urls)


@pytest.fixture
def _fresh(monkeypatch: pytest.MonkeyPatch) -> None:
    """A process that knows no secret yet."""
    for name, value in (("_known", Secrets()), ("_known_values", {}), ("_harmless", set())):
        monkeypatch.setattr(redaction, name, value)


@pytest.mark.usefixtures("_fresh")
def test_a_known_secret_is_cut_from_keys_texts_and_numbers() -> None:
    value = {"Key-of/ours": ["a key-OF\\/ours b", 918273645546, {"x": 918273645546.0, "y": True}], "z": "neon"}
    assert redact(value) is value
    know_secrets("Key-of/ours", None, "", "918273645546", "neon")
    clean = {REMOVED: [f"a {REMOVED} b", REMOVED, {"x": 918273645546.0, "y": True}], "z": "neon"}
    assert redact(value) == cut_secrets(value) == clean
    assert redact_text("key-of%2Fours") == REMOVED


@pytest.mark.usefixtures("_fresh")
def test_cutting_known_secrets_leaves_all_else() -> None:
    value = {"url": "https://a.example/v?X-Amz-Signature=1", "b64_json": "AAAA", "text": "sk-proj-abcdef123"}
    know_secrets("a-key-of-ours")
    assert cut_secrets(value) is value
    assert cut_secrets("https://a.example/v?sig=a-key-of-ours") == f"https://a.example/v?sig={REMOVED}"


@pytest.mark.usefixtures("_fresh")
def test_what_a_webhook_secret_encodes_is_a_secret_too() -> None:
    know_secrets("whsec_YSBzaWduaW5nIHNlY3JldA==")
    assert redact_text("signed with a signing secret, YSBzaWduaW5nIHNlY3JldA") == f"signed with {REMOVED}, {REMOVED}"


@pytest.mark.usefixtures("_fresh")
def test_of_very_many_secrets_the_latest_are_known() -> None:
    for number in range(200):
        know_secrets(f"a-key-of-account-{number:03}")
    assert redact_text("a-key-of-account-199 a-key-of-account-000") == f"{REMOVED} a-key-of-account-000"


@pytest.mark.parametrize(
    ("text", "clean"),
    [
        ('{"api_key": "abcdef123", "n": 1}', '{"api_key": "[removed]", "n": 1}'),
        (r"{\"x-api-key\":\"abcdef123\"}", r"{\"x-api-key\":\"[removed]\"}"),
        ("aws_secret_access_key = 'abcdef123'", "aws_secret_access_key = '[removed]'"),
    ],
)
def test_a_key_under_its_name_is_cut_in_json_inside_a_text(text: str, clean: str) -> None:
    assert redact_text(text) == clean
    assert redact_text(clean) is clean


@pytest.mark.parametrize(
    ("name", "value", "secrets"),
    [
        ("Authorization", "Bearer abc.def", {"abc.def"}),
        ("authorization", "a-bare-key", {"a-bare-key"}),
        ("Authorization", "Basic dXNlcjpwYXNzd29yZDE=", {"dXNlcjpwYXNzd29yZDE=", "password1"}),
        ("Authorization", 'Token token="abc-def"', {'token="abc-def"', "abc-def"}),
        ("Proxy-Authorization", "Bearer abc", {"abc"}),
        ("X-API-Key", "abc", {"abc"}),
        ("api-key", "abc", {"abc"}),
        ("x-goog-api-key", "abc", {"abc"}),
        ("X-Auth-Token", "abc", {"abc"}),
        ("Cookie", "theme=dark; session=0123456789abcdef", {"0123456789abcdef"}),
        ("Idempotency-Key", "abc", set()),
        (":authority", "api.example", set()),
        ("Accept-Language", "de", set()),
    ],
)
def test_the_credentials_of_a_header_are_found(name: str, value: str, secrets: set[str]) -> None:
    assert set(find_credentials([(name, value)])) - {""} == secrets


@pytest.mark.parametrize(
    ("url", "secrets"),
    [
        ("https://me:p%40ssword@host/v1", {"p%40ssword", "p@ssword"}),
        ("https://host/v1?key=a-key-of-ours&model=sora-2-pro", {"a-key-of-ours"}),
        ("https://host/v1?api_key=a%2Fkey+of-ours", {"a/key of-ours"}),
        ("https://host/T0kenInThePath8nobodyNamed/v1", {"T0kenInThePath8nobodyNamed"}),
        ("https://host/cnry%2FKey%2B77%3DZZ9q/v1", {"cnry/Key+77=ZZ9q"}),
        ("https://host/cnry%252FKey%252B77%253DZZ9q/v1", {"cnry%2FKey%2B77%3DZZ9q", "cnry/Key+77=ZZ9q"}),
        ("https://host/%39%31827364%35546/v1", {"91827364" + "5546"}),
        ("https://host/wJalrXUtnFEMI%2FK7MDENG%2FbPxRfiCY/v1", {"wJalrXUtnFEMI/K7MDENG/bPxRfiCY"}),
        ("https://host/v1/projects/my-project-123456/locations/us-central1", set()),
        ("https://host/models/Wan-AI%2FWan2.2-T2V-A14B/v1", set()),
        ("https://host/https%3A%2F%2Fapi.openai.com%3A8443/v1", set()),
        ("https://host/my%20project%202024%2B/v1", set()),
        ("https://host/R%26D/%E6%9D%B1%E4%BA%AC2026/v1", set()),
        ("https://host:port/[x", set()),
    ],
)
def test_the_credentials_of_a_url_are_found(url: str, secrets: set[str]) -> None:
    assert set(find_credentials(url=url)) == secrets
