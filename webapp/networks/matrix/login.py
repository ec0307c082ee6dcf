"""Signing in: by password in one form, or on a page of the homeserver's own; a plain word for each thing that is wrong.

The password is used once and never kept: what stays is the token of a device of ours. Signing in again keeps that
device, so everything that it was told in confidence stays readable.
"""

import time
from contextlib import suppress
from dataclasses import dataclass
from typing import Any

from webapp.languages import N_, Sentence
from webapp.networks.contract import RESTORED, Credentials, Surroundings
from webapp.networks.errors import Trouble, Unreachable
from webapp.networks.login import Field, FieldKind, Form, Login, SignedIn, Step, WrongInput
from webapp.networks.matrix.addresses import NoAddress, local, server_of, user_id
from webapp.networks.matrix.homeserver import Homeserver, find, only_by_oauth
from webapp.networks.matrix.sso import SSO, TOKEN, Elsewhere
from webapp.networks.matrix.texts import tidy_name
from webapp.networks.matrix.trouble import Declined, NotReached, Problem
from webapp.networks.matrix.wire import Wire, path

PASSWORD = "m.login.password"  # noqa: S105 (a way to sign in)
KEYS = "keys.sqlite"
"""Where a session keeps the keys of its device; ``encryption/store`` knows more of it."""
DEVICE_NAME = "Hausbote"
_NO_WAY = N_("%(host)s offers no sign-in that is possible here.")
_NO_DEVICE = N_(
    "%(host)s let you in, but with no device of your own, and without one nothing encrypted can be read. "
    "Try again, or ask whoever runs the server."
)
_OAUTH = N_(
    "%(host)s signs people in by OAuth only, and that is not possible here yet. "
    "A homeserver that takes a password, or has single sign-on, works."
)
_NOT_NOW = {Problem.SILENT, Problem.BUSY, Problem.LOST, Problem.BROKEN}


class MatrixLogin(Login):
    """``known`` is an account that must sign in again: its address and its device stay."""

    def __init__(self, surroundings: Surroundings, known: Credentials | None = None) -> None:
        self._surroundings = surroundings
        self._known = known
        self._chosen: _Chosen | None = None
        self._elsewhere: Elsewhere | None = None

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
                    required=False,
                    value=known.address if known else "",
                    autocomplete="username",
                ),
                Field(
                    "password",
                    Sentence(N_("Password")),
                    FieldKind.PASSWORD,
                    hint=Sentence(N_("Leave it empty to sign in on the page of your homeserver (single sign-on)")),
                    required=False,
                    autocomplete="current-password",
                ),
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
        if self._elsewhere is not None:
            return await self._go_on(self._elsewhere, answers)
        typed, password = answers.get("user", "").strip(), answers.get("password", "")
        user = self._user(typed) if typed or password else ""
        named = answers.get("homeserver", "").strip() or server_of(user)
        home = await _found(named, self._surroundings)
        device_name = tidy_name(answers.get("device_name"), 100) or DEVICE_NAME
        self._chosen = _Chosen(home, named, device_name)
        if not password:
            return await self._without_password(home, named, user)
        if PASSWORD not in home.ways:
            raise await self._impossible(home, named)
        who = {"type": PASSWORD, "identifier": {"type": "m.id.user", "user": user}, "password": password}
        return await self._signed_in(self._chosen, who)

    async def _without_password(self, home: Homeserver, named: str, user: str) -> Step:
        """The page of the homeserver, where it has one. Raises WrongInput, Unreachable."""
        if SSO in home.ways:
            self._elsewhere = Elsewhere(home, named)
            return self._elsewhere.first()
        if PASSWORD not in home.ways:
            raise await self._impossible(home, named)
        if not user:
            raise WrongInput(Sentence(N_("Type the user name.")), "user")
        raise WrongInput(Sentence(N_("Type the password.")), "password")

    async def _impossible(self, home: Homeserver, named: str) -> WrongInput:
        """Why one cannot sign in like this, and what is possible instead. Raises Unreachable."""
        if SSO in home.ways:
            told = N_("%(host)s does not take a password. Leave it empty, and you are sent to its own page.")
            return WrongInput(Sentence(told, {"host": named}), "password")
        oauth = await only_by_oauth(home.url, self._surroundings)
        return WrongInput(Sentence(_OAUTH if oauth else _NO_WAY, {"host": named}), "homeserver")

    async def _go_on(self, elsewhere: Elsewhere, answers: dict[str, str]) -> Step:
        """Who vouches was chosen, or the person is back. Raises WrongInput, Unreachable."""
        assert self._chosen is not None
        told = elsewhere.follow(answers)
        if not isinstance(told, str):
            return told
        return await self._signed_in(self._chosen, {"type": TOKEN, "token": told})

    def _user(self, typed: str) -> str:
        """A user name as the homeserver takes it: the whole address, or what it begins with. Raises WrongInput."""
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

    async def _signed_in(self, chosen: "_Chosen", who: dict[str, Any]) -> SignedIn:
        """Ask for a token of a device of ours; ``who`` is the proof. Raises WrongInput, Unreachable."""
        body: dict[str, Any] = {**who, "initial_device_display_name": chosen.device_name}
        if self._known is not None and self._may_be_the_same():
            body["device_id"] = self._known.secrets["device"]
        wire = Wire(chosen.home.url, self._surroundings)
        try:
            told = await wire.ask("POST", path("login"), body)
        except Declined as error:
            raise _as_answer(error, chosen.named, who["type"] == TOKEN) from None
        finally:
            await wire.close()
        return await self._as_step(chosen.home, told, {"named": chosen.named, "device_name": chosen.device_name})

    async def _as_step(self, home: Homeserver, told: dict[str, Any], more: dict[str, str]) -> SignedIn:
        """What is to be kept. Raises WrongInput when it is somebody else's account; then the new device goes again."""
        address, token, device = told.get("user_id"), told.get("access_token"), told.get("device_id")
        try:
            address = user_id(address)
        except NoAddress:
            address = ""
        if not address or not isinstance(token, str) or not token:
            raise Unreachable(NotReached(Problem.GARBAGE, more["named"]).reason)
        if not isinstance(device, str) or not device:
            raise WrongInput(Sentence(_NO_DEVICE, {"host": more["named"]}))
        wire = Wire(home.url, self._surroundings, token)
        try:
            if self._known is not None and address != self._known.address:
                with suppress(Trouble):  # better a device too many there than not to be told what is wrong
                    await wire.ask("POST", path("logout"), {})
                raise self._another()
            name = await _name_of(wire, address)
        finally:
            await wire.close()
        kept = {"homeserver": home.url, "token": token, "device": device, "since": self._since(device), **more}
        return SignedIn(address, kept, name)

    def _may_be_the_same(self) -> bool:
        """A device whose keys are broken and were put away must not come back with others: nobody would trust it.

        And one out of a backup must not come back with keys that it has used before.
        """
        folder = self._surroundings.folder
        return not (folder / RESTORED).exists() and ((folder / KEYS).exists() or not any(folder.glob("keys.broken-*")))

    def _since(self, device: str) -> str:
        """When this device came to be: what was written before that, another one may have sent (D3)."""
        if self._known is not None and self._known.secrets.get("device") == device:
            return self._known.secrets.get("since", "0")
        return str(int(time.time()))

    def _another(self) -> WrongInput:
        assert self._known is not None
        told = N_("Sign in with %(address)s. For another address, add another account.")
        return WrongInput(Sentence(told, {"address": self._known.address}), "user")


@dataclass(frozen=True)
class _Chosen:
    """What the form said: the homeserver, as it was named, and what our device is to be called."""

    home: Homeserver
    named: str
    device_name: str


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


def _as_answer(error: Declined, named: str, came_back: bool) -> WrongInput:
    """What a no to a sign-in means; ``came_back``: with a token instead of a password."""
    if came_back and error.errcode in {"M_FORBIDDEN", "M_UNKNOWN_TOKEN", "M_MISSING_TOKEN"}:
        told = N_("%(host)s does not accept this sign-in any more; it lasts only a moment. Go there again.")
        return WrongInput(Sentence(told, {"host": named}))
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
