"""Texts with which somebody out there might try to be more than text. Whatever would do harm says ``canary``.

One of each kind that is known to have got through somewhere: tags, event handlers, attributes that are broken out of,
addresses that run something, entities, drawings, the attributes of our own libraries, templates, and characters that
turn, hide or overflow.
"""

TAGS = (
    "<script>alert('canary')</script>",
    "</p><script>alert('canary')</script>",
    "<ScRiPt>alert('canary')</sCrIpT>",
    "<scr<script>ipt>alert('canary')</scr</script>ipt>",
    "<script src=//canary.example/x.js></script>",
    "--><script>alert('canary')</script>",
    "]]><script>alert('canary')</script>",
    "</title><script>alert('canary')</script>",
    "</textarea><script>alert('canary')</script>",
    "<noscript><p title='</noscript><img src=x onerror=alert(`canary`)>'>",
    "<template><script>alert('canary')</script></template>",
    "<iframe srcdoc='<script>alert(`canary`)</script>'></iframe>",
    "<object data='data:text/html,<script>alert(`canary`)</script>'></object>",
    "<embed src='/static/canary'>",
    "<base href='//canary.example/'>",
    "<meta http-equiv=refresh content='0;url=//canary.example/'>",
    "<link rel=stylesheet href='//canary.example/x.css'>",
    "<style>body{background:url(/canary)}</style>",
    "<form action='//canary.example/'><button formaction='javascript:alert(1)'>canary</button></form>",
)
HANDLERS = (
    "<img src=x onerror=alert('canary')>",
    "<img/src=x/onerror=alert('canary')>",
    "<img src=x:x onerror\n=\nalert('canary')>",
    '"><img src=x onerror=alert(`canary`)>',
    "'><img src=x onerror=alert(`canary`)>",
    '" onmouseover="alert(`canary`)" autofocus onfocus="alert(`canary`)',
    "' onfocus='alert(`canary`)' autofocus='",
    "` onerror=alert('canary') `",
    "<body onload=alert('canary')>",
    "<input autofocus onfocus=alert('canary')>",
    "<details open ontoggle=alert('canary')>",
    "<marquee onstart=alert('canary')>",
    "<video><source onerror=alert('canary')></video>",
    "<x onpointerrawupdate=alert('canary') style='position:fixed;inset:0'>canary",
    "<style>@keyframes x{}</style><b style='animation-name:x' onanimationstart=alert('canary')>",
)
DRAWINGS = (
    "<svg onload=alert('canary')>",
    "<svg><script>alert('canary')</script></svg>",
    "<svg><animate onbegin=alert('canary') attributeName=x></svg>",
    "<svg><use href='data:image/svg+xml,<svg id=x onload=alert(`canary`)>#x'/></svg>",
    "<math><mtext><table><mglyph><style><img src=x onerror=alert('canary')>",
    "<svg></p><style><a id='</style><img src=x onerror=alert(`canary`)>'>",
)
ADDRESSES = (
    "javascript:alert('canary')",
    "JaVaScRiPt:alert('canary')",
    "java\tscript:alert('canary')",
    "<a href=javascript:alert('canary')>canary</a>",
    "data:text/html;base64,PHNjcmlwdD5hbGVydCgnY2FuYXJ5Jyk8L3NjcmlwdD4=",
    'https://a.example/" onmouseover="alert(`canary`)',
    "https://a.example/'onclick='alert(`canary`)",
    "https://a.example/<script>alert('canary')</script>",
    "https://javascript:alert('canary')@a.example/",
    "xmpp:bob@a.example?message;body=<script>alert('canary')</script>",
    "mailto:a@a.example?subject=\"><script>alert('canary')</script>",
)
ENTITIES = (
    "&lt;script&gt;alert('canary')&lt;/script&gt;",
    "&#60;img src=x onerror=alert('canary')&#62;",
    "&#x3C;script&#x3E;alert('canary')&#x3C;/script&#x3E;",
    "%3Cscript%3Ealert('canary')%3C/script%3E",
    "\\u003cscript\\u003ealert('canary')\\u003c/script\\u003e",
    "＜script＞alert('canary')＜/script＞",
    "+ADw-script+AD4-alert('canary')+ADw-/script+AD4-",
)
GADGETS = (
    '<div hx-get="/canary" hx-trigger="load"></div>',
    '<div data-hx-get="/canary" data-hx-trigger="load"></div>',
    '<div hx-post="/canary" hx-trigger="every 1s"></div>',
    '<div hx-get="/canary" hx-trigger="load[alert(`canary`)]"></div>',
    '" hx-get="/canary" hx-trigger="load" x="',
    "' data-hx-get='/canary' data-hx-trigger='load",
    "<div hx-on:click=\"alert('canary')\" hx-on::load=\"alert('canary')\"></div>",
    '<div hx-ws:connect="/canary"></div><div ws-connect="/canary"></div>',
    '<hx-partial hx-target="#main">canary</hx-partial>',
    '<div hx-swap-oob="true" id="live">canary</div>',
    "<meta name='htmx-config' content='{\"canary\":true}'>",
)
TEMPLATES = (
    "{{ 7 * 7 }} canary",
    "{% raw %}canary{% endraw %}",
    "{{ self.__init__.__globals__ }} canary",
    "${alert('canary')} #{alert('canary')} <%= canary %>",
    "%(canary)s %s %d {0} {canary}",
)
CHARACTERS = (
    "canary \u202eelgoog.moc\u202c \u2066\u2067canary",
    "a\u200bb\u200dc\u2060d\ufeff canary",
    "c̷̢̛̱̣̖̪͓̦͖͈̄͗̒̐a̶n̵a̴r̸y̶ Z̮̞̠͙͔ͅḀ̗̞͈̻̗Ḷ͙͎̯̹̞͓G̻O̭̗̮",
    "👩‍👩‍👧‍👦 🏴󠁧󠁢󠁥󠁮󠁧󠁿 🇩🇪 canary",
    "الكناري canary עברית",
    "canary" * 40,
    "canary/" * 300,
    "\u2028canary\u2029canary",
)

NASTY = (*TAGS, *HANDLERS, *DRAWINGS, *ADDRESSES, *ENTITIES, *GADGETS, *TEMPLATES, *CHARACTERS)
BROKEN = (b"%ED%A0%80", b"%FF%FE", b"%C0%BCscript%C0%BE", b"%00", b"canary%ED%B0%80%ED%A0%80")
"""Percent-encoded bytes that are no UTF-8: half a pair of UTF-16, bytes that never occur, letters written too long."""
