"""Servers that send what none should: a clear word in the report or on the row, and nothing that was there is lost."""

from __future__ import annotations

import gzip
import json
import time
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

import pytest

from catalog import store
from catalog.config import Source, SyncSettings
from catalog.database import Database
from catalog.errors import CatalogError
from catalog.sync import add_ids, sync_source
from tests.client.server import RawServer, response
from tests.house import LONG, Shelf
from tests.sync.conftest import NOW

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator

    from catalog.reports import SyncReport
    from tests.client.server import Request

KEPT = {"id": "v1", "object": "video", "status": "completed", "prompt": "A neon street", "created_at": NOW - 100}
RUNNING = {"id": "v2", "object": "video", "status": "in_progress", "created_at": NOW - 50}
CREDENTIALS = "sk-of-the-test"


class House(Shelf):
    """A library with one finished video, and a server that says what it is told to say."""

    def __init__(self, library: Database) -> None:
        super().__init__(library)
        self.say: Callable[[Request], Iterable[bytes]] = lambda _: response(listed(KEPT))
        self.settings = SyncSettings(deadline_seconds=3)

    def answer(self, request: Request) -> Iterable[bytes]:
        return self.say(request)

    def start(self, server: RawServer) -> None:
        self.server = server
        self.source = Source(name="studio", base_url=server.base_url, key_env="TEST_HOSTILE_KEY")
        assert self.sync().added == 1

    def sync(self, **options: Any) -> SyncReport:
        return sync_source(self.library, self.source, self.settings, now=self.now, **options)

    def add(self, *names: str) -> SyncReport:
        return add_ids(self.library, self.source, self.settings, names, now=self.now)

    def hear(self, *answers: Any) -> SyncReport:
        """Sync while the server answers everything with this body, bytes or JSON."""
        self.say = lambda _: response(answers[0] if len(answers) == 1 else listed(*answers))
        return self.sync()

    def now(self) -> datetime:
        return datetime.fromtimestamp(NOW, UTC)


def listed(*jobs: object) -> dict[str, Any]:
    return {"object": "list", "data": list(jobs), "has_more": False}


@pytest.fixture
def house(library: Database, monkeypatch: pytest.MonkeyPatch) -> Iterator[House]:
    """After each test, the video that was there must still be there as it was."""
    monkeypatch.setenv("TEST_HOSTILE_KEY", CREDENTIALS)
    made = House(library)
    with RawServer(made.answer) as server:
        made.start(server)
        yield made
    query = "SELECT status, prompt, deleted_at, gone_at FROM videos WHERE remote_id = 'v1'"
    assert made.rows(query) == [("completed", "A neon street", None, None)]
    assert made.rows("SELECT lock_holder FROM sources") == [(None,)]


def assert_refused(house: House, report: SyncReport, *words: str) -> None:
    assert report.error
    for word in words:
        assert word in report.error
    assert "\n" not in report.error
    assert CREDENTIALS not in report.error
    assert house.rows("SELECT health, message FROM sources") == [("failing", report.error)]
    house.say = lambda _: response(listed(KEPT))
    assert house.sync().error is None


def test_a_body_that_drips_in_ends_at_the_deadline(house: House) -> None:
    def drip(_: Request) -> Iterator[bytes]:
        head, body = response(listed(KEPT))
        yield head
        for byte in body:
            yield bytes([byte])
            time.sleep(0.2)

    house.say = drip
    house.settings = SyncSettings(deadline_seconds=1)
    started = time.monotonic()
    report = house.sync()
    assert time.monotonic() - started < 15  # the whole body takes more than 20
    assert_refused(house, report, "studio: listing videos failed: no complete answer within 1 seconds")


def test_a_bomb_of_gzip_is_left_at_the_cap(house: House) -> None:
    bomb = gzip.compress(b" " * (64 << 20), 9)
    house.settings = SyncSettings(deadline_seconds=LONG)
    house.say = lambda _: response(bomb, content_encoding="gzip")
    assert_refused(house, house.sync(), "the answer is larger than its cap")


def test_a_redirect_to_another_host_gets_no_key(house: House) -> None:
    with RawServer(lambda _: response({"error": {"message": "who are you?"}}, 401)) as other:
        away = other.base_url.replace("127.0.0.1", "localhost")
        house.say = lambda request: response(b"", 302, location=f"{away}{request.target.removeprefix('/v1')}")
        report = house.sync()
        assert other.requests
        assert not any(CREDENTIALS in str(request.headers) for request in other.requests)
    assert_refused(house, report, "HTTP 401 (who are you?)")


def test_a_redirect_to_the_metadata_of_a_cloud_is_not_followed(house: House) -> None:
    house.say = lambda _: response(b"", 302, location="http://169.254.169.254/latest/meta-data/")
    assert_refused(house, house.sync(), "the address was refused: it leads to a cloud metadata address")


def test_redirects_without_end_are_left(house: House) -> None:
    house.say = lambda request: response(b"", 302, location=request.target)
    assert_refused(house, house.sync(), "more than 5 redirects")


@pytest.mark.parametrize("body", ["[" * 5000 + "]" * 5000, '{"data":' * 150 + "1" + "}" * 150], ids=["list", "object"])
def test_deep_nesting_is_refused(house: House, body: str) -> None:
    assert_refused(house, house.hear(body.encode()), "the answer is nested too deeply")


def test_a_body_that_breaks_off_is_an_error_and_not_half_a_list(house: House) -> None:
    body = json.dumps(listed(KEPT, {**KEPT, "id": "v2"})).encode()
    house.say = lambda _: response(body[: len(body) // 2], length=len(body))
    report = house.sync()
    assert report.added == 0
    assert_refused(house, report, "the answer broke off")


@pytest.mark.parametrize("body", [b"", b"<html>", b"\xff\xfe", b'{"data": [', b"null", b"3", b'"text"', b"{}", b"[3]"])
def test_what_is_no_list_is_an_error(house: House, body: bytes) -> None:
    report = house.hear(body)
    assert (report.error is not None, report.added, report.changed) == (body != b"[3]", 0, 0)


@pytest.mark.parametrize("remote_id", ["../../admin", "..", "a/../../b", "..\\admin", "v\n2"])
def test_an_id_that_no_path_can_hold_is_kept_flagged_and_never_sent(house: House, remote_id: str) -> None:
    report = house.hear(KEPT, {**KEPT, "id": remote_id, "status": "queued"})
    assert report.error is None
    assert report.added == 1
    assert "the address was refused" in report.missed[remote_id.strip()]
    assert all(request.target.startswith("/v1/videos?") for request in house.server.requests)


def test_an_id_that_is_no_id_is_named_and_not_kept(house: House) -> None:
    report = house.hear(KEPT, {**KEPT, "id": "x" * 5000, "status": "queued"})
    assert (report.error, report.added, report.missed) == (None, 0, {})
    assert any("512" in note for note in report.notes)


def test_ids_that_no_path_can_hold_say_nothing_against_the_server(house: House) -> None:
    bad = [{**KEPT, "id": f"../{number}", "status": "queued"} for number in range(20)]
    good = {**KEPT, "id": "z9", "status": "queued"}
    jobs = {"z9": {**good, "status": "completed"}}

    def answer(request: Request) -> Iterable[bytes]:
        name = request.target.rpartition("/")[2]
        return response(jobs[name] if name in jobs else listed(KEPT, good, *bad))

    house.say = answer
    report = house.sync()
    assert report.error is None
    assert len(report.missed) == 20
    assert house.rows("SELECT status FROM videos WHERE remote_id = 'z9'") == [("completed",)]


def test_an_id_typed_by_hand_that_no_path_can_hold_is_told(house: House) -> None:
    report = house.add("../../admin", "", "  ", "\udcff")
    assert report.added == 2
    assert "the id contains . or .. segments" in report.missed["../../admin"]


def test_a_reserved_character_in_an_id_stays_inside_its_segment(house: House) -> None:
    house.say = lambda request: response({**KEPT, "id": "a?b#c/d%2e e", "status": "completed"})
    report = house.add("a?b#c/d%2e e")
    assert dict(report.missed) == {}
    assert house.server.requests[-1].target == "/v1/videos/a%3Fb%23c%2Fd%252e%20e"


def test_numbers_that_json_does_not_have_are_unknown(house: House) -> None:
    body = json.dumps(listed(KEPT, {**KEPT, "id": "v2", "progress": 1.5, "seconds": 2.5, "extra": 3.5}))
    for number, word in (("1.5", "NaN"), ("2.5", "Infinity"), ("3.5", "1e999")):
        body = body.replace(number, word)
    report = house.hear(body.encode())
    assert (report.error, report.added) == (None, 1)
    assert house.rows("SELECT progress, seconds FROM videos WHERE remote_id = 'v2'") == [(None, None)]
    (payload,) = house.rows("SELECT payload FROM observations ORDER BY id DESC LIMIT 1")[0]
    assert json.loads(payload)["progress"] is None


def test_halves_of_surrogate_pairs_become_replacement_characters(house: House) -> None:
    body = json.dumps(
        listed(KEPT, {**KEPT, "id": "v2", "prompt": "a \ud83d street", "metadata": {"\udc00k": "\ud800"}})
    )
    report = house.hear(body.encode())
    assert (report.error, report.added) == (None, 1)
    assert house.rows("SELECT prompt FROM videos WHERE remote_id = 'v2'") == [("a \ufffd street",)]
    assert house.rows("SELECT key, value FROM tags") == [("\ufffdk", "\ufffd")]


def test_of_a_key_that_stands_twice_the_last_counts(house: House) -> None:
    job = '{"id": "other", "id": "v2", "object": "video", "status": "queued", "status": "completed", "prompt": "x"}'
    report = house.hear(
        f'{{"object": "list", "data": [], "data": [{json.dumps(KEPT)}, {job}], "has_more": false}}'.encode()
    )
    assert (report.error, report.added) == (None, 1)
    assert house.rows("SELECT remote_id, status FROM videos WHERE remote_id <> 'v1'") == [("v2", "completed")]


def test_items_that_are_no_videos_are_told_and_the_others_taken_in(house: House) -> None:
    report = house.hear(KEPT, None, 3, "text", [], {}, {"id": None}, {**KEPT, "id": "v2"})
    assert (report.error, report.added) == (None, 1)
    assert report.notes


def test_values_of_the_wrong_kinds_are_flagged_on_the_row(house: House) -> None:
    wrong = {"created_at": "yesterday", "seconds": [], "progress": {}, "size": 3, "prompt": {"a": 1}, "error": [1]}
    report = house.hear(KEPT, {**KEPT, **wrong, "id": "v2", "expires_at": 10**40, "metadata": "text"})
    assert (report.error, report.added) == (None, 1)
    ((status, flaws),) = house.rows("SELECT status, flaws FROM videos WHERE remote_id = 'v2'")
    assert status == "completed"
    assert json.loads(flaws)


def test_a_number_of_a_million_digits_is_refused(house: House) -> None:
    assert_refused(
        house, house.hear(b'{"object": "list", "data": [' + b"9" * 1_000_000 + b"]}"), "the answer is not JSON"
    )


def test_a_server_that_takes_everything_back_blanks_nothing(house: House) -> None:
    nulls = dict.fromkeys(("status", "prompt", "created_at", "model", "size", "seconds", "progress", "error"))
    report = house.hear(listed({**nulls, "id": "v1", "object": "video"}))
    assert report.error is None


def test_a_finished_job_does_not_run_again(house: House) -> None:
    report = house.hear(listed({**KEPT, "status": "queued", "prompt": ""}))
    assert report.error is None
    assert report.unfinished == 0


def test_a_list_that_denies_every_job_deletes_none(house: House) -> None:
    assert house.hear(listed()).error is None
    assert house.rows("SELECT count(*) FROM videos") == [(1,)]


def test_nobody_waits_for_the_library_while_a_server_is_asked(house: House) -> None:
    """A list, then a job by its id: another writer gets in at once during each, so no transaction spans a request."""
    refusals = []

    def write_first(request: Request) -> Iterable[bytes]:
        other = Database(house.library.path, busy_timeout=0)
        try:
            with other.write() as connection:
                store.save_source(connection, "studio")
        except CatalogError as error:
            refusals.append(str(error))
        finally:
            other.close()
        return response(listed(KEPT, RUNNING) if request.target.startswith("/v1/videos?") else RUNNING)

    house.say = write_first
    house.sync(full=True)
    asked = {request.target.partition("?")[0] for request in house.server.requests}
    assert {"/v1/videos", "/v1/videos/v2"} <= asked
    assert refusals == []


def test_a_cursor_that_is_another_address_stays_a_cursor(house: House) -> None:
    page = {"object": "list", "data": [KEPT], "has_more": True, "last_id": "http://169.254.169.254/?a=b&c#d"}
    house.say = lambda _: response(page)
    assert house.sync(full=True).error is None
    assert "after=http%3A%2F%2F169.254.169.254%2F%3Fa%3Db%26c%23d" in house.server.requests[-1].target


def test_a_key_that_a_server_echoes_is_in_no_row_and_no_message(house: House) -> None:
    house.say = lambda request: response({"error": {"message": f"bad {request.headers['authorization']}"}}, 401)
    report = house.sync()
    assert_refused(house, report, "401")
    house.hear(KEPT, {**KEPT, "id": "v2", "prompt": f"my key is {CREDENTIALS}"})
    assert CREDENTIALS not in str(house.rows("SELECT * FROM videos") + house.rows("SELECT payload FROM observations"))


def test_a_wait_without_end_is_not_waited_for(house: House) -> None:
    house.say = lambda _: response({"error": {"message": "later"}}, 429, retry_after="86400")
    started = time.monotonic()
    report = house.sync()
    assert time.monotonic() - started < LONG
    assert_refused(house, report, "the server asks to wait 86400 seconds")
