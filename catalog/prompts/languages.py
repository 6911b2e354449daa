"""Which language each part of a prompt is in, and where words stand whose script puts no blanks between them.

The same characters are words of several languages ("白" is white in Japanese and a part of "白天", daytime, in
Chinese), so a form counts only in a text of its language; English technical terms are used in all of them.
"""

from __future__ import annotations

import re
from bisect import bisect_right
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable

    from catalog.prompts.tokens import Tokens
    from catalog.prompts.vocabulary import Grammar

    Span = tuple[int, int]

_FIRST_WIDE = "\u2e80"  # from here on, characters of scripts without blanks
_WIDE = re.compile("[\u2e80-\u9fff\uf900-\ufaff\uff66-\uff9f]")
_HAN = re.compile("[\u3400-\u9fff]")
_JAPANESE_HAN = (
    "気囲撮駅図広変対絵楽桜様覚観読転軽辺郷霊顔験騒浜畑歩黒戦穏緑帰検歳焼総続縦芸訳豊鉄険隠雑頼顕髄鶏黙歯齢剣圧塩壊団囲択拡掲揺摂撃暁栄毎沢浄涙渋"
    "滝瀬焔犠畳発県砕稲竜粋縁繊聴臓蔵込釈銭鋭陥単悪応児処効営厳売実寝巻帯弾従徳恵懐戯抜払収権歓満渓獣窓継荘覧譲賛遅雰桟仮価両乗繋"
)
_KANA = re.compile(f"[\u3041-\u3096\u30a1-\u30fa\uff66-\uff9f{_JAPANESE_HAN}]")  # what only Japanese writes
_KATAKANA = re.compile("[\u30a1-\u30fa\u30fc]")
_SENTENCE = re.compile(r"[^\n。！？「」『』“”]+")
_MOSTLY_KANA = 0.05  # of the characters of a Japanese text; a Chinese one may quote a word

_ADVERBIAL = frozenset(
    "拉远推近上升下降环绕移动随后然接着再缓慢地并同时最逐渐快速迅稳平轻又则继续徐匀以先そしてゆっくりとながらさに"
)
_COUNTERS = frozenset("位个只名群辆条匹头对双")
_ENGLISH_PER_SPANISH = 4
_LONGEST_RUN = 12
_STYLE_SUFFIX = "風"
_LONGEST_CLAUSE = 40


class Languages:
    """The languages of a text, each found out when something of it is asked for; the labels of its prompt tell, too."""

    def __init__(self, text: str, prompt: str, tokens: Tokens, grammar: Grammar) -> None:
        self._text = text
        self._prompt = prompt
        self._grammar = grammar
        self._tokens = tokens
        self.has_unspaced = _WIDE.search(text) is not None
        self._is_spanish: bool | None = None
        self._sentences: tuple[list[int], list[bool]] | None = None

    def speaks(self, language: str, token: int) -> bool:
        """Whether the words at the token may be of this language (`zh`, `ja` or `es`, also with a suffix)."""
        name = language[:2]
        if name == "es":
            return self.is_spanish
        if name in ("zh", "ja"):
            return self._is_japanese(self._tokens.starts[token]) == (name == "ja")
        return True

    @property
    def is_spanish(self) -> bool:
        """Whether the text has Spanish in it, or nothing that is plainly English."""
        if self._is_spanish is None:
            words = self._tokens.words
            spanish = len(self._grammar.spanish.intersection(words))
            english = len(self._grammar.english.intersection(words))
            self._is_spanish = spanish * _ENGLISH_PER_SPANISH > english or english == 0
        return self._is_spanish

    @property
    def is_plainly_spanish(self) -> bool:
        """Whether more of the text's small words are Spanish than English or of Spanish's neighbours."""
        words = self._tokens.words
        spanish = len(self._grammar.spanish.intersection(words))
        return spanish > max(
            len(self._grammar.english.intersection(words)), len(self._grammar.neighbours.intersection(words))
        )

    def is_unspaced(self, start: int, end: int) -> bool:
        """Whether a phrase begins or ends in a script without blanks."""
        words = self._tokens.words
        return self.has_unspaced and (words[start][0] >= _FIRST_WIDE or words[end][0] >= _FIRST_WIDE)

    def clause_start(self, token: int) -> int:
        """The comma before a word of a script without blanks, which ends a clause there; -1 where none does.

        A clause goes on over a comma after which only adverbs stand: 镜头上升，随后缓缓环绕.
        """
        words = self._tokens.words
        if not self.is_unspaced(token, token):
            return -1
        lowest = max(token - _LONGEST_CLAUSE, 0)
        comma = max(self._tokens.codes.rfind(",", lowest, token), lowest - 1)
        for index in range(token - 2, comma, -1):
            if words[index] == "一" and words[index + 1] in _COUNTERS:
                return index
        return -1 if _ADVERBIAL.issuperset(words[comma + 1 : token]) else comma

    def _is_japanese(self, offset: int) -> bool:
        """Whether the sentence at the offset has kana, or stands in a text that has enough of it."""
        if self._sentences is None:
            text, prompt = self._text, self._prompt
            kana, han = len(_KANA.findall(prompt)), len(_HAN.findall(prompt))
            mostly = kana > _MOSTLY_KANA * (kana + han)
            starts, flags = [0], [mostly]
            for match in _SENTENCE.finditer(text) if kana else ():
                starts.append(match.start())
                flags.append(_KANA.search(text, *match.span()) is not None or mostly)
            self._sentences = starts, flags
        starts, flags = self._sentences
        return flags[bisect_right(starts, offset) - 1]


def find_whole_words(spans: Iterable[Span], tokens: Tokens, katakana: frozenset[str]) -> set[Span]:
    """Those of the spans that are words of a text without blanks: from the left, the longest that fits, and so on."""
    whole: set[Span] = set()
    reach = -1
    for start, end in sorted(spans, key=lambda span: (span[0], -span[1])):
        if start > reach and not _is_part_of_katakana(start, end, tokens, katakana):
            whole.add((start, end))
            reach = end
    return whole


def _is_part_of_katakana(start: int, end: int, tokens: Tokens, known: frozenset[str]) -> bool:
    """Whether a word in katakana is a part of a longer one that is not made of known words: ループ in グループ."""
    words, starts = tokens.words, tokens.starts
    if (
        words[start] == _STYLE_SUFFIX
        and start
        and starts[start - 1] == starts[start] - 1
        and _KATAKANA.match(words[start - 1])
    ):
        return True  # "in the style of", not wind
    before, after = _run(tokens, start, -1), _run(tokens, end, 1)
    return bool(before and before not in known) or bool(after and after not in known)


def _run(tokens: Tokens, token: int, step: int) -> str:
    """The katakana that go on beside a token in katakana, without a blank between."""
    words, starts = tokens.words, tokens.starts
    run = ""
    while _KATAKANA.match(words[token]) and 0 <= token + step < len(words) and len(run) < _LONGEST_RUN:
        token += step
        if abs(starts[token] - starts[token - step]) > 1 or not _KATAKANA.match(words[token]):
            break
        run = words[token] + run if step < 0 else run + words[token]
    return run
