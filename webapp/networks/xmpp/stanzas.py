"""What we say, as XML. Pure functions; nothing here sends."""

import re
from uuid import uuid4
from xml.etree.ElementTree import Element, SubElement

from webapp.networks.xmpp.names import (
    BODY,
    CAPS,
    CHAT_STATES,
    CONFERENCE,
    FORM,
    HINTS,
    MARKERS,
    MESSAGE,
    MUC,
    MUC_USER,
    PRESENCE,
    PUBLISH_OPTIONS,
    PUBSUB,
    RECEIPTS,
    STANZA_IDS,
    SUBJECT,
    tag,
)

_NOT_XML = re.compile("[^\t\n\r\u0020-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")


def clean(text: str) -> str:
    """The text without what XML 1.0 (section 2.2) cannot carry: one such character would end the stream."""
    return _NOT_XML.sub("", text)


def new_id() -> str:
    return uuid4().hex


def element(namespace: str, name: str, text: str = "", /, **attributes: str) -> Element:
    made = Element(tag(namespace, name), {key: clean(value) for key, value in attributes.items()})
    made.text = clean(text) or None
    return made


def message(to: str, kind: str, name: str, *parts: Element) -> Element:
    made = Element(MESSAGE, {"to": to, "type": kind, "id": name})
    made.extend(parts)
    return made


def text_message(to: str, body: str, name: str, room: bool) -> Element:
    """A text. Its id and its origin id are the same, ours; direct ones ask for a receipt and a read marker."""
    made = message(to, "groupchat" if room else "chat", name)
    SubElement(made, BODY).text = clean(body)
    made.append(element(STANZA_IDS, "origin-id", id=name))
    made.append(element(MARKERS, "markable"))
    if not room:
        made.append(element(RECEIPTS, "request"))
        made.append(element(CHAT_STATES, "active"))
    return made


def subject_message(room: str, subject: str, name: str) -> Element:
    made = message(room, "groupchat", name)
    SubElement(made, SUBJECT).text = clean(subject)
    return made


def displayed(to: str, reference: str, room: bool) -> Element:
    """ "I have read up to this message" (XEP-0333)."""
    parts = (element(MARKERS, "displayed", id=reference), element(HINTS, "store"))
    return message(to, "groupchat" if room else "chat", new_id(), *parts)


def received(to: str, reference: str) -> Element:
    """ "Your message is here" (XEP-0184)."""
    return message(to, "chat", new_id(), element(RECEIPTS, "received", id=reference), element(HINTS, "store"))


def chat_state(to: str, typing: bool, room: bool) -> Element:
    state = element(CHAT_STATES, "composing" if typing else "paused")
    return message(to, "groupchat" if room else "chat", new_id(), state, element(HINTS, "no-store"))


def presence(to: str | None = None, kind: str | None = None, *parts: Element) -> Element:
    made = Element(PRESENCE, {"id": new_id()})
    if to:
        made.set("to", to)
    if kind:
        made.set("type", kind)
    made.extend(parts)
    return made


def capabilities(node: str, version: str) -> Element:
    """What our presence says about us (XEP-0115)."""
    return element(CAPS, "c", hash="sha-1", node=node, ver=version)


def join_room(room: str, nick: str, history: int) -> Element:
    """Enter a room, with at most this many messages of its recent history (XEP-0045 section 7.2)."""
    wish = element(MUC, "x")
    SubElement(wish, tag(MUC, "history"), {"maxstanzas": str(history)})
    return presence(f"{room}/{nick}", None, wish)


def direct_invitation(to: str, room: str) -> Element:
    """XEP-0249."""
    return message(to, "normal", new_id(), element(CONFERENCE, "x", jid=room))


def mediated_invitation(room: str, to: str) -> Element:
    """XEP-0045 section 7.8.2."""
    wish = element(MUC_USER, "x")
    wish.append(element(MUC_USER, "invite", to=to))
    return message(room, "normal", new_id(), wish)


def mediated_refusal(room: str, to: str) -> Element:
    wish = element(MUC_USER, "x")
    wish.append(element(MUC_USER, "decline", to=to))
    return message(room, "normal", new_id(), wish)


def form_of(kind: str, fields: dict[str, str]) -> Element:
    """A filled-in form (XEP-0004)."""
    made = element(FORM, "x", type="submit")
    for name, value in {"FORM_TYPE": kind, **fields}.items():
        field = SubElement(made, tag(FORM, "field"), {"var": name})
        if name == "FORM_TYPE":
            field.set("type", "hidden")
        SubElement(field, tag(FORM, "value")).text = clean(value)
    return made


def publish(node: str, item: str, payload: Element) -> Element:
    """Put something on a node of our own that only we may read and that is kept (XEP-0060, XEP-0223)."""
    made = element(PUBSUB, "pubsub")
    publishing = SubElement(made, tag(PUBSUB, "publish"), {"node": node})
    SubElement(publishing, tag(PUBSUB, "item"), {"id": item}).append(payload)
    options = SubElement(made, tag(PUBSUB, "publish-options"))
    wishes = {
        "pubsub#persist_items": "true",
        "pubsub#max_items": "max",
        "pubsub#send_last_published_item": "never",
        "pubsub#access_model": "whitelist",
    }
    options.append(form_of(PUBLISH_OPTIONS, wishes))
    return made


def retract(node: str, item: str) -> Element:
    made = element(PUBSUB, "pubsub")
    SubElement(SubElement(made, tag(PUBSUB, "retract"), {"node": node, "notify": "true"}), tag(PUBSUB, "item"), id=item)
    return made


def items(node: str) -> Element:
    made = element(PUBSUB, "pubsub")
    SubElement(made, tag(PUBSUB, "items"), {"node": node})
    return made


def query(namespace: str, *parts: Element, **attributes: str) -> Element:
    made = element(namespace, "query", **attributes)
    made.extend(parts)
    return made
