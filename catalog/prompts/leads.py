"""The words that say what a prompt is chiefly about: the fox of "Wide shot of a red fox in deep snow".

Found by the lexicon alone where the text is English, many times faster than facets are. Other languages are read by
`extraction`, with the vocabulary as it comes, without the words of the user. Of JSON and labels, one field is read.
"""

from __future__ import annotations

import re
from functools import lru_cache
from itertools import islice
from typing import TYPE_CHECKING, NamedTuple

from catalog.prompts.lexicon import Kind, load_lexicon
from catalog.prompts.nouns import find_nouns
from catalog.prompts.tagging import tag_words

if TYPE_CHECKING:
    from collections.abc import Sequence

    from catalog.prompts.lexicon import Lexicon
    from catalog.prompts.nouns import Noun
    from catalog.prompts.structured import Document
    from catalog.prompts.tagging import Word

_SENTENCE = re.compile(r"[^.!?;\n]+")
_WORD = re.compile(r"[^\W_]+(?:['’][a-z]+)?|[,:(—–]")
_MARKS = {",": Kind.COMMA, ":": Kind.COLON, "(": Kind.BRACKET, "—": Kind.COMMA, "–": Kind.COMMA}
_MAY_BE_LABEL = re.compile(r"[:：—–*\]】]")
_LABEL = re.compile(r"^[^\S\n]*[*#\-•\[【]*([^\W\d_][\w /&-]{1,30}?)(?:[*\]】]*\s?[:：—–]|[*\]】]+)[*]*", re.MULTILINE)
_ABOUT = (  # the names of fields, the one that is most about the subject first
    "subject", "main subject", "main_subject", "subjects", "主体", "主角", "主題", "被写体", "主体人物", "sujeto",
    "protagonist", "protagonista", "character", "characters", "main character", "人物", "角色", "登場人物", "personaje",
    "product", "logline", "primary request", "primary_request", "prompt", "description", "action", "action_sequence",
    "scene", "scene_opener", "story", "动作", "動作", "場面", "场景", "escena",
)  # fmt: skip
_WIDE = re.compile("[\u0e00-\u0eff\u1000-\u109f\u1780-\u17ff\u3040-\u30ff\u3400-\u9fff\uac00-\ud7af]")
_FEW_WIDE = 0.2  # of the characters, up to which a prompt is not of a script without blanks
_MOST = 2  # words that may name the subject, where no language is known
_SENTENCES = 16  # of a prompt, in which what it is about is looked for
_LONGEST = 60  # words of a sentence that are read
_REMEMBERED = 4_096  # sentences: takes of one prompt have all but one in common
_LONG = 4  # letters of a word that may be the subject where no language is known
_LONG_RUN = 8  # characters at the beginning, in scripts without blanks
_SHORT_FIELD = 24  # characters of a field in such a script that names its subject at once

_KOREAN = re.compile(r"([가-힣]+)[이가](?=[\s,.])")  # what acts
_FOREIGN = frozenset(
    {
        "plan", "large", "gros", "moyen", "général", "rapproché", "aérien", "aérienne", "plano", "primer",
        "primerísimo", "medio", "general", "toma", "cámara", "lenta", "kamera", "kamerafahrt", "nahaufnahme",
        "totale", "halbtotale", "aufnahme", "weitwinkel", "luftaufnahme", "câmera", "piano", "campo", "primo",
        "inquadratura", "ripresa", "крупный", "общий", "средний", "план", "камера", "eine", "einer", "einem",
        "einen", "ein", "dans", "avec", "sous", "pour", "une", "para", "como", "unos", "unas", "über", "unter",
    }
)  # fmt: skip
_INDEFINITE = frozenset({"a", "an", "two", "three", "four", "five", "several", "hundreds", "dozens"})
_PAUSES = frozenset({Kind.COMMA, Kind.COLON, Kind.BRACKET})
_FINITE = frozenset({Kind.VERB, Kind.AUXILIARY})


def find_leads(prompt: str, text: str = "", documents: Sequence[Document] = ()) -> tuple[str, ...]:
    """The heads of what the prompt is about, in lower case, in its order, at most three; empty where none is found.

    `text` is the prompt with the strings of its JSON `documents` in their place. No text raises an error.
    """
    return _find_in_text(_find_field(prompt, documents) or text or prompt)


def _find_in_text(text: str) -> tuple[str, ...]:
    if not text.isascii() and len(_WIDE.findall(text)) > _FEW_WIDE * len(text):
        return (text[:_LONG_RUN],) if len(text) <= _SHORT_FIELD else _extract_leads(text) or _first_words(text)
    lexicon = load_lexicon()
    written = [sentence for sentence in _SENTENCE.findall(text.lower()) if sentence.strip()]
    sentences = (*written[:_SENTENCES], *written[-1:])
    english = lexicon.count_english([word for sentence in sentences for word in _split(sentence)])
    if english < 0 or (not english and not text.isascii()):
        return _extract_leads(text) or _first_words(text)
    return _find_in_english(sentences) or _first_words(text)


@lru_cache(_REMEMBERED)
def _split(sentence: str) -> tuple[str, ...]:
    return tuple(_WORD.findall(sentence)[:_LONGEST])


def _find_in_english(sentences: Sequence[str]) -> tuple[str, ...]:
    """What the sentences are about, of which the last one comes twice: where style comes first, it may be the scene."""
    leads = _find_in_prose(sentences[:-1])
    if len(sentences) > 2 and not _look(sentences[0]).shown:
        leads.append(_look(sentences[-1]).shown)
    return tuple(dict.fromkeys(filter(None, leads)))


def _find_field(prompt: str, documents: Sequence[Document]) -> str:
    """What a document or a labelled block says under the name that is most about its subject; empty without one."""
    fields = [
        (_ABOUT.index(name), string.start, string.end)
        for document in documents
        for string in document.texts
        if (name := str(next(filter(_ABOUT.__contains__, reversed(string.path)), ""))) and string.end > string.start
    ]
    if not documents and _MAY_BE_LABEL.search(prompt):
        for label in _LABEL.finditer(prompt):
            name = label[1].lower()
            if name in _ABOUT:
                end = prompt.find("\n", label.end())
                fields.append((_ABOUT.index(name), label.end(), end if end >= 0 else len(prompt)))
    _, start, end = min(fields, default=(0, 0, 0))
    return prompt[start:end].strip()


def _find_in_prose(sentences: Sequence[str]) -> list[str]:
    """The head of the first thing that is shown, and that of the first that does something.

    The one may be a word of a style block; of what a block leads to or follows, the other is one.
    """
    shown = weak = last = ambient = ""
    is_sure = False
    for sentence in sentences:
        scene = _look(sentence)
        if scene.shown and not shown and not scene.is_place:
            shown, is_sure = scene.shown, scene.is_sure
        if scene.agent:
            return [shown, scene.agent]
        last, weak, ambient = scene.shown or last, weak or scene.seen, ambient or scene.ambient
    return [shown or weak, ambient or ("" if is_sure else last)]


class _Scene(NamedTuple):
    """The heads of a sentence: the first thing that is seen, the first that is shown for sure, who or what acts."""

    seen: str = ""
    shown: str = ""
    is_sure: bool = False  # that it is shown
    is_place: bool = False  # where the agent is
    agent: str = ""
    ambient: str = ""  # light or weather that does something


@lru_cache(_REMEMBERED)
def _look(sentence: str) -> _Scene:
    lexicon = load_lexicon()
    words = _tag(_split(sentence), lexicon)
    nouns = [noun for noun in find_nouns(words, lexicon) if not _is_of_style(words, noun, lexicon)]
    seen = [noun for noun in nouns if not _is_ambient(_head(words, noun), lexicon)]
    acting = [noun for noun in nouns if _is_agent(words, noun)]
    agent = next((noun for noun in acting if noun in seen), None)
    first = next((noun for noun in seen if _is_shown(words, noun, lexicon)), None)
    return _Scene(
        _head(words, seen[0] if seen else None),
        _head(words, first),
        first is not None and _is_presented(words, first, lexicon),
        first is not None and bool(acting) and _opens_with_place(words, first),
        _head(words, agent),
        _head(words, acting[0] if acting else None),
    )


def _head(words: Sequence[Word], noun: Noun | None) -> str:
    return words[noun.end - 1].text if noun else ""


def _is_of_style(words: Sequence[Word], noun: Noun, lexicon: Lexicon) -> bool:
    """Whether a noun says how the picture is made, or with the word after it: "film noir look"."""
    head = words[noun.end - 1].text
    after = words[noun.end].text if noun.end < len(words) else ""
    return head in lexicon.technical or (after in lexicon.technical and head not in lexicon.animate)


def _is_agent(words: Sequence[Word], noun: Noun) -> bool:
    """Whether a finite verb follows the noun, and no preposition governs it."""
    is_governed = noun.first > 0 and words[noun.first - 1].kind is Kind.PREPOSITION
    return not is_governed and noun.end < len(words) and words[noun.end].kind in _FINITE


def _is_ambient(head: str, lexicon: Lexicon) -> bool:
    return head in lexicon.ambient or head.removesuffix("s") in lexicon.ambient


def _is_shown(words: Sequence[Word], noun: Noun, lexicon: Lexicon) -> bool:
    """Whether a noun is of the picture, not of how it is made: a being, one with "a", or in a clause without style."""
    if _is_presented(words, noun, lexicon):
        return True
    first = last = noun.first
    while first and words[first - 1].kind not in _PAUSES:
        first -= 1
    while last < len(words) and words[last].kind not in _PAUSES:
        last += 1
    return not any(word.text in lexicon.technical for word in words[first:last])


def _is_presented(words: Sequence[Word], noun: Noun, lexicon: Lexicon) -> bool:
    return words[noun.first].text in _INDEFINITE or lexicon.is_animate(words[noun.end - 1].text)


def _opens_with_place(words: Sequence[Word], noun: Noun) -> bool:
    """Whether the sentence begins "In a forest" or "After the storm"."""
    return 0 < noun.first <= 2 and words[0].kind is Kind.PREPOSITION


def _tag(texts: Sequence[str], lexicon: Lexicon) -> list[Word]:
    words = tag_words(texts, lexicon)
    for index, word in enumerate(words):
        if word.text in _MARKS:
            words[index] = word._replace(kind=_MARKS[word.text])
    return words


def _extract_leads(prompt: str) -> tuple[str, ...]:
    """The first subjects that facets are made of, of the first half: the piano of the music is none."""
    from catalog.prompts.extraction import extract

    found = ((facet.start, facet.end) for facet in extract(prompt).facets if facet.name == "subject")
    spans = sorted((start, end) for start, end in found if start is not None and start < len(prompt) / 2)
    return tuple(prompt[start:end].lower() for start, end in spans[:2])


def _after_article(word: str) -> str:
    """The word without what French writes before it: "d'un", "l'enfant"."""
    before, _, rest = word.replace("’", "'").rpartition("'")
    return rest if len(before) <= 2 else word


def _first_words(prompt: str) -> tuple[str, ...]:
    """Where nobody knows what a prompt is about: its first words of some length."""
    if korean := _KOREAN.search(prompt):
        return (korean[1],)
    technical = load_lexicon().technical
    words = (
        word
        for word in map(_after_article, _WORD.findall(prompt[:400].lower()))
        if len(word) >= _LONG and word not in technical and word not in _FOREIGN
    )
    long = list(islice(words, _MOST))
    if long and _WIDE.match(long[0]):
        return (long[0][:_LONG_RUN],)
    return tuple(long)
