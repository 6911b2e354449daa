"""`validate`: requests in files, judged."""

from __future__ import annotations

import json

import pytest

GOOD = {"prompt": "A neon street", "model": "sora-2", "seconds": "8", "size": "1280x720"}


def line(custom_id, body, url="/v1/videos"):
    return json.dumps({"custom_id": custom_id, "method": "POST", "url": url, "body": body})


def test_a_good_request_is_told_so_with_status_0(run, tmp_path):
    (tmp_path / "request.json").write_text(json.dumps(GOOD))
    result = run("validate", "request.json")
    assert result.exit_code == 0
    assert result.stdout == "1 request: 0 errors, 0 warnings\n"
    assert not result.stderr


def test_an_error_is_told_with_its_code_and_field_and_makes_the_status_1(run, tmp_path):
    (tmp_path / "request.json").write_text(json.dumps({"model": "sora-2"}))
    result = run("validate", "request.json")
    assert result.exit_code == 1
    assert result.stdout.startswith("request.json: error prompt_missing: prompt: a prompt is required\n")
    assert result.stderr == "Error: 1 of 1 request cannot be sent as written\n"


def test_warnings_alone_leave_the_status_at_0(run):
    result = run("validate", "-", stdin=json.dumps(GOOD | {"seconds": "9"}))
    assert result.exit_code == 0
    assert "-: warning seconds_unknown: seconds: " in result.stdout
    assert result.stdout.endswith("1 request: 0 errors, 1 warning\n")


def test_the_requests_of_a_list_have_numbers(run):
    result = run("validate", "-", stdin=json.dumps([GOOD, {"prompt": 5}, GOOD]))
    assert result.exit_code == 1
    assert result.stdout.startswith("-:2: error prompt_type: ")


def test_the_requests_of_lines_have_their_lines(run, tmp_path):
    (tmp_path / "requests.jsonl").write_text(f"{json.dumps(GOOD)}\n\nnot JSON\n{json.dumps({'prompt': ''})}\n")
    result = run("validate", "requests.jsonl")
    assert "requests.jsonl:3: error not_json: not JSON: " in result.stdout
    assert "requests.jsonl:4: error prompt_missing: " in result.stdout
    assert result.stderr == "Error: 2 of 3 requests cannot be sent as written\n"


def test_the_lines_of_a_batch_are_judged_by_what_their_urls_ask_for(ask, run, tmp_path):
    lines = [
        line("one", GOOD),
        line("two", {"prompt": "Go on", "video": {"id": "video_1"}}, "/v1/videos/edits"),
        line("three", {"prompt": "Go on"}, "/v1/videos/edits"),
        line("four", GOOD, "/v1/chat/completions"),
        line("five", "no body"),
    ]
    (tmp_path / "batch.jsonl").write_text("\n".join(lines))
    result = run("validate", "batch.jsonl", "--json")
    assert result.exit_code == 1
    told = json.loads(result.stdout)
    assert (told["requests"], told["errors"], told["dialect"]) == (5, 3, "openai")
    assert [(found["place"], found["custom_id"], found["code"]) for found in told["findings"]] == [
        (3, "three", "video_missing"),
        (4, "four", "url_unknown"),
        (5, "five", "request_type"),
    ]
    assert set(told["findings"][0]) == {"place", "custom_id", "code", "field", "message", "severity"}


def test_another_dialect_knows_other_lengths(run):
    request = json.dumps({"prompt": "A street", "seconds": 37})
    assert "seconds_unknown" in run("validate", "-", stdin=request).stdout
    assert "seconds_unknown" not in run("validate", "-", "--dialect", "unified", stdin=request).stdout


def test_a_source_tells_its_dialect(ask, run, tmp_path):
    (tmp_path / "catalog.toml").write_text(
        '[sources.studio]\nbase_url = "http://127.0.0.1/v1"\ndialect = "Unified"\n[sources.other]\nbase_url = "http://h/v1"\n'
    )
    assert ask("validate", "-", "--source", "studio", stdin=json.dumps(GOOD))["dialect"] == "unified"
    result = run("validate", "-", "--source", "nobody", stdin=json.dumps(GOOD))
    assert (result.exit_code, result.stderr) == (
        1,
        f"Error: no source 'nobody' is configured: use one of studio, other, or add it to {tmp_path}/catalog.toml\n",
    )
    assert run("validate", "-", "--source", "studio", "--dialect", "azure").exit_code == 2


def test_an_unknown_dialect_is_one_line(run):
    result = run("validate", "-", "--dialect", "opnai", stdin=json.dumps(GOOD))
    assert result.exit_code == 1
    assert "did you mean 'openai'?" in result.stderr


def test_a_missing_file_is_one_line(run):
    result = run("validate", "nothing.json")
    assert result.exit_code == 1
    assert result.stderr == "Error: cannot read nothing.json: No such file or directory\n"


@pytest.mark.parametrize("text", ["", "[" * 5000, '{"prompt": "a", "prompt": "b"}', "\xff", "null", "3"])
def test_what_is_no_request_is_an_error_and_no_crash(run, text):
    result = run("validate", "-", stdin=text.encode("latin-1"))
    assert result.exit_code == 1
    assert "error" in result.stdout


def test_no_library_is_needed_and_none_is_made(run, tmp_path):
    run("validate", "-", stdin=json.dumps(GOOD))
    assert not (tmp_path / "catalog.db").exists()
