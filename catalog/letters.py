"""Which letters count as the same in a search, and the words and runs that a text is made of. Pure.

The fold: compatibility forms are their plain letters (NFKC: full width, half-width kana, ligatures), case and accents
are dropped, stroke letters lose their stroke, composed and decomposed letters are one. Marks that make another letter
stay: the breve of й and ў, dakuten, the vowel signs and tones of Thai or Hindi. Everything but letters, digits and such
marks parts words, also what has no width, and ™.

In scripts written without spaces a maximal stretch of letters is a run, any part of which is found; elsewhere it is a
word. SQLite's `unicode61` tokenizer tears words at marks, so a mark is written as a letter of a private alphabet.
"""

from __future__ import annotations

import re
import unicodedata
from functools import cached_property, lru_cache
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

UNSPACED = (
    "\u0e00-\u0eff"  # Thai, Lao
    "\u1000-\u109f\ua9e0-\ua9ff\uaa60-\uaa7f"  # Burmese
    "\u1100-\u11ff\ua960-\ua97f\uac00-\ud7ff"  # Korean
    "\u1780-\u17ff"  # Khmer
    "\u1950-\u19df\u1a20-\u1aaf\uaa80-\uaadf"  # Tai scripts
    "\u2e80-\u2fdf\u3005-\u3007\u3021-\u3029\u3031-\u3035\u3038-\u303c\u3099-\u309a"
    "\u3041-\u3096\u309d-\u309f\u30a1-\u30fa\u30fc-\u312f\u3131-\u318e\u31a0-\u31bf\u31f0-\u31ff"
    "\u3400-\u4dbf\u4e00-\ua4cf\uf900-\ufaff\uff66-\uff9f\uffa0-\uffdc"  # Chinese, Japanese, Yi, half-width forms
    "\U00016fe0-\U00018dff\U0001aff0-\U0001b2ff\U00020000-\U0003ffff"
)

_IDEOGRAPHS = range(0x20000, 0x40000)  # also those that a later Unicode adds
_PRIVATE = 0xF0000  # added to a mark, which is a letter to `unicode61` then
_TORN = frozenset((*range(0x19B0, 0x19CA), 0x1CF2, 0x1CF3))  # letters that are marks to `unicode61`
_ACCENTS = (
    "\u0300-\u036f\u0483-\u0489\u1ab0-\u1aff\u1dc0-\u1dff\u20d0-\u20ff\u2de0-\u2dff\u302a-\u302f\ufe20-\ufe2f"
    "\u0591-\u05bd\u05bf\u05c1\u05c2\u05c4\u05c5\u05c7\u0610-\u061a\u0640\u064b-\u0652\u0656-\u065f\u0670"
    "\u06d6-\u06dc\u06df-\u06e4\u06e7\u06e8\u06ea-\u06ed"  # points of Hebrew and Arabic, and the stretching tatweel
    "\u180b-\u180d\u180f\ufe00-\ufe0f\U000e0100-\U000e01ef"  # variation selectors
)
_STROKES = str.maketrans(
    dict(zip("đłøıħŧƀǥɇɉɍɏȼƶɨʉⱥⱦꝁᵽ", "dloihtbgejrycziuatkp", strict=True))
    | {"æ": "ae", "œ": "oe", "ʼ": "'", "ʻ": "'", "\ufdd0": "й", "\ufdd1": "ў"}
)
_SYLLABLE = "[\u1100-\u115f\ua960-\ua97f][\u1160-\u11a7\ud7b0-\ud7c6]+[\u11a8-\u11ff\ud7cb-\ud7fb]*"  # of jamo
_NIKHAHIT = "([\u0e4d\u0ecd])([\u0e48-\u0e4b\u0ec8-\u0ecb])"  # and a tone: typed in either order
_BREVES = (("й", "\ufdd0"), ("Й", "\ufdd0"), ("ў", "\ufdd1"), ("Ў", "\ufdd1"))  # while accents are dropped
_UNREAD = "\u2120\u2122\U0001f16a\U0001f16b\U0001f16c"  # ™ and its like
_SEPARATORS = re.compile(r"[\x00-/:-@[-`{-\x7f]")
_CHUNK = re.compile(r"[^\x00-/:-@[-`{-\x7f\s]+")
_PART = re.compile("([uv]+)|[wm]+")  # of the kinds of letters: a run, which is its group, or a word
_SHORT = 20  # characters of a chunk that is likely to come again
_LONGEST = 30  # marks in a row that are read: normalization sorts them, in quadratic time

_ALIKE = (  # letters and marks that `unicode61` folds as this module does, and what parts words for both
    "\x00-\xa9\xab-\xb1\xb4-\xb8\xbb\xbf-\xc5\xc7-\xd7\xd9-\xde\xe0-\xe5\xe7-\xf7\xf9-\u010f\u0112-\u0125\u0128-\u0130"
    "\u0134-\u013e\u0143-\u0148\u014a-\u0151\u0154-\u0165\u0168-\u017f\u01cd-\u01df\u01e6-\u01ed\u01f8-\u01fb"
    "\u0200-\u0239\u1e00-\u1e99\u1e9f-\u1eff\u0387\u0391-\u03a1\u03a3-\u03a9\u03b1-\u03c9"
    "\u0402\u0404-\u0406\u0408-\u040b\u040f-\u044f\u0452\u0454-\u0456\u0458-\u045b\u045f-\u0475\u048a-\u04c0\u04c3-\u04cf"
    "\u0531-\u0556\u0561-\u0586\u05d0-\u05ea\u060c\u061b\u061f\u0621\u0627-\u063f\u0641-\u064a\u0660-\u066d"
    "\u2010-\u2016\u2018-\u202f\u2030-\u203d\u2041-\u2046\u204a-\u2056\u2058-\u205e\u20a0-\u20a7\u20a9-\u20b9"
    "\u2190-\u22ff\u2500-\u26ff\u2701-\u2767\U0001f400-\U0001f43e\U0001f442-\U0001f4f7\U0001f500-\U0001f53d"
)
_DROPPED = "\u0300-\u0304\u0307-\u030c\u030f\u0311\u031b\u0323-\u0328\u032d\u032e\u0330\u0331"  # by `unicode61` too


class Part(NamedTuple):
    """A word or a run of a text, folded.

    It `differs` where `unicode61` may make other words of the text there; it `misleads` where one of these may be the
    fold of another word.
    """

    letters: str
    is_run: bool = False
    differs: bool = False
    misleads: bool = False


def read(text: str) -> Iterator[Part]:
    """The words and runs of a text, in order."""
    for chunk in _CHUNK.findall(text):
        if chunk.isascii():
            yield Part(chunk.lower())
        elif len(chunk) < _SHORT:
            yield from _read_short(chunk)
        else:
            yield from _read_chunk(chunk)


def _read_chunk(chunk: str) -> list[Part]:
    folded = _fold(chunk)
    kinds = folded.translate(_kinds)
    differs = _patterns.alike.fullmatch(chunk) is None
    misleads = differs and ("m" in kinds or _is_torn(chunk, folded))
    return [
        Part(_letters(folded, kinds, *match.span()), match[1] is not None, differs, misleads)
        for match in _PART.finditer(kinds)
    ]


@lru_cache(maxsize=10_000)
def _read_short(chunk: str) -> list[Part]:
    return _read_chunk(chunk)


def is_alike(text: str) -> bool:
    """Whether `unicode61` is sure to make the same words of the text as the fold, so that none differs."""
    return text.isascii() or _patterns.alike.fullmatch(text) is not None


def locate(text: str) -> tuple[str, list[int], list[int]]:
    """The words and runs of a text with blanks between, and where in it each letter of that begins and ends."""
    folded, starts, ends = _fold_at(text)
    kinds = folded.translate(_kinds)
    located, begins, finishes = [], [], []
    for match in _PART.finditer(kinds):
        first, last = match.span()
        located.append(_letters(folded, kinds, first, last))
        begins += [*starts[first:last], ends[last - 1]]
        finishes += [*ends[first:last], ends[last - 1]]
    return " ".join(located), begins[:-1], finishes[:-1]


def _fold(text: str) -> str:
    """The text with the letters that it is compared by; what parts words is left as it is."""
    text = _patterns.sign.sub(_part_symbol, _patterns.crowd.sub(r"\1", text))
    text = unicodedata.normalize("NFC", text)
    for letter, kept in _BREVES:
        text = text.replace(letter, kept)
    text = _patterns.accent.sub("", unicodedata.normalize("NFKD", text)).casefold()
    if _patterns.stroke.search(text):
        text = text.translate(_STROKES)
    text = re.sub(_NIKHAHIT, r"\2\1", text)
    return unicodedata.normalize("NFC", text)


def _fold_at(text: str) -> tuple[str, Sequence[int], Sequence[int]]:
    """The fold of a text, and where each letter of it begins and ends."""
    if unicodedata.is_normalized("NFKC", text) and not (_patterns.accent.search(text) or _patterns.sign.search(text)):
        folded = _fold(text)
        if len(folded) == len(text):  # each letter has become one
            return folded, range(len(text)), range(1, len(text) + 1)
    pieces: list[str] = []
    starts: list[int] = []
    ends: list[int] = []
    for match in _patterns.cluster.finditer(text):
        if match["plain"]:
            pieces.append(match[0].lower())
            starts += range(match.start(), match.end())
            ends += range(match.start() + 1, match.end() + 1)
            continue
        piece = _fold_cluster(match[0])
        pieces.append(piece)
        starts += [match.start()] * len(piece)
        ends += [match.end()] * len(piece)
    return "".join(pieces), starts, ends


@lru_cache(maxsize=2048)
def _fold_cluster(text: str) -> str:
    return _fold(text)


def _letters(folded: str, kinds: str, start: int, end: int) -> str:
    """The word or run that stands there, a private letter for each mark."""
    word = folded[start:end]
    if kinds.find("m", start, end) < 0 and kinds.find("v", start, end) < 0:
        return word
    marks = {ord(letter) for letter, kind in zip(word, kinds[start:end], strict=True) if kind in "mv"}
    return word.translate({mark: chr(mark + _PRIVATE) for mark in marks})


def _part_symbol(match: re.Match[str]) -> str:
    """The symbol parted from what is around it, as `unicode61` does: ㎏; a letter as it is: ℝ."""
    char = match[0]
    if unicodedata.category(char) != "So":
        return char
    return " " if char in _UNREAD else f" {char} "


def _is_torn(chunk: str, folded: str) -> bool:
    """Whether `unicode61` tears a word of the chunk at an accent, or drops a breve that makes another letter."""
    if "\u0306" in chunk and ("й" in folded or "ў" in folded):
        return True
    return _patterns.tear.search(_patterns.crowd.sub(r"\1", chunk)) is not None


class _Kinds(dict[int, str]):
    """The kinds of folded letters: `u` in scripts without spaces, `w` in others, `v` and `m` for marks there.

    All else is a blank.
    """

    def __missing__(self, code: int) -> str:
        char = chr(code)
        category = unicodedata.category(char)
        if category[0] not in "LMN" and code not in _IDEOGRAPHS:
            kind = " "
        elif category[0] == "M" or code in _TORN:
            kind = "v" if _is_unspaced(char) else "m"
        else:
            kind = "u" if _is_unspaced(char) else "w"
        if category != "Cn":  # of which there are a million
            self[code] = kind
        return kind


_kinds = _Kinds()


def _is_unspaced(char: str) -> bool:
    return any(UNSPACED[at] <= char <= UNSPACED[at + 2] for at in range(0, len(UNSPACED), len("a-z")))


class _Patterns:
    """Each compiled when it is first needed: for a fast start."""

    @cached_property
    def accent(self) -> re.Pattern[str]:
        return re.compile(f"[{_ACCENTS}]+")

    @cached_property
    def sign(self) -> re.Pattern[str]:
        """Symbols made of letters, and letters among them."""
        return re.compile("[\u2100-\u214f\u24b6-\u24e9\u3200-\u33ff\U0001f100-\U0001f2ff]")

    @cached_property
    def stroke(self) -> re.Pattern[str]:
        return re.compile(f"[{''.join(map(chr, _STROKES))}]")

    @cached_property
    def crowd(self) -> re.Pattern[str]:
        return re.compile(rf"([^\w\s\x00-\x7f]{{{_LONGEST}}})[^\w\s\x00-\x7f]+")

    @cached_property
    def alike(self) -> re.Pattern[str]:
        return re.compile(f"(?:[{_ALIKE}][{_DROPPED}]*+)*+")

    @cached_property
    def tear(self) -> re.Pattern[str]:
        """An accent that is a blank to `unicode61`, in the middle of a word."""
        return re.compile(rf"(?<=[\w{_ACCENTS}])(?![{_DROPPED}\u0306])[{_ACCENTS}][{_ACCENTS}]*+\w")

    @cached_property
    def cluster(self) -> re.Pattern[str]:
        """What is folded as one: a letter and the marks on it, a syllable of jamo; ASCII up to its last letter."""
        mark = rf"(?:(?![{UNSPACED}])[^\w\s\x00-\x7f]|[{_ACCENTS}\u3099\u309a\uff9e\uff9f])"
        plain = r"(?P<plain>[\x00-\x7f]+(?=[\x00-\x7f]))"
        return re.compile(f"{plain}|(?:{_SYLLABLE}|{_NIKHAHIT}|.){mark}*", re.DOTALL)


_patterns = _Patterns()
