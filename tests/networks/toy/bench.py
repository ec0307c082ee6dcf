"""Toy for the contract tests: the friend is Echo, moved by hand."""

from datetime import UTC, datetime
from itertools import count

from tests.networks.bench import Bench as BaseBench
from webapp.networks.contract import Credentials, Session, Surroundings
from webapp.networks.toy import network
from webapp.networks.toy.world import ECHO, Said, world

SERVERS: tuple[str, ...] = ()
_numbers = count(1)


class Bench(BaseBench):
    """One account in a pretend world of its own."""

    conversation = friend = ECHO

    def session(self) -> Session:
        return network.session(Credentials("alice", {"password": "pw"}), Surroundings(self.folder, self.folder / "a"))

    async def say(self, body: str) -> None:
        said = Said(f"bench-{next(_numbers)}", ECHO, ECHO, body, datetime.now(UTC))
        world(self.folder).hear("alice", said)

    async def heard(self) -> list[str]:
        heard = world(self.folder).mailbox("alice").said
        return [said.text for said in heard if isinstance(said, Said) and said.who == "alice"]
