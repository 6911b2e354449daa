"""A secret in every spelling, and a search for it in whatever a process wrote: made without the code that it tests."""

from __future__ import annotations

import base64
import html
import json
import re
from typing import TYPE_CHECKING
from urllib.parse import quote, unquote

if TYPE_CHECKING:
    from pathlib import Path

KEYS = {
    "plain": "CANARYplainKEY0123456789",
    "slashes": "cnry/Key+77=ZZ9q",
    "quotes": "q\"uo\\te/Key#99'x",
    "entities": "k&amp;Canary<77>%2FzZ",
    "digits": "918273645546372819",
}
_MARGIN = 2
_SHORTEST = 8
_MOST_READINGS = 7
_MOST_ENCODINGS = 3
_RUN = re.compile(r"[\w+/-]{16,}(?: *(?:[\r\n]|\\+[rn])+ *[\w+/-]+)*", re.ASCII)


def escape(text: str) -> str:
    """The text as it stands between the quotes of a JSON text."""
    return json.dumps(text)[1:-1]


def encode(text: str, width: int = 0, end: str = "\n") -> str:
    """Base64 of the text, in lines of so many characters."""
    encoded = base64.b64encode(text.encode()).decode()
    return end.join(re.findall(f".{{1,{width}}}", encoded)) if width else encoded


def spellings(key: str) -> dict[str, str]:
    """The key as servers, logs and files repeat it, by what was done to it."""
    php = escape(key).replace("/", "\\/")
    spelt = {
        "as it is": key,
        "capitals": key.upper(),
        "small letters": key.lower(),
        "JSON": php,
        "JSON in JSON": escape(php),
        "JSON in JSON in JSON": escape(escape(php)),
        "\\u": "".join(f"\\u{ord(character):04x}" for character in key),
        "\\U, twice": "".join(f"\\\\u{ord(character):04X}" for character in key),
        "\\x": "".join(f"\\x{ord(character):02x}" for character in key),
        "some \\u": "".join(f"\\u{ord(c):04x}" if n % 3 else escape(c) for n, c in enumerate(key)),
        "percent": quote(key, safe=""),
        "percent, small": quote(key, safe="").replace("%2F", "%2f"),
        "all percent": "".join(f"%{ord(character):02X}" for character in key),
        "percent twice": quote(quote(key, safe=""), safe=""),
        "percent three times": quote(quote(quote(key, safe=""), safe=""), safe=""),
        "percent in JSON": escape(quote(key, safe="")),
        "JSON in percent": quote(php, safe=""),
        "entities": html.escape(key),
        "entities twice": html.escape(html.escape(key)),
        "numbers": "".join(f"&#{ord(character)};" for character in key),
        "hexadecimal numbers": "".join(f"&#x{ord(character):X};" for character in key),
        "hex": key.encode().hex(),
        "HEX": key.encode().hex().upper(),
        "bearer": f"Bearer {key}",
    }
    for before in ("", "a", "ab", "user:", "Authorization: Bearer "):
        for after in ("", "!", "!!"):
            encoded = base64.b64encode(f"{before}{key}{after}".encode()).decode()
            name = f"base64 of {before}KEY{after}"
            spelt[name] = encoded
            spelt[f"{name}, for URLs"] = encoded.replace("+", "-").replace("/", "_").rstrip("=")
            spelt[f"{name}, in JSON"] = encoded.replace("/", "\\/")
            spelt[f"{name}, in a URL"] = quote(encoded, safe="")
    spelt["basic"] = "Basic " + spelt["base64 of user:KEY"]
    for name, inner in {
        "base64": spelt["base64 of user:KEY"],
        "base64 for URLs": spelt["base64 of aKEY, for URLs"],
        "base64 of base64": encode(spelt["base64 of user:KEY!"]),
        "JSON": json.dumps({"key": php}),
        "percent": f"a={quote(quote(key, safe=''), safe='')}&b=1",
        "entities": f"<p>{html.escape(key)}</p>",
        "lines": encode(f"{'a' * 49} {key}", width=64),
    }.items():
        spelt[f"base64 of {name}"] = encode(inner)
    for width, end in ((76, "\r\n"), (64, "\n"), (76, "\\n"), (60, "%0D%0A"), (76, "\n    ")):
        spelt[f"base64 in lines of {width}, {end!r}"] = encode(f"{'a' * (width * 3 // 4 - 7)} {key}", width, end)
    return spelt


def leaks(data: bytes | str, *keys: str) -> list[str]:
    """The keys that can be found in what was written, each with the reading that shows it."""
    readings = _readings(data if isinstance(data, str) else data.decode("utf-8", "replace"))
    for _ in range(_MOST_ENCODINGS):
        readings += _readings(_decode(readings[-1]))
    folded = [reading.lower() for reading in readings]
    return [
        f"{form} in reading {number}"
        for key in keys
        for form in _forms(key)
        for number, reading in enumerate(folded)
        if form in reading
    ]


def leaks_under(folder: Path, *keys: str) -> dict[str, list[str]]:
    """The files of a folder in which, or in whose names, one of the keys can be found."""
    files = [path for path in folder.rglob("*") if path.is_file()]
    found = {str(path): leaks(path.read_bytes(), *keys) + leaks(path.name, *keys) for path in files}
    return {path: readings for path, readings in found.items() if readings}


def _decode(text: str) -> str:
    """The texts that stand in base64 in a text, wherever in it that begins."""
    decoded: list[str] = []
    for match in _RUN.finditer(text):
        run = re.sub(r"\s|\\+[rn]", "", match[0]).replace("-", "+").replace("_", "/")
        for start in range(4):
            data = base64.b64decode(run[start:] + "A" * (-len(run[start:]) % 4))
            decoded += re.findall("[ -~\n\r]{8,}", data.decode("ascii", "replace"))
    return " | ".join(decoded)


def _forms(key: str) -> set[str]:
    """What shows the key in a text whose escapes are read, without the ends that its neighbours may blur."""
    core = key[_MARGIN:-_MARGIN]
    encoded = {base64.b64encode((before + core).encode()).decode()[4:-4] for before in ("abc", "ab", "a")}
    forms = {key, core.encode().hex(), *encoded, *(text.replace("+", "-").replace("/", "_") for text in encoded)}
    meaning = _read(key)  # a key that looks like escapes itself is read along with the rest
    return {form.lower() for form in (*forms, meaning) if len(form) >= _SHORTEST}


def _readings(text: str) -> list[str]:
    readings = [text]
    while len(readings) < _MOST_READINGS and (reading := _read(readings[-1])) != readings[-1]:
        readings.append(reading)
    return readings


def _read(text: str) -> str:
    text = re.sub(r"\\+u([0-9a-fA-F]{4})", lambda match: chr(int(match[1], 16)), text)
    text = re.sub(r"\\+x([0-9a-fA-F]{2})", lambda match: chr(int(match[1], 16)), text)
    text = re.sub(r"\\+([\"'/\\])", r"\1", text)
    return html.unescape(unquote(text))
