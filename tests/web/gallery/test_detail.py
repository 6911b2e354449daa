"""The page of one video: what it says of files, prompts and kin, and that nothing from outside is ever markup on it."""

from __future__ import annotations

import json
import re
from datetime import timedelta
from html import unescape
from html.parser import HTMLParser
from typing import TYPE_CHECKING
from urllib.parse import quote

import pytest

from catalog import Catalog, store
from catalog.library import open_library
from catalog.provenance import Check, ListUse
from catalog.records import Facet, Probe
from catalog.reports import Edit
from catalog.search.clauses import list_clauses
from catalog.web.gallery.application import respond
from catalog.web.gallery.facts import cut_prompt, read_wanted
from catalog.web.gallery.history import list_steps
from catalog.web.gallery.visits import Visit
from tests.house import job
from tests.web.gallery.shelf import NOW, hold, place_of, take_in

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    Show = Callable[..., str]

PAYLOADS = [
    "<script>alert(1)</script>",
    "</script><script>alert(1)</script>",
    "</title><script>alert(1)</script>",
    "</textarea><script>alert(1)</script>",
    "</style><script>alert(1)</script>",
    "</noscript><script>alert(1)</script>",
    "</template><script>alert(1)</script>",
    "</svg><script>alert(1)</script>",
    "--><script>alert(1)</script>",
    "]]><script>alert(1)</script>",
    "<ScRiPt>alert(1)</sCrIpT>",
    "<script src=//evil.example/x.js></script>",
    "<script/x>alert(1)</script>",
    "<scr<script>ipt>alert(1)</script>",
    "＜script＞alert(1)＜/script＞",
    "\ufeff<script>alert(1)</script>",
    "<img src=x onerror=alert(1)>",
    "<img src=`x` onerror=alert(1)>",
    "<img/src/onerror=alert(1)>",
    "<svg onload=alert(1)>",
    "<svg><script>alert(1)</script></svg>",
    "<svg><animate onbegin=alert(1) attributeName=x dur=1s>",
    "<svg><set attributeName=href to=javascript:alert(1)>",
    "<math><mtext><img src onerror=alert(1)>",
    "<body onload=alert(1)>",
    "<iframe src=javascript:alert(1)>",
    "<iframe srcdoc='<script>alert(1)</script>'>",
    "<object data=javascript:alert(1)>",
    "<embed src=javascript:alert(1)>",
    "<a href=javascript:alert(1)>x</a>",
    "<a href='java\tscript:alert(1)'>x</a>",
    "<form action=javascript:alert(1)><input type=submit>",
    "<button formaction=javascript:alert(1)>x",
    "<input autofocus onfocus=alert(1)>",
    "<details open ontoggle=alert(1)>",
    "<video><source onerror=alert(1)>",
    "<audio src=x onerror=alert(1)>",
    "<marquee onstart=alert(1)>",
    "<meta http-equiv=refresh content='0;url=javascript:alert(1)'>",
    "<base href=//evil.example/>",
    "<link rel=stylesheet href=//evil.example/x.css>",
    "<style>@import '//evil.example/x.css'</style>",
    "<xss style=animation-name:x onanimationstart=alert(1)>",
    "<dialog open onpointerenter=alert(1)>",
    '"><script>alert(1)</script>',
    "'><script>alert(1)</script>",
    '" onmouseover="alert(1)',
    "' onmouseover='alert(1)",
    "` onmouseover=`alert(1)",
    '" autofocus onfocus=alert(1) x="',
    "javascript:alert(1)",
    "JaVaScRiPt:alert(1)",
    "data:text/html,<script>alert(1)</script>",
    "vbscript:msgbox(1)",
    "{{ 7 * 7 }}{% include 'base.html' %}",
    "${alert(1)}#{alert(1)}",
    "<%= alert(1) %><?php alert(1) ?>",
    "&lt;script&gt;alert(1)&lt;/script&gt;",
    "&#60;script&#62;alert(1)&#60;/script&#62;",
    "\\u003cscript\\u003ealert(1)\\u003c/script\\u003e",
    "%3Cscript%3Ealert(1)%3C/script%3E",
    "<!--<img src=x onerror=alert(1)>-->",
    "gnp\u202egpj.exe<b>",
    "a\u2028<b>alert(1)</b>\u2029",
]
OURS = {
    "a",
    "article",
    "bdi",
    "blockquote",
    "body",
    "button",
    "code",
    "dd",
    "del",
    "details",
    "dialog",
    "div",
    "dl",
    "dt",
}
OURS |= {"form", "h1", "h2", "h3", "h4", "head", "header", "html", "image", "img", "input", "ins", "kbd", "label", "li"}
OURS |= {
    "link",
    "main",
    "mark",
    "meta",
    "nav",
    "noscript",
    "ol",
    "option",
    "p",
    "path",
    "pre",
    "section",
    "select",
    "span",
}
OURS |= {
    "strong",
    "summary",
    "svg",
    "table",
    "tbody",
    "td",
    "textarea",
    "th",
    "thead",
    "time",
    "title",
    "tr",
    "ul",
    "video",
}
OURS |= {
    "script",
    "h5",
    "h6",
    "figure",
    "figcaption",
    "small",
    "datalist",
    "rect",
    "circle",
    "g",
    "use",
    "template",
    "output",
}


def _is_own(address: str) -> bool:
    return address.startswith(("/", "#")) and not address.startswith("//")


class Markup(HTMLParser):
    """What a page holds that none of ours does."""

    def __init__(self) -> None:
        super().__init__()
        self.faults: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        named = dict(attrs)
        if tag not in OURS or (tag == "script" and not (named.get("src") or "").startswith("/-/gallery/static/")):
            self.faults.append(tag)
        for name, value in attrs:
            is_address = name in {"href", "src", "action", "formaction", "poster", "data", "srcdoc", "http-equiv"}
            if name.startswith("on") or name == "style" or (is_address and not _is_own(value or "")):
                self.faults.append(f"{tag} {name}={value}")


def find_faults(page: str) -> list[str]:
    markup = Markup()
    markup.feed(page)
    return markup.faults


@pytest.fixture
def show(library_path: Path) -> Iterator[Show]:
    """The page of a path of the gallery; it must have this status."""
    with Catalog.open(library_path) as catalog:

        def show(*path: str, status: int = 200, may_write: bool = True, **query: str) -> str:
            answer = respond(Visit(catalog, path=path or ("",), query=query, may_write=may_write))
            assert answer.status == status, answer.body
            assert isinstance(answer.body, bytes)
            return answer.body.decode()

        yield show


def test_the_checker_of_pages_sees_what_gets_through() -> None:
    plain = [text for text in PAYLOADS if text.startswith("<") and not text.startswith(("<!", "<%", "</"))]
    assert len(PAYLOADS) >= 60
    assert [text for text in plain if not find_faults(text)] == []


def test_nothing_from_outside_is_markup_on_any_page(library_path: Path, show: Show) -> None:
    jobs = [
        job(
            f"v{number}{text if number % 2 else ''}",
            prompt=f"a fox {text}, slow push in",
            model=text,
            status="failed" if number % 3 == 0 else "completed",
            error={"code": text, "message": f"no: {text}"} if number % 3 == 0 else None,
            metadata={"project": text, text: "x"},
            quality=text,
            seed=number,
            negative_prompt=text,
            remixed_from_video_id="v0" if number else None,
            strange={text: [text]},
        )
        for number, text in enumerate(PAYLOADS)
    ]
    take_in(library_path, *jobs)
    with Catalog.open(library_path) as catalog:
        videos = list(catalog.iterate())
        assert len(videos) >= 60
        for number, (video, text) in enumerate(zip(videos, PAYLOADS, strict=False)):
            catalog.note(video.ref, text)
            catalog.tag(video.ref, text.replace("=", "≠"))
            if number % 4 == 0:
                catalog.give(video.ref, {"client": text})
            if number % 4 == 1 and not re.search("[\x00-\x1f\u2028-\u202e]|/", text):
                catalog.collect(text, video.ref)
        refs = [video.ref for video in videos]
    pages = {ref: show("-", "gallery", "video", ref, q=text) for ref, text in zip(refs, PAYLOADS, strict=False)}
    pages |= {"grid": show(), "history": show("-", "gallery", "history"), "open": show(open=refs[0], q="fox")}
    pages |= {text: show(q=text, open=refs[-1]) for text in PAYLOADS[::12] if not text.startswith(("-", '"'))}
    pages["unknown"] = show(open="<script>alert(1)</script>", status=404)
    for name, page in pages.items():
        assert find_faults(page) == [], name
    for ref in refs[::9]:
        answer = json.loads(show("-", "gallery", "request", ref))
        assert answer["curl"].startswith("curl ")


def test_an_unknown_ref_is_404_and_an_id_may_hold_any_character(library_path: Path, show: Show) -> None:
    odd = "a/b c?d#e%2F&f+g'h\"i\\j:k;l=m~n<o>"
    take_in(library_path, job(odd, prompt="a fox"))
    assert "no video studio:nobody in this library" in show(open="studio:nobody", status=404)
    assert "no video studio:nobody in this library" in show("-", "gallery", "video", "studio:nobody", status=404)
    page = show(open=f"studio:{odd}")
    assert f"/lineage/{quote(f'studio:{odd}', safe='')}" in page
    assert "a fox" in page


def test_a_clip_is_played_and_a_missing_one_is_spoken_of(library_path: Path, show: Show) -> None:
    take_in(
        library_path, job("v1", seconds="8", size="1280x720", prompt="a fox"), job("v2"), job("v3", status="queued")
    )
    sha256 = hold(library_path, b"clip", "video/mp4", probe=Probe(4.0, 640, 360, 24.0, "h264", None))
    page = show("-", "gallery", "video", "v1")
    assert f'src="/-/media/{sha256}.mp4"' in page
    assert page.count("not as asked") == 2
    place = place_of(library_path, sha256)
    place.unlink()
    gone = show("-", "gallery", "video", "v1")
    assert "<video" not in gone
    assert f"The file is not where it was: {place}" in gone
    place.parent.rmdir()
    assert "is the drive connected?" in show("-", "gallery", "video", "v1")
    assert "Its bytes were not fetched yet." in show("-", "gallery", "video", "v2")
    assert "This job is queued." in show("-", "gallery", "video", "v3")


def test_who_may_not_write_sees_what_was_said_and_no_buttons_for_it(library_path: Path, show: Show) -> None:
    take_in(library_path, job("v1"))
    with Catalog.open(library_path) as catalog:
        catalog.rate("v1", 4)
        catalog.tag("v1", "keeper")
    page = show("-", "gallery", "video", "v1", may_write=False)
    assert "Rated 4 of 5" in page
    assert "keeper" in page
    assert not re.search("data-rate=|data-untag|data-note|data-add", page)


def test_the_words_of_facets_lead_on_and_those_that_were_searched_for_stand_out() -> None:
    prompt = "Slow push in on a neon street, Tokyo at night"
    facets = [
        Facet("camera_movement", "push_in", "prose", 5, 12),
        Facet("speed", "slow", "prose", 0, 12),
        Facet("setting", "street", "prose", 18, 29),
        Facet("broken", "x", "prose", 40, 400),
    ]
    wanted = read_wanted(list_clauses("Neon model:sora* -street prompt:tokyo"))
    parts = cut_prompt(prompt, facets, wanted, lambda name, value: f"{name}:{value}")
    assert "".join(part.text for part in parts) == prompt
    assert [(part.text, part.url) for part in parts if part.url] == [
        ("Slow push in", "speed:slow"),
        ("neon", "setting:street"),
        (" street", "setting:street"),
    ]
    assert [part.text for part in parts if part.is_found] == ["neon", "Tokyo"]


def edit(number: int, act: str = "rate", minutes: float = 0, **more: object) -> Edit:
    when = NOW + timedelta(minutes=minutes)
    detail = str(more.pop("detail", "4"))
    ref = f"studio:v{number}"
    return Edit(number, when, act, f"{act} {ref} {detail}", 1, (ref,), detail=detail, **more)  # type: ignore[arg-type]


def test_edits_of_several_are_several_steps() -> None:
    edits = [edit(2, author="ann", via="gallery"), edit(1, author="ben", via="shell"), edit(0)]
    steps = list_steps(edits, {each.number: each.summary for each in edits})
    assert [step.who for step in steps] == ["ann, gallery", "ben, shell", ""]


def test_a_burst_of_one_act_is_one_step_and_each_step_can_be_gone_back_to() -> None:
    edits = [
        edit(6, "tag", 12, undone_at=NOW, detail="b"),
        edit(5, "tag", 11, undone_at=NOW, superseded_by=6),
        edit(4, "tag", 10, detail="a"),
        edit(3, minutes=1.5),
        edit(2, minutes=1),
        edit(1, minutes=-30),
    ]
    steps = list_steps(edits, {each.number: each.summary for each in edits})
    assert [(step.summary, step.undo, step.redo, step.is_now) for step in steps] == [
        ("tag studio:v6 b", None, 1, False),
        ("tag studio:v5 4", None, None, False),
        ("tag studio:v4 a", 0, None, True),
        ("rated 2 videos 4", 1, None, False),
        ("rate studio:v1 4", 3, None, False),
    ]


def test_earlier_checks_of_credentials_are_folded_away_and_all_there(library_path: Path) -> None:
    take_in(library_path, job())
    name = hold(library_path, b"a clip", "video/mp4")
    lists = (ListUse("a <b>list</b>", "list:own", "cd", 2),)
    checks = [
        Check("intact_unknown_signer", sha256=name, reader="c2pa 1", checked_at=NOW),
        Check("intact_known_signer", sha256=name, reader="c2pa 1", checked_at=NOW + timedelta(days=1), lists=lists),
        Check("changed", sha256="0" * 64, reader="c2pa 1", checked_at=NOW + timedelta(days=2), lists=lists),
    ]
    library = open_library(library_path)
    shown = []
    with Catalog.open(library_path) as catalog:
        for check in checks:
            with library.write() as connection:
                store.save_checks(connection, {1: check})
            visit = Visit(catalog, path=("-", "gallery", "video", "studio:v1"))
            shown.append(unescape(respond(visit).body.decode()))  # type: ignore[union-attr]
        words = [each.words for each in catalog.provenance("studio:v1").files[0].history]
    library.close()
    assert '<details class="checks">' not in shown[0]
    assert "with no trust list" in shown[0]
    assert "Earlier check<" in shown[1]
    assert "was added" in shown[1]
    folded = shown[2].partition('<details class="checks">')[2].partition("</details>")[0]
    assert "2 earlier checks" in folded
    moments = re.findall(r"<time>(.+?)</time> (.+?)<span", folded)
    assert moments == [("2026-11-22 12:00 UTC", words[1]), ("2026-11-21 12:00 UTC", words[0])]
    assert "another outcome than before: the file: its bytes are others" in shown[2]


def test_the_family_is_shown_in_pictures(library_path: Path) -> None:
    take_in(library_path, job("v1"), job("v2", remixed_from_video_id="v1"), job("v3", remixed_from_video_id="v2"))
    pictures = [hold(library_path, name.encode(), "image/jpeg", of=name, variant="thumbnail") for name in ("v1", "v3")]
    with Catalog.open(library_path) as catalog:
        text = respond(Visit(catalog, path=("-", "gallery", "video", "studio:v2"))).body.decode()  # type: ignore[union-attr]
    family = text.partition('aria-label="Family">')[2].partition("</ol>")[0]
    assert [name for name in pictures if f"/-/media/{name}.jpg" in family] == pictures
