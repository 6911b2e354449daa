"""Open facets of Chinese, Japanese and Spanish: words of the vocabulary, else a field's own words as they stand."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from catalog.records import Facet

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from catalog.prompts.segments import Segment
    from catalog.prompts.terms import Hit, Reading

_SILENT_FIELDS = frozenset(
    {"camera", "lens", "focus", "lighting", "palette", "mood", "audio", "sounds", "music", "style", "weather"}
    | {"time", "season", "speed", "topic", "use", "wardrobe", "textures", "rig"}
)
_DESCRIBED = re.compile("[的の]|一[位个只名群辆条匹头对双座片]")
_TECHNICAL = frozenset({"shot_size", "camera_angle", "camera_movement", "lens", "speed", "style", "audio"})
_FIRST_WIDE = "\u2e80"
_PLACED = re.compile("(?<=[\u3040-\u9fff]{2})(?:の[上中前下横]|[上下里前中内旁])$")  # 窗台上: on the windowsill
_ANIMATE = re.compile(
    "[人师師匠员員手者家生女男孩童民兵客爷爺奶妈爸母父公婆叔姨妹弟哥姐夫妻妇婦士僧尚王后侠侍警探徒友众隊队偶仙妖魔鬼神忍姫娘嬢郎兄姉娃仔丁爸翁氏将帅"
    "猫狗犬马馬牛羊猪豚鸡鶏鸭鴨鹅鳥鸟鱼魚鲸鯨鲨鮫龟亀虎狮豹熊狼狐鹿兔鼠象猴猿龙龍凤蝶蜂虫蛇蛙驼鹤鶴鹰鷹鸥鸽雀鹉鯉鲤狸貂獭豚]$"
    "|孩子|宝宝|学生|猎豹|机器人|ロボット|宇航员|子供|子ども|女の子|男の子|たち|さん|ちゃん|[ァ-ヴー]{3,}"
)
_AFTER_LIKE = ("像", "如", "似", "如同", "仿佛", "como", "comoun", "comouna")
_BEFORE_LIKE = ("のよう", "みたい", "一样", "一般", "似的", "般的", "のごと")
_SPANISH_PREPOSITIONS = frozenset(
    {"con", "por", "en", "bajo", "hacia", "sin", "sobre", "desde", "entre", "tras", "contra"}
)
_UNSPACED = re.compile(r"[\u3040-\u30ff\u3400-\u9fff]{1,24}")


def may_be_seen(segment: Segment) -> bool:
    """Whether a segment may say what is seen: prose, or a field that is about nothing else."""
    return segment.field.role in ("", "shots") and segment.field.name not in _SILENT_FIELDS


def is_of_camera(segment: Segment) -> bool:
    """Whether a segment is about the camera, and so may name in passing what it looks at."""
    return segment.field.name == "camera" and segment.field.role in ("", "shots")


def find_known_words(facet: str, most: int, reading: Reading, hits: Sequence[Hit], *, in_fields: bool) -> list[Facet]:
    """The first few words of the vocabulary for an open facet, in fields about it or in prose, that no hit uses.

    Things come after living ones, and so does what only belongs to something else ("de jaguar", "con máscaras").
    """
    if not reading.open_words:
        return []
    first: dict[str, Facet] = {}
    late: dict[str, Facet] = {}
    used = {token for hit in hits if hit.facet in _TECHNICAL for token in range(hit.start, hit.end + 1)}
    for start, end, base, segment in _candidates(facet, reading, used):
        if facet in segment.field.opens if in_fields else may_be_seen(segment) and not segment.field.bare:
            begin, stop = reading.tokens.starts[start], reading.tokens.end(end)
            value = base or _PLACED.sub("", reading.lower[begin:stop])
            is_late = facet == "subject" and _is_thing(value)
            phrases = late if is_late or _is_governed(reading, start, facet, used) else first
            phrases.setdefault(value, Facet(facet, value, segment.origin, begin, stop, segment.shot))
    return _choose(facet, most, list(first.values()), [phrase for value, phrase in late.items() if value not in first])


def _candidates(facet: str, reading: Reading, used: set[int]) -> Iterator[tuple[int, int, str, Segment]]:
    """The words of the vocabulary for the facet that may be meant, with their bases and segments."""
    for start, end, name, base in reading.open_words:
        is_read = reading.owner[start] >= 0 and not reading.blocked[start] and start not in used
        if name == facet and is_read and not _is_comparison(reading, start, end):
            yield start, end, base, reading.segments[reading.owner[start]]


def _choose(facet: str, most: int, first: list[Facet], late: list[Facet]) -> list[Facet]:
    """The first few, and of the others one where there is none, or one living thing alone."""
    is_alone = len(first) == 1 and facet == "subject" and late and late[0].value[0] >= _FIRST_WIDE
    return [*first[:most], *late[:1]] if is_alone or not first else first[:most]


def _is_thing(word: str) -> bool:
    """Whether a Chinese or Japanese noun names neither somebody nor an animal."""
    return word[0] >= _FIRST_WIDE and _ANIMATE.search(word) is None


def _is_comparison(reading: Reading, start: int, end: int) -> bool:
    """Whether something else is only like the word: "像蚂蚁一样", "花のように", "como una flor"."""
    words = reading.tokens.words
    before, after = "".join(words[max(0, start - 2) : start]), "".join(words[end + 1 : end + 4])
    return before.endswith(_AFTER_LIKE) or after.startswith(_BEFORE_LIKE)


def _is_governed(reading: Reading, start: int, facet: str, used: set[int]) -> bool:
    """Whether a Spanish noun without an article hangs on a preposition: "con máscaras", "de barrio"."""
    if facet == "action":
        return False
    words = reading.tokens.words
    if start < 2:
        return False
    if words[start - 1] in ("de", "del"):
        return start - 2 not in used
    return facet == "subject" and words[start - 1] in _SPANISH_PREPOSITIONS


def read_verbatim(facet: str, most: int, reading: Reading) -> list[Facet]:
    """The words of a field in a script without blanks, up to the first mark: a thing without what describes it."""
    phrases: list[Facet] = []
    if not reading.languages.has_unspaced:
        return phrases
    for segment in reading.segments:
        match = _UNSPACED.search(reading.text, segment.start, segment.end) if facet in segment.field.opens else None
        words = _DESCRIBED.split(match[0]) if match and facet != "action" else [match[0]] if match else []
        if match and words[-1] and len(phrases) < most:
            start = match.end() - len(words[-1])
            phrases.append(Facet(facet, words[-1], segment.origin, start, match.end(), segment.shot))
    return phrases
