"""Quoted text: what is spoken, and what is only shown.

Words between quotation marks say nothing about the picture. They are a spoken line when a word of speech or a speaker's
name stands beside them, and text on a screen, a title or a nickname otherwise.
"""

from __future__ import annotations

import re
from typing import NamedTuple

_QUOTED = re.compile(
    r'"([^"\n]{1,600})"|“([^”\n]{1,600})”|「([^」\n]{1,600})」|『([^』\n]{1,600})』|«([^»\n]{1,600})»|„([^“”\n]{1,600})[“”]'
    r"|(?<![\w’'])['‘]([^\W_][^\n]{0,300}?)['’](?!\w)"
    r"|(?:\A|(?<=\n)|(?<=[.:!?] ))[—–] ?([¡¿][^—–\n]{1,300}[.!?…])(?=\s*(?:[—–]|\n|\Z))"
)
_MARKS = "\"'“‘「『«„—–"
_NAMED_LINE = re.compile(r"(?:\A|[\n。：:、，])\s*([\u3040-\u30ff\u3400-\u9fff]{1,8})\Z")  # 男「逃げろ！」
_SPEECH = re.compile(
    r"\b(?:says?|said|saying|speaks?|speaking|asks?|asked|asking|whispers?|whispered|whispering|shouts?|shouted|shouting|"
    r"yells?|yelling|replies|replied|replying|answers|answered|murmurs?|murmuring|mutters?|muttering|exclaims?|exclaiming|"
    r"calls out|calling out|screams?|screaming|announces?|announcing|declares?|declaring|sings?|singing|narrates?|"
    r"narrator|voice|voices|voiceover|voice-over|quips?|jokes?|tells?|telling|chants?|chanting|cries out|dialogue|"
    r"responds?|responding|adds|remarks?|recites?|reciting|states|explains?|begs?|pleads?|laughs?|greets?|line|lines|"
    r"hiss(?:es|ing)|sigh(?:s|ing)|gasp(?:s|ing)|mumbl(?:es|ing)|growl(?:s|ing)|stammer(?:s|ing)|snaps|snapping|sob(?:s|bing)|"
    r"insists?|confess(?:es|ing)?|urges|warn(?:s|ing)|demands|teas(?:es|ing)|counters|deadpans|intones|orders|commands|"
    r"squawks|croaks|rasps|hollers|snarls|sneers|scoffs|wheezes|whimpers|blurts|interrupts|repeats|continues|wonders|prays|coos|"
    r"admits|protests|groan(?:s|ing)|drawls|bellow(?:s|ing)|shriek(?:s|ing)|chuckl(?:es|ing)|giggl(?:es|ing)|boasts|calls|"
    r"dice|dicen|dijo|diciendo|pregunta|preguntó|susurra|susurrando|susurró|grita|gritan|gritando|gritó|responde|exclama|"
    r"murmura|contesta|replica|anuncia|ordena|canta|suplica|bromea|avisa|ríe|advierte|confiesa|"
    r"sagt|flüstert|ruft|fragt|antwortet|dit|murmure|crie|demande|répond|diz|sussurra|pergunta|dice|chiede)\b"
    r"|说|說|道|喊|问|問|回答|答道|低语|旁白|叫道|嘀咕|嘟囔|轻声|低声|念道|吼|"
    r"言う|言い|言っ|叫|囁|ささや|尋ね|つぶや|呟|答え|告げ|話|声|ナレー",
    re.IGNORECASE,
)
_READ_ALOUD = re.compile(
    r"\b(?:aloud|out loud)\b[^.!?]{0,12}$|\b(?:he|she|they|"
    r"(?!(?:news)?paper|poster|banner|letter|sticker|counter|computer|fl[iy]er|folder|monitor|header|marker|meter|timer|number|"
    r"cover|ticker|scanner|printer|speaker|wrapper|calendar)\w{2,}(?:er|or|ist|ian)|man|woman|boy|girl|host|anchor|judge|king|queen|"
    r"priest|child|mother|kid)\s+reads?\b[^.!?]{0,30}$",
    re.IGNORECASE,
)
_SHOWN = re.compile(
    r"\b(?:reads?|reading|sign|signs|text|words?|titled?|labell?ed|label|caption|captions|logo|logos|called|named|button|"
    r"letters|lettering|(?<!off[- ])screen|written|poster|banner|billboard|title|font|typography|spells?|"
    r"subtitle|headline|spot|tagline|slogan|campaign|client|project|book|"
    r"song|album|scene|film|movie|overlay|appears|card|neon|print|printed|brand|style)\b"
    r"|名叫|叫(?=$)|写着|字样|标题|文字|と書か|ロゴ|letrero|rótulo|cartel|título",
    re.IGNORECASE,
)
_UNSAID = re.compile(
    r"(?:n['’]t|\bnot|\bnever|\bwithout)\s+(?:\w+\s+)?(?:say|says|saying|call|calling|use|write|mention)\s*$"
    r"|\b(?:generate|create|make|render)\s[^.:]{0,30}:\s*$",
    re.IGNORECASE,
)
_REQUEST = re.compile(
    r"(?:\b(?:prompt|video|clip|film|movie|animation|shot|scene|generate|create|make|render|imagine|idea|brief|vídeo|escena|"
    r"genera|crea|haz)\b[^.!?\n]{0,30}|提示词|视频|生成|プロンプト|動画|作って\S{0,8})\s*(?:[:：→>]|->|=>)\s*$",
    re.IGNORECASE,
)
_SENTENCE = re.compile(r"[.…¡¿]{0,3}\w[^\n]*[.!?…。！？]$")
_CUE = re.compile(r"(?:[A-Z][A-Z.' -]{1,30}(?:\s*\([^()\n]{1,60}\))?|\([^()\n]{1,60}\))\s*\n[\s\-•]*$")
_SPEAKER = re.compile(
    r"([A-ZÀ-Þ][\w.' ’-]{0,30}|[\u3040-\u30ff\u4e00-\u9fff]{1,12})\s?(?:\([^()\n]{0,60}\)\s?)?[:：]\s*$"
)
_PRONOUN_BEFORE = re.compile(r"((?:[Tt]he |[Aa]n? )?[\w-]+(?: [\w-]+)?)\s+(?:\w+ly\s+)?$")
_VOICE_OVER = re.compile(
    r"narrat|voice-?\s?over|aus dem off|off[- ]?(?:screen|camera)|\bo\.s\.|旁白|画外|解说|ナレ|voz en off|\bv\.?o\.?\b",
    re.IGNORECASE,
)
_BEFORE, _AFTER = 70, 45
_LONG, _LONG_UNSPACED = 50, 16  # characters of a quotation that may be a prompt
_FIRST_WIDE = re.compile("[\u3040-\u9fff]")
_DASHES = "—–"
_BEFORE_LINE = " \t-*•—–>"
_MOST_OF_TEXT = 0.6  # a quotation that is so much of the text is the prompt itself


class Quote(NamedTuple):
    """Words between quotation marks (`start:end` without the marks), and whether somebody says them."""

    start: int
    end: int
    is_spoken: bool
    speaker: str | None
    is_off_screen: bool


def find_quotes(text: str) -> list[Quote]:
    """Every quotation of a text, in order; a text that is one single quotation has none."""
    quotes: list[Quote] = []
    if not any(mark in text for mark in _MARKS):
        return quotes
    for match in _QUOTED.finditer(text):
        start, end = match.span(match.lastindex or 0)
        if end - start < len(text.strip()) - 4:
            if end - start > max(_BEFORE, _MOST_OF_TEXT * len(text)) and not _SPEECH.search(text, 0, match.start()):
                continue
            if _is_prompt(text, match, end - start):
                continue
            quote = _judge(text, match, start, end)
            if quotes and quotes[-1].is_spoken and not text[quotes[-1].end + 1 : match.start()].strip(" ,"):
                quote = quote._replace(is_spoken=True)
            quotes.append(quote)
    return quotes


def _is_prompt(text: str, match: re.Match[str], length: int) -> bool:
    """Whether a long quotation is what a request asks for: `Generate a video: "A fox runs off, seen from above."`."""
    is_long = length > _LONG or (length > _LONG_UNSPACED and _FIRST_WIDE.search(match[0]) is not None)
    before = text[max(0, match.start() - _BEFORE) : match.start()]
    return is_long and _REQUEST.search(before) is not None and not _SPEECH.search(before)


def _judge(text: str, match: re.Match[str], start: int, end: int) -> Quote:
    before = _sentence_tail(text[max(0, match.start() - _BEFORE) : match.start()])
    after = text[match.end() : match.end() + _AFTER].partition("\n")[0]
    speech = _last(_SPEECH, before)
    named = _SPEAKER.search(before)
    is_named = bool(named and not _SHOWN.search(named[1]))
    spoken = (
        is_named
        or match[0][0] in _DASHES
        or _is_cued(text, match, start, end)
        or _is_line_of_name(text, match, before)
        or _is_said(before, text[start:end], after, speech)
    )
    spoken = spoken and not _UNSAID.search(before)
    speaker = _speaker(before, named, speech) if spoken else None
    off_screen = bool(_VOICE_OVER.search(before) or _VOICE_OVER.search(_clause(after)))
    return Quote(start, end, spoken, speaker, off_screen)


def _is_line_of_name(text: str, match: re.Match[str], before: str) -> bool:
    """Whether a Japanese script gives the line to the person before it: 男「逃げろ！」."""
    if match[0][0] != "「" or _SHOWN.search(before):
        return False
    return _NAMED_LINE.search(text, max(0, match.start() - _BEFORE), match.start()) is not None and bool(
        _SENTENCE.match(match[0][1:-1])
    )


def _is_said(before: str, quoted: str, after: str, speech: int) -> bool:
    """Whether a word of speech stands nearer than one of writing, or a colon leads to a whole sentence."""
    shown = _last(_SHOWN, before)
    if shown >= 0 and _READ_ALOUD.search(before):
        return True
    if speech > shown or shown >= 0:
        return speech > shown
    if _SENTENCE.match(quoted) and (before.rstrip().endswith((":", "：")) or _is_called(before, quoted)):
        return True
    follows = _SPEECH.match(after.lstrip(" ,")) or _SPEECH.search(_clause(after))
    return follows is not None and not _SHOWN.match(after.lstrip(" ,"))


def _is_called(before: str, quoted: str) -> bool:
    """Whether a sentence begins with the quotation, and it is more than a name: `"Run!" A flash.`"""
    head = before.strip(_BEFORE_LINE)
    is_more = " " in quoted.strip() or quoted.rstrip().endswith(("!", "?"))
    return is_more and (not head or head.endswith(","))


def _clause(after: str) -> str:
    """What goes on with a quotation, up to the next mark that ends a clause."""
    return re.split(r"[.;:\"“]", after, maxsplit=1)[0]


def _is_cued(text: str, match: re.Match[str], start: int, end: int) -> bool:
    """Whether a line of a screenplay leads to the quotation: a name in capitals, or how it is said in brackets."""
    return (
        _CUE.search(text, max(0, match.start() - _BEFORE), match.start()) is not None and text[start:end].strip() != ""
    )


def _sentence_tail(before: str) -> str:
    cut = max(before.rfind(mark) for mark in ("\n", ". ", "! ", "? ", "。", '"', "”", "」"))
    return before[cut + 1 :]


def _last(pattern: re.Pattern[str], text: str) -> int:
    """Where the pattern last matches, -1 where it does not."""
    return max((match.start() for match in pattern.finditer(text)), default=-1)


def _speaker(before: str, named: re.Match[str] | None, speech: int) -> str | None:
    if named:
        return named[1].strip(" -*•") or None
    if speech > 0:
        subject = _PRONOUN_BEFORE.search(before[:speech])
        return subject[1].strip() if subject else None
    return None
