"""The marks of a file, and what they claim. Nothing here is signed: a mark is a label that anybody can write."""

from __future__ import annotations

import re
from typing import Any, Literal, NamedTuple

from .documents import mend, read_object
from .parameters import is_parameters

Kind = Literal["aigc", "platform", "iptc", "workflow", "tool", "hint"]
Claim = Literal["aigc", "platform", "iptc", "ai"]
Tool = Literal["comfyui", "a1111"]
Origin = Literal["comfyui", "a1111", "iptc"]

VIDEO_ID = re.compile(r"\s*vid:((?=\S*\d)[\w-]{6,200})\s*\Z")  # of ByteDance

_GENERATED = "1"  # the label of GB 45438 for what is: 2 is "possibly", 3 "suspected"
_GENERATED_TYPES = frozenset({"1", "2"})  # of ByteDance: said by the creator, or by the platform; 0 is unclear
_PLATFORM_IDS = frozenset({"vid", "vid_md5", "log_id"})  # of ByteDance: these name a film, and label nothing
_SOURCE = "digitalsourcetype"
# IPTC NewsCodes: what was made, in whole or in part, by a model that was trained on samples.
_GENERATED_SOURCES = frozenset({"trainedalgorithmicmedia", "compositewithtrainedalgorithmicmedia"})
_GENERATED_NAMES = frozenset({"aisystemused", "aisystemversionused", "aipromptinformation"})
_GENERATED_CREDIT = re.compile(r"\bmade with\b.{0,40}\bAI\b", re.IGNORECASE | re.DOTALL)
_LABEL_IDS = {"produceid": "ProduceID", "propagateid": "PropagateID"}
_LONGEST_ID = 500


class Mark(NamedTuple):
    """A label in a file: what `kind` it is, the part of the file that carries it, its name there, and its text.

    `size` is bytes of the text in the file. A `value` that is truncated is no more than the beginning; one that is
    broken is kept as it stands, and says nothing. The names of workflows are `workflow` for what ComfyUI's page shows
    and `prompt` for the graph that it ran, whatever case or wrapping they had.
    """

    kind: Kind
    carrier: str
    key: str
    value: str
    size: int
    is_broken: bool = False
    is_truncated: bool = False

    @property
    def claims(self) -> frozenset[Claim]:
        """What the mark says of the file: `ai` that it is generated, the others which kind of label it has."""
        if self.kind == "aigc":
            return _claim("aigc", is_generated=not self.is_broken and self._label().get("label") == _GENERATED)
        if self.kind == "platform" and not _is_id(self.key, self.value):
            return _claim("platform", is_generated=not self.is_broken and _says_platform(self.value))
        if self.kind == "iptc" and not self.is_broken:
            return self._claims_iptc()
        return frozenset()

    @property
    def tool(self) -> Tool | None:
        """The program whose settings the mark holds; a hint names none."""
        if self.is_broken:
            return None
        if self.kind == "workflow":
            return "comfyui"
        return "a1111" if self.kind == "tool" and is_parameters(self.value) else None

    @property
    def ids(self) -> tuple[tuple[str, str], ...]:
        """Names and values of the ids by which a job may be known: ProduceID, PropagateID, vid, log_id."""
        if self.is_broken:
            return ()
        if self.kind == "aigc":
            label = self._label()
            named = [(name, label.get(key, "")) for key, name in _LABEL_IDS.items()]
        elif self.kind == "platform":
            named = [("vid", match[1])] if (match := VIDEO_ID.match(self.value)) else []
            log_id = self.value if self.key.lower() == "log_id" else (read_object(self.value) or {}).get("log_id")
            named.append(("log_id", log_id if isinstance(log_id, str) else ""))
        else:
            return ()
        return tuple((name, mend(text)) for name, text in named if text and len(text) <= _LONGEST_ID)

    def _label(self) -> dict[str, str]:
        """The fields of a label of GB 45438 that are texts or numbers, by their names in small letters."""
        fields = read_label(self.value) or {}
        return {
            key.lower(): str(value).strip()
            for key, value in fields.items()
            if isinstance(value, str | int) and not isinstance(value, bool)
        }

    def _claims_iptc(self) -> frozenset[Claim]:
        name = self.key.lower()
        if name == _SOURCE:
            code = self.value.strip().rstrip("/").rpartition("/")[2].lower()
            return _claim("iptc", is_generated=code in _GENERATED_SOURCES)
        says = name in _GENERATED_NAMES or (name == "credit" and _GENERATED_CREDIT.search(self.value))
        return frozenset({"ai"}) if says else frozenset()


class Marks(NamedTuple):
    """What a file says of itself, unsigned: its marks in the order of the file, and what can be read from them.

    `prompt_origin` says whose prompt it is: the graph of ComfyUI counts before the parameters of A1111, and these
    before IPTC. `model` is the name of the file that a graph loads, `seed` a whole number below 2^64, as text.
    """

    marks: tuple[Mark, ...] = ()
    prompt: str | None = None
    prompt_origin: Origin | None = None
    negative_prompt: str | None = None
    model: str | None = None
    seed: str | None = None

    @property
    def claims(self) -> frozenset[Claim]:
        """What any of the marks says of the file; they may disagree."""
        return frozenset().union(*(mark.claims for mark in self.marks))

    @property
    def tools(self) -> frozenset[Tool]:
        """The programs whose settings are in the file."""
        return frozenset(mark.tool for mark in self.marks if mark.tool)

    @property
    def ids(self) -> tuple[tuple[str, str], ...]:
        """Names and values of the ids by which a job may be known, each once."""
        return tuple(dict.fromkeys(pair for mark in self.marks for pair in mark.ids))

    @property
    def workflow(self) -> Mark | None:
        """The workflow, else the graph that was run; None where there is neither, or what there is cannot be read."""
        whole = [mark for mark in self.marks if mark.kind == "workflow" and not mark.is_broken]
        return next((mark for mark in whole if mark.key == "workflow"), whole[0] if whole else None)


def read_label(text: str) -> dict[str, Any] | None:
    """The fields of a label of GB 45438, also where it stands in an object of its own name; None where it is broken."""
    fields = read_object(text)
    for key, inner in (fields or {}).items():
        if key.lower() == "aigc":
            label = read_object(inner) if isinstance(inner, str) else inner
            return label if isinstance(label, dict) and label else None
    return fields


def _is_id(key: str, text: str) -> bool:
    """Whether all that a mark of ByteDance says is an id."""
    fields = read_object(text)
    names = {key.lower().rpartition(".")[2]} if fields is None else {name.lower() for name in fields}
    return names <= _PLATFORM_IDS or VIDEO_ID.match(text) is not None


def _says_platform(text: str) -> bool:
    fields = read_object(text) or {}
    is_made = fields.get("product") == "dreamina" and fields.get("exportType") == "generation"
    return is_made or str(fields.get("aigc_label_type")) in _GENERATED_TYPES


def _claim(kind: Claim, *, is_generated: bool) -> frozenset[Claim]:
    return frozenset({kind, "ai"}) if is_generated else frozenset({kind})
