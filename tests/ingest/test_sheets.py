"""Tables: headers that are fields, headers that are mapped, headers that are neither."""

from __future__ import annotations

import csv
import json
from typing import TYPE_CHECKING

import pytest

from catalog.errors import ConfigError
from tests.ingest.conftest import reasons

if TYPE_CHECKING:
    from tests.ingest.conftest import Bench


def test_headers_that_are_fields_work_by_themselves(bench: Bench):
    bench.put(
        "jobs.csv",
        "remote_id,status,model,prompt,seconds,size,created_at,error_code,error_message,remixed_from_id,cost_usd\n"
        'v1,SUCCESS,sora-2,"rain, and ""fog""",5.06,1280x720,2026-04-15T10:00:00Z,,,v0,0.40\n'
        "v2,failed,sora-2,,auto,480p,1790000000,moderation_blocked,no,,\n",
    )
    file = bench.take_one()
    assert (file.form, file.added, file.refusals) == ("csv", 2, 0)
    query = (
        "SELECT status, prompt, seconds, width, size_text, created_at, error_code, remixed_from_id, cost_usd "
        "FROM videos ORDER BY remote_id"
    )
    assert bench.rows(query) == [
        ("completed", 'rain, and "fog"', 5.06, 1280, None, "2026-04-15T10:00:00.000Z", None, "v0", 0.4),
        ("failed", None, None, None, "480p", "2026-09-21T14:13:20.000Z", "moderation_blocked", None, None),
    ]


def test_other_headers_are_mapped(bench: Bench):
    bench.put("jobs.csv", "Job,Prompt text,Client,Note\nv1,rain,acme,x\n")
    columns = {"Job": "remote_id", "Prompt text": "prompt", "Client": "metadata.client", "Note": ""}
    assert bench.take_one(columns=columns).added == 1
    assert bench.column("prompt", "v1") == "rain"
    assert bench.rows("SELECT key, value FROM tags") == [("client", "acme")]


@pytest.mark.parametrize("is_extra_first", [True, False])
def test_columns_outrank_the_same_keys_of_extra_in_any_order(bench: Bench, is_extra_first: bool):
    extra = json.dumps({"error": "gone", "metadata": {"client": "old", "take": "3"}, "model": "old", "note": "kept"})
    row = {"id": "v1", "model": "sora-2", "error_message": "no", "metadata.client": "acme", "metadata": '{"shot": "1"}'}
    row = {"extra": extra, **row} if is_extra_first else {**row, "extra": extra}
    with (bench.folder / "jobs.csv").open("w", newline="") as file:
        csv.writer(file).writerows([row.keys(), row.values()])
    assert bench.take_one().added == 1
    assert bench.rows("SELECT model, error_message, extra FROM videos") == [("sora-2", "no", '{"note":"kept"}')]
    assert bench.rows("SELECT key, value FROM tags ORDER BY key") == [("client", "acme"), ("shot", "1"), ("take", "3")]


def test_an_unknown_column_is_named_with_a_suggestion(bench: Bench):
    bench.put("jobs.csv", "id,Promt\nv1,rain\n")
    ((place, reason),) = reasons(bench.take_one())
    assert place is None
    assert reason.startswith("column 'Promt' is not a field of a video (did you mean prompt?): map it with")
    assert '--column "Promt="' in reason


def test_a_map_to_no_field_is_an_error_of_the_user(bench: Bench):
    with pytest.raises(ConfigError, match="did you mean prompt"):
        bench.take_in(columns={"Text": "promt"})


def test_a_row_without_an_id_is_refused_with_its_line(bench: Bench):
    bench.put("jobs.csv", 'id,prompt\nv1,"two\nlines"\n,rain\n\nv2,fog\n')
    file = bench.take_one()
    assert (file.added, reasons(file)) == (2, [(4, "the row has no id")])


def test_a_table_without_an_id_is_refused(bench: Bench):
    bench.put("jobs.csv", "prompt,model\nrain,sora-2\n")
    assert "no column has the id" in bench.take_one().refused[0].reason


def test_two_columns_for_one_field_are_refused(bench: Bench):
    bench.put("jobs.csv", "id,remote_id\nv1,v2\n")
    assert "two columns go to remote_id" in bench.take_one().refused[0].reason


@pytest.mark.parametrize("separator", [";", "\t"])
def test_other_separators_are_seen(bench: Bench, separator: str):
    bench.put("jobs.csv", f"id{separator}prompt\nv1{separator}rain, fog\n")
    bench.take_in()
    assert bench.column("prompt", "v1") == "rain, fog"


@pytest.mark.parametrize("encoding", ["utf-8-sig", "utf-16"])
def test_tables_of_spreadsheet_programs_are_read(bench: Bench, encoding: str):
    bench.put("jobs.csv", "id,prompt\nv1,東京\n".encode(encoding))
    bench.take_in()
    assert bench.column("prompt", "v1") == "東京"


def test_a_row_that_is_not_utf_8_is_refused_alone(bench: Bench):
    bench.put("jobs.csv", b"id,prompt\nv1,caf\xe9\nv2,rain\n")
    file = bench.take_one()
    assert (file.added, reasons(file)) == (1, [(2, "not UTF-8")])


def test_a_row_with_too_many_cells_is_refused(bench: Bench):
    bench.put("jobs.csv", "id,prompt\nv1,rain,fog\nv2,rain\n")
    assert reasons(bench.take_one()) == [(2, "3 cells, but 2 columns")]


def test_what_a_library_exports_comes_back(bench: Bench):
    bench.put(
        "export.csv",
        "ref,source,remote_id,status,provider_status,metadata,output_urls,first_seen_at,cost_usd,cost_basis\n"
        'a:v1,a,v1,completed,SUCCESS,"{""take"": ""3""}","[""https://x.example/v.mp4""]",2026-01-01,0.4,estimated\n',
    )
    assert bench.take_one().refusals == 0
    query = "SELECT provider_status, metadata, output_urls, cost_basis FROM videos"
    assert bench.rows(query) == [("SUCCESS", '{"take":"3"}', '["https://x.example/v.mp4"]', "unknown")]
