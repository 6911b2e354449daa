"""A prompt cut into segments: a stretch of text, the field it belongs to, the shot it describes.

Reading happens on a **sheet**: a copy of the prompt, of the same length, in which everything that is not prose (JSON
keys, brackets, labels, escapes) is blanked. Offsets on the sheet are offsets in the prompt, whatever its format.
"""

from __future__ import annotations

from dataclasses import dataclass

from catalog.prompts.vocabulary import PROSE, Field

BLANK = "\n"


@dataclass(frozen=True, slots=True)
class Segment:
    """A stretch of the sheet that belongs to one field; `shot` counts from 1 in a list of shots."""

    start: int
    end: int
    field: Field = PROSE
    origin: str = "prose"
    shot: int | None = None


class Sheet:
    """The prompt as it is read: blanked where it is not prose, and where its segments are."""

    __slots__ = ("_end", "_pieces", "prompt", "segments", "speakers")

    def __init__(self, prompt: str) -> None:
        self.prompt = prompt
        self.segments: list[Segment] = []
        self.speakers: dict[int, str] = {}
        self._pieces: list[str] = []
        self._end = 0

    def add(self, segment: Segment, text: str | None = None) -> None:
        """Put the next segment on the sheet, blanking what was passed over; `text` replaces its words, in length."""
        if segment.start >= segment.end:
            return
        if segment.start > self._end:
            self._pieces.append(BLANK * (segment.start - self._end))
        self._pieces.append(self.prompt[segment.start : segment.end] if text is None else text)
        self._end = segment.end
        self.segments.append(segment)

    def text(self) -> str:
        """The whole sheet, as long as the prompt."""
        return "".join(self._pieces) + BLANK * (len(self.prompt) - self._end)
