"""Which addresses may be called."""

from __future__ import annotations

import socket
import threading

import httpx
import pytest

from catalog.client.addresses import Base, Guard, UnsafeURL, escape_id, kind_of, resolve
from catalog.errors import ConfigError
from tests.house import LONG

PUBLIC = Base.parse("https://gateway.example.com/v1")


def guard(base: Base = PUBLIC, **names: list[str]) -> Guard:
    return Guard(base, lambda host, _port: names.get(host.replace(".", "_"), ["93.184.216.34"]))


@pytest.mark.parametrize("address", ["93.184.216.34", "1.1.1.1", "2606:4700::1111"])
def test_a_public_address_has_nothing_special(address):
    assert kind_of(address) is None


@pytest.mark.parametrize(
    ("address", "kind"),
    [
        ("127.0.0.1", "loopback"),
        ("127.9.9.9", "loopback"),
        ("::1", "loopback"),
        ("10.0.0.1", "private"),
        ("172.31.0.1", "private"),
        ("192.168.1.1", "private"),
        ("fd12::1", "private"),
        ("169.254.1.1", "link-local"),
        ("fe80::1%eth0", "link-local"),
        ("169.254.169.254", "cloud metadata"),
        ("fd00:ec2::254", "cloud metadata"),
        ("224.0.0.1", "multicast"),
        ("ff02::1", "multicast"),
        ("0.0.0.0", "unspecified"),
        ("::", "unspecified"),
        ("100.64.0.1", "shared"),
        ("240.0.0.1", "reserved"),
        ("255.255.255.255", "reserved"),
        ("192.0.2.1", "reserved"),
        ("2001:db8::1", "reserved"),
        ("::ffff:93.184.216.34", "IPv4-mapped"),
        ("::ffff:127.0.0.1", "IPv4-mapped"),
        ("64:ff9b::7f00:1", "NAT64"),
        ("2002:7f00:1::", "6to4"),
        ("2001:0:1::1", "Teredo"),
    ],
)
def test_every_special_address_has_a_kind(address, kind):
    assert kind_of(address) == kind


def test_a_name_without_an_address_is_an_os_error():
    with pytest.raises(OSError, match=r".+"):
        resolve("a" * 80 + ".example", 80)


@pytest.mark.parametrize(
    ("text", "base"),
    [
        ("https://host/v1", "https://host/v1"),
        ("https://host/v1/", "https://host/v1"),
        (" http://host:8000 ", "http://host:8000"),
        ("HTTPS://HOST:443/a/b//", "https://host/a/b"),
        ("http://[::1]:9/v1", "http://[::1]:9/v1"),
    ],
)
def test_a_base_url_is_read_in_its_plain_form(text, base):
    assert str(Base.parse(text)) == base


@pytest.mark.parametrize(
    "text",
    [
        "",
        "host/v1",
        "ftp://host",
        "file:///etc/passwd",
        "http://",
        "https://host/v1?a=b",
        "https://host/v1#x",
        "http://h:x",
    ],
)
def test_an_impossible_base_url_is_a_config_error(text):
    with pytest.raises(ConfigError, match="base URL of source studio"):
        Base.parse(text, source="studio")


def test_credentials_in_a_base_url_are_refused_and_not_repeated():
    with pytest.raises(ConfigError, match="credentials") as caught:
        Base.parse("https://user:hunter2@host/v1")
    assert "hunter2" not in str(caught.value)


@pytest.mark.parametrize(
    ("url", "is_home"),
    [
        ("https://gateway.example.com/other", True),
        ("https://gateway.example.com:443/", True),
        ("https://GATEWAY.example.com/", True),
        ("http://gateway.example.com/", False),
        ("https://gateway.example.com:8443/", False),
        ("https://gateway.example.com.evil.test/", False),
        ("https://evil.test/gateway.example.com", False),
    ],
)
def test_the_origin_is_scheme_host_and_port(url, is_home):
    assert PUBLIC.is_origin_of(httpx.URL(url)) is is_home


@pytest.mark.parametrize(
    ("remote_id", "path"),
    [
        ("video_1", "/v1/videos/video_1"),
        ("a/b", "/v1/videos/a%2Fb"),
        ("video_abc:openai", "/v1/videos/video_abc%3Aopenai"),
        ("bGl0+/==", "/v1/videos/bGl0%2B%2F%3D%3D"),
        ("a?b#c", "/v1/videos/a%3Fb%23c"),
        ("%2e%2e", "/v1/videos/%252e%252e"),
        ("东京 1", "/v1/videos/%E4%B8%9C%E4%BA%AC%201"),
        ("a..b", "/v1/videos/a..b"),
        ("{id}", "/v1/videos/%7Bid%7D"),
    ],
)
def test_an_id_is_one_segment_of_the_path(remote_id, path):
    assert PUBLIC.url("/videos/{id}", remote_id).raw_path.decode() == path


@pytest.mark.parametrize(
    "remote_id", ["", ".", "..", "../../admin", "a/../b", "..\\x", "a\x00b", "a\nb", "a\x7fb", "\ud800", "x" * 2000]
)
def test_an_id_that_no_path_can_hold_is_refused(remote_id):
    with pytest.raises(UnsafeURL):
        escape_id(remote_id)


def test_a_template_that_leads_out_of_the_base_is_refused():
    with pytest.raises(UnsafeURL, match="out of the base"):
        PUBLIC.url("/../admin/{id}", "video_1")


def test_a_query_is_percent_encoded():
    url = PUBLIC.url("/videos", query={"after": "a b&c=d+e/é"})
    assert url.raw_path == b"/v1/videos?after=a%20b%26c%3Dd%2Be%2F%C3%A9"


def test_a_query_joins_a_template_that_has_one():
    assert PUBLIC.url("/query?id={id}", "a&b", {"v": "1"}).raw_path == b"/v1/query?id=a%26b&v=1"


def test_a_cursor_with_half_a_surrogate_is_refused():
    with pytest.raises(UnsafeURL):
        PUBLIC.url("/videos", query={"after": "\udc00"})


@pytest.mark.parametrize(
    "url",
    [
        "file:///etc/passwd",
        "data:video/mp4;base64,AAAA",
        "ftp://cdn.example/x",
        "//cdn.example/x",
        "not a url",
        "http://",
        "http://user:pass@cdn.example/x",
        "http://127.0.0.1/x",
        "http://[::1]/x",
        "http://[::ffff:127.0.0.1]/x",
        "http://169.254.169.254/latest/meta-data",
        "http://cdn.example\x00/",
    ],
)
def test_a_url_of_an_answer_that_is_unsafe_by_its_form_is_refused(url):
    with pytest.raises(UnsafeURL):
        guard().read(url)


def test_a_public_url_of_an_answer_is_read():
    assert str(guard().read("https://cdn.example/a?sig=1")) == "https://cdn.example/a?sig=1"


def test_one_bad_address_among_good_ones_is_refused():
    with pytest.raises(UnsafeURL, match="private"):
        guard().judge(["93.184.216.34", "10.0.0.1"])


def test_a_source_on_this_machine_may_name_this_machine():
    guard(Base.parse("http://127.0.0.1:8000/v1")).judge(["127.0.0.1"])


def test_a_source_whose_name_leads_to_the_local_network_may_name_that_network():
    guard(Base.parse("http://box.lan/v1"), box_lan=["192.168.1.5"]).judge(["192.168.1.6"])


@pytest.mark.parametrize("address", ["127.0.0.1", "169.254.169.254", "64:ff9b::a00:1"])
def test_a_source_on_the_local_network_may_name_nothing_else(address):
    with pytest.raises(UnsafeURL):
        guard(Base.parse("http://192.168.1.5/v1")).judge([address])


def test_a_source_that_cannot_be_resolved_opens_no_door():
    def nowhere(_host: str, _port: int) -> list[str]:
        raise OSError("no such host")

    with pytest.raises(UnsafeURL):
        Guard(PUBLIC, nowhere).judge(["127.0.0.1"])


def test_a_name_server_that_does_not_answer_is_left_behind(monkeypatch: pytest.MonkeyPatch) -> None:
    ended = threading.Event()
    monkeypatch.setattr(socket, "getaddrinfo", lambda *_, **__: ended.wait(LONG) and [])
    with pytest.raises(OSError, match="does not answer"):
        resolve("nowhere.example", 443, seconds=0.05)
    ended.set()
