"""What an event says: its text, or one line of words for what cannot be shown as itself yet.

Nothing that somebody said is dropped and nothing becomes an empty line. What only serves the machines says nothing.
"""

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from webapp.languages import N_, Sentence
from webapp.networks.events import Style
from webapp.networks.matrix.pieces import UNREADABLE
from webapp.networks.matrix.quarantine import text_in
from webapp.networks.matrix.texts import LONGEST, tidy, tidy_body, tidy_name

_FALLBACK = re.compile(r"\A(?:> [^\n]*\n)+\n?")
"""What older programs put in front of a reply: the words that it answers (specification, "Rich replies")."""
_ANSWERED = re.compile(r"\A\s*<mx-reply>.*?</mx-reply>", re.S | re.I)
"""The same in HTML."""
_SILENT = re.compile(r"m\.(room\.(?!message\Z|encrypted\Z|redaction\Z)|key\.|call\.|policy\.|space\.|bridge|poll\.)")
"""State of rooms, and what devices say to each other; the parts of calls and polls that are for people come first."""


@dataclass(frozen=True)
class Said:
    """What to show. ``quiet`` raises no unread; ``formatted`` is foreign HTML, as it came; ``sealed`` words say why
    something cannot be read."""

    body: str | Sentence
    quiet: bool = False
    formatted: str | None = None
    style: Style = Style.TEXT
    sealed: bool = False


def said(kind: str, content: Mapping[str, Any], who: str, *, redacted: bool = False) -> Said | None:
    """What ``who`` says with an event of this type, None for nothing that is meant for people."""
    if redacted:
        told = N_("This message was deleted.")
        return Said(Sentence(told), quiet=True) if kind in {"m.room.message", "m.sticker", "m.room.encrypted"} else None
    if UNREADABLE.keys() & content.keys():
        return _hidden()
    if kind == "m.room.message":
        return _message(content, who)
    reader = _READERS.get(kind)
    if reader is not None:
        return reader(content, who)
    return None if _SILENT.match(kind) else _strange(content, who)


def without_fallback(body: str, content: Mapping[str, Any]) -> str:
    """A text without the words that it answers, where it says that it is an answer."""
    relation = content.get("m.relates_to")
    if not isinstance(relation, Mapping) or "m.in_reply_to" not in relation:
        return body
    return _FALLBACK.sub("", body, count=1) or body


def _message(content: Mapping[str, Any], who: str) -> Said:
    relation, body = content.get("m.relates_to"), content.get("body")
    if isinstance(relation, Mapping) and relation.get("rel_type") == "m.replace":
        return _changed(content, who)
    if not isinstance(body, str):
        return _strange(content, who)
    return _KINDS.get(text_in(content, "msgtype"), _text)(content, body, who)


def _text(content: Mapping[str, Any], body: str, who: str) -> Said:
    text = without_fallback(body, content)
    if not tidy(text).strip():
        return _strange(content, who)
    style = _STYLES.get(text_in(content, "msgtype"), Style.TEXT)
    return Said(tidy_body(text), formatted=_formatted(content), style=style)


_STYLES = {"m.emote": Style.EMOTE, "m.notice": Style.NOTICE}


def _formatted(content: Mapping[str, Any]) -> str | None:
    """The same words in HTML, where there are any, without those that they answer."""
    html = content.get("formatted_body")
    if content.get("format") != "org.matrix.custom.html" or not isinstance(html, str) or len(html) > LONGEST:
        return None
    return tidy(_ANSWERED.sub("", html)) or None


def _changed(content: Mapping[str, Any], who: str) -> Said:
    new = content.get("m.new_content")
    text = new.get("body") if isinstance(new, Mapping) else None
    if not isinstance(text, str) or not tidy(text).strip():
        return _strange(content, who)
    values = {"who": who, "text": tidy(without_fallback(text, content))[:LONGEST]}
    return Said(Sentence(N_("%(who)s changed a message to: %(text)s"), values))


_VOICE = N_("Voice message")
_CAPTIONED = N_("%(file)s – %(text)s")


def _file(line: str) -> Callable[[Mapping[str, Any], str, str], Said]:
    """Reads a file and the words that go with it, if there are any (specification, "Media captions")."""

    def read(content: Mapping[str, Any], body: str, _: str) -> Said:
        if "org.matrix.msc3245.voice" in content or "m.voice" in content:
            return Said(Sentence(_VOICE))
        name = text_in(content, "filename")
        caption = tidy(body)[:LONGEST] if name and name != body else ""
        file = Sentence(line, {"name": tidy_name(name or body, 120) or "?"})
        return Said(Sentence(_CAPTIONED, {"file": file, "text": caption}) if caption.strip() else file)

    return read


def _place(content: Mapping[str, Any], body: str, _: str) -> Said:
    told = tidy_name(body, 300) or tidy_name(content.get("geo_uri"), 100) or "?"
    return Said(Sentence(N_("Place: %(place)s"), {"place": told}))


def _verification(_content: Mapping[str, Any], _body: str, who: str) -> Said:
    return Said(Sentence(N_("%(who)s would like to compare emoji, to be sure who is who."), {"who": who}), quiet=True)


def _compared(_: Mapping[str, Any], who: str) -> Said:
    return Said(Sentence(N_("%(who)s has compared the emoji: they are the same."), {"who": who}), quiet=True)


def _stopped_comparing(_: Mapping[str, Any], who: str) -> Said:
    return Said(Sentence(N_("%(who)s stopped comparing emoji."), {"who": who}), quiet=True)


def _sticker(content: Mapping[str, Any], _: str) -> Said:
    return Said(Sentence(N_("Sticker: %(name)s"), {"name": tidy_name(content.get("body"), 120) or "?"}))


def _reaction(content: Mapping[str, Any], who: str) -> Said | None:
    relation = content.get("m.relates_to")
    emoji = tidy_name(relation.get("key") if isinstance(relation, Mapping) else "", 20)
    told = Sentence(N_("%(who)s reacted with %(emoji)s"), {"who": who, "emoji": emoji})
    return Said(told, quiet=True) if emoji else None


def _redaction(_: Mapping[str, Any], who: str) -> Said:
    return Said(Sentence(N_("%(who)s deleted a message."), {"who": who}), quiet=True)


def _encrypted(_: Mapping[str, Any], who: str) -> Said:
    told = N_("%(who)s sent a message with end-to-end encryption that cannot be read here yet.")
    return Said(Sentence(told, {"who": who}), sealed=True)


def _call(_: Mapping[str, Any], who: str) -> Said:
    return Said(Sentence(N_("%(who)s tried to call."), {"who": who}))


def _poll(content: Mapping[str, Any], who: str) -> Said:
    start = content.get("m.poll.start", content.get("org.matrix.msc3381.poll.start"))
    question = start.get("question") if isinstance(start, Mapping) else None
    told = tidy_name(_words_of(question), 500) if isinstance(question, Mapping) else ""
    values = {"who": who, "question": told}
    return Said(Sentence(N_("%(who)s asks everybody: %(question)s"), values)) if told else _strange(content, who)


def _words_of(part: Mapping[str, Any]) -> object:
    """The text of extensible events (MSC1767) in its shapes old and new."""
    found = part.get("org.matrix.msc1767.text", part.get("m.text", part.get("body")))
    if isinstance(found, list) and found and isinstance(found[0], Mapping):
        return found[0].get("body")
    return found


def _strange(content: Mapping[str, Any], who: str) -> Said:
    """Something for people that we do not know: its text, or else say that it came."""
    body = content.get("body")
    if isinstance(body, str) and tidy(body).strip():
        return Said(tidy_body(body))
    return Said(Sentence(N_("%(who)s sent something that cannot be shown here yet."), {"who": who}), quiet=True)


def _hidden() -> Said:
    return Said(Sentence(N_("A message that this house cannot show.")))


_KINDS = {
    "m.image": _file(N_("Picture: %(name)s")),
    "m.file": _file(N_("File: %(name)s")),
    "m.video": _file(N_("Video: %(name)s")),
    "m.audio": _file(N_("Sound: %(name)s")),
    "m.location": _place,
    "m.key.verification.request": _verification,
}
_READERS: dict[str, Callable[[Mapping[str, Any], str], Said | None]] = {
    "m.sticker": _sticker,
    "m.reaction": _reaction,
    "m.room.redaction": _redaction,
    "m.room.encrypted": _encrypted,
    "m.call.invite": _call,
    "m.key.verification.done": _compared,
    "m.key.verification.cancel": _stopped_comparing,
    "m.poll.start": _poll,
    "org.matrix.msc3381.poll.start": _poll,
    "m.poll.response": lambda _content, _who: None,
    "m.poll.end": lambda _content, _who: None,
    "org.matrix.msc3381.poll.response": lambda _content, _who: None,
    "org.matrix.msc3381.poll.end": lambda _content, _who: None,
}
