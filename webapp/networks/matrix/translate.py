"""From events of a room's timeline to events of the house: pure functions, the same for what is new and what is old."""

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from typing import Any

from webapp.languages import N_, Sentence
from webapp.networks.events import ConversationKind, MessageOpened, MessageReceived, MessageRef
from webapp.networks.matrix.addresses import local
from webapp.networks.matrix.contents import Said, said
from webapp.networks.matrix.quarantine import Heard
from webapp.networks.matrix.texts import tidy_name
from webapp.networks.matrix.wishes import Wish

_WORDS = frozenset({"m.room.message", "m.sticker"})
_NOT_ENCRYPTED = N_("This was not encrypted: every server on its way could read and change it.")


@dataclass(frozen=True)
class Setting:
    """What one must know to read a room's events: who we are, what people are called there, what is wanted of them,
    whether it is encrypted by now."""

    room: str
    kind: ConversationKind
    me: str
    name_of: Callable[[str], str]
    wish: Callable[[Mapping[str, Any], str], Wish | None] = lambda _event, _sender: None
    encrypted: bool = False


@dataclass(frozen=True)
class Revealed:
    """What an encrypted event really is; ``untrusted`` says why it may not be from whom it names."""

    type: str
    content: Mapping[str, Any]
    untrusted: Sentence | None = None


@dataclass(frozen=True)
class Sealed:
    """Why an encrypted event cannot be read."""

    reason: Sentence


def message(event: Heard, setting: Setting, opened: Revealed | Sealed | None = None) -> MessageReceived | None:
    """The line that an event is, None for one that is nothing to read."""
    sealed = opened if isinstance(opened, Sealed) else None
    if isinstance(opened, Revealed):
        event = replace(event, type=opened.type, content=opened.content)
    name = setting.name_of(event.sender)
    who = name or local(event.sender)
    told = Said(sealed.reason, sealed=True) if sealed else _said(event, who)
    if told is None:
        return None
    own = event.sender == setting.me
    wish = None if own else setting.wish({**event.whole, "type": event.type, "content": event.content}, event.sender)
    return MessageReceived(
        conversation=setting.room,
        kind=setting.kind,
        remote_id=event.name,
        sender=event.sender,
        body=told.body,
        sent_at=event.at,
        own=own,
        transaction_id=event.transaction_id if own else None,
        reference=event.name,
        sender_name=None if own else name or None,
        mention=wish.calls if wish else not own and mentions(event, setting),
        quiet=told.quiet or (wish is not None and wish.unwanted),
        formatted=told.formatted,
        style=told.style,
        sealed=told.sealed,
        untrusted=opened.untrusted if isinstance(opened, Revealed) else _in_the_open(event, setting, told),
    )


def opened_late(event: Heard, setting: Setting, opened: Revealed) -> MessageOpened:
    """The same for a message that stands there sealed, and can be read now."""
    who = setting.name_of(event.sender) or local(event.sender)
    line = message(event, setting, opened)
    reference = MessageRef(remote_id=event.name)
    if line is None:
        nothing = Sentence(N_("%(who)s sent something that cannot be shown here yet."), {"who": who})
        return MessageOpened(setting.room, reference, nothing, quiet=True)
    return MessageOpened(
        setting.room, reference, line.body, line.formatted, line.style, line.mention, line.quiet, line.untrusted
    )


def _in_the_open(event: Heard, setting: Setting, told: Said) -> Sentence | None:
    """In an encrypted room a server could put words into anybody's mouth that way."""
    plain = setting.encrypted and event.state_key is None and not told.quiet and not told.sealed
    return Sentence(_NOT_ENCRYPTED) if plain and event.type in _WORDS else None


def mentions(event: Heard, setting: Setting) -> bool:
    """Whether an event names us, where no rules of the person's are known that say what does.

    As it says itself (specification, "User and room mentions"), else by our name.
    """
    named = event.content.get("m.mentions")
    if isinstance(named, Mapping):
        users = named.get("user_ids")
        return named.get("room") is True or (isinstance(users, list) and setting.me in users)
    body = event.content.get("body")
    if not isinstance(body, str) or event.type != "m.room.message":
        return False
    names = {setting.me, local(setting.me), setting.name_of(setting.me)} - {""}
    return any(re.search(rf"(?<!\w){re.escape(name)}(?!\w)", body, re.IGNORECASE) for name in names)


def _said(event: Heard, who: str) -> Said | None:
    if event.state_key is not None:
        return _of_state(event, who)
    return said(event.type, event.content, who, redacted="redacted_because" in event.unsigned)


def _of_state(event: Heard, who: str) -> Said | None:
    """Of all state only another topic and another name are lines; not the first ones, with which a room begins."""
    before = event.unsigned.get("prev_content")
    if event.type not in _CHANGES or event.state_key != "" or not isinstance(before, Mapping):
        return None
    key, changed, removed = _CHANGES[event.type]
    new = tidy_name(event.content.get(key), 2000)
    if new == tidy_name(before.get(key), 2000):
        return None
    values: dict[str, Any] = {"who": who, key: new}
    return Said(Sentence(changed if new else removed, values), quiet=True)


_CHANGES = {
    "m.room.topic": (
        "topic",
        N_("%(who)s changed the topic to: %(topic)s"),
        N_("%(who)s removed the topic."),
    ),
    "m.room.name": (
        "name",
        N_("%(who)s called this group: %(name)s"),
        N_("%(who)s removed the name of this group."),
    ),
}
