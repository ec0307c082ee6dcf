"""XMPP for the contract tests: our account and a plain client on one real server."""

from itertools import count
from pathlib import Path

from tests.far_side import FarSide
from tests.networks.bench import Bench as BaseBench
from tests.prosody import Prosody
from webapp.networks.contract import Credentials, Session, Surroundings
from webapp.networks.xmpp import network

SERVERS = ("prosody",)
_numbers = count(1)


class Bench(BaseBench):
    """Each bench has two users of its own."""

    def __init__(self, folder: Path, prosody: Prosody) -> None:
        super().__init__(folder)
        self._prosody = prosody

    async def start(self) -> None:
        number, prosody = next(_numbers), self._prosody
        self._me = prosody.add_user(f"bench-alice{number}", "pw")
        self.friend = self.conversation = prosody.add_user(f"bench-bob{number}", "pw")
        self._far = await FarSide(self.friend, "pw", prosody.port, prosody.ca_file).sign_in()

    async def stop(self) -> None:
        await self._far.sign_out()

    def session(self) -> Session:
        around = Surroundings(self.folder, self.folder / "account", self._prosody.ca_file, ("127.0.0.0/8",))
        secrets = {"password": "pw", "server": "127.0.0.1", "port": str(self._prosody.port)}
        return network.session(Credentials(self._me, secrets), around)

    async def say(self, body: str) -> None:
        self._far.say(self._me, body)
        await self._far.ask("get", "<ping xmlns='urn:xmpp:ping'/>")

    async def heard(self) -> list[str]:
        return self._far.bodies(self._me)
