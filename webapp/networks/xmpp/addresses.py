"""Addresses of XMPP (RFC 7622): ``local@domain/resource``, here always as normalised text."""

from slixmpp.jid import JID, InvalidJID

LONGEST = 3071
"""Octets of a whole address (RFC 7622 section 3.1)."""


class NoAddress(ValueError):
    """What was given is no address."""


def parse(text: str | None) -> JID:
    """The address in its normal form. Raises NoAddress."""
    if not text or len(text.encode("utf-8", "replace")) > LONGEST:
        raise NoAddress
    try:
        address = JID(text)
    except (InvalidJID, UnicodeError, ValueError):
        raise NoAddress from None
    if not address.domain:
        raise NoAddress
    return address


def bare(text: str | None) -> str:
    """The address without its resource, in its normal form. Raises NoAddress."""
    return str(parse(text).bare)


def resource(text: str | None) -> str:
    """What stands behind the slash; in a room, somebody's name there. Raises NoAddress."""
    return str(parse(text).resource)


def local(text: str) -> str:
    """What stands before the @, the whole address when there is no @."""
    return text.partition("/")[0].partition("@")[0]


def typed(text: str) -> str:
    """A bare address of a person or room, as somebody typed it. Raises NoAddress when it cannot be one."""
    address = parse(text.strip().removeprefix("xmpp:").partition("?")[0])
    if not address.local or address.resource or " " in text.strip():
        raise NoAddress
    return str(address.bare)
