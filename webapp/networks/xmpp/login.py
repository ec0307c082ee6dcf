"""Signing in: one form, one attempt, and a plain word for each thing that can be wrong."""

import secrets

from webapp.languages import N_, Sentence
from webapp.networks.contract import Credentials, Surroundings
from webapp.networks.errors import Unreachable
from webapp.networks.login import Field, FieldKind, Form, Login, SignedIn, Step, WrongInput
from webapp.networks.xmpp.addresses import NoAddress, typed
from webapp.networks.xmpp.connection import Key, connect
from webapp.networks.xmpp.trouble import ConnectFailed, Problem

_FIELD_OF = {
    Problem.NOT_FOUND: "address",
    Problem.PRIVATE: "server",
    Problem.WRONG_PASSWORD: "password",
    Problem.DISABLED: "address",
}
_NOT_NOW = {Problem.SILENT, Problem.BUSY, Problem.LOST}


class XmppLogin(Login):
    """``known`` is an account that must sign in again: its address stays."""

    def __init__(self, surroundings: Surroundings, known: Credentials | None = None) -> None:
        self._surroundings = surroundings
        self._known = known

    async def start(self) -> Step:
        known = self._known
        kept = known.secrets if known else {}
        return Form(
            title=Sentence(N_("Connect an XMPP account")),
            explanation=Sentence(N_("Use the address and password that you have from your XMPP server.")),
            fields=(
                Field(
                    "address",
                    Sentence(N_("Address")),
                    FieldKind.ADDRESS,
                    hint=Sentence(N_("Looks like anna@example.org")),
                    value=known.address if known else "",
                    autocomplete="username",
                ),
                Field("password", Sentence(N_("Password")), FieldKind.PASSWORD, autocomplete="current-password"),
                Field(
                    "server",
                    Sentence(N_("Server")),
                    hint=Sentence(N_("Only if it has another name than the part after the @")),
                    required=False,
                    value=kept.get("server", ""),
                    more=True,
                ),
                Field(
                    "port",
                    Sentence(N_("Port")),
                    FieldKind.NUMBER,
                    hint=Sentence(N_("Usually 5222")),
                    required=False,
                    value=kept.get("port", ""),
                    more=True,
                ),
            ),
            button=Sentence(N_("Connect")),
        )

    async def submit(self, answers: dict[str, str]) -> Step:
        key = self._key(answers)
        try:
            wire = await connect(key, f"hausbote-login-{secrets.token_hex(4)}", self._surroundings)
        except ConnectFailed as failure:
            raise _as_answer(failure, bool(key.server)) from None
        scram = wire.used_scram
        await wire.close()
        kept = {"password": key.password, "server": key.server, "port": str(key.port or ""), "scram": scram and "yes"}
        return SignedIn(key.address, {name: value for name, value in kept.items() if value}, key.address)

    def _key(self, answers: dict[str, str]) -> Key:
        """What was typed, checked. A password pinned to SCRAM once is only unpinned by signing in anew."""
        address = _address(answers.get("address", ""))
        if self._known is not None and address != self._known.address:
            text = N_("Sign in with %(address)s. For another address, add another account.")
            raise WrongInput(Sentence(text, {"address": self._known.address}), "address")
        password = answers.get("password", "")
        if not password:
            raise WrongInput(Sentence(N_("Type the password.")), "password")
        server = answers.get("server", "").strip()
        if len(server) > 253 or any(sign in server for sign in "/@ \t\n"):
            raise WrongInput(
                Sentence(N_("This is not the name of a server. It looks like xmpp.example.org.")), "server"
            )
        return Key(address, password, server, _port(answers.get("port", "")))


def _address(text: str) -> str:
    try:
        return typed(text)
    except NoAddress:
        raise WrongInput(
            Sentence(N_("This is not an XMPP address. It looks like anna@example.org.")), "address"
        ) from None


def _port(text: str) -> int | None:
    if not text.strip():
        return None
    if not text.strip().isdecimal() or not 1 <= int(text) <= 65535:
        raise WrongInput(Sentence(N_("A port is a number between 1 and 65535.")), "port")
    return int(text)


def _as_answer(failure: ConnectFailed, server_given: bool) -> Exception:
    if failure.problem in _NOT_NOW:
        return Unreachable(failure.reason)
    field = _FIELD_OF.get(failure.problem, "server" if server_given else "address")
    return WrongInput(
        failure.reason,
        "server" if field == "address" and server_given and failure.problem is Problem.NOT_FOUND else field,
    )
