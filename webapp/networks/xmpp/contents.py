"""What a message says: its text, or one line of words for what cannot be shown as itself yet.

Nothing that somebody said is dropped and nothing becomes an empty line. What only serves the machines (markers, states,
keys) says nothing.
"""

import re
from dataclasses import dataclass
from urllib.parse import unquote, urlsplit
from xml.etree.ElementTree import Element

from webapp.languages import N_, Sentence
from webapp.networks.xmpp.names import (
    BODY,
    CHAT_STATES,
    CLIENT,
    CORRECT,
    DELAY,
    ENCRYPTION,
    FASTEN,
    FILE_METADATA,
    FILE_SHARING,
    GEOLOC,
    HINTS,
    JINGLE_MESSAGE,
    MARKERS,
    MODERATE,
    MODERATE_OLD,
    MUC_USER,
    NICK,
    OCCUPANT_ID,
    OMEMO,
    OMEMO_LEGACY,
    OOB,
    PUBSUB_EVENT,
    REACTIONS,
    RECEIPTS,
    RETRACT,
    RETRACT_OLD,
    STANZA_IDS,
    SUBJECT,
    URL_DATA,
    tag,
)

LONGEST = 65_536
"""Code points of a text that are kept; what is longer is cut, and says so."""
_CONTROL = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x84\x86-\x9f]")
_DIRECTIONS = re.compile("[\u202a-\u202e\u2066-\u2069\u200e\u200f\u061c]")
_PICTURES = (".jpg", ".jpeg", ".png", ".gif", ".webp", ".avif", ".heic", ".svg")
_SILENT = {
    *(CHAT_STATES, MARKERS, RECEIPTS, HINTS, STANZA_IDS, DELAY, OCCUPANT_ID, MUC_USER, NICK, ENCRYPTION, OOB),
    *(PUBSUB_EVENT, OMEMO, OMEMO_LEGACY, "urn:xmpp:carbons:2", "jabber:x:delay", "jabber:x:event"),
    *("http://jabber.org/protocol/xhtml-im", "urn:xmpp:fallback:0", "urn:xmpp:reply:0", "urn:xmpp:reference:0"),
    *("vcard-temp:x:update", "http://jabber.org/protocol/address", "urn:xmpp:mam:tmp", "urn:xmpp:eme:0"),
    *("urn:xmpp:message-correct:0", "http://jabber.org/protocol/shim", "http://jabber.org/protocol/muc"),
}


@dataclass(frozen=True)
class Content:
    """What to show. ``quiet`` raises no unread."""

    body: str | Sentence
    quiet: bool = False


def content(stanza: Element, who: str) -> Content | None:
    """What ``who`` says with this stanza, None for nothing that is meant for people."""
    for reader in (_encrypted, _deleted, _changed, _reacted, _called, _file, _said, _place, _topic, _unknown):
        found = reader(stanza, who)
        if found is not None:
            return found if found.body else None
    return None


def tidy(text: str) -> str:
    """A text without control characters, with plain line breaks."""
    return _CONTROL.sub("", text.replace("\r\n", "\n").replace("\r", "\n"))


def tidy_name(text: str | None, longest: int = 200) -> str:
    """A name: one line, without characters that turn the direction of what follows."""
    return " ".join(_DIRECTIONS.sub("", tidy(text or "")).split())[:longest]


def tidy_body(text: str) -> str | Sentence:
    body = tidy(text)
    if len(body) <= LONGEST:
        return body
    return Sentence(N_("%(text)s … (the rest of this very long message was left out)"), {"text": body[:LONGEST]})


_NOTHING = Content("")
_KEYS = (tag(OMEMO_LEGACY, "encrypted"), tag(OMEMO, "encrypted"))


def _encrypted(stanza: Element, who: str) -> Content | None:
    hint = stanza.find(tag(ENCRYPTION, "encryption"))
    sealed = next((found for name in _KEYS if (found := stanza.find(name)) is not None), None)
    if sealed is None and hint is None:
        return None
    if sealed is not None and not any(child.tag.endswith("}payload") for child in sealed):
        return _NOTHING  # keys for later, no words
    kind = tidy_name(hint.get("name") if hint is not None else "", 40) or "OMEMO"
    text = N_("%(who)s sent a message with end-to-end encryption (%(kind)s) that cannot be read here yet.")
    return Content(Sentence(text, {"who": who, "kind": kind}))


def _deleted(stanza: Element, who: str) -> Content | None:
    fastened = stanza.find(tag(FASTEN, "apply-to"))
    parts = [*stanza, *(fastened if fastened is not None else [])]
    moderated = {tag(MODERATE, "moderated"), tag(MODERATE_OLD, "moderated")}
    if "/" not in stanza.get("from", "/") and any(
        part.tag in moderated for part in _all(parts)
    ):  # only the room may say
        return Content(Sentence(N_("A moderator deleted a message.")), quiet=True)
    if any(part.tag in {tag(RETRACT, "retract"), tag(RETRACT_OLD, "retract")} for part in parts):
        return Content(Sentence(N_("%(who)s deleted a message."), {"who": who}), quiet=True)
    return None


def _all(parts: list[Element]) -> list[Element]:
    return [*parts, *(child for part in parts for child in part)]


def _changed(stanza: Element, who: str) -> Content | None:
    text = stanza.findtext(BODY)
    if stanza.find(tag(CORRECT, "replace")) is None or not text:
        return None
    return Content(Sentence(N_("%(who)s changed a message to: %(text)s"), {"who": who, "text": tidy(text)[:LONGEST]}))


def _reacted(stanza: Element, who: str) -> Content | None:
    reactions = stanza.find(tag(REACTIONS, "reactions"))
    if reactions is None:
        return None
    emoji = " ".join(tidy_name(one.text, 20) for one in list(reactions)[:10] if one.text)
    if not emoji:
        return Content(Sentence(N_("%(who)s took back a reaction."), {"who": who}), quiet=True)
    return Content(Sentence(N_("%(who)s reacted with %(emoji)s"), {"who": who, "emoji": emoji}), quiet=True)


def _called(stanza: Element, who: str) -> Content | None:
    parts = [part.tag for part in stanza if part.tag.startswith(f"{{{JINGLE_MESSAGE}}}")]
    if not parts:
        return None
    if tag(JINGLE_MESSAGE, "propose") in parts:
        return Content(Sentence(N_("%(who)s tried to call."), {"who": who}))
    return _NOTHING


def _file(stanza: Element, _: str) -> Content | None:
    url, name, kind = _shared_file(stanza)
    if not url:
        return None
    name = tidy_name(name or unquote(urlsplit(url).path.rpartition("/")[2]), 120) or url
    picture = kind.startswith("image/") or (not kind and urlsplit(url).path.lower().endswith(_PICTURES))
    line = N_("Picture: %(name)s %(url)s") if picture else N_("File: %(name)s %(url)s")
    return Content(Sentence(line, {"name": name, "url": url}))


def _shared_file(stanza: Element) -> tuple[str, str, str]:
    """Address, name and media type of a file (XEP-0447, or XEP-0066 where the text is nothing but its address)."""
    sharing = stanza.find(tag(FILE_SHARING, "file-sharing"))
    if sharing is not None:
        data = sharing.find(f"{tag(FILE_METADATA, 'file')}")
        source = sharing.find(f".//{tag(URL_DATA, 'url-data')}")
        url = tidy_name(source.get("target") if source is not None else "", 2000)
        name, kind = ("", "") if data is None else (_part(data, "name"), _part(data, "media-type"))
        return url or _oob(stanza), name, kind
    url, text = _oob(stanza), (stanza.findtext(BODY) or "").strip()
    return (url, "", "") if url and text in {url, ""} else ("", "", "")


def _part(data: Element, name: str) -> str:
    return data.findtext(tag(FILE_METADATA, name)) or ""


def _oob(stanza: Element) -> str:
    return tidy_name(stanza.findtext(f"{tag(OOB, 'x')}/{tag(OOB, 'url')}"), 2000)


def _said(stanza: Element, _: str) -> Content | None:
    text = stanza.findtext(BODY)
    if not text or not tidy(text).strip():
        return None
    return Content(tidy_body(text))


def _place(stanza: Element, _: str) -> Content | None:
    place = stanza.find(tag(GEOLOC, "geoloc"))
    if place is None:
        return None
    values = {name: tidy_name(place.findtext(tag(GEOLOC, name)), 30) for name in ("lat", "lon")}
    return Content(Sentence(N_("Place: %(lat)s, %(lon)s"), values)) if all(values.values()) else _NOTHING


def _topic(stanza: Element, who: str) -> Content | None:
    subject = stanza.find(SUBJECT)
    if subject is None or stanza.find(tag(CLIENT, "thread")) is not None:
        return None
    values = {"who": who, "topic": tidy_name(subject.text, 2000)}
    line = N_("%(who)s changed the topic to: %(topic)s") if values["topic"] else N_("%(who)s removed the topic.")
    return Content(Sentence(line, values), quiet=True)


def _unknown(stanza: Element, who: str) -> Content | None:
    """Something for people that we do not know: say that it came. Machines' talk says nothing."""
    strangers = [part for part in stanza if part.tag.rpartition("}")[0].strip("{") not in {CLIENT, *_SILENT}]
    if not strangers:
        return None
    return Content(Sentence(N_("%(who)s sent something that cannot be shown here yet."), {"who": who}), quiet=True)
