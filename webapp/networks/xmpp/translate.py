"""From stanzas to events: pure functions, the same for what is live, what was missed and what is old.

Who may say what is decided here, too (S14, S15): a stanza counts for the conversation with its sender and for no
other; a receipt from Carol never touches a message to Bob. Corrections and the like are words of whoever sent them.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from xml.etree.ElementTree import Element

from webapp.networks.events import (
    ConversationChanged,
    ConversationKind,
    Delivery,
    DeliveryChanged,
    Event,
    InvitationReceived,
    MessageReceived,
    MessageRef,
    ReadElsewhere,
    TypingChanged,
)
from webapp.networks.xmpp.addresses import NoAddress, bare, local, parse, resource
from webapp.networks.xmpp.contents import content, tidy_name
from webapp.networks.xmpp.names import (
    BODY,
    CHAT_STATES,
    CONFERENCE,
    DELAY,
    FORWARD,
    HINTS,
    MARKERS,
    MESSAGE,
    MUC_USER,
    OCCUPANT_ID,
    RECEIPTS,
    STANZA_IDS,
    SUBJECT,
    tag,
)
from webapp.networks.xmpp.refusals import error_of, refusal

LONGEST_ID = 500


@dataclass(frozen=True)
class Direct:
    """What one must know to read a direct message: who we are, what people are called, which addresses are rooms."""

    me: str
    names: Mapping[str, str] = field(default_factory=dict)
    rooms: frozenset[str] | Mapping[str, object] = frozenset()


@dataclass(frozen=True)
class InRoom:
    """What one must know to read a message in a room. ``people``: real addresses by nick, where the room tells them."""

    room: str
    me: str
    nick: str = ""
    occupant: str = ""
    people: Mapping[str, str] = field(default_factory=dict)


def direct_events(stanza: Element, setting: Direct, remote_id: str | None, at: datetime) -> list[Event]:
    """What a message that is not of a room means. Raises NoAddress when it makes no sense."""
    sender, own = bare(stanza.get("from") or setting.me), bare(stanza.get("from") or setting.me) == setting.me
    if stanza.get("type") == "groupchat":
        return []
    invitation = invitation_of(stanza)
    if invitation is not None:
        return [] if own else [invitation]
    conversation = _conversation(stanza, setting, own, sender)
    if stanza.get("type") == "error":
        return _failure(stanza, conversation)
    reference = _identifier(stanza.get("id")) or origin_id(stanza)
    who = _pm_name(conversation) if not own else ""
    who = who or tidy_name(setting.names.get(sender)) or local(sender)
    said = content(stanza, who)
    marks = _own_marks(stanza, conversation) if own else _marks(stanza, conversation, sender)
    if said is None:
        return marks
    return [
        *(mark for mark in marks if not isinstance(mark, TypingChanged)),
        MessageReceived(
            conversation=conversation,
            kind=ConversationKind.DIRECT,
            remote_id=remote_id,
            sender=sender,
            body=said.body,
            sent_at=at,
            own=own,
            transaction_id=origin_id(stanza),
            reference=reference,
            sender_name=None if own else _pm_name(conversation) or tidy_name(setting.names.get(sender)) or None,
            quiet=said.quiet,
        ),
    ]


def group_events(stanza: Element, setting: InRoom, remote_id: str | None, at: datetime) -> list[Event]:
    """What a message of a room means. Raises NoAddress when it makes no sense."""
    if stanza.get("type") == "error":
        return _failure(stanza, setting.room)
    if stanza.get("type") != "groupchat":
        return []
    nick = resource(stanza.get("from"))
    own = is_own(stanza, nick, setting)
    sender = setting.me if own else _real_address(stanza, nick, setting)
    topic: list[Event] = []
    if stanza.find(SUBJECT) is not None and stanza.find(BODY) is None:
        subject = tidy_name(stanza.findtext(SUBJECT), 2000)
        topic = [ConversationChanged(setting.room, ConversationKind.GROUP, topic=subject)]
    who = tidy_name(nick) or local(setting.room)
    said = content(stanza, who)
    if said is None:
        return topic + _room_marks(stanza, setting, nick, own, sender)
    message = MessageReceived(
        conversation=setting.room,
        kind=ConversationKind.GROUP,
        remote_id=remote_id,
        sender=sender,
        body=said.body,
        sent_at=at,
        own=own,
        transaction_id=origin_id(stanza) or (_identifier(stanza.get("id")) if own else None),
        reference=remote_id or _identifier(stanza.get("id")),
        sender_name=who,
        mention=not own and _names(setting.nick, said.body),
        quiet=said.quiet,
    )
    return [*topic, message]


def is_own(stanza: Element, nick: str, setting: InRoom) -> bool:
    """Whether we said this: by the occupant id, by the real address, by the nick only where there is neither."""
    occupant = stanza.find(tag(OCCUPANT_ID, "occupant-id"))
    if occupant is not None and setting.occupant:
        return occupant.get("id") == setting.occupant
    real = _told_address(stanza)
    if real:
        return real == setting.me
    return bool(nick) and nick == setting.nick


def invitation_of(stanza: Element) -> InvitationReceived | None:
    """An invitation to a room, by the room itself (XEP-0045) or by a person (XEP-0249)."""
    invite = stanza.find(f"{tag(MUC_USER, 'x')}/{tag(MUC_USER, 'invite')}")
    if invite is not None and invite.get("from"):
        room, sender = bare(stanza.get("from")), str(parse(invite.get("from")))
        reason = invite.findtext(tag(MUC_USER, "reason"))
        sender = sender if bare(sender) == room else bare(sender)  # a room may hide who it is
    else:
        direct = stanza.find(tag(CONFERENCE, "x"))
        if direct is None or not direct.get("jid") or stanza.get("type") == "groupchat":
            return None
        room, sender, reason = bare(direct.get("jid")), bare(stanza.get("from")), direct.get("reason")
    text = tidy_name(reason, 1000) or None
    name = _pm_name(sender) or None
    return InvitationReceived(room, ConversationKind.GROUP, sender, name, name=local(room), text=text)


def origin_id(stanza: Element) -> str | None:
    """The id that the sender promises to be unique (XEP-0359)."""
    found = stanza.find(tag(STANZA_IDS, "origin-id"))
    return None if found is None else _identifier(found.get("id"))


def stanza_id(stanza: Element, by: str) -> str | None:
    """The name that the archive of ``by`` gave to this.

    It must be the last one: there are servers that leave a forged one in and add theirs behind it (Prosody 0.12.3).
    Nor can what must not be stored have one.
    """
    if any(stanza.find(tag(HINTS, hint)) is not None for hint in ("no-store", "no-permanent-store")):
        return None
    found = [one.get("id") for one in stanza.iterfind(tag(STANZA_IDS, "stanza-id")) if one.get("by") == by]
    return _identifier(found[-1]) if found else None


def delayed(stanza: Element) -> datetime | None:
    """When this was said, where it says so (XEP-0203)."""
    found = stanza.find(tag(DELAY, "delay"))
    return None if found is None else moment(found.get("stamp"))


def moment(text: str | None) -> datetime | None:
    """A time of XEP-0082, None if it is none."""
    try:
        at = datetime.fromisoformat((text or "").replace("Z", "+00:00"))
    except ValueError:
        return None
    return at.astimezone(UTC) if at.tzinfo else at.replace(tzinfo=UTC)


def forwarded(holder: Element) -> tuple[Element, datetime | None] | None:
    """The message inside of a carbon or an archive's result, and its time (XEP-0297)."""
    wrapper = holder.find(tag(FORWARD, "forwarded"))
    stanza = None if wrapper is None else wrapper.find(MESSAGE)
    return None if wrapper is None or stanza is None else (stanza, delayed(wrapper))


def wants_receipt(stanza: Element) -> str | None:
    """The id to name in a receipt, where the sender asks for one (XEP-0184)."""
    if stanza.get("type") in {"error", "groupchat"} or stanza.find(tag(RECEIPTS, "request")) is None:
        return None
    return _identifier(stanza.get("id"))


def _conversation(stanza: Element, setting: Direct, own: bool, sender: str) -> str:
    """The other side: a bare address, or the full one of somebody who talks to us out of a room."""
    other = stanza.get("to") if own else stanza.get("from") or setting.me
    if not other:
        return sender
    address = parse(other)
    mediated = stanza.find(tag(MUC_USER, "x")) is not None or str(address.bare) in setting.rooms
    return str(address) if mediated and address.resource else str(address.bare)


def _pm_name(conversation: str) -> str:
    return tidy_name(conversation.partition("/")[2])


def _failure(stanza: Element, conversation: str) -> list[Event]:
    """A message of ours came back, perhaps long after our server took it."""
    name = _identifier(stanza.get("id"))
    if name is None:
        return []
    reason = refusal(*error_of(stanza))
    return [DeliveryChanged(conversation, MessageRef(transaction_id=name), Delivery.FAILED, reason=reason)]


def _marks(stanza: Element, conversation: str, sender: str) -> list[Event]:
    """What the other side tells of our messages and of its typing."""
    events: list[Event] = []
    for name in _ids(stanza, tag(RECEIPTS, "received"), tag(MARKERS, "received")):
        events.append(DeliveryChanged(conversation, MessageRef(None, name, name), Delivery.DELIVERED))
    for name in _ids(stanza, tag(MARKERS, "displayed"), tag(MARKERS, "acknowledged")):
        events.append(DeliveryChanged(conversation, MessageRef(None, name, name), Delivery.READ, up_to=True))
    typing = _typing(stanza)
    if typing is not None:
        events.append(TypingChanged(conversation, sender, typing))
    return events


def _own_marks(stanza: Element, conversation: str) -> list[Event]:
    """What another device of ours tells the other side: how far the person has read."""
    names = _ids(stanza, tag(MARKERS, "displayed"), tag(MARKERS, "acknowledged"))
    return [ReadElsewhere(conversation, MessageRef(reference=name)) for name in names]


def _room_marks(stanza: Element, setting: InRoom, nick: str, own: bool, sender: str) -> list[Event]:
    if own:
        names = _ids(stanza, tag(MARKERS, "displayed"), tag(MARKERS, "acknowledged"))
        return [ReadElsewhere(setting.room, MessageRef(remote_id=name)) for name in names]
    typing = _typing(stanza)
    return [] if typing is None or not nick else [TypingChanged(setting.room, sender, typing, tidy_name(nick))]


def _typing(stanza: Element) -> bool | None:
    states = [part.tag.rpartition("}")[2] for part in stanza if part.tag.startswith(f"{{{CHAT_STATES}}}")]
    return None if not states else states[0] == "composing"


def _ids(stanza: Element, *names: str) -> list[str]:
    found = [_identifier(part.get("id")) for name in names for part in stanza.iterfind(name)]
    return [name for name in found if name]


def _identifier(text: str | None) -> str | None:
    return text if text and len(text) <= LONGEST_ID else None


def _told_address(stanza: Element) -> str:
    item = stanza.find(f"{tag(MUC_USER, 'x')}/{tag(MUC_USER, 'item')}")
    if item is None or not item.get("jid"):
        return ""
    try:
        return bare(item.get("jid"))
    except NoAddress:
        return ""


def _real_address(stanza: Element, nick: str, setting: InRoom) -> str:
    """Whose words these are: the real address where the room tells it, else the one in the room."""
    return _told_address(stanza) or setting.people.get(nick) or (f"{setting.room}/{nick}" if nick else setting.room)


def _names(nick: str, body: object) -> bool:
    return (
        bool(nick) and isinstance(body, str) and re.search(rf"(?<!\w){re.escape(nick)}(?!\w)", body, re.I) is not None
    )
