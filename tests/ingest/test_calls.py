"""Requests with their answers: recordings of browsers and proxies, pairs in files, and the secrets around them."""

from __future__ import annotations

import base64
import json
from typing import TYPE_CHECKING, Any

import pytest

from tests.ingest.conftest import job, reasons

if TYPE_CHECKING:
    from tests.ingest.conftest import Bench

KEY = "k3y-0f-a-stranger-77"
HOST = "https://gw.example.com/v1"


def call(method: str, path: str, answer: Any = None, asked: Any = None, **options: Any) -> dict[str, Any]:
    """An entry of a HAR file, as browsers write it, with a key wherever one may stand."""
    text = answer if isinstance(answer, str) else json.dumps(answer)
    content = {"mimeType": "application/json", "text": text} | options.pop("content", {})
    request: dict[str, Any] = {
        "method": method,
        "url": f"{HOST}{path}{'&' if '?' in path else '?'}api_key={KEY}",
        "headers": [{"name": "x-goog-api-key", "value": KEY}],
        "queryString": [{"name": "api_key", "value": KEY}],
        "cookies": [{"name": "session", "value": KEY}],
    }
    if asked is not None:
        request["postData"] = (
            asked if "mimeType" in asked else {"mimeType": "application/json", "text": json.dumps(asked)}
        )
    headers = [{"name": "set-cookie", "value": KEY}]
    response = {"status": options.pop("status", 200), "headers": headers, "cookies": headers, "content": content}
    return {"startedDateTime": "2026-09-15T12:00:00Z", "request": request, "response": response}


def recording(*entries: dict[str, Any]) -> dict[str, Any]:
    return {"log": {"version": "1.2", "creator": {"name": "WebInspector"}, "entries": list(entries)}}


def take_calls(bench: Bench, *entries: dict[str, Any]) -> Any:
    bench.put("session.har", recording(*entries))
    return bench.take_one()


def test_the_answers_of_a_recording_are_taken_in(bench: Bench):
    page = {"object": "list", "data": [job("v1", prompt="rain"), job("v2")], "has_more": False}
    packed = base64.b64encode(json.dumps(job("v3")).encode()).decode()
    file = take_calls(
        bench,
        call("GET", "/videos?limit=20", page),
        call("GET", "/videos/v3", packed, content={"encoding": "base64"}),
        call("GET", "/app.js", {"x": 1}),
        call("GET", "/index.html", "<html>", content={"mimeType": "text/html"}),
        call("GET", "/clip.mp4", "", content={"mimeType": "video/mp4"}),
    )
    assert (file.form, file.added, file.refusals, file.passed_over) == ("har", 3, 0, 3)


def test_the_request_says_what_was_asked_for(bench: Bench):
    made = {"id": "v1", "object": "video", "status": "queued"}
    file = take_calls(
        bench,
        call("POST", "/videos", made, {"prompt": "fog at dawn", "model": "sora-2", "seconds": "8", "size": "1280x720"}),
        call("GET", "/videos/v1", job("v1")),
        call("POST", "/videos/v1/remix", job("v2"), {"prompt": "fog at night"}),
    )
    assert (file.added, file.refusals) == (2, 0)
    assert bench.rows("SELECT prompt, seconds, width, status FROM videos ORDER BY id") == [
        ("fog at dawn", 8.0, 1280, "completed"),
        ("fog at night", None, None, "completed"),
    ]
    assert bench.rows("SELECT relation, parent_remote_id FROM links") == [("remix", "v1")]


@pytest.mark.parametrize(
    "posted",
    [
        {"mimeType": "multipart/form-data; boundary=b", "params": [{"name": "prompt", "value": "fog"}]},
        {
            "mimeType": "multipart/form-data; boundary=b",
            "text": '--b\r\nContent-Disposition: form-data; name="prompt"\r\n\r\nfog\r\n--b\r\nContent-Disposition: '
            'form-data; name="input_reference"; filename="a.png"\r\n\r\nPNG\r\n--b--\r\n',
        },
        {"mimeType": "application/x-www-form-urlencoded", "text": "prompt=fog&model=sora-2"},
        {"mimeType": "application/json;charset=utf-8", "text": '{"prompt": "fog"}'},
    ],
)
def test_a_request_is_read_in_the_form_it_was_sent_in(bench: Bench, posted: dict[str, Any]):
    take_calls(bench, call("POST", "/videos", {"id": "v1", "object": "video", "status": "queued"}, posted))
    assert bench.column("prompt", "v1") == "fog"


def test_a_request_to_a_path_of_its_own_counts_where_one_job_came_of_it(bench: Bench):
    asked = {"model": "m", "input": {"prompt": "fog"}, "parameters": {"duration": 5}}
    take_calls(bench, call("POST", "/services/aigc/video-synthesis", {"id": "v1", "status": "queued"}, asked))
    assert bench.rows("SELECT prompt, seconds, model FROM videos") == [("fog", 5.0, "m")]


def test_the_id_in_the_path_names_a_job_whose_answer_has_none(bench: Bench):
    answer = {"status": "done", "video": {"url": "https://cdn.example.com/v.mp4", "duration": 5}}
    take_calls(bench, call("GET", "/videos/v1", answer), call("GET", "/elsewhere/v2", {"status": "done"}))
    assert bench.rows("SELECT remote_id, status, seconds FROM videos") == [("v1", "completed", 5.0)]


def test_no_header_cookie_or_key_of_a_recording_is_kept(bench: Bench):
    take_calls(
        bench,
        call("POST", "/videos", job("v1"), {"prompt": "fog"}),
        call("POST", f"/{KEY}/videos/v1/remix", job("v2"), {"prompt": "rain", "api_key": KEY}),
        call("GET", "/videos", {"error": {"message": f"bad key {KEY}"}}, status=401),
    )
    dump = "\n".join(bench.library_dump())
    assert "fog" in dump
    assert KEY not in dump
    assert "gw.example.com" not in dump


def test_an_answer_that_was_not_saved_is_named_where_it_was_about_a_video(bench: Bench):
    file = take_calls(
        bench,
        call("GET", "/videos/v1", content={"text": None}),
        call("GET", "/videos/v2", '{"id": "v2", "sta'),
        call("GET", "/videos/v3", "!!!", content={"encoding": "base64"}),
        call("GET", "/logo.png", content={"text": None}),
        call("POST", "/videos", {"error": {"code": "billing", "message": "no credit"}}, {"prompt": "x"}, status=402),
    )
    assert (file.added, file.passed_over) == (0, 1)
    assert [place for place, _ in reasons(file)] == [1, 2, 3, 5]
    assert reasons(file)[0][1] == "the answer of the call cannot be read: its body was not saved with it"
    assert reasons(file)[3][1] == "an error answer: billing: no credit"


def test_calls_that_say_nothing_of_a_video_are_passed_over(bench: Bench):
    file = take_calls(
        bench,
        call("OPTIONS", "/videos", "", status=204),
        call("GET", "/videos", content={"text": None}, status=304),
        call("POST", "/files", {"id": "file_1", "object": "file"}),
        call("POST", "/videos/characters", {"id": "char_1", "name": "Mira"}, {"name": "Mira"}),
        call("GET", "/videos/v1/content", "\x00\x01", content={"mimeType": "video/mp4"}),
        call("GET", "/videos/v1", {"error": {"message": "slow down"}}, status=429),
        call("POST", "/login", {"user": {"id": "user_1", "name": "x"}}, {"password": "x"}),
    )
    assert (file.added, file.refusals, file.passed_over) == (0, 0, 7)


@pytest.mark.parametrize(
    "entries", [[], [None, 7, {}, {"request": 1, "response": 2}], [{"request": {}, "response": {}}]]
)
def test_an_odd_recording_stops_nothing(bench: Bench, entries: list[Any]):
    bench.put("odd.har", {"log": {"entries": entries}})
    bench.put("good.json", job("v1"))
    assert bench.take_in().added == 1


ASKED = {"prompt": "fog", "seconds": "8"}
QUEUED = {"id": "v1", "object": "video", "status": "queued"}
PAIRS: list[Any] = [
    {"request": ASKED, "response": QUEUED},
    {"request": json.dumps(ASKED), "response": json.dumps(QUEUED)},
    {
        "request": {"method": "POST", "url": f"{HOST}/videos", "headers": {"x": KEY}, "body": ASKED},
        "response": {"status": 200, "headers": {"x": KEY}, "body": json.dumps(QUEUED)},
    },
    {
        "request": {"method": "POST", "uri": f"{HOST}/videos", "body": {"string": json.dumps(ASKED)}},
        "response": {"status": {"code": 200}, "headers": {}, "body": {"string": json.dumps(QUEUED)}},
    },
    {"url": "/v1/videos", "method": "POST", "body": ASKED, "response": QUEUED},
    {"id": 7, "req": ASKED, "res": {"code": 200, "data": {"task_id": "v1", "status": "queued"}}},
]


@pytest.mark.parametrize("pair", PAIRS)
def test_a_request_with_its_answer_is_one_video(bench: Bench, pair: dict[str, Any]):
    bench.put_lines("pairs.jsonl", pair)
    file = bench.take_one()
    assert (file.added, file.refusals) == (1, 0)
    assert bench.rows("SELECT remote_id, prompt, seconds, status FROM videos") == [("v1", "fog", 8.0, "queued")]
    assert KEY not in "\n".join(bench.library_dump())


def test_the_pairs_of_a_recorded_test_are_read(bench: Bench):
    bench.put("cassette.json", {"version": 1, "interactions": PAIRS[3:4]})
    assert bench.take_one().added == 1


def test_a_pair_without_a_job_is_refused(bench: Bench):
    bench.put_lines("pairs.jsonl", {"request": {"prompt": "fog"}, "response": {"error": {"message": "no credit"}}})
    assert reasons(bench.take_one()) == [(1, "an error answer: no credit")]


def test_a_job_that_echoes_its_request_is_no_pair(bench: Bench):
    echo = {
        "id": "v1",
        "status": "completed",
        "request": {"prompt": "fog"},
        "response": {"url": "https://x.example/v.mp4"},
    }
    bench.put("job.json", echo)
    assert bench.take_one().added == 1
    assert bench.ids() == ["v1"]
