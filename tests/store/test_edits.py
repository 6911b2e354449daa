"""Tags, tombstones and the rebuilding of derived text."""

from __future__ import annotations

from catalog import fulltext, store
from tests.store.conftest import Desk, job


def test_a_users_tag_is_findable_and_replaceable(desk: Desk) -> None:
    desk.hear(job())
    with desk.library.write() as connection:
        store.save_tags(connection, 1, {"campaign": "launch"})
    assert desk.find("launch") == ["v1"]
    with desk.library.write() as connection:
        store.save_tags(connection, 1, {"campaign": "autumn"})
    assert (desk.find("launch"), desk.find("autumn")) == ([], ["v1"])


def test_a_tag_of_the_same_key_stands_beside_the_providers(desk: Desk) -> None:
    desk.hear(job(metadata={"campaign": "launch"}))
    with desk.library.write() as connection:
        store.save_tags(connection, 1, {"campaign": "mine"})
    tags = desk.rows("SELECT value, origin FROM tags ORDER BY origin")
    assert tags == [("launch", "provider"), ("mine", "user")]


def test_removing_tags_leaves_the_providers(desk: Desk) -> None:
    desk.hear(job(metadata={"campaign": "launch"}))
    with desk.library.write() as connection:
        store.save_tags(connection, 1, {"keeper": "", "campaign": "mine"})
        removed = ["keeper", "campaign", "never"]
        store.tag_videos(connection, [1], {}, removed=removed, made_at=desk.now)
    assert desk.rows("SELECT key, origin FROM tags") == [("campaign", "provider")]
    assert desk.find("keeper") == []


def test_a_chinese_tag_is_found_by_two_of_its_characters(desk: Desk) -> None:
    desk.hear(job())
    with desk.library.write() as connection:
        store.save_tags(connection, 1, {"项目": "东京夜景"})
    assert desk.find('labels: "夜景"') == ["v1"]


def test_a_tombstone_can_be_lifted(desk: Desk) -> None:
    desk.hear(job(prompt="a fox"))
    with desk.library.write() as connection:
        store.delete_videos(connection, [1], deleted_at=desk.now)
    assert desk.value("SELECT deleted_at IS NOT NULL FROM videos") == 1
    with desk.library.write() as connection:
        store.undelete_videos(connection, [1], made_at=desk.now)
    assert desk.rows("SELECT deleted_at, prompt FROM videos") == [(None, "a fox")]


def test_rebuilding_repairs_lost_columns_and_a_spoilt_index(desk: Desk) -> None:
    desk.hear(job(prompt="東京 fox", metadata={"campaign": "launch"}))
    with desk.library.write() as connection:
        connection.execute("UPDATE videos SET labels = 'wrong', grams = NULL")
    with desk.library.write() as connection:
        store.rebuild_texts(connection)
        fulltext.check(connection)
    assert desk.rows("SELECT labels, grams FROM videos") == [("campaign=launch", "東京 京 fox")]
    assert (desk.find("launch"), desk.find("wrong"), desk.find("fox")) == (["v1"], [], ["v1"])
