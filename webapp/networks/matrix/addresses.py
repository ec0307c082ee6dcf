"""Addresses of Matrix: users, rooms, aliases, and the links that name them (specification, appendices, "Identifiers").

Whatever comes from outside goes through here before it is asked for, stored or shown.
"""

import re
from dataclasses import dataclass
from ipaddress import AddressValueError, IPv6Address
from typing import TypeGuard
from urllib.parse import parse_qs, quote, unquote

LONGEST = 255
"""Octets of an identifier, with its sign."""
MOST_VIA = 10
"""Servers that a link may name to join by."""

_HOST = re.compile(r"(?:[A-Za-z0-9](?:[A-Za-z0-9-]{0,61}[A-Za-z0-9])?\.)*[A-Za-z0-9](?:[A-Za-z0-9-]{0,61}[A-Za-z0-9])?")
_OPAQUE = re.compile(r"[\x21-\x7e]+")
_LOCAL = re.compile("[^\x00-\x20\x7f:\ud800-\udfff][^\x00-\x1f\x7f:\ud800-\udfff]*")
_SIGNS = {"u": "@", "r": "#", "roomid": "!"}
"""Of the ``matrix:`` scheme (specification, appendices, "Matrix URI scheme")."""


class NoAddress(ValueError):
    """What was given is no address."""


@dataclass(frozen=True)
class Place:
    """Somebody, or a room, and the servers through which it may be joined."""

    address: str
    via: tuple[str, ...] = ()

    @property
    def is_user(self) -> bool:
        return self.address.startswith("@")

    def __str__(self) -> str:
        """The address; with servers to join by, a link that keeps them."""
        if not self.via:
            return self.address
        kind = next(kind for kind, sign in _SIGNS.items() if self.address.startswith(sign))
        return f"matrix:{kind}/{quote(self.address[1:], safe=':')}?" + "&".join(f"via={quote(v)}" for v in self.via)


def user_id(text: object) -> str:
    """``@anna:example.org``; also of the older kinds with other characters. Raises NoAddress."""
    return _with_server(text, "@")


def is_user(text: object) -> TypeGuard[str]:
    """Whether this is the id of a user."""
    try:
        user_id(text)
    except NoAddress:
        return False
    return True


def alias(text: object) -> str:
    """``#garden:example.org``. Raises NoAddress."""
    return _with_server(text, "#")


def room_id(text: object) -> str:
    """``!opaque:example.org``, or ``!opaque`` from room version 12 on. Raises NoAddress."""
    return _opaque(text, "!")


def is_room(text: object) -> TypeGuard[str]:
    """Whether this is the id of a room."""
    try:
        room_id(text)
    except NoAddress:
        return False
    return True


def event_id(text: object) -> str:
    """``$opaque``. Raises NoAddress."""
    return _opaque(text, "$")


def server_name(text: str) -> str:
    """A host with an optional port, in lower case. Raises NoAddress."""
    host, port = _split_port(text.strip())
    if text.rstrip().endswith(":") or (port and not (port.isascii() and port.isdecimal() and 0 < int(port) < 65536)):
        raise NoAddress
    if host.startswith("[") and host.endswith("]"):
        try:
            IPv6Address(host[1:-1])
        except AddressValueError:
            raise NoAddress from None
    elif len(host) > 230 or not _HOST.fullmatch(host):
        raise NoAddress
    return (f"{host}:{port}" if port else host).lower()


def server_of(address: str) -> str:
    """The server that an address names, empty where it names none."""
    return address.partition(":")[2]


def local(address: str) -> str:
    """What stands between the sign and the server: how somebody is called whose name is not known."""
    return address[1:].partition(":")[0]


def typed(text: str) -> Place:
    """What a person typed or pasted: an address, or a link to one. Raises NoAddress."""
    text = text.strip()
    if len(text) > 2000:
        raise NoAddress
    if text[:7].lower() == "matrix:":
        return _of_scheme(text[7:])
    for start in ("https://matrix.to/#/", "http://matrix.to/#/", "matrix.to/#/"):
        if text.lower().startswith(start):
            return _of_link(text[len(start) :])
    return Place(_any(text))


def _of_link(rest: str) -> Place:
    """``!room:server/$event?via=…``; an event that is named is not gone to."""
    path, _, query = rest.partition("?")
    return Place(_any(unquote(path.split("/")[0])), _via(query))


def _of_scheme(rest: str) -> Place:
    """``u/anna:example.org``, ``r/garden:example.org``, ``roomid/opaque:example.org?via=…``."""
    path, _, query = rest.lstrip("/").partition("?")
    kind, _, name = path.partition("/")
    if kind not in _SIGNS:
        raise NoAddress
    return Place(_any(_SIGNS[kind] + unquote(name.split("/")[0])), _via(query))


def _via(query: str) -> tuple[str, ...]:
    try:
        found = parse_qs(query, max_num_fields=50).get("via", [])
        return tuple(dict.fromkeys(server_name(name) for name in found[:MOST_VIA]))
    except ValueError:
        raise NoAddress from None


def _any(text: str) -> str:
    kinds = {"@": user_id, "#": alias, "!": room_id}
    if text[:1] not in kinds:
        raise NoAddress
    return kinds[text[0]](text)


def _with_server(text: object, sign: str) -> str:
    if not isinstance(text, str) or not text.startswith(sign) or not _fits(text):
        raise NoAddress
    name, _, server = text[1:].partition(":")
    if not _LOCAL.fullmatch(name):
        raise NoAddress
    return f"{sign}{name}:{server_name(server)}"


def _opaque(text: object, sign: str) -> str:
    if not isinstance(text, str) or not text.startswith(sign) or not _fits(text) or not _OPAQUE.fullmatch(text[1:]):
        raise NoAddress
    return text


def _fits(text: str) -> bool:
    return len(text.encode("utf-8", "replace")) <= LONGEST


def _split_port(text: str) -> tuple[str, str]:
    """The last colon parts the port, unless it stands inside of the brackets of an IPv6 address."""
    host, colon, port = text.rpartition(":")
    return (host, port) if colon and "]" not in port else (text, "")
