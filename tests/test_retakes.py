"""Takes sent again by what is known of them, where no request is kept; what can be changed; what `request` prints."""

from __future__ import annotations

import json
from contextlib import closing
from typing import TYPE_CHECKING, Any

import pytest
from click.testing import CliRunner

from catalog import Catalog, CatalogError, NotFound, store
from catalog.cli.main import cli
from catalog.demo.gateway import Gateway
from catalog.demo.gateway.dialects import DIALECTS
from catalog.library import open_library
from catalog.records import Link, Video
from catalog.wire import scripts
from catalog.wire.alterations import MAX_SEED, alter
from catalog.wire.dialects import find_dialect
from catalog.wire.retakes import Server, make_draft
from tests.house import job
from tests.retakes import run_python, run_shell

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from click.testing import Result

    from catalog.wire.drafts import RequestDraft

KEY, KEY_ENV = "gateway-key", "STUDIO_KEY"


def take(**fields: Any) -> Video:
    known = {"prompt": "a fox", "model": "sora-2", "seconds": 8.0, "width": 1280, "height": 720, "status": "completed"}
    return Video("studio", "video_1", **known | fields)


def link(relation: str, parent: str, origin: str = "api") -> Link:
    return Link("studio:video_1", parent, relation, origin)


def draft(video: Video, dialect: str = "openai", **more: Any) -> RequestDraft:
    server = Server(find_dialect(dialect), "https://gateway.example.com/v1", KEY_ENV)
    return make_draft(video, server, more.pop("line", None), **more)


# From the fields of a video


def test_a_take_is_asked_for_as_the_reference_format_does() -> None:
    made = draft(take(seed="7", parameters={"guidance_scale": 4.5}, metadata={"shot": "3"}), negative_prompt="rain")
    assert made.body == {
        "prompt": "a fox",
        "model": "sora-2",
        "seconds": "8",
        "size": "1280x720",
        "negative_prompt": "rain",
        "seed": 7,
        "metadata": {"shot": "3"},
        "guidance_scale": 4.5,
    }
    assert (made.method, made.path, made.verb, made.findings) == ("POST", "/videos", "create", ())
    assert made.notes == ("no request of this video is kept: this is written from what is known of the video",)


@pytest.mark.parametrize(
    ("dialect", "path", "length", "is_form"),
    [
        ("apimart", "/videos/generations", {"duration": 8}, False),
        ("fourall", "/videos", {"seconds": "8"}, True),
        ("vllm-omni", "/videos", {"seconds": "8"}, True),
        ("newapi-legacy", "/video/generations", {"seconds": "8"}, False),
    ],
)
def test_each_dialect_has_its_own_path_and_form(dialect: str, path: str, length: dict[str, Any], is_form: bool) -> None:
    made = draft(take(), dialect)
    assert (made.path, made.is_form) == (path, is_form)
    assert made.body.items() >= length.items()
    command = scripts.as_curl(made)
    assert ("--form-string" in command) == is_form == ("Content-Type" not in command)


def test_a_provider_with_a_layout_of_its_own_is_named() -> None:
    assert [finding.code for finding in draft(take(), "kling").findings] == ["layout_unknown"]


def test_the_key_goes_in_the_header_of_the_dialect() -> None:
    made = draft(take(), "azure")
    assert f'-H "api-key: ${KEY_ENV}"' in scripts.as_curl(made)
    assert f"""default_headers={{'api-key': os.environ["{KEY_ENV}"]}}""" in scripts.as_sdk(made)
    made = draft(take(), "runway")
    assert "-H 'X-Runway-Version: 2024-11-06'" in scripts.as_curl(made)


def test_a_source_without_a_key_gets_none() -> None:
    made = make_draft(take(), Server(find_dialect("openai"), "http://127.0.0.1:8000/v1", None), None)
    assert "-H 'Content-Type" in scripts.as_curl(made)
    assert "Authorization" not in scripts.as_curl(made)
    assert 'api_key="none"' in scripts.as_sdk(made)


@pytest.mark.parametrize(
    ("relation", "path", "body"),
    [
        ("remix", "/videos/video_0/remix", {"prompt": "a fox"}),
        ("edit", "/videos/edits", {"prompt": "a fox", "video": {"id": "video_0"}}),
        ("extension", "/videos/extensions", {"prompt": "a fox", "video": {"id": "video_0"}, "seconds": "4"}),
    ],
)
def test_what_was_made_from_another_take_names_it(relation: str, path: str, body: dict[str, Any]) -> None:
    parent = Video("studio", "video_0", seconds=4.0)
    made = draft(take(links=(link(relation, "studio:video_0"),)), parent=parent)
    assert (made.path, made.body, made.findings) == (path, body, ())


def test_how_much_an_extension_added_is_asked_for_where_it_is_not_known() -> None:
    made = draft(take(links=(link("extension", "studio:video_0"),)))
    assert [(finding.code, finding.field) for finding in made.errors] == [("seconds_unknown_here", "seconds")]
    assert alter(made, None, {"seconds": 4}).errors == ()


def test_credentials_alone_make_no_parent_and_another_server_does_not_know_it() -> None:
    assert draft(take(links=(link("edit", "studio:video_0", "c2pa"),))).verb == "create"
    made = draft(take(links=(link("remix", "elsewhere:video_0"),)))
    assert [finding.code for finding in made.errors] == ["parent_elsewhere"]


def test_characters_and_pictures_are_named_as_far_as_they_are_known() -> None:
    links = (
        link("character", "studio:char_1", "request"),
        link("reference", "studio:https://x.example/fox.png", "request"),
    )
    made = draft(take(links=links))
    assert made.body["characters"] == ({"id": "char_1"},)
    assert made.body["input_reference"] == {"image_url": "https://x.example/fox.png"}
    assert "https://x.example/fox.png is kept without its signature" in made.notes[-1]
    made = draft(take(links=(link("reference", "studio:file-123"), link("reference", "studio:fox.png"))))
    assert made.body["reference_images"] == ({"file_id": "file-123"}, "fox.png")
    assert [finding.code for finding in made.errors] == ["file_missing"]


def test_a_take_without_a_prompt_cannot_be_sent() -> None:
    made = draft(take(prompt=None))
    assert [finding.code for finding in made.errors] == ["prompt_missing"]
    assert alter(made, "new", {}).errors == made.errors
    assert alter(made, None, {"prompt": "a hare"}).errors == ()


# From a request that is kept


def test_what_is_not_kept_of_a_request_is_an_error() -> None:
    body = {
        "prompt": "a fox [removed]",
        "image": "[removed]",
        "api_key": "[removed]",
        "input_reference": {"image_url": "[removed]"},
    }
    made = draft(take(), line={"method": "POST", "url": "/v1/videos", "body": body})
    assert [(finding.field, finding.severity) for finding in made.findings] == [
        ("input_reference", "error"),
        ("prompt", "warning"),
        ("image", "error"),
    ]
    assert "api_key" not in made.body


def test_a_seed_that_the_server_chose_is_added_and_told() -> None:
    body = {"model": "wan", "input": {"prompt": "a fox"}, "parameters": {"size": "1280*720"}}
    line = {"method": "POST", "url": "/v1/videos", "body": body}
    made = draft(take(seed="18446744073709551615"), "dashscope", line=line)
    assert made.body["parameters"] == {"size": "1280*720", "seed": MAX_SEED}
    assert "seed_added" in [finding.code for finding in made.findings]
    asked = draft(take(seed="5"), line=line | {"body": {"prompt": "a fox", "seed": "5"}})
    assert (asked.body["seed"], asked.findings) == ("5", ())


def test_a_cut_prompt_is_an_error() -> None:
    line = {"method": "POST", "url": "/v1/videos", "body": {"prompt": "a fox"}}
    assert [finding.code for finding in draft(take(), line=line, cuts=("body.prompt",)).errors] == ["text_cut"]


def test_without_a_known_dialect_the_path_is_that_of_the_request() -> None:
    server = Server(find_dialect("openai"), "https://api.openai.com/v1", "OPENAI_API_KEY", False, False)
    for url, path in (
        ("https://x.example/openai/v1/video/generations?a=b", "/video/generations"),
        ("/v1/videos/a%2Fb/remix", "/videos/a%2Fb/remix"),
        ("/videos", "/videos"),
    ):
        line = {"method": "POST", "url": url, "body": {"prompt": "a fox"}}
        assert make_draft(take(), server, line).path == path


def test_what_no_shell_can_say_is_sent_as_json_and_refused_in_a_form() -> None:
    body = {"prompt": "a \ud83e fox\0", "seconds": "8"}
    line = {"method": "POST", "url": "/v1/videos", "body": body}
    made = draft(take(), line=line)
    assert made.errors == ()
    assert '"a \\ud83e fox\\u0000"' in scripts.as_curl(made)
    scripts.as_curl(made).encode()
    form = draft(take(), "fourall", line=line)
    assert [finding.code for finding in form.errors] == ["form_text"]
    assert "prompt=a ? fox\ufffd" in scripts.as_curl(form)


def test_files_and_ids_stand_side_by_side() -> None:
    body = {"prompt": "a fox", "reference_images": ["fox.png", {"file_id": "file-1"}]}
    made = draft(take(), line={"method": "POST", "url": "/v1/videos", "body": body})
    assert """-F 'reference_images[]=@"fox.png";filename="fox.png"'""" in scripts.as_curl(made)
    assert "--form-string 'reference_images[][file_id]=file-1'" in scripts.as_curl(made)
    assert "'reference_images': [{'file_id': 'file-1'}]" in scripts.as_sdk(made)
    assert "('reference_images[]', ('fox.png', Path('fox.png').read_bytes()))" in scripts.as_sdk(made)
    refused = draft(take(), "apimart", line={"method": "POST", "url": "/v1/videos", "body": body})
    assert [finding.code for finding in refused.errors] == ["file_missing", "upload_unknown"]


# Changes


def test_a_parameter_keeps_its_form() -> None:
    made = draft(take(seed="7"))
    assert alter(made, None, {"seconds": 12}).body["seconds"] == "12"
    assert alter(made, None, {"duration": 12}).body["seconds"] == "12"
    assert alter(made, MAX_SEED, {}).body["seed"] == MAX_SEED
    assert alter(made, None, {"metadata.shot": "4"}).body["metadata"] == {"shot": "4"}
    assert "size" not in alter(made, None, {"size": None}).body
    assert alter(draft(take(), "apimart"), None, {"seconds": 5}).body["duration"] == 5
    assert alter(draft(take(seconds=None)), None, {"seconds": 4}).body["seconds"] == "4"
    assert alter(made, None, {"flow_shift": 2.5}).body["flow_shift"] == 2.5


def test_a_new_seed_is_drawn() -> None:
    seeds = {alter(draft(take()), "new", {}).body["seed"] for _ in range(8)}
    assert len(seeds) > 1
    assert all(0 <= seed < 2**31 for seed in seeds)


@pytest.mark.parametrize("seed", [-1, MAX_SEED + 1, "new ", "", "1.5", "٣", True, 1.5])
def test_what_is_no_seed_is_refused(seed: Any) -> None:
    with pytest.raises(CatalogError, match=r"^a seed is a whole number from 0 to 18446744073709551615, or new"):
        alter(draft(take()), seed, {})


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"seconds": [4]}, "a length is a number"),
        ({"prompt": " "}, "the prompt is empty"),
        ({"prompt": None}, "a prompt is required"),
        ({"characters": 5}, "characters are a list"),
        ({"metadata": {"a": 1}}, "a value is text"),
        ({"secnds": 4}, "did you mean seconds"),
    ],
)
def test_a_change_that_no_server_takes_is_refused(changes: dict[str, Any], message: str) -> None:
    with pytest.raises(CatalogError, match=message):
        alter(draft(take()), None, changes)


def test_a_parameter_that_nobody_knows_is_a_warning() -> None:
    (finding,) = alter(draft(take()), None, {"frobnicate": 1}).findings
    assert (finding.code, finding.severity) == ("parameter_unknown", "warning")


# On a library


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    for name in ("CATALOG_CONFIG", "CATALOG_BASE_URL", "CATALOG_API_KEY", "OPENAI_BASE_URL", "OPENAI_API_KEY"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("CATALOG_DB", "catalog.db")
    monkeypatch.setenv(KEY_ENV, KEY)
    monkeypatch.chdir(tmp_path)
    return tmp_path


@pytest.fixture
def gateway(folder: Path) -> Iterator[Gateway]:
    with Gateway([], key=KEY) as gateway:
        (folder / "catalog.toml").write_text(
            f'[sources.studio]\nbase_url = "{gateway.base_url}"\nkey_env = "{KEY_ENV}"\n'
        )
        yield gateway


@pytest.fixture
def run() -> Callable[..., Result]:
    def call(*arguments: str, stdin: str = "") -> Result:
        result = CliRunner().invoke(cli, arguments, input=stdin, prog_name="catalog")
        if result.exception and not isinstance(result.exception, SystemExit):
            raise result.exception
        return result

    return call


def write_jobs(folder: Path, *jobs: dict[str, Any]) -> None:
    (folder / "jobs.json").write_text(json.dumps(jobs))
    with Catalog.open(folder / "catalog.db") as cat:
        cat.import_path(folder / "jobs.json", source="studio")


FOX = job("video_1", prompt='It\'s a "fox" for $5\nat `night`', model="sora-2", seconds="8", size="1280x720")


@pytest.mark.parametrize("form", ["curl", "sdk"])
def test_the_take_that_is_made_has_what_the_first_one_has(folder: Path, gateway: Gateway, run: Any, form: str) -> None:
    write_jobs(folder, FOX | {"metadata": {"campaign": "launch", "shot": "7"}})
    written = run("request", "video_1", "--as", form)
    assert written.exit_code == 0
    (run_shell if form == "curl" else run_python)(written.stdout)
    with Catalog.open(folder / "catalog.db") as cat:
        cat.sync()
        first = cat.get("video_1")
        (other,) = (video for video in cat.iterate("") if video.ref != first.ref)
    for name in ("prompt", "model", "seconds", "size", "metadata", "source", "seed", "parameters"):
        assert getattr(other, name) == getattr(first, name), name


@pytest.mark.parametrize("dialect", DIALECTS)
def test_every_family_of_servers_takes_the_command(folder: Path, dialect: str) -> None:
    with Gateway([], key=KEY, dialect=dialect) as gateway:
        settings = f'[sources.studio]\nbase_url = "{gateway.base_url}"\nkey_env = "{KEY_ENV}"\ndialect = "{dialect}"\n'
        (folder / "catalog.toml").write_text(settings)
        write_jobs(folder, FOX)
        with Catalog.open(folder / "catalog.db") as cat:
            command = scripts.as_curl(cat.draft_request("video_1"))
        run_shell(command)
        (made,) = gateway.jobs
    assert (made.prompt, made.model, made.seconds, made.size) == tuple(
        FOX[key] for key in ("prompt", "model", "seconds", "size")
    )


def test_the_body_is_the_answer_in_the_shell_and_in_python(folder: Path, run: Any) -> None:
    write_jobs(folder, FOX)
    printed = run("request", "video_1")
    with Catalog.open(folder / "catalog.db") as cat:
        body = cat.request("video_1")
        assert cat.request("video_1", seed=3, seconds=4, size=None) == {
            key: value for key, value in body.items() if key != "size"
        } | {"seconds": "4", "seed": 3}
        with pytest.raises(NotFound):
            cat.request("video_9")
        assert cat.validate(body) == []
    assert json.loads(printed.stdout) == body == {key: FOX[key] for key in ("prompt", "model", "seconds", "size")}
    assert "not configured: the key is the one of OPENAI_API_KEY" in printed.stderr
    whole = json.loads(run("request", "video_1", "--json", "--set", "seconds=12").stdout)
    assert (whole["path"], whole["key_env"], whole["body"]["seconds"]) == ("/videos", "OPENAI_API_KEY", "12")


def test_changes_are_read_as_json_or_as_text(folder: Path, run: Any) -> None:
    write_jobs(folder, FOX)
    line = ("--set", "seconds=4", "--set", "prompt=12", "--set", "size=null", "--set", 'characters=[{"id": "char_1"}]')
    body = json.loads(run("request", "video_1", *line, "--set", "metadata.shot=7").stdout)
    assert body == {
        "prompt": "12",
        "model": "sora-2",
        "seconds": "4",
        "characters": [{"id": "char_1"}],
        "metadata": {"shot": "7"},
    }


def test_a_file_of_ones_own_is_uploaded(folder: Path, run: Any) -> None:
    from PIL import Image

    write_jobs(folder, FOX)
    Image.new("RGB", (1280, 720)).save(folder / "fox.png")
    Image.new("RGB", (64, 64)).save(folder / "small.png")
    command = run("request", "video_1", "--as", "curl", "--set", "input_reference=@fox.png")
    assert """-F 'input_reference=@"fox.png";filename="fox.png"'""" in command.stdout
    assert run("request", "video_1", "--as", "batch", "--set", "input_reference=@fox.png").exit_code == 1
    refused = run("request", "video_1", "--set", "input_reference=@small.png")
    assert (refused.exit_code, refused.stdout) == (1, "")
    assert "64x64" in refused.stderr


@pytest.mark.parametrize(
    "line",
    [
        ("--seed", "-1"),
        ("--seed", "18446744073709551616"),
        ("--seed", ""),
        ("--set", "seconds"),
        ("--set", "=8"),
        ("--as", "python"),
        ("--json", "--as", "curl"),
    ],
)
def test_a_line_that_cannot_be_read_is_a_usage_error(folder: Path, run: Any, line: tuple[str, ...]) -> None:
    write_jobs(folder, FOX)
    assert run("request", "video_1", *line).exit_code == 2


def test_an_error_is_printed_beside_the_request_and_makes_the_status_1(folder: Path, run: Any) -> None:
    write_jobs(folder, job("video_2", model="sora-2"))
    printed = run("request", "video_2", "--as", "curl")
    assert printed.exit_code == 1
    assert printed.stdout.startswith("curl ")
    assert "Error: studio:video_2: prompt_missing: prompt: a prompt is required" in printed.stderr
    refused = run("request", "video_2", "--set", "prompt=a fox", "--set", "seconds=[]")
    assert (refused.exit_code, refused.stdout) == (1, "")


def test_a_batch_takes_many(folder: Path, run: Any) -> None:
    write_jobs(folder, FOX, FOX | {"id": "video_2"}, FOX | {"id": "video_3", "remixed_from_video_id": "video_1"})
    lines = run("request", "-", "video_1", "video_9", "--as", "batch", stdin="video_2\nvideo_3\n")
    assert lines.exit_code == 1
    requests = [json.loads(line) for line in lines.stdout.splitlines()]
    assert [line["url"] for line in requests] == ["/v1/videos", "/v1/videos/video_1/remix", "/v1/videos"]
    assert len({line["custom_id"] for line in requests}) == 3
    assert "no video 'video_9'" in lines.stderr
    (folder / "input.jsonl").write_text(lines.stdout)
    assert run("validate", "input.jsonl").exit_code == 0
    assert run("request", "video_1", "video_2").exit_code == 2
    seeds = run("request", "video_1", "video_2", "--as", "batch", "--seed", "new").stdout.splitlines()
    assert len({json.loads(line)["body"]["seed"] for line in seeds}) == 2


def test_a_batch_line_is_joined_to_the_video_that_comes_of_it(folder: Path, run: Any) -> None:
    write_jobs(folder, FOX)
    line = run("request", "video_1", "--as", "batch", "--set", "prompt=a hare").stdout
    name = json.loads(line)["custom_id"]
    answer = {"id": "batch_req_1", "custom_id": name, "error": None, "response": {"status_code": 200}}
    answer["response"]["body"] = job("video_7", model="sora-2")
    (folder / "batch").mkdir()
    (folder / "batch" / "input.jsonl").write_text(line)
    (folder / "batch" / "output.jsonl").write_text(json.dumps(answer) + "\n")
    with Catalog.open(folder / "catalog.db") as cat:
        cat.import_path(folder / "batch", source="studio")
        assert cat.get("video_7").prompt == "a hare"
        assert cat.request("video_7") == json.loads(line)["body"]


def test_what_the_library_remembers_of_a_source_counts_where_it_is_not_configured(folder: Path) -> None:
    write_jobs(folder, FOX)
    with closing(open_library(folder / "catalog.db")) as library, library.write() as connection:
        store.save_source(connection, "studio", dialect="apimart", base_url="https://gateway.example.com/v1")
    with Catalog.open(folder / "catalog.db") as cat:
        made = cat.draft_request("video_1")
    assert (made.path, made.dialect, made.base_url) == (
        "/videos/generations",
        "apimart",
        "https://gateway.example.com/v1",
    )
    assert '"${OPENAI_BASE_URL:-https://gateway.example.com/v1}/videos/generations"' in scripts.as_curl(made)
