"""The scene on XMPP."""

from collections.abc import Coroutine
from typing import Any, TypeVar

from tests.delivery.scene import Scene
from tests.far_side import Background, FarSide
from tests.program import Program
from tests.prosody import Prosody
from tests.visitor import Visitor

T = TypeVar("T")
# A room that is still there when its server comes back.
LASTING = (
    "<query xmlns='http://jabber.org/protocol/muc#owner'><x xmlns='jabber:x:data' type='submit'>"
    "<field var='FORM_TYPE'><value>http://jabber.org/protocol/muc#roomconfig</value></field>"
    "<field var='muc#roomconfig_persistentroom'><value>1</value></field></x></query>"
)


class XmppScene(Scene):
    """Bob and Carol are plain clients on the same Prosody as Alice; the room is there too."""

    def __init__(self, program: Program, prosody: Prosody, alice: Visitor, background: Background) -> None:
        super().__init__(program, alice)
        self.prosody = prosody
        self.background = background
        self.address = prosody.add_user("alice", "pw")
        self.far = {name: self._far(name) for name in ("bob", "carol")}
        self.room = f"garden@{prosody.muc}"
        background.call(self.far["bob"].join(self.room, "Bob"))
        background.call(self.far["bob"].ask("set", LASTING, self.room))
        alice.add_xmpp(self.address, "pw", "127.0.0.1", prosody.port)
        alice.until(lambda: "Online" in alice.account_state(self.address))
        self.conversations = {name: self.start_talk(f"{name}@{prosody.host}") for name in self.far}
        self.conversations["room"] = self.start_talk(self.room)

    def _far(self, name: str) -> FarSide:
        address = self.prosody.add_user(name, "pw")
        return self.background.sign_in(address, "pw", self.prosody.port, self.prosody.ca_file)

    def say(self, name: str, text: str) -> None:
        if name == "room":
            self.background.do(self.far["bob"].say, self.room, text, kind="groupchat")
        else:
            self.background.do(self.far[name].say, self.address, text)

    def received(self, name: str) -> list[str]:
        who, sender = ("bob", self.room) if name == "room" else (name, self.address)
        return [body for body in self.far[who].bodies(sender) if body.startswith("out ")]

    def run(self, work: Coroutine[Any, Any, T]) -> T:
        """Run a coroutine where the other side lives."""
        return self.background.call(work)

    def end(self) -> None:
        for far in self.far.values():
            self.background.call(far.sign_out())
