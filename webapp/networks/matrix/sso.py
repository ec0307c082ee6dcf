"""Signing in on a page of the homeserver's own (specification, "Client login via SSO").

We send the person there; they are sent back with a token that is good for one sign-in, which becomes a token of our
device like a password would.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from webapp.languages import N_, Sentence
from webapp.networks.login import Show, Visit, WrongInput
from webapp.networks.matrix.texts import tidy_name
from webapp.networks.matrix.wire import path

if TYPE_CHECKING:
    from webapp.networks.matrix.homeserver import Homeserver

SSO, TOKEN = "m.login.sso", "m.login.token"
MOST_PROVIDERS = 20
LONGEST_ID = 255
_TITLE = N_("Sign in at %(host)s")
_EXPLAINED = N_("%(host)s signs you in on a page of its own. Go there, and you are sent back here afterwards.")


@dataclass(frozen=True)
class Provider:
    """One of the houses that vouch for people there (specification, "m.login.sso flow schema")."""

    id: str
    name: str


class Elsewhere:
    """A sign-in that happens elsewhere: first, where there is a choice, who vouches; then the way there and back."""

    def __init__(self, home: "Homeserver", named: str) -> None:
        self._home = home
        self._named = named
        self._chosen = "" if len(home.providers) != 1 else home.providers[0].id
        self._visits = len(home.providers) < 2

    def first(self) -> Show | Visit:
        """Where it begins."""
        if self._visits:
            return self._visit()
        told = N_("%(host)s lets several others vouch for you. Choose the one where you have an account.")
        label = N_("Continue with %(name)s")
        providers = enumerate(self._home.providers)
        return Show(
            title=Sentence(_TITLE, {"host": self._named}),
            explanation=Sentence(told, {"host": self._named}),
            buttons=tuple((str(number), Sentence(label, {"name": one.name})) for number, one in providers),
            poll=0,
        )

    def follow(self, answers: Mapping[str, str]) -> Show | Visit | str:
        """The step after the choice; or the token with which the person came back. Raises WrongInput without one."""
        if not self._visits:
            return self._choose(answers.get("button", ""))
        token = answers.get("loginToken", "")
        if token:
            return token
        raise WrongInput(Sentence(N_("You came back without being signed in there. Go there again.")))

    def _choose(self, button: str) -> Show | Visit:
        chosen = {str(number): one for number, one in enumerate(self._home.providers)}.get(button)
        if chosen is None:
            return self.first()
        self._chosen, self._visits = chosen.id, True
        return self._visit()

    def _visit(self) -> Visit:
        way = path("login", "sso", "redirect", *([self._chosen] if self._chosen else []))
        return Visit(
            title=Sentence(_TITLE, {"host": self._named}),
            explanation=Sentence(_EXPLAINED, {"host": self._named}),
            address=f"{self._home.url}{way}?redirectUrl={{back}}",
            button=Sentence(N_("Go to %(host)s"), {"host": self._named}),
        )


def providers_in(flows: list[Any]) -> tuple[Provider, ...]:
    """Who vouches for people, as the answer to ``GET /login`` lists them; what makes no sense is left out."""
    found: list[Any] = []
    for flow in flows:
        if isinstance(flow, Mapping) and flow.get("type") == SSO:
            listed = flow.get("identity_providers")
            found += listed if isinstance(listed, list) else []
    read = (_provider(one) for one in found[:MOST_PROVIDERS])
    return tuple(one for one in read if one is not None)


def _provider(told: object) -> Provider | None:
    name = told.get("id") if isinstance(told, Mapping) else None
    if not isinstance(told, Mapping) or not isinstance(name, str) or not 0 < len(name) <= LONGEST_ID:
        return None
    if not (name.isascii() and name.isprintable()):
        return None
    return Provider(name, tidy_name(told.get("name"), 60) or name[:60])
