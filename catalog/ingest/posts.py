"""Opens what the Sora app showed of a post, as people saved it: the post, and the posts around it.

A page of a post also holds its remixes, its ancestors or its whole tree, each list under a name of its own. A post is
known by its id, by which remixes name their parents; the ids of its generations, by which drafts go, are other names of
it.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping


def open_post(value: Mapping[str, Any]) -> list[dict[str, Any]] | None:
    """The post and those around it, each as an item of a feed; None where the value is another thing, or opened."""
    post = value.get("post")
    if post is None:
        return [item for _, posts in _lists_in(value, "") for item in posts] or None
    if not isinstance(post, dict) or not isinstance(post.get("id"), str):
        return None
    names = [name for name in _generations(post) if name != post["id"]]
    around = {(place, key): posts for place in ("", "post") for key, posts in _lists_in(value, place)}
    if not around and (not names or "aliases" in post):
        return None
    bare = {key: member for key, member in post.items() if ("post", key) not in around}
    item = {key: member for key, member in value.items() if ("", key) not in around}
    aliases = {"aliases": names} if names else {}
    return [{**item, "post": {**bare, **aliases}}, *(other for posts in around.values() for other in posts)]


def _generations(post: Mapping[str, Any]) -> Iterator[str]:
    attachments = post.get("attachments")
    for attachment in attachments if isinstance(attachments, list) else ():
        name = attachment.get("generation_id") if isinstance(attachment, dict) else None
        if isinstance(name, str) and name:
            yield name


def _lists_in(value: Mapping[str, Any], place: str) -> Iterator[tuple[str, list[dict[str, Any]]]]:
    """The lists of posts in the value or in its post, by the key that holds them."""
    for key, member in (value[place] if place else value).items():
        items = member.get("items") if isinstance(member, dict) else member
        posts = [item for item in items if isinstance(item, dict) and "post" in item] if isinstance(items, list) else []
        if posts:
            yield key, posts
