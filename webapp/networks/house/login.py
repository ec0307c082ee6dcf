"""Whoever has a sign-in on this instance is in the house; there is nothing to ask."""

from webapp.languages import N_, Sentence
from webapp.networks.contract import Credentials, Surroundings
from webapp.networks.errors import Refused
from webapp.networks.login import Login, Step


class NoLogin(Login):
    """Refuses: the account was made with the user and cannot be made twice."""

    def __init__(self, surroundings: Surroundings, known: Credentials | None) -> None:
        self._surroundings = surroundings
        self._known = known

    async def start(self) -> Step:
        raise Refused(Sentence(N_("You are in the house already; there is nothing to sign in to.")))

    async def submit(self, answers: dict[str, str]) -> Step:
        raise Refused(Sentence(N_("You are in the house already; there is nothing to sign in to.")))
