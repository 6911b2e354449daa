"""The laws of the parser: total, pure, nothing lost, nothing guessed."""

from __future__ import annotations

import base64
import copy
import json
import time
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from catalog.records import TERMINAL_STATUSES
from catalog.wire.fields import LOOKUPS, Lookup
from catalog.wire.parse import ParsedVideo, parse_videos
from catalog.wire.values import (
    find_url,
    read_fraction,
    read_money,
    read_number,
    read_progress,
    read_seconds,
    read_seed,
    read_text,
    read_ticks,
    read_time,
)
from tests.wire.laws import list_lost

if TYPE_CHECKING:
    from catalog.wire.paths import KeyPath

LAW = settings(deadline=None, suppress_health_check=[HealthCheck.too_slow])
ENVELOPE = "video_" + base64.b64encode(b"litellm:custom_llm_provider:a;model_id:b;video_id: c/d").decode()
PLAUSIBLE = """{"data":{"id":"x"}} ["https://a.example/j.mp4"] {"prompt":"p"} RUNNING SUCCEED 5s
models/m/operations/o auto 480p 1280x720 queued completed failed 45% 1758941485 image 0 https://a.example/v.mp4
data:video/mp4;base64,AA 2025-03-06T12:00:00Z video_bGl0ZWxsbTp4"""
WILD_TEXT = st.text(st.characters()) | st.sampled_from(["", " ", "\ud800", ENVELOPE, *PLAUSIBLE.split()])
WILD_NUMBERS = (
    st.integers() | st.floats() | st.sampled_from([0, 1, 100, 8, 1758941485, 1764347090922, 10**400, -(10**400)])
)
SCALARS = st.none() | st.booleans() | WILD_NUMBERS | WILD_TEXT
KEYS_ANYWHERE = """
id task_id video_id taskId request_id aliases object status progress progress_pct model prompt negative_prompt
quality tier seconds duration duration_s n_seconds video task_info created_at created submit_time completed_at
completed finish_time expires_at expireAt updated_at cost usage outputs output output_url url urls video_url
videos data results result images task_result metadata result_url unsigned_urls download_url fail_reason
failure_reason remixed_from_video_id error code message success detail content_filter reasons properties input
size width height type media_type deleted custom_id response body headers list tasks has_more last_id page
total name foo
taskId task_status taskStatus state successFlag done job_id video_id generation_id video_url videoUrl resultUrls
resultJson param input request params response task payload task_result task_status_msg base_resp status_code
status_msg failMsg failCode errorCode err_code failure failureCode seed parameters steps guidance aspect_ratio
resolution ratio item items generations post attachments orig_prompt negativePrompt msg
"""
KEYS = st.sampled_from(KEYS_ANYWHERE.split())
WILD_JSON = st.recursive(
    SCALARS,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(KEYS | WILD_TEXT, inner, max_size=8),
    max_leaves=25,
)
JOBS = st.dictionaries(KEYS, WILD_JSON, max_size=14)
NESTED_OBJECT: dict[str, Any] = {"object": "video", "id": "deep"}


NAMES = st.text("abcdef0123456789-", min_size=1)
TEXTS = st.text(min_size=1).filter(str.strip)
ADDRESSES = st.integers(1, 9).map("https://a.example/{}.mp4".format)
SECONDS = st.integers(100_000_001, 100_000_000_000)
# For each reader, what a server may send and what it means.
NOTATIONS: dict[Any, st.SearchStrategy[tuple[Any, Any]]] = {
    read_text: TEXTS.map(lambda text: (text, text)),
    read_seconds: st.floats(0.001, 1e6).flatmap(
        lambda length: st.sampled_from(((length, length), (repr(length), length)))
    ),
    read_progress: st.integers(0, 100).flatmap(
        lambda percent: st.sampled_from([(raw, float(percent)) for raw in (percent, str(percent), f"{percent}%")])
    ),
    read_fraction: st.sampled_from([(0.5, 50.0), (1, 100.0), ("0.25", 25.0), (45, 45.0), ("0.5%", 0.5)]),
    read_time: SECONDS.flatmap(
        lambda seconds: st.sampled_from(
            [
                (raw, datetime.fromtimestamp(seconds, UTC))
                for raw in (seconds, str(seconds), seconds * 1000, datetime.fromtimestamp(seconds, UTC).isoformat())
            ]
        )
    ),
    read_number: st.floats(-1e6, 1e6).map(lambda number: (number, number)),
    read_money: st.floats(0, 1e6).flatmap(lambda cost: st.sampled_from(((cost, cost), (repr(cost), cost)))),
    read_seed: st.integers(0, 2**64 - 1).flatmap(
        lambda seed: st.sampled_from(((seed, str(seed)), (str(seed), str(seed))))
    ),
    read_ticks: st.integers(1, 10**12).map(lambda ticks: (ticks, ticks / 1e10)),
}


def put(job: dict[str, Any], path: KeyPath, value: Any) -> None:
    """Write the value where the path leads, beside what stands there."""
    *outer, (last, _) = path.steps
    target = job
    for key, each in outer:
        step: Any = target.setdefault("entries" if key == "*" else key, [{}] if each else {})
        target = step[0] if each else step
    target[last] = value


@st.composite
def described_jobs(draw: st.DrawFn) -> tuple[dict[str, Any], dict[str, Any]]:
    """A job object in the words of any mix of servers, and the fields that it describes."""
    job: dict[str, Any] = {"id": draw(NAMES), "object": "video"}
    status = draw(st.sampled_from(("queued", "in_progress", "completed", "failed", "cancelled")))
    job["status"] = draw(st.sampled_from((status, status.upper())))
    wanted = {"remote_id": job["id"], "status": status, "provider_status": job["status"]}
    readable = [lookup for lookup in LOOKUPS if lookup.field != "completed_at" or status in TERMINAL_STATUSES]
    by_field: dict[str, list[Lookup]] = {}
    for lookup in readable:
        by_field.setdefault(lookup.field, []).append(lookup)
    nested = set()
    for field, lookups in by_field.items():
        lookup = draw(st.none() | st.sampled_from(lookups))
        if lookup is None:
            continue
        raw, wanted[field] = draw(NOTATIONS[lookup.read])
        target = draw(st.sampled_from([*lookup.keys, *lookup.paths]))
        if isinstance(target, str):
            job[target] = raw
        else:
            put(job, target, raw)
            nested.add(target.root)
    if draw(st.booleans()):
        wanted["width"], wanted["height"] = draw(st.tuples(st.integers(1, 9999), st.integers(1, 9999)))
        frame = {"width": wanted["width"], "height": wanted["height"]}
        job |= draw(st.sampled_from((frame, {"size": "{width}x{height}".format(**frame)})))
    if status == "failed":
        wanted["error_code"], wanted["error_message"] = draw(TEXTS), draw(TEXTS)
        job["error"] = {"code": wanted["error_code"], "message": wanted["error_message"]}
    if draw(st.booleans()):
        wanted["remixed_from_id"] = job["remixed_from_video_id"] = draw(NAMES)
    if draw(st.booleans()):
        wanted["output_urls"] = job["urls"] = draw(st.lists(ADDRESSES, min_size=1, unique=True))
    if "metadata" not in nested and draw(st.booleans()):
        wanted["metadata"] = job["metadata"] = draw(st.dictionaries(st.sampled_from(("take", "shot")), TEXTS))
    return job, wanted | {"extra": {root: job[root] for root in nested}}


def nest(depth: int, kind: type) -> Any:
    value: Any = "bottom"
    for _ in range(depth):
        value = [value] if kind is list else {"data": value, "code": 0, "error": value, "detail": value}
    return value


@given(WILD_JSON | JOBS, st.none() | WILD_TEXT, st.sampled_from([None, 200, 404, 500]))
@settings(LAW)
def test_no_json_value_makes_it_raise(payload: Any, asked_id: str | None, http_status: int | None) -> None:
    answer = parse_videos(payload, asked_id=asked_id, http_status=http_status)
    assert all(isinstance(video.remote_id, str) and video.remote_id.strip() for video in answer.videos)


@given(JOBS, st.none() | st.just("asked"))
@settings(LAW)
@example({"id": 5, "task_id": "t", "seconds": "long", "duration": 5}, None)
@example({"progress": {}, "progress_pct": 0.005, "id": "a"}, None)
@example({"object": "video.deleted", "deleted": "yes", "id": "a", "type": "image"}, None)
@example({"id": "a", "status": "failed", "error": [], "fail_reason": "no", "failure_reason": "why"}, None)
@example({"id": "a", "metadata": []}, None)
@example({"id": "a", "video": [[]]}, None)
@example({"id": "a", "size": [], "width": 4, "height": 5, "created_at": "9000-01-01T00:00:00"}, None)
def test_nothing_of_a_job_is_lost(job: dict[str, Any], asked_id: str | None) -> None:
    for video in parse_videos(job, asked_id=asked_id).videos:
        assert list_lost(video) == []


@given(described_jobs())
@settings(LAW)
def test_what_a_job_sets_comes_back_and_nothing_else(described: tuple[dict[str, Any], dict[str, Any]]) -> None:
    job, wanted = described
    answer = parse_videos(job)
    assert answer.videos == [ParsedVideo(**wanted)]
    assert answer.flaws == ()


@settings(LAW)
@given(WILD_JSON | JOBS)
def test_the_payload_is_left_untouched(payload: Any) -> None:
    before = copy.deepcopy(payload)
    parse_videos(payload, asked_id="asked")
    assert repr(payload) == repr(before)


@settings(LAW)
@given(st.dictionaries(WILD_TEXT.map(lambda text: "x-" + text), SCALARS.filter(lambda value: find_url(value) is None)))
def test_unknown_keys_land_in_extra_as_sent(unknown: dict[str, Any]) -> None:
    (video,) = parse_videos({"id": "a", "object": "video", **unknown}).videos
    assert video.extra == unknown


@pytest.mark.parametrize(
    "payload", [nest(10_000, list), nest(10_000, dict), NESTED_OBJECT | {"output": nest(10_000, dict)}]
)
def test_ten_thousand_levels_do_no_harm(payload: Any) -> None:
    parse_videos(payload, asked_id="deep")


def test_an_unreadable_value_is_kept_and_named() -> None:
    (video,) = parse_videos({"id": "a", "object": "video", "progress": "half", "seconds": True, "width": "wide"}).videos
    assert (video.progress, video.seconds, video.width) == (None, None, None)
    assert video.extra == {"progress": "half", "seconds": True, "width": "wide"}
    assert video.flaws == ("progress could not be read", "seconds could not be read", "width could not be read")


def test_an_unreadable_value_gives_way_to_the_next_key() -> None:
    (video,) = parse_videos({"id": "a", "object": "video", "seconds": "long", "duration": 5}).videos
    assert (video.seconds, video.extra) == (5.0, {"seconds": "long"})


@pytest.mark.parametrize(
    "payload",
    [
        {f"a{i}": {f"b{j}": {f"c{k}": {} for k in range(9)} for j in range(30)} for i in range(300)},
        {"id": "a", "status": "done", "output": [{"video": {"url": f"https://a.example/{i}"}} for i in range(20_000)]},
        {"items": [{"data": {"data": {"data": {"id": str(i)}}}} for i in range(20_000)]},
        {"id": "a", "status": "done", "response": "[" * 500_000, "data": '{"data":' * 50_000},
        {"id": "a", **{"k" * 60 + str(i): {"video": {}} for i in range(20_000)}},
        {"id": "a" * 500_000, "name": "models/" * 100_000 + "operations/x", "status": "a_" * 100_000},
    ],
    ids=["wide", "outputs", "items", "texts", "keys", "names"],
)
def test_a_hostile_answer_costs_little(payload: Any) -> None:
    started = time.process_time()
    parse_videos(payload)
    assert time.process_time() - started < 20, "a fraction of a second on an idle machine"


def test_an_item_without_an_id_is_named_and_left_out() -> None:
    answer = parse_videos({"object": "list", "data": [{"id": "a", "status": "queued"}, {"status": "queued"}, 7]})
    assert [video.remote_id for video in answer.videos] == ["a"]
    assert answer.flaws == ("item 1 has no id", "item 2 is not an object")


def test_an_id_that_stands_twice_on_a_page_is_named() -> None:
    job = {"id": "a", "object": "video", "status": "queued"}
    assert parse_videos([job, job]).flaws == ("duplicate id a",)


def test_a_job_without_any_id_is_told() -> None:
    answer = parse_videos({"object": "video", "status": "queued"})
    assert (answer.kind, answer.videos, answer.flaws) == ("video", [], ("the job has no id",))


def test_a_completed_job_with_an_error_is_flagged() -> None:
    (video,) = parse_videos({"id": "a", "status": "completed", "error": "blocked"}).videos
    assert (video.status, video.flaws) == ("completed", ("completed with an error",))


def test_another_id_than_the_one_asked_for_is_flagged() -> None:
    answer = parse_videos({"id": "b", "status": "queued"}, asked_id="a")
    assert answer.videos[0].flaws == ("answered with the id b, not the one asked for",)


def test_the_rest_of_an_error_stays_in_extra() -> None:
    error = {"code": "blocked", "message": "no", "type": "moderation", "misalignment": {"score": 1}}
    (video,) = parse_videos({"id": "a", "status": "failed", "error": error}).videos
    assert video.extra == {"error": {"type": "moderation", "misalignment": {"score": 1}}}


def test_only_flat_user_metadata_is_metadata() -> None:
    metadata = {"project": "spring", "take": 3, "url": "https://a.example/v", "nested": {"a": 1}, "none": None}
    (video,) = parse_videos({"id": "a", "status": "completed", "metadata": metadata}).videos
    assert video.metadata == {"project": "spring", "take": 3}
    assert video.extra["metadata"] == {"url": "https://a.example/v", "nested": {"a": 1}, "none": None}


@pytest.mark.parametrize("value", [False, 0, True, 5, [0], [False, None]])
def test_what_stands_for_outputs_and_is_none_is_kept_as_sent(value: object) -> None:
    [video] = parse_videos({"id": "v1", "outputs": value}).videos
    assert (video.output_urls, video.extra) == ([], {"outputs": value})


def test_outputs_come_in_the_documented_order_and_once() -> None:
    job = {
        "id": "a",
        "status": "completed",
        "content_url": "https://a.example/9",
        "unsigned_urls": ["https://a.example/8", "https://a.example/1"],
        "result_url": "https://a.example/7",
        "metadata": {"url": "https://a.example/6"},
        "results": ["https://a.example/5"],
        "outputs": {"video_url": "https://a.example/4"},
        "video_url": "https://a.example/3",
        "url": "https://a.example/2",
        "output_url": "https://a.example/1",
        "polling_url": "https://a.example/no",
    }
    assert parse_videos(job).videos[0].output_urls == [f"https://a.example/{number}" for number in range(1, 10)]


def test_a_saved_delivery_is_read_from_its_raw_body() -> None:
    body = {
        "id": "evt_1",
        "object": "event",
        "type": "video.failed",
        "created_at": 1758941485,
        "data": {"id": "video_1"},
    }
    answer = parse_videos({"headers": {"webhook-id": "wh_1"}, "body": json.dumps(body)})
    assert answer.webhook is not None
    assert (answer.kind, answer.webhook.type, answer.videos[0].remote_id) == ("webhook", "video.failed", "video_1")


def test_the_payload_and_the_flaws_do_not_make_videos_differ() -> None:
    assert ParsedVideo("a", payload={"id": "a"}, flaws=("odd",)) == ParsedVideo("a")


@pytest.mark.parametrize("status", ["queued", "completed", None])
def test_a_job_of_the_reference_format_leaves_nothing_over(status: str | None) -> None:
    nulls = dict.fromkeys(("completed_at", "expires_at", "prompt", "remixed_from_video_id", "error", "size", "seconds"))
    (video,) = parse_videos({"id": "a", "object": "video", "model": "sora-2", "status": status, **nulls}).videos
    assert video.extra == {}


def test_an_id_that_is_too_long_is_no_job_of_a_page():
    page = {"object": "list", "data": [{"id": "v" * 513, "status": "queued"}, {"id": "v" * 512, "status": "queued"}]}
    answer = parse_videos(page)
    assert [video.remote_id for video in answer.videos] == ["v" * 512]
    assert answer.flaws == ("item 0 has an id of 513 characters, more than 512",)


def test_the_names_of_a_job_have_a_bound():
    video = parse_videos({"id": "v1", "status": "queued", "aliases": [f"a{number}" for number in range(1000)]}).videos[
        0
    ]
    assert len(video.aliases) == 63


def test_a_cursor_that_is_too_long_is_none():
    page = {"object": "list", "data": [{"id": "v1", "status": "queued"}], "has_more": True}
    assert parse_videos(page | {"last_id": "c" * 4096}).next_cursor == "c" * 4096
    assert parse_videos(page | {"last_id": "c" * 4097}).next_cursor == "v1"
