"""Questions for which a homeserver wants to see again who is asking (specification, "User-Interactive Authentication").

The password goes along with that one question and is not kept. Where people sign in elsewhere, they go there again.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlencode

from webapp.networks.matrix.trouble import Declined
from webapp.networks.matrix.wire import Wire

PASSWORD, ELSEWHERE = "m.login.password", "m.login.sso"
APPROVED = ("m.oauth", "org.matrix.cross_signing_reset")
"""Where people sign in by OAuth they agree on a page whose address comes along (MSC4312), by its name and by that of
before."""
LONGEST_ADDRESS = 2_000


@dataclass(frozen=True)
class Proof:
    """What the server wants: a ``password``, or a visit of its page at ``address`` (one of them is possible)."""

    session: str
    password: bool
    address: str


class ProofNeeded(Exception):
    """The server asks who it is. ``again``: what was shown to it was wrong."""

    def __init__(self, proof: Proof, again: bool) -> None:
        super().__init__("the server asks who it is")
        self.proof, self.again = proof, again


class SomebodyElse(Exception):
    """At the server's own page it was somebody else who signed in."""


async def ask(wire: Wire, address: str, body: Mapping[str, Any], auth: Mapping[str, Any] | None) -> None:
    """Ask this, with what proves who we are if the server wanted it.

    Raises ProofNeeded, SomebodyElse, and what a wire raises.
    """
    try:
        await wire.ask("POST", address, {**body, "auth": auth} if auth else body)
    except Declined as error:
        if error.status == 403 and auth and "type" not in auth:
            raise SomebodyElse from None
        proof = _wanted(wire, error)
        if proof is None:
            raise
        raise ProofNeeded(proof, again=auth is not None) from None


def by_password(proof: Proof, user: str, password: str) -> dict[str, Any]:
    """The proof of somebody who typed their password."""
    who = {"type": "m.id.user", "user": user}
    return {"type": PASSWORD, "identifier": who, "password": password, "session": proof.session}


def by_visit(proof: Proof) -> dict[str, Any]:
    """The proof of somebody who was at the server's own page."""
    return {"session": proof.session}


def _wanted(wire: Wire, error: Declined) -> Proof | None:
    """What a refusal asks for; None if it is just a refusal, or asks for what we cannot give."""
    flows, session = error.answer.get("flows"), error.answer.get("session")
    if error.status != 401 or not isinstance(flows, list) or not isinstance(session, str) or len(session) > 500:
        return None
    single = [flow.get("stages") for flow in flows if isinstance(flow, Mapping)]
    if [PASSWORD] in single:
        return Proof(session, password=True, address="")
    if [ELSEWHERE] in single:
        page = f"{wire.url}/_matrix/client/v3/auth/{ELSEWHERE}/fallback/web?{urlencode({'session': session})}"
        return Proof(session, password=False, address=page)
    pages = (_page(error.answer.get("params"), stage) for stage in APPROVED if [stage] in single)
    return next((Proof(session, password=False, address=page) for page in pages if page), None)


def _page(params: object, stage: str) -> str:
    """The address at which one agrees; empty where there is none that a browser should be sent to."""
    told = params.get(stage) if isinstance(params, Mapping) else None
    address = told.get("url") if isinstance(told, Mapping) else None
    if not isinstance(address, str) or len(address) > LONGEST_ADDRESS or not address.isprintable():
        return ""
    return address if address.startswith("https://") else ""
