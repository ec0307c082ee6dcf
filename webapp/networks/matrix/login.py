"""Signing in by password: one form, one attempt, and a plain word for each thing that can be wrong.

The password is used once and never kept: what stays is the token of a device of ours. Signing in again keeps that
device, so everything that it was told in confidence stays readable.
"""

import time
from typing import Any

from webapp.languages import N_, Sentence
from webapp.networks.contract import Credentials, Surroundings
from webapp.networks.errors import Unreachable
from webapp.networks.login import Field, FieldKind, Form, Login, SignedIn, Step, WrongInput
from webapp.networks.matrix.addresses import NoAddress, local, server_of, user_id
from webapp.networks.matrix.homeserver import Homeserver, find
from webapp.networks.matrix.texts import tidy_name
from webapp.networks.matrix.trouble import Declined, NotReached, Problem
from webapp.networks.matrix.wire import Wire, path

PASSWORD = "m.login.password"  # noqa: S105 (a way to sign in)
KEYS = "keys.sqlite"
"""Where a session keeps the keys of its device; ``encryption/store`` knows more of it."""
DEVICE_NAME = "Hausbote"
_NOT_NOW = {Problem.SILENT, Problem.BUSY, Problem.LOST, Problem.BROKEN}


class MatrixLogin(Login):
    """``known`` is an account that must sign in again: its address and its device stay."""

    def __init__(self, surroundings: Surroundings, known: Credentials | None = None) -> None:
        self._surroundings = surroundings
        self._known = known

    async def start(self) -> Step:
        known = self._known
        kept = known.secrets if known else {}
        return Form(
            title=Sentence(N_("Connect a Matrix account")),
            explanation=Sentence(N_("Use the user name and password that you have from your homeserver.")),
            fields=(
                Field(
                    "homeserver",
                    Sentence(N_("Homeserver")),
                    hint=Sentence(N_("Its name, such as example.org, or its address, which starts with https://")),
                    value=kept.get("named", ""),
                ),
                Field(
                    "user",
                    Sentence(N_("User name")),
                    value=known.address if known else "",
                    autocomplete="username",
                ),
                Field("password", Sentence(N_("Password")), FieldKind.PASSWORD, autocomplete="current-password"),
                Field(
                    "device_name",
                    Sentence(N_("Device name")),
                    hint=Sentence(N_("What your other devices call this one")),
                    required=False,
                    value=kept.get("device_name", DEVICE_NAME),
                    more=True,
                ),
            ),
            button=Sentence(N_("Connect")),
        )

    async def submit(self, answers: dict[str, str]) -> Step:
        user = self._user(answers.get("user", "").strip())
        password = answers.get("password", "")
        if not password:
            raise WrongInput(Sentence(N_("Type the password.")), "password")
        named = answers.get("homeserver", "").strip() or server_of(user)
        home = await _found(named, self._surroundings)
        if PASSWORD not in home.ways:
            no_way = N_("%(host)s offers no sign-in with a password, and another one is not possible here yet.")
            raise WrongInput(Sentence(no_way, {"host": named}), "homeserver")
        device_name = tidy_name(answers.get("device_name"), 100) or DEVICE_NAME
        told = await self._signed_in(home, user, password, device_name, named)
        return await self._as_step(home, told, {"named": named, "device_name": device_name})

    def _user(self, typed: str) -> str:
        """A user name as the homeserver takes it: the whole address, or what it begins with."""
        if not typed or len(typed) > 255:
            raise WrongInput(Sentence(N_("Type the user name.")), "user")
        if not typed.startswith("@"):
            return typed
        try:
            user = user_id(typed)
        except NoAddress:
            told = N_("This is not a user name. It looks like anna, or like @anna:example.org.")
            raise WrongInput(Sentence(told), "user") from None
        if self._known is not None and user != self._known.address:
            raise self._another()
        return user

    async def _signed_in(
        self, home: Homeserver, user: str, password: str, device_name: str, named: str
    ) -> dict[str, Any]:
        """What the homeserver says of our new token. Raises WrongInput, Unreachable."""
        body: dict[str, Any] = {
            "type": PASSWORD,
            "identifier": {"type": "m.id.user", "user": user},
            "password": password,
            "initial_device_display_name": device_name,
        }
        if self._known is not None and self._may_be_the_same():
            body["device_id"] = self._known.secrets["device"]
        wire = Wire(home.url, self._surroundings)
        try:
            return await wire.ask("POST", path("login"), body)
        except Declined as error:
            raise _as_answer(error, named) from None
        finally:
            await wire.close()

    async def _as_step(self, home: Homeserver, told: dict[str, Any], more: dict[str, str]) -> SignedIn:
        """What is to be kept. Raises WrongInput when it is somebody else's account; then the new device goes again."""
        address, token, device = told.get("user_id"), told.get("access_token"), told.get("device_id")
        try:
            address = user_id(address)
        except NoAddress:
            address = ""
        if not address or not isinstance(token, str) or not isinstance(device, str) or not token or not device:
            raise Unreachable(NotReached(Problem.GARBAGE, more["named"]).reason)
        wire = Wire(home.url, self._surroundings, token)
        try:
            if self._known is not None and address != self._known.address:
                await wire.ask("POST", path("logout"), {})
                raise self._another()
            name = await _name_of(wire, address)
        finally:
            await wire.close()
        kept = {"homeserver": home.url, "token": token, "device": device, "since": self._since(device), **more}
        return SignedIn(address, kept, name)

    def _may_be_the_same(self) -> bool:
        """A device whose keys are broken and were put away must not come back with others: nobody would trust it."""
        folder = self._surroundings.folder
        return (folder / KEYS).exists() or not any(folder.glob("keys.broken-*"))

    def _since(self, device: str) -> str:
        """When this device came to be: what was written before that, another one may have sent (D3)."""
        if self._known is not None and self._known.secrets.get("device") == device:
            return self._known.secrets.get("since", "0")
        return str(int(time.time()))

    def _another(self) -> WrongInput:
        assert self._known is not None
        told = N_("Sign in with %(address)s. For another address, add another account.")
        return WrongInput(Sentence(told, {"address": self._known.address}), "user")


async def _found(named: str, surroundings: Surroundings) -> Homeserver:
    """The homeserver that was named. Raises WrongInput, Unreachable."""
    try:
        return await find(named, surroundings)
    except NoAddress:
        told = N_("This is not the name of a homeserver. It looks like example.org or https://matrix.example.org.")
        raise WrongInput(Sentence(told), "homeserver") from None
    except NotReached as failure:
        if failure.problem in _NOT_NOW:
            raise
        raise WrongInput(failure.reason, "homeserver") from None


def _as_answer(error: Declined, named: str) -> WrongInput:
    if error.errcode == "M_FORBIDDEN":
        told = N_("%(host)s does not accept this user name with this password.")
        return WrongInput(Sentence(told, {"host": named}), "password")
    if error.errcode in {"M_USER_DEACTIVATED", "M_USER_LOCKED"}:
        told = N_("%(host)s says that this account is disabled.")
        return WrongInput(Sentence(told, {"host": named}), "user")
    return WrongInput(error.reason)


async def _name_of(wire: Wire, address: str) -> str:
    """What the person is called there; what stands in their address if they have not said."""
    try:
        profile = await wire.ask("GET", path("profile", address))
    except Declined:
        profile = {}
    return tidy_name(profile.get("displayname")) or local(address)
