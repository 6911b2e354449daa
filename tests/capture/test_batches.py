"""Batches: the prompts are in one file, the results in another, and hours lie between."""

from __future__ import annotations

import json

import pytest

from catalog.capture.recorder import LONG_NOTE
from tests.capture.test_spool import held_by_another_process

LINKS = "SELECT remote_id, relation, parent_remote_id FROM links JOIN videos ON videos.id = child_id ORDER BY links.id"


def input_line(custom_id: str, prompt: str, **body: object) -> dict[str, object]:
    return {"custom_id": custom_id, "method": "POST", "url": "/v1/videos", "body": {"prompt": prompt, **body}}


def output_line(custom_id: str, video_id: str, created_at: int = 2_000_000_000) -> dict[str, object]:
    video = {"id": video_id, "object": "video", "status": "completed", "created_at": created_at}
    return {
        "id": f"batch_req_{custom_id}",
        "custom_id": custom_id,
        "response": {"status_code": 200, "request_id": "r", "body": video},
        "error": None,
    }


def lines(*told: object) -> bytes:
    return b"\n".join(json.dumps(line).encode() for line in told)


def test_prompts_of_a_batch_meet_its_results(studio):
    sdk = studio.sdk()
    told = lines(input_line("a", "a fox", characters=[{"id": "char_1"}]), input_line("b", "a hare"), {"noise": True})
    file = sdk.files.create(file=("in.jsonl", told), purpose="batch")
    sdk.batches.create(
        input_file_id=file.id, endpoint="/v1/videos", completion_window="24h", metadata={"night": "shift"}
    )
    studio.server.files["file-out"] = lines(output_line("b", "video_b"), output_line("a", "video_a"))
    assert sdk.files.content("file-out").content == studio.server.files["file-out"]
    assert studio.rows("SELECT remote_id, prompt, batch_custom_id, status FROM videos ORDER BY remote_id") == [
        ("video_a", "a fox", "a", "completed"),
        ("video_b", "a hare", "b", "completed"),
    ]
    assert studio.look(LINKS) == [("video_a", "character", "char_1")]
    assert studio.look("SELECT DISTINCT key, value FROM tags ORDER BY key") == [
        ("campaign", "launch"),
        ("night", "shift"),
    ]
    assert studio.notes() == []


def test_requests_wait_until_their_results_are_known(studio):
    sdk = studio.sdk()
    sdk.files.create(file=("in.jsonl", lines(input_line("a", "a fox"), input_line("b", "a hare"))), purpose="batch")
    assert studio.rows("SELECT * FROM videos") == []
    studio.server.files["file-out"] = lines(output_line("a", "video_a"))
    sdk.files.content("file-out").read()
    assert studio.rows("SELECT remote_id, prompt FROM videos") == [("video_a", "a fox")]
    (note,) = studio.notes()
    assert [request["line"]["custom_id"] for request in json.loads(note.read_text())["requests"]] == ["b"]
    assert studio.take_in() == 0
    assert studio.notes() == [note]


def test_the_same_names_in_a_later_batch_are_kept_apart(studio):
    sdk = studio.sdk()
    sdk.files.create(file=("1.jsonl", lines(input_line("a", "an old fox"))), purpose="batch")
    studio.server.files["file-out"] = lines(output_line("a", "video_1"))
    sdk.files.content("file-out").read()
    assert studio.rows("SELECT prompt FROM videos") == [("an old fox",)]
    sdk.files.create(file=("2.jsonl", lines(input_line("a", "a new fox"))), purpose="batch")
    studio.server.files["file-out"] = lines(output_line("a", "video_2"))
    sdk.files.content("file-out").read()
    assert studio.rows("SELECT remote_id, prompt FROM videos ORDER BY id") == [
        ("video_1", "an old fox"),
        ("video_2", "a new fox"),
    ]


def test_two_batches_with_the_same_names_at_the_same_time_are_kept_apart(studio):
    sdk = studio.sdk()
    for number, prompt in enumerate(["a fox", "a hare"]):
        told = lines(input_line("a", prompt))
        file = sdk.files.create(file=("in.jsonl", told), purpose="batch")
        studio.server.batches[f"batch_{number}"] = {
            "id": f"batch_{number}",
            "object": "batch",
            "status": "completed",
            "input_file_id": file.id,
            "output_file_id": f"file-out{number}",
        }
        studio.server.files[f"file-out{number}"] = lines(output_line("a", f"video_{number}"))
    for number in (1, 0):
        sdk.files.content(sdk.batches.retrieve(f"batch_{number}").output_file_id).read()
    assert studio.rows("SELECT remote_id, prompt FROM videos ORDER BY remote_id") == [
        ("video_0", "a fox"),
        ("video_1", "a hare"),
    ]
    assert studio.notes() == []


def test_a_crash_before_the_joined_input_is_removed_adds_nothing_twice(studio):
    sdk = studio.sdk()
    sdk.files.create(file=("in.jsonl", lines(input_line("a", "a fox"))), purpose="batch")
    assert studio.rows("SELECT * FROM videos") == []
    (note,) = studio.notes()
    text = note.read_bytes()
    studio.server.files["file-out"] = lines(output_line("a", "video_1"))
    sdk.files.content("file-out").read()
    before = studio.rows("SELECT id, times_seen, last_received_at FROM observations")
    note.parent.mkdir(exist_ok=True)
    note.write_bytes(text)
    studio.take_in()
    assert studio.look("SELECT id, times_seen, last_received_at FROM observations") == before
    assert studio.notes() == []


def test_a_name_that_waits_twice_is_not_guessed_at(studio):
    sdk = studio.sdk()
    for prompt in ("a fox", "a hare"):
        sdk.files.create(file=("in.jsonl", lines(input_line("a", prompt))), purpose="batch")
    studio.server.files["file-out"] = lines(output_line("a", "video_1"))
    sdk.files.content("file-out").read()
    assert studio.rows("SELECT remote_id, prompt FROM videos") == [("video_1", None)]
    assert len(studio.notes()) == 2


def test_a_request_is_not_joined_to_one_of_several_videos_of_its_name(studio):
    sdk = studio.sdk()
    sdk.files.create(file=("in.jsonl", lines(input_line("a", "a fox"))), purpose="batch")
    studio.server.files["file-out"] = lines(output_line("a", "video_1"), output_line("a", "video_2"))
    sdk.files.content("file-out").read()
    assert studio.rows("SELECT remote_id, prompt FROM videos ORDER BY id") == [("video_1", None), ("video_2", None)]
    assert len(studio.notes()) == 1


def test_the_same_input_uploaded_twice_is_one_request(studio):
    sdk = studio.sdk()
    for name in ("1.jsonl", "2.jsonl"):
        sdk.files.create(file=(name, lines(input_line("a", "a fox"))), purpose="batch")
    studio.server.files["file-out"] = lines(output_line("a", "video_1"))
    sdk.files.content("file-out").read()
    assert studio.rows("SELECT remote_id, prompt FROM videos") == [("video_1", "a fox")]
    assert studio.notes() == []


def test_a_video_older_than_the_input_is_not_its_result(studio):
    sdk = studio.sdk()
    sdk.files.create(file=("1.jsonl", lines(input_line("a", "a fox"))), purpose="batch")
    studio.server.files["file-out"] = lines(output_line("a", "video_1", created_at=1_600_000_000))
    sdk.files.content("file-out").read()
    assert studio.rows("SELECT prompt FROM videos") == [(None,)]


@pytest.mark.parametrize("content", [b"", b"no json", b"\xff\xfe", b'{"custom_id": "a"}'])
def test_an_upload_that_is_no_batch_leaves_nothing(studio, content):
    studio.sdk().files.create(file=("in.jsonl", content), purpose="batch")
    assert studio.rows("SELECT * FROM videos") == []
    assert studio.notes() == []


def test_an_upload_for_another_purpose_leaves_nothing(studio):
    studio.sdk().files.create(file=("in.jsonl", lines(input_line("a", "a fox"))), purpose="user_data")
    assert studio.rows("SELECT * FROM videos") == []
    assert studio.notes() == []


def test_a_big_batch_does_not_hold_its_caller_up(studio):
    asked = lines(*(input_line(str(number), f"take {number} " + "x" * 7000) for number in range(200)))
    answers = (output_line(str(number), f"video_{number}") | {"padding": "x" * 6000} for number in range(200))
    studio.server.files["file-out"] = lines(*answers)
    assert min(len(asked), len(studio.server.files["file-out"])) > LONG_NOTE
    with held_by_another_process(studio.library):
        studio.sdk().files.create(file=("in.jsonl", asked), purpose="batch")
        studio.sdk().files.content("file-out").read()
        assert studio.look("SELECT * FROM videos") == []
    assert studio.rows("SELECT count(*), count(prompt) FROM videos") == [(200, 200)]
    assert studio.notes() == []
