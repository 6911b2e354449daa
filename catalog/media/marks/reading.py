"""Notes to marks: what each text in a file is, whether it can be read, and what a generator was asked for."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

from .documents import mend, read_json, read_object, write_json
from .graphs import MOST_TEXT, Generation, as_graph, read_graph
from .mark import VIDEO_ID, Mark, Marks, read_label
from .notes import MOST_NOTES, MOST_READ, Note, name_meaning
from .parameters import is_parameters, read_parameters
from .workflows import flatten
from .xmp import name_broken, read_packet

if TYPE_CHECKING:
    from collections.abc import Iterable

    from .mark import Kind, Origin

MOST_SHOWN = 4_000  # characters of a text that is too long to be kept, and of a hint
MOST_ASKED = 10  # graphs and parameters of one file that are read for what they ask
_LONGEST_NAME = 200

_NAMED = re.compile(r"\s*(aigc|prompt|workflow)\s*[:=]\s*(?=[{\[])", re.IGNORECASE)  # before the text that it names
_LABELLED = re.compile(r'"(AIGC|ProduceID|ContentProducer|ServiceProvider|ServiceUser)"', re.IGNORECASE)
_PLATFORM = re.compile(r'"(aigc_label_type|exportType|log_id)"')
_GRAPH = re.compile(r'"(workflow|class_type)\\*"|"prompt"\s*:\s*"?\s*\{')
_CREDIT = re.compile(r"\bAI\b")
_ASKED = {"aipromptinformation": "prompt", "aisystemused": "model"}
_LABEL_FIELDS = frozenset({"aigc", "produceid", "contentproducer", "propagateid", "serviceprovider", "serviceuser"})
_PLATFORM_FIELDS = frozenset({"aigc_label_type", "exporttype", "log_id", "vid_md5"})
_RANKS: tuple[Origin, ...] = ("comfyui", "a1111", "iptc")


def read_notes(notes: Iterable[Note]) -> Marks:
    """The marks that these notes are: of the first MOST_NOTES, and until more than MOST_READ of text has been seen."""
    reader = _Reader()
    left = MOST_READ
    for count, note in enumerate(notes):
        if count == MOST_NOTES or left <= 0:
            break
        left -= len(note.text)
        reader.add(note)
    return reader.finish()


class _Reader:
    """Collects the marks of a file, and what was asked for by whom."""

    def __init__(self) -> None:
        self._marks: dict[Mark, None] = {}
        self._asked: list[tuple[Origin, Generation]] = []
        self._workflows: list[dict[str, Any]] = []

    def finish(self) -> Marks:
        """All marks, and the first value that there is of what was asked for, by the rank of who says it."""
        if not any(each.prompt for each in self._list_asked("comfyui")):  # a file may lack the graph that was run
            self._asked += [("comfyui", read_graph(graph)) for graph in map(flatten, self._workflows) if graph]
        ranked = [(origin, generation) for origin in _RANKS for generation in self._list_asked(origin)]
        origin, prompt = next(((origin, each.prompt) for origin, each in ranked if each.prompt), (None, None))
        return Marks(
            tuple(self._marks),
            prompt,
            origin,
            next((each.negative_prompt for _, each in ranked if each.negative_prompt), None),
            next((each.model for _, each in ranked if each.model), None),
            next((each.seed for _, each in ranked if each.seed), None),
        )

    def _list_asked(self, origin: str) -> list[Generation]:
        return [generation for name, generation in self._asked if name == origin]

    def add(self, note: Note) -> None:
        """Take in what one text says."""
        if not note.text.strip():
            return
        meaning = name_meaning(note.key)
        if meaning == "label":
            self._add_label(note)
        elif meaning == "platform":
            self._add_platform(note)
        elif meaning == "graph":
            self._add_graph(note, note.key.lower().rpartition(".")[2])
        elif meaning == "parameters":
            self._add_parameters(note)
        elif meaning == "text":
            self._add_text(note)
        elif meaning == "hint":
            self._keep("hint", note)
        elif meaning == "xmp":
            self._add_packet(note)

    def _keep(self, kind: Kind, note: Note, *, is_broken: bool = False) -> None:
        """Keep a note as a mark; of one that is too long the beginning."""
        is_truncated = note.is_long or (kind == "hint" and len(note.text) > MOST_SHOWN)
        value = note.text[:MOST_SHOWN] if is_truncated else note.text
        key = note.key[:_LONGEST_NAME].replace("\0", "\N{REPLACEMENT CHARACTER}")
        is_broken = is_broken or note.is_broken
        self._marks[Mark(kind, note.carrier, key, value, note.size, is_broken, is_truncated)] = None

    def _add_label(self, note: Note) -> None:
        self._keep("aigc", note, is_broken=read_label(note.text) is None)

    def _add_platform(self, note: Note) -> None:
        is_object = note.text.lstrip().startswith("{") or note.key.lower() == "aigc_info"
        self._keep("platform", note, is_broken=is_object and read_object(note.text) is None)

    def _add_parameters(self, note: Note) -> None:
        is_known = is_parameters(note.text)
        self._keep("tool", note, is_broken=not is_known and read_object(note.text) is None)
        if is_known and not note.is_cut and len(self._asked) < MOST_ASKED:
            self._asked.append(("a1111", read_parameters(note.text)))

    def _add_graph(self, note: Note, key: str) -> None:
        """Keep a workflow, or the graph that was run, under its common name, and read what it asks for."""
        document = None if note.is_cut else _read_document(note.text)
        graph = as_graph(document)
        is_readable = document is not None if key == "workflow" else graph is not None
        self._keep("workflow", note._replace(key=key), is_broken=not is_readable and not note.is_cut)
        if len(self._asked) + len(self._workflows) >= MOST_ASKED:
            return
        if graph:
            self._asked.append(("comfyui", read_graph(graph)))
        elif document and key == "workflow":
            self._workflows.append(document)

    def _add_text(self, note: Note) -> None:
        """Take in a text under a name that says nothing: a comment, a description, the maker of a camera."""
        named = _NAMED.match(note.text)
        if named:
            self.add(note._replace(key=named[1].lower(), text=note.text[named.end() :]))
        elif note.text.lstrip().startswith("{"):
            document = None if note.is_cut else read_object(note.text)
            if document is None:
                self._add_broken(note)
            else:
                self._add_document(note, document)
        elif VIDEO_ID.match(note.text):
            self._keep("platform", note)
        elif is_parameters(note.text):
            self._add_parameters(note)

    def _add_document(self, note: Note, document: dict[str, Any]) -> None:
        """Take in an object that stands in a comment, by the names of its fields."""
        names = {name.lower() for name in document}
        if as_graph(document):
            self._add_graph(note, "prompt")
        elif isinstance(document.get("nodes"), list):
            self._add_graph(note, "workflow")
        elif names & _LABEL_FIELDS:
            self._add_label(note)
        elif names & _PLATFORM_FIELDS or document.get("product") == "dreamina":
            self._keep("platform", note)
        for key in ("prompt", "workflow"):
            part = document.get(key)
            text = mend(part) if isinstance(part, str) else write_json(part) if isinstance(part, dict) else ""
            if text.lstrip().startswith("{"):
                self._add_graph(note._replace(text=text, size=len(text.encode())), key)

    def _add_broken(self, note: Note) -> None:
        """Keep an object that cannot be read, if its text names what it would have been."""
        kinds: tuple[tuple[re.Pattern[str], Kind], ...] = (
            (_GRAPH, "workflow"),
            (_LABELLED, "aigc"),
            (_PLATFORM, "platform"),
        )
        kind = next((kind for pattern, kind in kinds if pattern.search(note.text)), None)
        if kind:
            self._keep(kind, note, is_broken=not note.is_cut)

    def _add_packet(self, note: Note) -> None:
        """Take in the properties of a packet of XMP, each as a mark under its own name."""
        packet = read_packet(note.text)
        broken = name_broken(note.text) if packet.is_broken else None
        if broken and not note.is_cut:
            self._keep(broken, note, is_broken=True)
        for kind, name, text in packet.properties:
            part = Note(note.carrier, name, text, len(text.encode()))
            if kind == "aigc":
                self._add_label(part)
            elif kind == "hint" or name.lower() != "credit" or _CREDIT.search(text):
                self._keep(kind, part)
            if name.lower() in _ASKED and len(self._asked) < MOST_ASKED:
                self._asked.append(("iptc", Generation(**{_ASKED[name.lower()]: mend(text)[:MOST_TEXT]})))


def _read_document(text: str) -> dict[str, Any] | None:
    """The object of a text, also where that is the text of the text of one."""
    if text.lstrip().startswith('"'):
        inner = read_json(text)
        text = inner if isinstance(inner, str) else ""
    return read_object(text)
