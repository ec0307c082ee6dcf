"""What we answer when somebody asks us: who we are (XEP-0030), whether we are there (XEP-0199), anything else no."""

import base64
import hashlib
from xml.etree.ElementTree import Element, SubElement

from webapp.networks.xmpp.names import (
    BOOKMARKS,
    CAPS,
    CARBONS,
    CHAT_STATES,
    CONFERENCE,
    DISCO_INFO,
    IQ,
    MARKERS,
    PING,
    READ_POSITIONS,
    RECEIPTS,
    STANZA_ERROR,
    tag,
)

NODE = "https://hausbote.invalid"
IDENTITY = ("client", "web", "Hausbote")
FEATURES = sorted(
    (
        *(CAPS, CHAT_STATES, CONFERENCE, DISCO_INFO, MARKERS, PING, RECEIPTS, CARBONS),
        *(f"{BOOKMARKS}+notify", f"{READ_POSITIONS}+notify"),
    )
)


def version() -> str:
    """The fingerprint of what we can do (XEP-0115 section 5.1)."""
    category, kind, name = IDENTITY
    text = f"{category}/{kind}//{name}<" + "".join(f"{feature}<" for feature in FEATURES)
    return base64.b64encode(hashlib.sha1(text.encode(), usedforsecurity=False).digest()).decode()


def answer(question: Element, accepted: bool = False) -> Element:
    """The reply to an IQ of type get or set. ``accepted``: somebody here dealt with it."""
    payload = next(iter(question), None)
    name = "" if payload is None else payload.tag
    if accepted or name == tag(PING, "ping"):
        return _reply(question, "result")
    if name == tag(DISCO_INFO, "query") and payload is not None and question.get("type") == "get":
        return _introduction(question, payload.get("node", ""))
    refusal = _reply(question, "error")
    error = SubElement(refusal, "{jabber:client}error", {"type": "cancel"})
    SubElement(error, tag(STANZA_ERROR, "service-unavailable"))
    return refusal


def _introduction(question: Element, node: str) -> Element:
    made = _reply(question, "result")
    about = SubElement(made, tag(DISCO_INFO, "query"), {"node": node} if node else {})
    category, kind, name = IDENTITY
    SubElement(about, tag(DISCO_INFO, "identity"), {"category": category, "type": kind, "name": name})
    for feature in FEATURES:
        SubElement(about, tag(DISCO_INFO, "feature"), {"var": feature})
    return made


def _reply(question: Element, kind: str) -> Element:
    made = Element(IQ, {"type": kind, "id": question.get("id", "")})
    if sender := question.get("from"):
        made.set("to", sender)
    return made
