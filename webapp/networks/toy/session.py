"""An account's line into the pretend world."""

import asyncio
import itertools
from collections.abc import AsyncIterator
from datetime import UTC, datetime

from webapp.languages import N_, Sentence
from webapp.networks.actions import (
    AcceptInvitation,
    Acknowledge,
    Action,
    Arrange,
    DeclineInvitation,
    Done,
    ForgetGroup,
    LeaveGroup,
    LeaveSpace,
    MarkRead,
    SendText,
    SetTyping,
    StartDirect,
)
from webapp.networks.contract import Anchor, Found, History, More, Sent, Session
from webapp.networks.errors import Refused, SignedOut, Trouble, Unreachable
from webapp.networks.events import (
    Batch,
    ConversationGone,
    ConversationKind,
    ConversationState,
    Origin,
    SpaceChanged,
)
from webapp.networks.login import Dialogue
from webapp.networks.sealing import SealChanged
from webapp.networks.toy.tasks import DEVICES_OF, LOOK, UNLOCK, LookAtDevices, LookInside, Unlock, matters
from webapp.networks.toy.translate import introduce, translate
from webapp.networks.toy.tricks import DRAUGHT, WINDOW, trick
from webapp.networks.toy.world import ATTIC, CLUB, ECHO, OLDER, SANDPIT, Happened, Said, World

FACE = bytes.fromhex(  # one red pixel, as a PNG
    "89504e470d0a1a0a0000000d4948445200000001000000010802000000907753de"
    "0000000c49444154789c63b8a0a0000002d40111cc5fdf560000000049454e44ae426082"
)
DROPPED = Sentence(N_("The toy line broke, as it was told to."))
_numbers = itertools.count(1)


class ToySession(Session):
    """Hears its mailbox from the checkpoint on; says things to Echo and into the Sandpit."""

    def __init__(self, address: str, world: World) -> None:
        self._me = address
        self._world = world
        self._mailbox = world.mailbox(address)
        self._seen = 0
        self._wake = asyncio.Event()
        self._trouble: Trouble | None = None

    async def open(self, checkpoint: bytes | None) -> None:
        # A world that was made anew has forgotten what the checkpoint counts.
        self._seen = min(int(checkpoint or 0), len(self._mailbox.said))
        self._mailbox.listeners.append(self._wake.set)

    async def batches(self) -> AsyncIterator[Batch]:
        yield Batch((*introduce(), matters(self._mailbox.chest_is_locked)), Origin.CATCH_UP)
        origin = Origin.CATCH_UP
        while True:
            self._wake.clear()
            news = self._mailbox.said[self._seen :]
            if news:
                self._seen += len(news)
                events = tuple(event for said in news for event in translate(said, self._me))
                yield Batch(events, origin, str(self._seen).encode())
            if self._trouble is not None:
                raise self._trouble
            origin = Origin.LIVE
            await self._wake.wait()

    async def perform(self, action: Action) -> Done:
        if self._trouble is not None:
            raise self._trouble
        match action:
            case SendText():
                return self._say(action)
            case StartDirect(conversation=place) if place == CLUB:
                return Done(conversation=CLUB, kind=ConversationKind.GROUP, state=ConversationState.ASKED)
            case AcceptInvitation() | DeclineInvitation() | LeaveSpace():
                return self._of_spaces(action)
            case StartDirect():
                if action.conversation not in (ECHO, SANDPIT):
                    raise Refused(Sentence(N_("Only Echo lives in the toy world.")))
                return Done(conversation=action.conversation)
            case Acknowledge(key=key) if key == DRAUGHT.key:
                self._mailbox.put(Happened((SealChanged(ECHO, WINDOW),)))
            case LeaveGroup(conversation=place) | ForgetGroup(conversation=place) if place == CLUB:
                pass
            case SetTyping() | MarkRead() | Arrange():
                pass
            case _:
                raise Refused(Sentence(N_("The toy world cannot do this.")))
        return Done()

    def _of_spaces(self, action: AcceptInvitation | DeclineInvitation | LeaveSpace) -> Done:
        place = action.conversation
        if isinstance(action, LeaveSpace):
            self._mailbox.put(Happened((SpaceChanged(place, gone=True),)))
        elif place != ATTIC:
            raise Refused(Sentence(N_("The toy world cannot do this.")))
        elif isinstance(action, AcceptInvitation):
            self._mailbox.put(Happened((SpaceChanged(ATTIC, "Attic", (SANDPIT,)), ConversationGone(ATTIC))))
        return Done(space=True)

    async def picture(self, ref: str) -> bytes:
        return b"<svg>" if ref == "mask" else FACE

    async def begin(self, task: str) -> Dialogue:
        if task == UNLOCK and self._mailbox.chest_is_locked:
            return Unlock(lambda: self._lock_chest(False))
        if task == LOOK and not self._mailbox.chest_is_locked:
            return LookInside()
        if task.startswith(DEVICES_OF):
            return LookAtDevices(task.removeprefix(DEVICES_OF))
        return await super().begin(task)

    def _lock_chest(self, locked: bool) -> None:
        self._mailbox.chest_is_locked = locked
        self._mailbox.put(Happened((matters(locked),)))

    async def sign_out(self) -> None:
        self._world.forget(self._me)

    def _say(self, action: SendText) -> Done:
        match action.body.strip().lower():
            case "drop":
                self._break(Unreachable(DROPPED))
            case "sign me out":
                self._break(SignedOut(Sentence(N_("The toy network ended the sign-in, as it was told to."))))
            case "lock":
                self._lock_chest(True)
            case "refuse":
                raise Refused(Sentence(N_("The toy network refuses this message, as it was told to.")))
        if self._trouble is not None:
            raise self._trouble
        mine = {"transaction_id": action.transaction_id, "formatted": action.formatted}
        said = self._said(action.conversation, self._me, action.body, **mine)
        self._mailbox.put(said)
        self._answer(action)
        return Done(said.id, said.id)

    def _answer(self, action: SendText) -> None:
        happens = (
            trick(action.body, f"said-{next(_numbers)}", datetime.now(UTC)) if action.conversation == ECHO else None
        )
        if happens is not None:
            self._mailbox.put(Happened(happens))
        elif action.conversation == ECHO:
            echo = {"answers": action.transaction_id, "formatted": action.formatted}
            self._mailbox.put(self._said(ECHO, ECHO, action.body, **echo))
        elif action.body.strip().lower() == "hello sandpit":
            self._mailbox.put(self._said(SANDPIT, "greta", "Hello!", answers=action.transaction_id))

    def _said(self, place: str, who: str, text: str, **more: str | None) -> Said:
        return Said(f"said-{next(_numbers)}", place, who, text, datetime.now(UTC), **more)

    def _break(self, trouble: Trouble) -> None:
        self._trouble = trouble
        self._wake.set()

    async def already_sent(self, action: SendText) -> Found:
        for said in self._mailbox.said:
            if isinstance(said, Said) and said.transaction_id == action.transaction_id:
                return Found(Sent.YES, Done(said.id, said.id))
        # An empty mailbox may be one that was forgotten.
        return Found(Sent.NO if self._mailbox.said else Sent.UNKNOWN)

    async def older(self, conversation: str, before: Anchor, limit: int) -> History:
        if conversation != SANDPIT:
            return History(Batch((), Origin.BACKFILL), More.NO)
        number = OLDER
        if before.remote_id is not None and before.remote_id.startswith("past-"):
            number = int(before.remote_id.removeprefix("past-"))
        page = self._world.past(number, limit)
        events = tuple(event for said in page for event in translate(said, self._me))
        return History(Batch(events, Origin.BACKFILL), More.YES if page and number > limit else More.NO)

    async def close(self) -> None:
        if self._wake.set in self._mailbox.listeners:
            self._mailbox.listeners.remove(self._wake.set)
