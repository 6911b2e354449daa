"""Lines of Batch API files, one at a time."""

from __future__ import annotations

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from catalog.wire.batch import (
    NO_ANSWER,
    NO_BATCH_LINE,
    NO_VIDEO_REQUEST,
    UNREADABLE,
    BatchFault,
    BatchInput,
    BatchOutput,
    read_line,
)

JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(), inner, max_size=4),
    max_leaves=12,
)
PARTS = st.fixed_dictionaries(
    {},
    optional={
        "custom_id": JSON,
        "id": JSON,
        "method": JSON,
        "url": JSON | st.just("/v1/videos"),
        "body": JSON,
        "error": JSON,
        "response": JSON | st.fixed_dictionaries({"status_code": JSON, "body": JSON}),
    },
)


def output(**changes):
    video = {"id": "video_1", "object": "video", "status": "completed"}
    line = {"id": "batch_req_1", "custom_id": "shot-1", "response": {"status_code": 200, "body": video}, "error": None}
    return line | changes


def test_a_line_of_an_input_file_is_a_request(shared):
    line = read_line((shared / "payloads/openai-batch-input-line.json").read_text())
    assert isinstance(line, BatchInput)
    assert (line.custom_id, line.url) == ("shot-001", "/v1/videos")
    assert line.request.prompt.startswith("Slow dolly shot")
    assert (line.request.model, line.request.seconds) == ("sora-2-pro", 20.0)
    assert (line.request.width, line.request.height) == (1920, 1080)


def test_a_line_of_an_output_file_carries_the_job_and_not_its_own_id(shared):
    line = read_line((shared / "payloads/openai-batch-output-line.json").read_text())
    assert isinstance(line, BatchOutput)
    assert (line.custom_id, line.status_code, line.line_id) == ("shot-001", 200, "batch_req_69b2a1")
    assert line.payload["id"].startswith("video_68d7512d")


def test_the_text_and_the_value_of_a_line_say_the_same():
    assert read_line(json.dumps(output())) == read_line(output())


def test_bytes_with_a_byte_order_mark_are_read():
    assert read_line(b"\xef\xbb\xbf" + json.dumps(output()).encode()) == read_line(output())


def test_a_job_that_expired_in_the_batch_is_a_job():
    video = {"id": "video_1", "object": "video", "status": "expired"}
    line = read_line(output(response={"status_code": 200, "body": video}))
    assert isinstance(line, BatchOutput)
    assert line.payload["status"] == "expired"


def test_a_failed_job_behind_an_http_error_is_a_job():
    video = {"id": "video_1", "object": "video", "status": "failed", "error": {"code": 500, "message": "no memory"}}
    line = read_line(output(response={"status_code": 500, "body": video}))
    assert isinstance(line, BatchOutput)
    assert line.status_code == 500


def test_a_line_without_a_response_is_the_error_of_the_batch():
    line = read_line(output(response=None, error={"code": "batch_expired", "message": "out of time"}))
    assert line == BatchFault("shot-1", "batch_expired", "out of time", line_id="batch_req_1")


def test_a_refused_request_is_the_error_of_its_server():
    body = {"error": {"message": "bad size", "type": "invalid_request_error", "param": "size", "code": None}}
    line = read_line(output(response={"status_code": 400, "body": body}))
    assert isinstance(line, BatchFault)
    assert (line.message, line.status_code, line.is_refused) == ("bad size", 400, False)


def test_a_line_with_neither_job_nor_error_says_so():
    assert read_line(output(response=None)).code == NO_ANSWER


@pytest.mark.parametrize("text", ["", "{", "nope", "[" * 100_000, b"\xff\xff", "1" * 10_000])
def test_a_line_that_is_no_json_is_refused(text):
    line = read_line(text)
    assert (line.code, line.is_refused) == (UNREADABLE, True)


@pytest.mark.parametrize(
    "value", [None, 5, [], {}, {"id": "video_1", "object": "video", "status": "failed", "error": {"message": "x"}}]
)
def test_json_that_is_no_batch_line_is_refused(value):
    line = read_line(value)
    assert (line.code, line.is_refused) == (NO_BATCH_LINE, True)


def test_a_request_for_something_else_is_refused():
    line = read_line({"custom_id": "a", "method": "POST", "url": "/v1/chat/completions", "body": {"messages": []}})
    assert (line.custom_id, line.code, line.is_refused) == ("a", NO_VIDEO_REQUEST, True)


def test_a_remix_in_a_batch_names_its_parent():
    line = read_line({"custom_id": "a", "url": "/v1/videos/video_9/remix", "body": {"prompt": "at night"}})
    assert line.request.links == (("remix", "video_9"),)


@given(JSON | PARTS | st.text() | st.binary())
def test_whatever_the_line_something_comes_back(value):
    assert isinstance(read_line(value), BatchInput | BatchOutput | BatchFault)
