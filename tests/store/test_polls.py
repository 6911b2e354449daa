"""The same task polled while it advances is one video, whichever provider answers and in whichever order."""

from __future__ import annotations

import itertools
import json
from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from tests.store.conftest import Desk

ADDRESS = "https://cdn.example/clip.mp4"
OPERATION = "models/veo-3.1-generate-preview/operations/p1"
FAL = {"request_id": "p1", "response_url": "https://queue.example/app/requests/p1"}


def kling(word: str, **more: Any) -> dict[str, Any]:
    return {"code": 0, "message": "SUCCEED", "request_id": word, "data": {"task_id": "p1", "task_status": word, **more}}


def dashscope(word: str, **more: Any) -> dict[str, Any]:
    return {"request_id": word, "output": {"task_id": "p1", "task_status": word, **more}}


def kie(word: str, **more: Any) -> dict[str, Any]:
    return {"code": 200, "msg": "success", "data": {"taskId": "p1", "state": word, **more}}


def novita(word: str, *urls: str) -> dict[str, Any]:
    return {"task": {"task_id": "p1", "status": word}, "videos": [{"video_url": url} for url in urls]}


POLLS: dict[str, list[dict[str, Any]]] = {
    "kling": [kling("submitted"), kling("processing"), kling("succeed", task_result={"videos": [{"url": ADDRESS}]})],
    "dashscope": [dashscope("PENDING"), dashscope("RUNNING"), dashscope("SUCCEEDED", video_url=ADDRESS)],
    "ark": [
        {"id": "p1"},
        {"id": "p1", "status": "running"},
        {"id": "p1", "status": "succeeded", "content": {"video_url": ADDRESS}},
    ],
    "minimax": [
        {"task_id": "p1", "base_resp": {"status_code": 0, "status_msg": "success"}},
        {"task_id": "p1", "status": "Queueing"},
        {"task_id": "p1", "status": "Success", "file": {"download_url": ADDRESS}},
    ],
    "runway": [
        {"id": "p1", "status": "THROTTLED"},
        {"id": "p1", "status": "RUNNING", "progress": 0.4},
        {"id": "p1", "status": "SUCCEEDED", "output": [ADDRESS]},
    ],
    "luma": [
        {"id": "p1", "state": "queued"},
        {"id": "p1", "state": "dreaming"},
        {"id": "p1", "state": "completed", "assets": {"video": ADDRESS, "image": "https://cdn.example/a.jpg"}},
    ],
    "vidu": [
        {"task_id": "p1", "state": "created"},
        {"id": "p1", "state": "queueing", "creations": []},
        {"id": "p1", "state": "success", "creations": [{"id": "c9", "url": ADDRESS, "cover_url": ADDRESS + ".jpg"}]},
    ],
    "replicate": [
        {"id": "p1", "status": "starting", "output": None},
        {"id": "p1", "status": "processing", "urls": {"get": "https://api.example/p1"}},
        {"id": "p1", "status": "succeeded", "output": ADDRESS},
    ],
    "fal": [
        {"status": "IN_QUEUE", **FAL},
        {"status": "IN_PROGRESS", **FAL},
        {"status": "OK", "request_id": "p1", "gateway_request_id": "p1", "payload": {"video": {"url": ADDRESS}}},
    ],
    "kie": [kie("queuing"), kie("generating"), kie("success", resultJson=json.dumps({"resultUrls": [ADDRESS]}))],
    "veo": [
        {"name": OPERATION},
        {"name": OPERATION, "done": False},
        {"name": OPERATION, "done": True, "response": {"generatedVideos": [{"video": {"uri": ADDRESS}}]}},
    ],
    "novita": [novita("TASK_STATUS_QUEUED"), novita("TASK_STATUS_PROCESSING"), novita("TASK_STATUS_SUCCEED", ADDRESS)],
}


@pytest.mark.parametrize("polls", POLLS.values(), ids=list(POLLS))
def test_three_polls_of_a_task_are_one_video(desk: Desk, polls: list[dict[str, Any]]) -> None:
    for number, order in enumerate(itertools.permutations(polls)):
        for payload in order:
            desk.hear(payload, source=f"lab-{number}", channel="get")
    assert desk.rows("SELECT status, output_urls, count(*) FROM videos GROUP BY 1, 2") == [
        ("completed", f'["{ADDRESS}"]', 6)
    ]
