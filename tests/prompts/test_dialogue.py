"""Spoken lines, however a script, a screenplay or a request writes them."""

from __future__ import annotations

import re

import pytest

from catalog.prompts import extract

SPOKEN = [
    (
        "EXT. PIER - DAWN\n\nMIRA: (in Basque, subtitled) You kept my hat.\nJON: It kept me.\n\nThey laugh.",
        ["You kept my hat.", "It kept me."],
    ),
    (
        "Kid to robot: 'You'll owe me.' Robot bows. Kid: 'I don't want it back.' Empty street, a score swelling.",
        ["You'll owe me.", "I don't want it back."],
    ),
    ('{"voiceover": {"speaker": "old sailor", "line": "The tide always pays."}}', ["The tide always pays."]),
    ("INT. STUDIO - LATE\n\nSINGER (softly)\nTake it from the top.", ["Take it from the top."]),
    (
        "INT. KITCHEN - NIGHT\nMARIA\nYou never called me back.\nJOHN\n(quietly)\nI lost my phone.\nShe turns away.",
        ["You never called me back.", "I lost my phone."],
    ),
    (
        "INT. GARAGE - DAY\n\nTOM: Did you hear that?\nANA: It was just the wind.\n\nThe lights flicker.",
        ["Did you hear that?", "It was just the wind."],
    ),
    ('A lighthouse at night. VO: "The sea keeps what it takes."', ["The sea keeps what it takes."]),
    ("A lighthouse at night.\nVO: The sea keeps what it takes.\nSlow push in.", ["The sea keeps what it takes."]),
    ("The pronouncer reads: \"Your word is 'garbage'.\" Long pause.", ["Your word is 'garbage'."]),
    (
        'She finds a note in a pocket and reads out loud: "Wrong machine, right person."',
        ["Wrong machine, right person."],
    ),
    ('He reads the letter aloud: "Come home."', ["Come home."]),
    ('She reads from the card: "Happy birthday, you fool."', ["Happy birthday, you fool."]),
    ("Narrator (calm): Every tree remembers.\nStyle: documentary", ["Every tree remembers."]),
    ('A boy looks up. "Where is everyone?" he asks.', ["Where is everyone?"]),
    ('"Run!" A flash, then nothing.', ["Run!"]),
    ("Two kids on a roof. Kid 1: I dare you. Kid 2: You first.", ["I dare you.", "You first."]),
    ('Man: "Ready?" Woman: "Always."', ["Ready?", "Always."]),
    ("The chef shouts 'Service!' and slams the bell.", ["Service!"]),
    ('Dialogue: - "We leave at dawn." (whispered)', ["We leave at dawn."]),
    ("Dialogue\nAnna: We should go.\nBen: Not yet.", ["We should go.", "Not yet."]),
    ('{"dialogue":[{"speaker":"A","line":"Hi."},{"speaker":"B","line":"Bye now."}]}', ["Hi.", "Bye now."]),
    ('{"audio":{"voiceover":"Every drop counts."}}', ["Every drop counts."]),
    ('{"shots":[{"desc":"a man at a bar","dialogue":"Another one, please."}]}', ["Another one, please."]),
    ('{"vo":"Night is not over."}', ["Night is not over."]),
    ('{"lines":["Hold on!","I can\'t!"]}', ["Hold on!", "I can't!"]),
    ('{"character":"Eve","says":"It is only rain."}', ["It is only rain."]),
    ('{"spoken":"Welcome home."}', ["Welcome home."]),
    ('女孩说:"我们走吧。"', ["我们走吧。"]),
    ("旁白:每一滴水都有故事。\n镜头:特写", ["每一滴水都有故事。"]),
    ("老板:来了您呐!\n顾客:一碗面。\n场景:面馆", ["来了您呐!", "一碗面。"]),
    ("她轻声问:“你还记得我吗?”", ["你还记得我吗?"]),
    ("男「待って!」\n女「もう遅い。」", ["待って!", "もう遅い。"]),
    ("ナレーション:春は、突然やって来る。", ["春は、突然やって来る。"]),
    ("少女:「おはよう」", ["おはよう"]),
    ("Él dice: «No te vayas». Ella responde: «Ya es tarde».", ["No te vayas", "Ya es tarde"]),
    ("Voz en off: La montaña no espera.\nPlano general.", ["La montaña no espera."]),
    ("—¿Me oyes? —pregunta la niña.\nEl perro ladra.", ["¿Me oyes?"]),
    ("MARTA: ¿Quién anda ahí?\nPLANO: primer plano", ["¿Quién anda ahí?"]),
    ("She says, \"He told me 'never again' and left.\"", ["He told me 'never again' and left."]),
    ('A parrot squawks "Pieces of eight!" twice.', ["Pieces of eight!"]),
    ('Her voice, off-screen: "Dinner in five."', ["Dinner in five."]),
    ('The captain over the radio: "Brace."', ["Brace."]),
    ('Radio voice: "All units respond."', ["All units respond."]),
    ('STRANGER: "You remember me, don\'t you."\nSHOT 5 - pull back', ["You remember me, don't you."]),
    ('Frame 6: driver: "You saw nothing."', ["You saw nothing."]),
    ('[Dialogue] "I never left."', ["I never left."]),
    ('Audio: dialogue - "Keep moving," whispered; rain.', ["Keep moving,"]),
    ('[0-3s] Close-up of Lena. Lena: "I can explain." [3-6s] Wide. Omar: "Don\'t."', ["I can explain.", "Don't."]),
    ('Speech (old man, gravelly): "That bridge was my bridge."', ["That bridge was my bridge."]),
    (
        "EXT. PIER - DUSK\nThe fisherman coils rope.\n\nFISHERMAN (V.O.)\nMy father drowned here.\n\nCUT TO: gulls.",
        ["My father drowned here."],
    ),
]
UNSPOKEN = [
    "OPEN ON: a cake you have never seen. A fly lands on it.",
    "一只叫“小雪”的狗趴在门口。",
    'A sign reads "OPEN".',
    "A robot turns to camera and says hello there, human.",
    'A title card: "Ten years later."',
    "Caption: THE END",
    'He mouths "thank you".',
    'Text on screen: "Coming soon"',
    "Note: we want you to keep the logo out.\nA dog.",
    "Hook: You won't believe this.",
    "PRODUCT: Your new favorite sneaker.",
    "Voiceover: A warm, calm female voice describes the trip.",
    "Voiceover: British, dry.",
    "VO: none",
    "Grade: warm. Grain: yes. Score: none until you see the sea.",
    "Prompt 2: You are a cat. Camera: static.",
    "Twist: The dog was you all along!",
    "SPORT PROMO\nFENCING\nTwo fencers salute.",
]


def plain(lines: list[str]) -> list[str]:
    return [" ".join(re.findall(r"\w+", line.lower())) for line in lines]


@pytest.mark.parametrize(("prompt", "lines"), SPOKEN)
def test_a_spoken_line_is_found(prompt: str, lines: list[str]) -> None:
    assert plain([line.text for line in extract(prompt).dialogue]) == plain(lines)


@pytest.mark.parametrize("prompt", UNSPOKEN)
def test_what_is_only_written_or_asked_for_is_not_spoken(prompt: str) -> None:
    assert extract(prompt).dialogue == ()


@pytest.mark.parametrize("unit", ["NAME\n", "Tom: I know. ", "A: you? ", '"Run!" ', "reads aloud "])
def test_reading_a_script_takes_time_in_line_with_its_length(unit: str) -> None:
    import time

    def seconds(times: int) -> float:
        started = time.perf_counter()
        extract(unit * times)
        return time.perf_counter() - started

    short = min(seconds(400) for _ in range(3))
    assert seconds(4000) < 100 * max(short, 0.001)
