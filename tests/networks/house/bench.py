"""House for the contract tests: two people of one instance."""

from datetime import UTC, datetime
from uuid import uuid4

from tests.networks.bench import Bench as BaseBench
from webapp.networks.actions import SendText, StartDirect
from webapp.networks.contract import Anchor, Credentials, Resident, Session, Surroundings
from webapp.networks.events import MessageReceived
from webapp.networks.house import network

SERVERS: tuple[str, ...] = ()


class Bench(BaseBench):
    """The friend is a session of the other person."""

    async def start(self) -> None:
        self._around = Surroundings(self.folder / "shared", self.folder / "account")
        self._around.shared_folder.mkdir(parents=True, exist_ok=True)
        people = [network.enrol(Resident(key, key.capitalize()), self._around) for key in ("alice", "bob")]
        self._me, self._them = (Credentials(one.address, one.credentials, one.name) for one in people)
        self.friend = people[1].address
        self._far = network.session(self._them, self._around)
        await self._far.open(None)
        self.conversation = (await self._far.perform(StartDirect(people[0].address))).conversation or ""

    async def stop(self) -> None:
        await self._far.close()

    def session(self) -> Session:
        return network.session(self._me, self._around)

    async def say(self, body: str) -> None:
        await self._far.perform(SendText(self.conversation, uuid4().hex, body, datetime.now(UTC)))

    async def heard(self) -> list[str]:
        page = await self._far.older(self.conversation, Anchor(), 500)
        return [str(e.body) for e in page.batch.events if isinstance(e, MessageReceived) and not e.own]
