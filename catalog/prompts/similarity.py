"""Which prompts are takes of one: the same but for case, width, blanks and punctuation, or but for one word or clause.

A prompt is sketched as a few dozen keys, each of them the prompt with one stretch left out: a clause, two clauses side
by side, a sentence, the last sentences, a few words of a long clause. Two prompts that differ in that stretch alone
have a key in common, wherever it stands and whatever else there is; prompts that have a key in common are in one stack,
and so are those that a chain of them joins. So a stack depends on nothing but the set of prompts, whatever their order,
and what a prompt joins is found by looking up its keys.

What a prompt is about stays in a key even where its stretch is left out (`leads`), and of a clause that says it at
most half is ever left out. So "a fox" and "a wolf" in the same words share no key, nor do two scenes in one style.

Short prompts have one key, that of all their letters: a word changes too much of them.
"""

from __future__ import annotations

import re
import string
from bisect import bisect_right
from collections import defaultdict
from functools import lru_cache
from hashlib import blake2b
from typing import TYPE_CHECKING, NamedTuple

from catalog import letters
from catalog.forest import Forest
from catalog.prompts import LONGEST_READ

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

FEWEST_WORDS = 20  # of a prompt that is compared by its clauses
MOST_CLAUSES = 32  # of a prompt that are left out one by one; of a longer one, groups of them

_LEFT_OUT = 1 / 3  # of a prompt: the largest clause that may be left out
_SENTENCE_LEFT_OUT = 0.4
_SHORTEST_LEFT_OUT = 6  # words that may be left out of however short a prompt
_LONG_CLAUSE = 12  # words of a clause from which on parts of it are left out as well, where there are
_FEW_CLAUSES = 8
_STEPS = ((8, 1), (12, 2), (20, 3), (36, 4), (54, 6), (80, 9))  # the step in clauses of less than so many words

_PRIME = (1 << 61) - 1
_BASE = 0x1A5F_3C96_E0B7_8D41  # any number of that size
_POWERS = 256  # of it that are listed at once
_LONG_WORD = 40  # letters of a word from which on it is not likely to come again

_SENTENCE_END = re.compile(r"[.!?…](?=\s|$|[\"'”’)\]])|[。！？\n]")
_CLAUSE_END = re.compile(r"[,:](?!\d)|[;()\[\]{}\"“”«»、，；：・「」『』（）—–|*#•]|\s-+\s")
_MAY_BE_DOCUMENT = re.compile(r"[{\[]")
_INNER_STOP = re.compile(r"[.!?](?=[^\s\"')\]])")  # of ASCII, as the rest: 3.5, and the first two of "..."
_INNER_COMMA = re.compile(r"[,:](?=\d)")  # 16:9
_DASH = re.compile(r"[^\S\n]-+[^\S\n]")
_BLANKS = dict.fromkeys(map(chr, range(128)), " ") | {char: char for char in string.ascii_lowercase + string.digits}
_ENDS = dict.fromkeys(".!?\nS", "S") | dict.fromkeys(',:;()[]{}"|*#C', "C")
_TO_WORDS = str.maketrans(_BLANKS)
_TO_MARKS = str.maketrans(_BLANKS | _ENDS)
_TO_LETTERS = str.maketrans({char: "" if letter == " " else letter for char, letter in _BLANKS.items()})
_SYMBOL = re.compile("[\u2600-\u27bf\U0001f300-\U0001faff]")  # pictures that people write for words


class Clause(NamedTuple):
    """The words of a clause as they are compared, from one index of the prompt's words up to another."""

    start: int
    end: int
    sentence: int


def sketch(prompt: str | None) -> tuple[int, ...]:
    """The keys of a prompt, signed 64-bit numbers, that of all its letters first; none without a prompt.

    Prompts that have a key in common are takes of one.
    """
    if not prompt or prompt.isspace():
        return ()
    exact = _hash(b"=" + fold(prompt).encode("utf-8", "surrogatepass"))
    beginning = prompt[:LONGEST_READ]
    if len(beginning) < FEWEST_WORDS * 2:
        return (exact,)
    from catalog.prompts.leads import find_leads  # with the lexicon, which every write would load for it
    from catalog.prompts.structured import as_words, find_documents

    documents = find_documents(beginning) if _MAY_BE_DOCUMENT.search(beginning) else []
    text = as_words(beginning, documents)
    words, clauses = _read_clauses(text)
    if _count(words, text) < FEWEST_WORDS:
        return (exact,)
    return tuple(
        dict.fromkeys((exact, *_leave_out(words, clauses, _find_kept(find_leads(beginning, text, documents), words))))
    )


def fold(prompt: str) -> str:
    """What prompts are the same by: the letters and digits, without case, width, accents, blanks and punctuation.

    Where there are none, the text itself.
    """
    if prompt.isascii():
        return prompt.lower().translate(_TO_LETTERS) or prompt.strip()
    folded = "".join(part.letters for part in letters.read(prompt))
    return folded + "".join(_SYMBOL.findall(prompt)) or prompt.strip()


def are_alike(prompt: str, other: str) -> bool:
    """Whether the prompts have a key in common."""
    return not set(sketch(prompt)).isdisjoint(sketch(other))


def group(prompts: Sequence[str | None]) -> list[int]:
    """For each prompt, the index of the first one of its stack; its own for one without words."""
    forest = Forest(len(prompts))
    first: dict[int, int] = {}
    for index, prompt in enumerate(prompts):
        for key in sketch(prompt):
            forest.join(first.setdefault(key, index), index)
    return [forest.find(index) for index in range(len(prompts))]


def _hash(text: bytes) -> int:
    return int.from_bytes(blake2b(text, digest_size=8).digest(), "big", signed=True)


def _read_clauses(text: str) -> tuple[list[str], list[Clause]]:
    """The words of a text, letters where scripts have no blanks, and its clauses that have any."""
    words: list[str] = []
    clauses: list[Clause] = []
    start = 0
    for number, sentence in enumerate(_split_ascii(text) if text.isascii() else _split(text)):
        for clause in sentence:
            words += clause
            if (end := len(words)) > start:
                clauses.append(Clause(start, end, number))
                start = end
    return words, _merge(clauses)


def _split(text: str) -> Iterator[list[list[str]]]:
    """The sentences of a text, each as the words of its clauses."""
    for sentence in _SENTENCE_END.split(text):
        yield [split_words(clause) for clause in _CLAUSE_END.split(sentence)]


def _split_ascii(text: str) -> Iterator[list[list[str]]]:
    """As `_split`, in a third of the time.

    Signs that end nothing are taken away first; then capitals, of which a text in lower case has none, mark the ends.
    """
    text = _INNER_COMMA.sub("_", _INNER_STOP.sub("_", text.lower()))
    if "-" in text:
        text = _DASH.sub("C", text)
    for sentence in text.translate(_TO_MARKS).split("S"):
        yield [clause.split() for clause in sentence.split("C")]


def _merge(clauses: list[Clause]) -> list[Clause]:
    """The clauses, or sentences or groups of either where there are too many to leave out one by one."""
    if len(clauses) <= MOST_CLAUSES:
        return clauses
    by_sentence: defaultdict[int, list[Clause]] = defaultdict(list)
    for clause in clauses:
        by_sentence[clause.sentence].append(clause)
    sentences = [Clause(parts[0].start, parts[-1].end, number) for number, parts in by_sentence.items()]
    units = sentences if len(sentences) > MOST_CLAUSES // 2 else clauses
    size = -(-len(units) // MOST_CLAUSES)
    groups = (units[start : start + size] for start in range(0, len(units), size))
    return [Clause(parts[0].start, parts[-1].end, parts[0].sentence) for parts in groups]


def split_words(text: str) -> list[str]:
    """The words of a text as they are compared; of scripts without blanks, its letters."""
    if text.isascii():
        return text.lower().translate(_TO_WORDS).split()
    words: list[str] = []
    for part in letters.read(text):
        words += part.letters if part.is_run else (part.letters,)
    return words


def _count(words: Sequence[str], text: str) -> float:
    """How many words of the text there are, where a letter of a script without blanks is half of one."""
    if text.isascii():
        return len(words)
    return sum(0.5 if len(word) == 1 and word > "\u0dff" else 1 for word in words)


def _find_kept(leads: Iterable[str], words: Sequence[str]) -> set[int]:
    """The indexes of the words that stay in every key: what the prompt is about, where that is said first."""
    kept: set[int] = set()
    for lead in leads:
        parts = split_words(lead)
        start = _find(words, parts)
        if start is not None:
            kept.update(range(start, start + len(parts)) if len(parts[-1]) == 1 else [start + len(parts) - 1])
    return kept


def _find(words: Sequence[str], parts: Sequence[str]) -> int | None:
    """Where the parts stand among the words."""
    if not parts:
        return None
    start = -1
    while True:
        try:
            start = words.index(parts[0], start + 1)
        except ValueError:
            return None
        if list(words[start : start + len(parts)]) == list(parts):
            return start


def _leave_out(words: Sequence[str], clauses: Sequence[Clause], kept: set[int]) -> list[int]:
    """The key of all words, and one for each stretch that is left out.

    The words are the digits of one number, modulo a prime: so a key is made of what is before and after a stretch at
    once, and not of all words again.
    """
    digits = [_read_digit(word) if len(word) < _LONG_WORD else _hash_word(word) for word in words]
    count, number = len(words), 0
    upto = [number := (number * _BASE + digit) % _PRIME for digit in digits]
    upto.append(0)  # which is before the first
    powers = _list_powers(-(-count // _POWERS) * _POWERS)
    in_order = sorted(kept)
    first, last = (in_order[0], in_order[-1]) if in_order else (count, -1)
    keys = []
    for start, end in _find_stretches(count, clauses, in_order):
        before = upto[start - 1]
        if start <= last and first < end:
            for index in in_order:
                if start <= index < end:
                    before = before * _BASE + digits[index]
        keys.append(((before - upto[end - 1]) * powers[count - end] + number) % _PRIME)
    return keys


def _hash_word(word: str) -> int:
    return _hash(word.encode("utf-8", "surrogatepass")) % _PRIME


_read_digit = lru_cache(32_768)(_hash_word)


@lru_cache(8)
def _list_powers(most: int) -> list[int]:
    """The powers of the base, up to this one."""
    power = 1
    return [1, *(power := power * _BASE % _PRIME for _ in range(most))]


def _find_stretches(count: int, clauses: Sequence[Clause], kept: Iterable[int]) -> list[tuple[int, int]]:
    most = max(_SHORTEST_LEFT_OUT, count * _LEFT_OUT)
    whole = most if len(clauses) > _FEW_CLAUSES else min(most, _LONG_CLAUSE)
    free = [True] * len(clauses)
    ends = [clause.end for clause in clauses]
    for index in kept:
        free[bisect_right(ends, index)] = False
    stretches = [(0, 0)]
    for index, (start, end, _) in enumerate(clauses):
        if free[index] and end - start <= most:
            stretches.append((start, end))
        if not free[index] or end - start > whole:
            stretches += [(start + first, start + last) for first, last in _list_parts(end - start, int(most))]
        if free[index] and end < count and free[index + 1] and ends[index + 1] - start <= most:
            stretches.append((start, ends[index + 1]))
    stretches += _find_sentences(clauses, free, count * _SENTENCE_LEFT_OUT)
    stretches += _find_endings(clauses, free, most)
    return stretches


@lru_cache(1_024)
def _list_parts(count: int, most: int) -> list[tuple[int, int]]:
    """Stretches of a clause, at most half of it: from a whole number of steps to as many from its end."""
    return [
        (first, last)
        for step in {_step(count - 1), _step(count), _step(count + 1)}
        for first in range(0, count, step)
        for last in range(count % step, count + 1, step)  # a whole number of steps from the end
        if 0 < last - first <= min(most, count / 2, 3 * step)
    ]


def _step(count: int) -> int:
    return next((step for fewest, step in _STEPS if count < fewest), count // 80 * 10)


def _find_sentences(clauses: Sequence[Clause], free: Sequence[bool], most: float) -> Iterator[tuple[int, int]]:
    """Sentences of three clauses and more; shorter ones are left out as such."""
    first = 0
    for index, clause in enumerate(clauses):
        if clause.sentence != clauses[first].sentence:
            first = index
        is_last = index + 1 == len(clauses) or clauses[index + 1].sentence != clause.sentence
        if is_last and index - first > 1 and all(free[first : index + 1]) and clause.end - clauses[first].start <= most:
            yield clauses[first].start, clause.end


def _find_endings(clauses: Sequence[Clause], free: Sequence[bool], most: float) -> Iterator[tuple[int, int]]:
    """The last sentences, two and more: what is often written behind a prompt to vary it."""
    end = clauses[-1].end
    last = clauses[-1].sentence
    for clause, is_free, before in zip(clauses[:0:-1], free[:0:-1], clauses[-2::-1], strict=True):
        if not is_free or end - clause.start > most:
            return
        if clause.sentence not in {before.sentence, last}:
            yield clause.start, end
