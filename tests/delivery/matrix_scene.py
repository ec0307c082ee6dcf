"""The scene on Matrix: two of its three conversations are encrypted."""

from typing import Any
from urllib.parse import quote

from tests.delivery.scene import Scene
from tests.element import Element
from tests.program import Program
from tests.synapse import Synapse
from tests.visitor import Visitor

CLIENT = "/_matrix/client/v3"
ALL = 1000
"""More messages than are said: behind an outage the library has only the newest by itself."""


class MatrixScene(Scene):
    """Bob is the library below Element, in a chat with Alice and in the room, both encrypted. Carol has no keys."""

    def __init__(
        self, program: Program, synapse: Synapse, element: Element, alice: Visitor, homeserver: str = ""
    ) -> None:
        """``homeserver`` is where Alice's house finds it, if that is not where everybody else does."""
        super().__init__(program, alice)
        self.synapse = synapse
        self.homeserver = homeserver or synapse.url
        self.bob = element.device("bob").sign_in(synapse.url, synapse.add_user("bob", "pw"), "pw")
        self.carol = Plain(synapse, synapse.add_user("carol", "pw"), "pw")
        self.address = synapse.add_user("alice", "pw")
        self.sign_in()
        room = self.bob.do("createRoom", name="Garden", invite=[self.address, self.carol.user])
        self.conversations = {
            who.user[1:].partition(":")[0]: self.start_talk(who.user) for who in (self.bob, self.carol)
        }
        self.conversations["room"] = self.start_talk(room)
        self.rooms = {"bob": self._bob_joins(), "carol": self.carol.join(), "room": room}
        self.bob.until(lambda: self._has_joined(room))

    def sign_in(self, path: str = "/networks/add/matrix", password: str = "pw") -> None:
        """Alice connects her account, or does so again."""
        fields = {"Homeserver": self.homeserver, "User_name": self.address, "Password": password}
        self.alice.fill(path, "Connect", **fields)
        self.alice.until(lambda: "Online" in self.alice.account_state(self.address))

    def _bob_joins(self) -> str:
        def invited() -> str:
            return next((one["id"] for one in self.bob.do("rooms") if one["membership"] == "invite"), "")

        room: str = self.bob.until(invited)
        self.bob.do("join", room=room)
        self.bob.until(lambda: self._has_joined(room))
        return room

    def _has_joined(self, room: str) -> bool:
        return {"user": self.address, "membership": "join"} in self.bob.do("members", room=room)

    def say(self, name: str, text: str) -> None:
        if name == "carol":
            self.carol.say(self.rooms[name], text)
        else:
            self.bob.do("say", room=self.rooms[name], body=text)

    def received(self, name: str) -> list[str]:
        room = self.rooms[name]
        said = self.carol.messages(room) if name == "carol" else self.bob.messages(room, older=ALL)
        from_alice = [one["body"] or one["failure"] for one in said if one["sender"] == self.address]
        return [body for body in from_alice if not body.startswith("kept ")]

    def end(self) -> None:
        self.bob.do("leave")


class Plain:
    """One device of somebody who has no keys, over HTTP alone."""

    def __init__(self, synapse: Synapse, user: str, password: str) -> None:
        self._synapse, self.user = synapse, user
        self._token = synapse.sign_in(user, password)["access_token"]
        self._said = 0

    def say(self, room: str, body: str) -> None:
        self._said += 1
        place = f"rooms/{quote(room)}/send/m.room.message/plain-{self._said}"
        self._ask("PUT", place, {"msgtype": "m.text", "body": body})

    def join(self) -> str:
        """Join whatever direct chat one is asked into; its room."""
        invited = self._ask("GET", "sync?timeout=10000")["rooms"]["invite"]
        [room] = [
            room for room, told in invited.items() if any(_is_direct(event) for event in told["invite_state"]["events"])
        ]
        self._ask("POST", f"join/{quote(room)}", {})
        return str(room)

    def messages(self, room: str) -> list[dict[str, Any]]:
        """All messages of a room, oldest first: ``sender``, ``body``."""
        found: list[dict[str, Any]] = []
        start = ""
        while True:
            page = self._ask("GET", f"rooms/{quote(room)}/messages?dir=f&limit=500{start}")
            found += [
                {"sender": event["sender"], "body": event["content"].get("body", "")}
                for event in page["chunk"]
                if event["type"] == "m.room.message"
            ]
            if not page.get("end") or not page["chunk"]:
                return found
            start = f"&from={page['end']}"

    def _ask(self, method: str, path: str, body: dict[str, Any] | None = None) -> dict[str, Any]:
        return self._synapse.ask(method, f"{CLIENT}/{path}", body, self._token)


def _is_direct(event: dict[str, Any]) -> bool:
    return event["type"] == "m.room.member" and bool(event["content"].get("is_direct"))
