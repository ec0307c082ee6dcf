"""The tasks by which it becomes certain who is who, by their names."""

from webapp.languages import N_, Sentence
from webapp.networks.errors import Refused
from webapp.networks.login import Dialogue
from webapp.networks.matrix.addresses import NoAddress, user_id
from webapp.networks.matrix.comparing import ANSWER, WITH_OWN, WITH_PERSON, Answer, Compare
from webapp.networks.matrix.direct import Directs
from webapp.networks.matrix.health import OWN_DEVICES
from webapp.networks.matrix.keys import Keys
from webapp.networks.matrix.line import Line
from webapp.networks.matrix.tasks_devices import OwnDevices, TheirDevices
from webapp.networks.matrix.verification.seen import NobodyThere

DEVICES_OF = "devices:"
"""The task that shows somebody's devices: ``devices:@anna:example.org``."""
_OWN = N_("Your other device")


class TrustTasks:
    """Begins them."""

    def __init__(self, line: Line, directs: Directs) -> None:
        self._line, self._directs = line, directs

    async def begin(self, task: str) -> Dialogue | None:
        """The dialogue of a task, None for one that is not known. Raises Refused."""
        keys = self._line.keys
        if keys is None:
            return None
        if task.startswith(ANSWER):
            return await self._answer(keys, task.removeprefix(ANSWER))
        return self._about_us(keys, task) or self._about_others(keys, task)

    def _about_us(self, keys: Keys, task: str) -> Dialogue | None:
        if task in {WITH_OWN, WITH_PERSON + self._line.me}:
            return self._with_own(keys)
        if task in {OWN_DEVICES, DEVICES_OF + self._line.me}:
            return OwnDevices(keys, self._line.me, self._line.device, lambda: self._with_own(keys))
        return None

    def _about_others(self, keys: Keys, task: str) -> Dialogue | None:
        if task.startswith(WITH_PERSON):
            return self._with(keys, _person(task.removeprefix(WITH_PERSON)))
        if task.startswith(DEVICES_OF):
            user = _person(task.removeprefix(DEVICES_OF))
            return TheirDevices(keys, user, self._called(user), lambda: self._with(keys, user))
        return None

    def _with_own(self, keys: Keys) -> Dialogue:
        return Compare(keys, self._line.me, Sentence(_OWN), lambda: self._ask_own(keys))

    def _with(self, keys: Keys, user: str) -> Dialogue:
        return Compare(keys, user, self._called(user), lambda: self._ask(keys, user))

    def _called(self, user: str) -> str:
        """What somebody is called in a room with us, and their address: a name alone can be anybody's."""
        for room in [*reversed(self._directs.rooms_with(user)), *sorted(self._line.rooms.rooms_of(user))]:
            if name := self._line.rooms.name_of(room, user):
                return f"{name} ({user})"
        return user

    async def _ask(self, keys: Keys, user: str) -> str:
        """In the direct chat with them, else each of their devices. Raises NotReached, Rejected, Refused.

        Whoever has other keys than before cannot read what is said in an encrypted room until they are confirmed.
        """
        rooms = [room for room in self._directs.rooms_with(user) if self._are_both_in(room, user)]
        if rooms and user not in await keys.changed_people():
            return await keys.ask_in_room(user, rooms[-1])
        try:
            return await keys.ask_by_letters(user)
        except NobodyThere:
            told = N_("%(who)s has no program at the moment that could compare emoji.")
            raise Refused(Sentence(told, {"who": user})) from None

    def _are_both_in(self, room: str, user: str) -> bool:
        member = self._line.rooms.member(room, user)
        return self._line.rooms.get(room).joined and member is not None and member[1] == "join"

    async def _ask_own(self, keys: Keys) -> str:
        try:
            return await keys.ask_by_letters(self._line.me)
        except NobodyThere:
            told = N_("This account has no other device at the moment. Sign in with another program first.")
            raise Refused(Sentence(told)) from None

    async def _answer(self, keys: Keys, name: str) -> Dialogue:
        seen = next((one for one in await keys.verifications() if one.name == name), None)
        if seen is None:
            raise Refused(Sentence(N_("This is over. Ask the other side to begin again.")))
        return Answer(keys, seen.user, Sentence(_OWN) if seen.user == self._line.me else seen.user, name)


def _person(address: str) -> str:
    """Raises Refused."""
    try:
        return user_id(address)
    except NoAddress:
        raise Refused(Sentence(N_("There is nobody called %(address)s."), {"address": address[:100]})) from None
