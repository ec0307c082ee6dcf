"""Which network a room comes from, where a bridge says so (MSC2346: ``m.bridge``, ``uk.half-shot.bridge``).

Anybody who may change the state of a room may write this. It is a label and nothing else follows from it.
"""

from collections.abc import Iterable, Mapping
from typing import Any

KINDS = ("m.bridge", "uk.half-shot.bridge")
LONGEST = 40
"""Characters of the name of a network."""
_NAMES = {
    "discordgo": "Discord",
    "facebookgo": "Facebook",
    "gmessages": "Google Messages",
    "googlechat": "Google Chat",
    "imessage": "iMessage",
    "imessagego": "iMessage",
    "instagramgo": "Instagram",
    "irc": "IRC",
    "signal": "Signal",
    "sms": "SMS",
    "telegram": "Telegram",
    "whatsapp": "WhatsApp",
}
"""How protocols are called whose bridges give no name of their own, by their ids."""


def bridged_from(states: Iterable[Mapping[str, Any]]) -> str:
    """What to call the network that a room comes from; empty for a room of its own.

    ``states`` are the room's current state events, foreign. The newer kind counts first; a bridge that was taken away
    leaves an event with empty content.
    """
    said = {kind: name for event in states for kind in KINDS if event.get("type") == kind and (name := _name(event))}
    return next((said[kind] for kind in KINDS if kind in said), "")


def _name(event: Mapping[str, Any]) -> str:
    content = event.get("content")
    protocol = content.get("protocol") if isinstance(content, Mapping) else None
    if not isinstance(protocol, Mapping):
        return ""
    return _words(protocol.get("displayname")) or _of_id(_words(protocol.get("id")))


def _of_id(protocol: str) -> str:
    return _NAMES.get(protocol.lower(), protocol[:1].upper() + protocol[1:])


def _words(value: object) -> str:
    """A text on one line, without what cannot be seen, and not too long; anything else is none."""
    text = value[: LONGEST * 4] if isinstance(value, str) else ""
    return " ".join("".join(letter if letter.isprintable() else " " for letter in text).split())[:LONGEST]
