"""Matrix for the contract tests: our account and a plain client on one real homeserver."""

from itertools import count
from pathlib import Path

from tests.networks.bench import Bench as BaseBench
from tests.networks.matrix.plain_far_side import PlainFarSide
from tests.synapse import Synapse
from webapp.networks.contract import Credentials, Session, Surroundings
from webapp.networks.matrix import network

SERVERS = ("synapse",)
PASSWORD = "correct horse battery staple"
_numbers = count(1)


class Bench(BaseBench):
    """Each bench has two users of its own, and a direct chat of theirs."""

    def __init__(self, folder: Path, synapse: Synapse) -> None:
        super().__init__(folder)
        self._synapse = synapse

    async def start(self) -> None:
        number, synapse = next(_numbers), self._synapse
        self._me = synapse.add_user(f"bench-alice{number}", PASSWORD)
        self.friend = synapse.add_user(f"bench-bob{number}", PASSWORD)
        self._far = await PlainFarSide(synapse.url, self.friend, PASSWORD).__aenter__()
        async with PlainFarSide(synapse.url, self._me, PASSWORD) as us:
            self.conversation = await us.make_room(self.friend, direct=True)
            await us.ask("PUT", f"user/{self._me}/account_data/m.direct", {self.friend: [self.conversation]})
        await self._far.join(self.conversation)
        self._device = synapse.sign_in(self._me, PASSWORD)

    async def stop(self) -> None:
        await self._far.__aexit__()

    def session(self) -> Session:
        around = Surroundings(self.folder, self.folder / "account", None, ("127.0.0.0/8",), key=b"k" * 32)
        device = self._device
        secrets = {
            "homeserver": self._synapse.url,
            "token": device["access_token"],
            "device": device["device_id"],
        }
        return network.session(Credentials(self._me, secrets), around)

    async def say(self, body: str) -> None:
        await self._far.say(self.conversation, body)

    async def heard(self) -> list[str]:
        await self._far.listen()
        return self._far.bodies(self.conversation, self._me)
