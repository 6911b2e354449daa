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


@pytest.mark.parametrize("line", ["sep=;", '"sep=;"', "SEP=;"])
def test_a_line_that_names_the_separator_is_no_header(bench: Bench, line: str):
    bench.put("excel.csv", f"{line}\r\nid;prompt;seconds\r\nv1;a fox, at night;8\r\n")
    file = bench.take_one()
    assert (file.added, file.refusals, file.passed_over) == (1, 0, 0)
    assert bench.column("prompt", "v1") == "a fox, at night"


def test_a_named_separator_counts_whatever_the_header_holds(bench: Bench):
    bench.put("excel.csv", "sep=|\nid|prompt, in full\nv1|rain\n")
    assert bench.take_one(columns={"prompt, in full": "prompt"}).added == 1


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "utf-16-le", "utf-16-be"])
def test_titles_above_a_table_are_passed_over_and_lines_keep_their_numbers(bench: Bench, encoding: str):
    table = 'Shots of spring;;\n"made by\nme, myself";;\n;;\nVideo ID;Prompt;Duration\nv1;fox;8\n;fog;4\n'
    bench.put("titled.csv", table.encode(encoding))
    file = bench.take_one()
    assert (file.added, file.passed_over, reasons(file)) == (1, 2, [(7, "the row has no id")])


def test_a_table_with_titles_and_an_unknown_column_is_refused_at_its_header(bench: Bench):
    bench.put("titled.csv", "Shots,,\n,,\nid,Prompt,Mood board\nv1,fox,x\n")
    ((place, reason),) = reasons(bench.take_one())
    assert place == 3
    assert "'Mood board'" in reason


def test_all_unknown_columns_are_named_at_once_with_the_fields(bench: Bench):
    bench.put("jobs.csv", "id,Promt,Client,Mood board\nv1,rain,acme,x\n")
    ((_, reason),) = reasons(bench.take_one())
    assert all(name in reason for name in ("'Promt' (did you mean prompt?)", "'Client'", "'Mood board'"))
    assert all(field in reason for field in ("negative_prompt", "cost_usd", "metadata.KEY", "--columns auto"))


def test_columns_that_are_not_known_can_be_kept_in_extra(bench: Bench):
    bench.put("jobs.csv", "id,Prompt,Client,Rating (1-5),Notes\nv1,rain,acme,4,secret\nv2,fog,,5,\n")
    assert bench.take_one(columns="auto").added == 2
    assert json.loads(bench.column("extra", "v1")) == {"Client": "acme", "Rating (1-5)": "4", "Notes": "secret"}
    assert bench.column("prompt", "v1") == "rain"


def test_the_rest_may_be_kept_or_left_out_beside_a_map(bench: Bench):
    bench.put("jobs.csv", "id,Text,Client,Notes\nv1,rain,acme,secret\n")
    bench.take_in(columns={"Text": "prompt", "Notes": "", "*": "extra"})
    assert (bench.column("prompt", "v1"), bench.column("extra", "v1")) == ("rain", '{"Client":"acme"}')
    bench.take_in(columns={"Text": "prompt", "*": ""}, source="other")
    assert bench.rows("SELECT extra FROM videos WHERE source = 'other'") == [(None,)]


def test_of_two_columns_for_one_field_the_first_counts_where_the_rest_is_kept(bench: Bench):
    bench.put("jobs.csv", "id,duration,seconds\nv1,8,9\n")
    assert bench.take_one(columns="auto").added == 1
    assert (bench.column("seconds", "v1"), bench.column("extra", "v1")) == (8.0, '{"seconds (column 3)":"9"}')


@pytest.mark.parametrize("columns", [{"*": "prompt"}, "all"])
def test_the_rest_goes_to_extra_or_nowhere(bench: Bench, columns: object):
    with pytest.raises(ConfigError, match=r"extra|auto"):
        bench.take_in(columns=columns)


def test_an_order_of_dates_that_is_none_is_an_error_of_the_user(bench: Bench):
    with pytest.raises(ConfigError, match="dmy, mdy, ymd"):
        bench.take_in(dates="dym")


def test_units_in_headings_and_cells_are_read(bench: Bench):
    bench.put("jobs.csv", 'id,Duration (s),Cost ($),Created\nv1,8,0.80,15.09.2026\nv2,8 sec,"0,80",16.09.2026 12:00\n')
    assert bench.take_one(dates="dmy").unread == 0
    assert bench.rows("SELECT seconds, cost_usd, cost_basis, created_at FROM videos ORDER BY id") == [
        (8.0, 0.8, "reported", "2026-09-15T00:00:00.000Z"),
        (8.0, 0.8, "reported", "2026-09-16T12:00:00.000Z"),
    ]


def test_a_value_that_cannot_be_read_is_named_and_kept(bench: Bench):
    bench.put("jobs.csv", "id,seconds,Price,created_at\nv1,eight,€0.80,03.04.2026\nv2,8,0.80,15092026\n")
    file = bench.take_one(columns={"Price": "cost_usd"})
    assert (file.added, file.refusals, file.unread) == (2, 0, 4)
    assert [(refusal.place, refusal.field) for refusal in file.refused] == [
        (2, "seconds"),
        (2, "cost_usd"),
        (2, "created_at"),
        (3, "created_at"),
    ]
    assert [reason for _, reason in reasons(file)][:2] == [
        'seconds could not be read: "eight"',
        "cost_usd (column 'Price') could not be read: \"€0.80\": only US dollars are read",
    ]
    assert json.loads(bench.column("extra", "v1")) == {"seconds": "eight", "cost": "€0.80", "created_at": "03.04.2026"}
    assert json.loads(bench.column("extra", "v2")) == {"unread": {"created_at": "15092026"}}
    assert bench.column("created_at", "v2") is None


def test_a_cell_under_no_heading_is_named_and_kept(bench: Bench):
    bench.put("jobs.csv", "id,prompt,,\nv1,rain,,\nv2,fog,why,\n")
    file = bench.take_one()
    assert (file.added, [(refusal.place, refusal.field) for refusal in file.refused]) == (2, [(3, "column 3")])
    assert json.loads(bench.column("extra", "v2")) == {"column 3": "why"}


def test_below_a_line_that_names_the_separator_stands_the_header(bench: Bench):
    bench.put("jobs.csv", "sep=;\nprompt;model\nrain;sora-2\n")
    assert reasons(bench.take_one()) == [
        (2, 'no column has the id of the video: map one with --column "NAME=remote_id"')
    ]


@pytest.mark.parametrize("text", ["sep=;\n", "sep=;", '"', "\n\n;;\n", "Title\n"])
def test_a_table_of_nothing_is_refused(bench: Bench, text: str):
    bench.put("jobs.csv", text)
    assert bench.take_one().refusals == 1


def test_a_line_over_the_cap_ends_a_table_with_a_reason(bench: Bench):
    bench.put("jobs.csv", "id,prompt\nv1,rain\nv2," + "x" * (33 << 20) + "\nv3,fog\n")
    file = bench.take_one()
    assert (file.added, file.refusals) == (1, 1)
    assert "a line of more than 32 MiB" in file.refused[0].reason
