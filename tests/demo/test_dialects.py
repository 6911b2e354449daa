"""The families of servers the gateway can be: each shows its own shapes, and our parser reads every one."""

from __future__ import annotations

import base64
import json
import re
from typing import TYPE_CHECKING

import httpx
import pytest

from catalog.demo.gateway.dialects import DIALECTS, dialect
from catalog.wire.parse import parse_videos
from tests.demo.conftest import NOW, failed, job, some_jobs

if TYPE_CHECKING:
    from catalog.demo.gateway.jobs import Clock

RAW = job(1).id
TASK = RAW.replace("video_", "task_")
FORM = {"prompt": (None, "A fox"), "seconds": (None, "8")}


def shape_of(client: httpx.Client, path: str) -> dict:
    return client.get(path).json()


# --- OpenAI with one habit changed


def test_a_habit_of_a_family_can_be_changed(start):
    _, client = start(dialect=dialect("openai", echoes_prompt=False))
    assert "prompt" not in shape_of(client, f"/videos/{RAW}")
    assert "prompt" not in shape_of(client, "/videos")["data"][0]


def test_a_habit_that_there_is_not_is_a_type_error():
    with pytest.raises(TypeError):
        dialect("openai", colour="blue")
    with pytest.raises(KeyError):
        dialect("nobody")


def test_a_list_can_be_missing(start):
    _, client = start(dialect=dialect("openai", list_path=None))
    answer = client.get("/videos")
    assert (answer.status_code, answer.headers["allow"]) == (405, "POST")


def test_a_list_can_lack_the_status(start):
    _, client = start(dialect=dialect("openai", lists_status=False))
    assert set(shape_of(client, "/videos")["data"][0]) == {"id", "object", "model", "created_at", "expires_at"}
    assert shape_of(client, f"/videos/{RAW}")["status"] == "completed"


def test_a_server_can_report_what_a_finished_job_cost(start):
    jobs = [job(1, cost_usd=0.35), job(2), job(3, cost_usd=0.35, runs_for=9999)]
    _, client = start(jobs, dialect=dialect("openai", reports_cost=True))
    shown = shape_of(client, "/videos")["data"]
    assert [item.get("usage") for item in shown] == [{"cost": 0.35}, None, None]
    assert [video.cost_usd for video in parse_videos({"data": shown, "object": "list"}).videos] == [0.35, None, None]


def test_a_server_of_the_reference_format_reports_no_cost(start):
    _, client = start([job(1, cost_usd=0.35)])
    assert "usage" not in shape_of(client, f"/videos/{RAW}")


def test_a_list_can_say_nothing_of_more(start):
    _, client = start(dialect=dialect("openai", tells_more=False))
    assert set(shape_of(client, "/videos")) == {"object", "data"}


@pytest.mark.parametrize(
    ("habit", "status", "count", "more"),
    [("refuse", 400, None, None), ("not_found", 404, None, None), ("restart", 200, 20, True), ("empty", 200, 0, False)],
)
def test_a_cursor_whose_job_is_gone_is_met_in_four_ways(start, habit: str, status: int, count: int, more: bool):
    gateway, client = start(dialect=dialect("openai", unknown_cursor=habit))
    gateway.jobs.remove(RAW)
    answer = client.get("/videos", params={"after": RAW})
    assert answer.status_code == status
    if count is not None:
        assert (len(answer.json()["data"]), answer.json()["has_more"]) == (count, more)


def test_a_list_can_be_given_whole(start):
    _, client = start(dialect=dialect("openai", paging="whole"))
    page = client.get("/videos", params={"limit": 2}).json()
    assert (len(page["data"]), page["has_more"]) == (25, False)


def test_a_list_can_be_deaf_to_its_parameters(start):
    _, client = start(dialect=dialect("openai", paging="deaf"))
    pages = [client.get("/videos", params=query).json() for query in ({"limit": 2}, {"after": RAW, "order": "asc"})]
    assert pages[0] == pages[1]
    assert pages[0]["has_more"] is True


def test_a_list_can_have_numbered_pages(start):
    _, client = start(dialect=dialect("openai", paging="numbered"))
    second = client.get("/videos", params={"page": 2, "page_size": 20}).json()["data"]
    assert (second["total"], second["page"], second["page_size"]) == (25, 2, 20)
    assert [video["id"] for video in second["list"]] == [each.id for each in some_jobs()][20:]


def test_a_failed_job_can_arrive_as_an_http_error_with_the_job_as_body(start):
    _, client = start([failed(1)], dialect=dialect("openai", failed_status=500))
    answer = client.get(f"/videos/{RAW}")
    assert (answer.status_code, answer.json()["id"], answer.json()["status"]) == (500, RAW, "failed")
    assert client.get("/videos").json()["data"][0]["status"] == "failed"


def test_ids_can_differ_between_list_and_retrieve_and_both_lead_to_the_job(start):
    _, client = start(dialect=dialect("openai", ids="encoded"))
    in_list = shape_of(client, "/videos")["data"][0]["id"]
    retrieved = shape_of(client, f"/videos/{in_list}")["id"]
    assert in_list != retrieved
    assert all(RAW.encode() in base64.b64decode(shown[6:] + "==") for shown in (in_list, retrieved))
    assert (
        shape_of(client, f"/videos/{retrieved}")["prompt"] == shape_of(client, f"/videos/{RAW}")["prompt"] == "Clip 1"
    )


def test_an_encoded_cursor_goes_on_behind_its_job(start):
    _, client = start(dialect=dialect("openai", ids="encoded"))
    page = client.get("/videos", params={"limit": 2}).json()
    following = client.get("/videos", params={"limit": 1, "after": page["last_id"]}).json()
    assert following["data"][0]["prompt"] == "Clip 3"


# --- Unified


def test_unified_has_the_id_twice_and_leaves_out_what_it_does_not_know(start, clock: Clock):
    gateway, client = start(dialect="unified")
    created = client.post("/videos", json={"prompt": "A fox", "model": "veo-3.1-fast", "seconds": 8}).json()
    assert created["id"] == created["task_id"]
    assert created["id"].startswith("task_")
    assert not {"prompt", "error", "completed_at", "output_url"} & set(created)
    clock.advance(60)
    done = shape_of(client, f"/videos/{created['id']}")
    assert done["output_url"] == f"{gateway.base_url}/videos/{created['id']}/content"
    assert client.get(done["output_url"]).headers["content-type"] == "video/mp4"


def test_unified_words_its_errors_with_a_message_and_a_code(start):
    _, client = start([failed(1), job(2, runs_for=9999)], dialect="unified")
    assert shape_of(client, f"/videos/{TASK}")["error"]["code"] == "moderation_blocked"
    answer = client.get(f"/videos/{job(2).id}/content")
    assert (answer.status_code, set(answer.json()["error"])) == (400, {"message", "code"})


# --- 4All


def test_fourall_takes_forms_only(start):
    _, client = start(dialect="fourall")
    assert client.post("/videos", json={"prompt": "p"}).status_code == 415
    assert client.post("/videos", files=FORM).json()["status"] == "queued"


def test_fourall_says_processing_and_gives_a_link_at_the_end(start, clock: Clock):
    _, client = start(dialect="fourall")
    path = "/videos/" + client.post("/videos", files=FORM).json()["id"]
    clock.advance(5)
    assert (shape_of(client, path)["status"], "url" in shape_of(client, path)) == ("processing", False)
    clock.advance(60)
    done = shape_of(client, path)
    assert (done["quality"], "prompt" in done) == ("standard", False)
    assert httpx.get(done["url"]).content[4:8] == b"ftyp"


def test_a_signed_link_cannot_be_changed_and_expires(start, clock: Clock):
    _, client = start([job(1, keeps_for=100)], dialect="fourall")
    url = shape_of(client, f"/videos/{RAW}")["url"]
    assert httpx.get(url.replace("Expires=1", "Expires=2")).status_code == 403
    clock.advance(200)
    assert httpx.get(url).status_code == 403


@pytest.mark.parametrize(
    ("fault", "status", "kind"),
    [("rate_limits", 429, "rate_limit_error"), ("server_errors", 500, "server_error")],
)
def test_fourall_has_a_type_for_each_error(start, fault: str, status: int, kind: str):
    gateway, client = start(dialect="fourall")
    setattr(gateway.faults, fault, 1)
    answer = client.get(f"/videos/{RAW}")
    assert (answer.status_code, answer.json()["error"]["type"]) == (status, kind)


# --- APIMart


def test_apimart_gives_a_receipt_and_then_a_task(start, clock: Clock):
    _, client = start(dialect="apimart")
    asked = {"prompt": "p", "duration": 8, "aspect_ratio": "9:16"}
    receipt = client.post("/videos/generations", json=asked).json()
    assert receipt["code"] == 200
    [task] = receipt["data"]
    assert task["status"] == "submitted"
    seen = []
    for _ in range(3):
        seen.append(shape_of(client, f"/tasks/{task['task_id']}")["data"]["status"])
        clock.advance(5)
    assert seen == ["pending", "processing", "completed"]


def test_apimart_hides_its_links_in_a_list_in_a_list(start):
    _, client = start(dialect="apimart")
    task = shape_of(client, f"/tasks/{TASK}")["data"]
    [video] = task["result"]["videos"]
    assert task["cost"] == 0.4
    assert httpx.get(video["url"][0]).headers["content-type"] == "video/mp4"


def test_apimart_tells_of_failure_at_a_hundred_per_cent(start):
    _, client = start([failed(1)], dialect="apimart")
    task = shape_of(client, f"/tasks/{TASK}")["data"]
    assert (task["status"], task["progress"], task["error"]["code"]) == ("failed", 100, 400)


def test_apimart_has_neither_list_nor_content(start):
    _, client = start(dialect="apimart")
    assert client.get("/videos").status_code == 404
    assert client.get(f"/videos/{TASK}/content").status_code == 404


def test_apimart_repeats_the_status_as_the_code(start):
    gateway, _ = start(dialect="apimart")
    answer = httpx.get(f"{gateway.base_url}/tasks/{TASK}", headers={"Authorization": "Bearer wrong"})
    assert answer.json()["error"]["code"] == answer.status_code == 401


# --- new-api


def test_newapi_sets_the_end_of_running_jobs(start):
    _, client = start([job(1, runs_for=9999)], dialect="newapi")
    running = shape_of(client, f"/videos/{TASK}")
    assert (running["status"], running["completed_at"]) == ("in_progress", NOW)


def test_newapi_puts_the_reason_of_a_failure_where_the_url_belongs(start):
    _, client = start([failed(1), job(2)], dialect="newapi")
    assert "moderation" in shape_of(client, f"/videos/{TASK}")["metadata"]["url"]
    assert shape_of(client, f"/videos/{job(2).id}")["metadata"]["url"].startswith("http://127.0.0.1")


def test_newapi_answers_400_for_a_task_it_does_not_know(start):
    _, client = start(dialect="newapi")
    answer = client.get("/videos/task_nope")
    assert (answer.status_code, answer.json()["code"]) == (400, "task_not_exist")


def test_newapi_has_older_routes_with_capitals_and_row_numbers(start):
    _, client = start(dialect="newapi-legacy")
    wrapped = shape_of(client, f"/video/generations/{TASK}")
    assert wrapped["code"] == "success"
    task = wrapped["data"]
    assert (task["status"], task["progress"], task["task_id"]) == ("SUCCESS", "100%", TASK)
    assert isinstance(task["id"], int)
    assert task["properties"]["input"] == "Clip 1"


# --- proxies and self-hosted servers


def test_litellm_lists_for_a_named_provider_only(start):
    _, client = start(dialect="litellm")
    assert client.get("/videos").json()["error"]["code"] == "400"
    assert client.get("/videos", params={"custom_llm_provider": "openai"}).status_code == 200


def test_litellm_tells_the_prompt_in_lists_only(start):
    _, client = start(dialect="litellm")
    listed = client.get("/videos", params={"custom_llm_provider": "openai"}).json()["data"][0]
    assert listed["prompt"] == "Clip 1"
    assert "prompt" not in shape_of(client, f"/videos/{listed['id']}")


def test_litellm_cites_the_raw_id_of_a_source(start):
    _, client = start([job(1, remixed_from="video_raw")], dialect="litellm")
    assert shape_of(client, f"/videos/{RAW}")["remixed_from_video_id"] == "video_raw"


def test_litellm_does_not_delete(start):
    _, client = start(dialect="litellm")
    assert client.delete(f"/videos/{RAW}").status_code == 405


def test_vllm_omni_words_the_same_failure_in_two_ways(start):
    _, client = start([failed(1)], dialect="vllm-omni")
    answer = client.get(f"/videos/{RAW}")
    assert (answer.status_code, answer.json()["error"]["code"]) == (500, 500)
    assert client.get("/videos").json()["data"][0]["error"]["code"] == "RuntimeError"


def test_azure_takes_the_key_in_a_header_of_its_own(start):
    gateway, client = start(dialect="azure")
    assert client.get("/videos").status_code == 200
    assert httpx.get(f"{gateway.base_url}/videos", headers={"Authorization": "Bearer demo-key"}).status_code == 401


def test_telefuser_makes_up_the_time_of_creation(start, clock: Clock):
    _, client = start(dialect="telefuser")
    first = shape_of(client, f"/videos/{RAW}")["created_at"]
    clock.advance(5)
    assert shape_of(client, f"/videos/{RAW}")["created_at"] == first + 5


def test_tensorrt_has_a_duration_and_a_text_for_an_error(start):
    _, client = start([failed(1)], dialect="tensorrt-llm")
    video = shape_of(client, f"/videos/{RAW}")
    assert (video["duration"], "seconds" in video, type(video["error"])) == (4.0, False, str)


def test_bifrost_lists_for_a_named_provider_and_adds_it_to_the_id(start):
    _, client = start(dialect="bifrost")
    assert client.get("/videos").json()["is_bifrost_error"] is True
    video = client.get("/videos", params={"provider": "openai"}).json()["data"][0]
    assert video["id"] == f"{RAW}:openai"
    assert shape_of(client, f"/videos/{video['id']}")["videos"][0]["content_type"] == "video/mp4"


# --- hosted gateways


def test_xai_gives_the_id_on_the_receipt_only(start, clock: Clock):
    _, client = start([], dialect="xai")
    receipt = client.post("/videos/generations", json={"prompt": "p"}).json()
    assert set(receipt) == {"request_id"}
    clock.advance(60)
    done = shape_of(client, f"/videos/{receipt['request_id']}")
    assert (done["status"], "id" in done, done["usage"]["cost_in_usd_ticks"]) == ("done", False, 4_000_000_000)


def test_most_families_do_not_say_when_to_ask_again(start):
    _, client = start([job(1, runs_for=9999)], dialect="together")
    assert "openai-poll-after-ms" not in client.get(f"/videos/{RAW}").headers


def test_openrouter_accepts_a_job_and_hides_its_output_behind_the_key(start):
    _, client = start(dialect="openrouter")
    assert client.post("/videos", json={"prompt": "p"}).status_code == 202
    done = shape_of(client, f"/videos/{RAW}")
    assert done["polling_url"] == f"/v1/videos/{RAW}"
    [url] = done["unsigned_urls"]
    assert (client.get(url).status_code, httpx.get(url).status_code) == (200, 401)


def test_together_and_lumenfall_put_outputs_and_costs_in_places_of_their_own(start):
    _, together = start(dialect="together")
    assert set(shape_of(together, f"/videos/{RAW}")["outputs"]) == {"cost", "video_url"}
    _, lumenfall = start(dialect="lumenfall")
    video = shape_of(lumenfall, f"/videos/{RAW}")
    assert (video["metadata"]["cost_estimate"], set(video["output"])) == (0.4, {"url", "content_type"})


def test_evolink_fails_without_a_word(start):
    _, client = start([failed(1)], dialect="evolink")
    task = shape_of(client, f"/tasks/{TASK}")
    assert (task["status"], "error" in task) == ("failed", False)


# --- all of them

JOBS = [job(1), failed(2), job(3, runs_for=9999), job(4, queues_for=9999)]
VAGUE_ABOUT_TIME = ("openrouter", "telefuser", "xai")
SILENT_ABOUT_FAILURES = ("evolink",)
EXPECTED = {1: "completed", 2: "failed", 3: "in_progress", 4: "queued"}


@pytest.mark.parametrize("name", sorted(DIALECTS))
def test_every_retrieved_job_is_read_by_our_parser(start, name: str):
    gateway, client = start(JOBS, dialect=name)
    row = gateway.dialect
    for number, status in EXPECTED.items():
        shown_id = row.write_id(job(number).id, "retrieved")
        answer = client.get(row.retrieve_path.replace("{id}", shown_id))
        [video] = parse_videos(answer.json(), asked_id=shown_id, http_status=answer.status_code).videos
        assert video.status == ("queued" if (name, status) == ("xai", "in_progress") else status)
        assert row.read_id(video.remote_id) == job(number).id
        if name not in VAGUE_ABOUT_TIME:
            assert video.created_at.timestamp() == job(number).created_at
        if name not in SILENT_ABOUT_FAILURES:
            assert bool(video.error_message) == (status == "failed")


@pytest.mark.parametrize("name", sorted(name for name, row in DIALECTS.items() if row.list_path))
def test_every_list_is_read_by_our_parser(start, name: str):
    gateway, client = start(JOBS, dialect=name)
    answer = client.get("/videos", params=dict.fromkeys(gateway.dialect.list_needs, "openai"))
    videos = parse_videos(answer.json()).videos
    assert [gateway.dialect.read_id(video.remote_id) for video in videos] == [each.id for each in JOBS]
    wanted = list(EXPECTED.values()) if gateway.dialect.lists_status else ["unknown"] * 4
    assert [video.status for video in videos] == wanted


@pytest.mark.parametrize("name", sorted(DIALECTS))
def test_every_family_makes_a_job_that_can_be_retrieved(start, name: str):
    gateway, client = start([], dialect=name)
    row = gateway.dialect
    body = {"json": {"prompt": "A fox"}} if "application/json" in row.accepts else {"files": FORM}
    made = client.post(row.create_path, **body)
    [video] = parse_videos(made.json()).videos
    assert client.get(row.retrieve_path.replace("{id}", video.remote_id)).status_code == 200


@pytest.mark.parametrize("name", sorted(DIALECTS))
def test_an_unknown_job_holds_no_video_in_any_family(start, name: str):
    gateway, client = start([], dialect=name)
    answer = client.get(gateway.dialect.retrieve_path.replace("{id}", "video_nope"))
    assert answer.status_code in (400, 404)
    assert parse_videos(answer.json(), asked_id="video_nope", http_status=answer.status_code).videos == []


def test_no_family_sends_a_signature_into_the_list_of_another(start):
    _, client = start(JOBS)
    assert not re.search("Signature|Expires", json.dumps(client.get("/videos").json()))
