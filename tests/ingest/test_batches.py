"""Files of the Batch API: prompts from the input, results from the output, joined by `custom_id`."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from tests.ingest.conftest import job, reasons

if TYPE_CHECKING:
    from pathlib import Path

    from tests.ingest.conftest import Bench


def asked(custom_id: str, url: str = "/v1/videos", **body: Any) -> dict[str, Any]:
    return {"custom_id": custom_id, "method": "POST", "url": url, "body": {"prompt": f"prompt of {custom_id}", **body}}


def answered(custom_id: str, remote_id: str, **fields: Any) -> dict[str, Any]:
    response = {"status_code": 200, "request_id": "req_1", "body": job(remote_id, **fields)}
    return {"id": "batch_req_1", "custom_id": custom_id, "response": response, "error": None}


def test_prompts_come_from_the_input_and_results_from_the_output(bench: Bench):
    first = bench.put_lines("a-input.jsonl", asked("shot-1", model="sora-2"), asked("shot-2"))
    second = bench.put_lines("b-output.jsonl", answered("shot-2", "v2"), answered("shot-1", "v1", seconds="8"))
    report = bench.take_in(second, first)
    assert [(file.form, file.added, file.changed) for file in report.files] == [("batch", 2, 0), ("batch", 0, 2)]
    assert bench.rows("SELECT remote_id, prompt, seconds, batch_custom_id FROM videos ORDER BY remote_id") == [
        ("v1", "prompt of shot-1", 8.0, "shot-1"),
        ("v2", "prompt of shot-2", None, "shot-2"),
    ]


def test_the_order_of_the_files_does_not_matter(bench: Bench):
    first = bench.put_lines("input.jsonl", asked("shot-1"))
    second = bench.put_lines("output.jsonl", answered("shot-1", "v1"))
    bench.take_in(first, second)
    assert bench.column("prompt", "v1") == "prompt of shot-1"


def test_both_lines_are_kept_as_observations_of_the_channel_batch(bench: Bench):
    bench.put_lines("both.jsonl", asked("shot-1"), answered("shot-1", "v1"))
    bench.take_in()
    assert bench.rows("SELECT channel, payload ->> 'custom_id' FROM observations") == [("batch", "shot-1")] * 2


def test_importing_a_batch_again_adds_nothing(bench: Bench):
    bench.put_lines("both.jsonl", asked("shot-1"), answered("shot-1", "v1"))
    bench.take_in()
    report = bench.take_in()
    assert (report.added, report.changed, report.unchanged) == (0, 0, 2)


def test_a_request_without_its_answer_waits(bench: Bench):
    bench.put_lines("input.jsonl", asked("shot-1"), asked("shot-2"))
    bench.put_lines("output.jsonl", answered("shot-1", "v1"))
    report = bench.take_in()
    assert (report.waiting, report.refusals) == (1, 0)
    assert bench.ids() == ["v1"]


def test_a_request_finds_the_video_of_an_earlier_import(bench: Bench):
    bench.take_in(bench.put_lines("output.jsonl", answered("shot-1", "v1")))
    file = bench.take_one(bench.put_lines("input.jsonl", asked("shot-1")))
    assert (file.changed, file.waiting) == (1, 0)
    assert bench.column("prompt", "v1") == "prompt of shot-1"


def test_a_request_does_not_take_a_video_that_has_another_prompt(bench: Bench):
    bench.take_in(bench.put_lines("output.jsonl", answered("shot-1", "v1", prompt="another")))
    assert bench.take_one(bench.put_lines("input.jsonl", asked("shot-1"))).waiting == 1


def test_a_request_that_failed_is_reported_and_waits_for_nothing(bench: Bench):
    bench.put_lines("input.jsonl", asked("shot-1"))
    error = {"code": "batch_expired", "message": "This request could not be executed."}
    bench.put_lines("errors.jsonl", {"id": "b", "custom_id": "shot-1", "response": None, "error": error})
    report = bench.take_in()
    assert report.waiting == 0
    assert reasons(report.files[0]) == [
        (1, "no job came of the request shot-1: batch_expired: This request could not be executed.")
    ]


def test_the_links_of_a_request_are_kept(bench: Bench):
    line = asked("shot-1", url="/v1/videos/extensions", video={"id": "v0"}, characters=[{"id": "char_1"}])
    bench.put_lines("both.jsonl", line, answered("shot-1", "v1"))
    bench.take_in()
    query = "SELECT relation, parent_remote_id, origin FROM links ORDER BY id"
    assert bench.rows(query) == [("extension", "v0", "request"), ("character", "char_1", "request")]


def test_batches_that_number_their_requests_alike_are_told_apart_by_their_names(bench: Bench):
    for name, remote_id in (("spring", "v1"), ("autumn", "v2")):
        bench.put_lines(f"{name}-input.jsonl", asked("1", prompt=name))
        bench.put_lines(f"{name}_output.jsonl", answered("1", remote_id))
    assert bench.take_in().refusals == 0
    assert (bench.column("prompt", "v1"), bench.column("prompt", "v2")) == ("spring", "autumn")


def test_batches_that_number_their_requests_alike_are_told_apart_by_their_folders(bench: Bench):
    for name, remote_id in (("spring", "v1"), ("autumn", "v2")):
        bench.put_lines(f"{name}/file-{name}-a.jsonl", asked("1", prompt=name))
        bench.put_lines(f"{name}/file-{name}-b.jsonl", answered("1", remote_id))
    assert bench.take_in().refusals == 0
    assert (bench.column("prompt", "v1"), bench.column("prompt", "v2")) == ("spring", "autumn")


def test_a_request_is_not_guessed_among_several(bench: Bench):
    bench.put_lines("x.jsonl", asked("1", prompt="x"))
    bench.put_lines("y.jsonl", asked("1", prompt="y"))
    bench.put_lines("z.jsonl", answered("1", "v1"))
    report = bench.take_in()
    assert bench.column("prompt", "v1") is None
    assert "asked for in several files (x.jsonl, y.jsonl)" in report.files[2].refused[0].reason


def test_a_request_does_not_take_the_video_of_another_request_of_its_name(bench: Bench):
    for name in ("spring", "autumn"):
        bench.put_lines(f"{name}/input.jsonl", asked("1", prompt=name))
    bench.put_lines("spring/output.jsonl", answered("1", "v1"))
    report = bench.take_in()
    assert (report.waiting, bench.column("prompt", "v1")) == (1, "spring")
    assert bench.rows("SELECT count(*) FROM observations") == [(2,)]


def test_a_request_is_not_joined_to_one_of_several_videos_of_its_name(bench: Bench):
    bench.take_in(bench.put_lines("output.jsonl", answered("1", "v1"), answered("1", "v2")))
    assert bench.take_one(bench.put_lines("input.jsonl", asked("1"))).waiting == 1


def test_the_same_input_saved_twice_finds_the_video_of_an_earlier_import(bench: Bench):
    bench.take_in(bench.put_lines("output.jsonl", answered("1", "v1")))
    files = [bench.put_lines(name, asked("1")) for name in ("input.jsonl", "copy of input.jsonl")]
    assert bench.take_in(*files).waiting == 0
    assert bench.column("prompt", "v1") == "prompt of 1"


def test_an_input_that_was_run_twice_gives_its_prompt_to_both_videos(bench: Bench):
    bench.put_lines("input.jsonl", asked("1"))
    bench.put_lines("output.jsonl", answered("1", "v1"), answered("1", "v2"))
    bench.take_in()
    assert [bench.column("prompt", name) for name in ("v1", "v2")] == ["prompt of 1"] * 2


def test_a_json_list_of_batch_lines_is_no_list_of_jobs(bench: Bench):
    bench.put("output.json", [answered("1", "v1"), answered("2", "v2")])
    bench.take_in()
    assert bench.ids() == ["v1", "v2"]


def test_the_reference_files_join(bench: Bench, shared: Path):
    folder = shared / "payloads"
    report = bench.take_in(folder / "openai-batch-input-line.json", folder / "openai-batch-output-line.json")
    assert (report.added, report.refusals, report.waiting) == (1, 0, 0)
    assert bench.rows("SELECT batch_custom_id, model FROM videos") == [("shot-001", "sora-2-pro")]
