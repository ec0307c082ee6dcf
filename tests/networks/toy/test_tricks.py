"""The pretend network shows everything that a message or a conversation may be."""

import asyncio
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from uuid import uuid4

import pytest

from tests.networks.following import Following
from tests.networks.toy.bench import Bench
from webapp.networks.actions import Done, LeaveGroup, SendText, StartDirect
from webapp.networks.events import (
    ConversationArranged,
    ConversationChanged,
    ConversationState,
    Event,
    InvitationReceived,
    LooksChanged,
    MessageOpened,
    MessageReceived,
    MessageRef,
    SpaceChanged,
    Style,
)
from webapp.networks.sealing import SealChanged, SealLevel, Trust, TrustChanged
from webapp.networks.toy.world import ATTIC, BEACH, CLUB, ECHO, FLAT, SANDPIT

SHOWN: dict[str, tuple[type[Event], Callable[..., bool]]] = {
    "bold": (MessageReceived, lambda e: e.formatted.startswith("<strong>") and e.body == "Bold and plain"),
    "wave": (MessageReceived, lambda e: e.style is Style.EMOTE),
    "machine": (MessageReceived, lambda e: e.style is Style.NOTICE),
    "seal": (MessageReceived, lambda e: e.sealed),
    "open": (MessageOpened, lambda e: e.message == MessageRef(remote_id="sealed")),
    "stranger": (MessageReceived, lambda e: e.untrusted is not None),
    "flat": (ConversationChanged, lambda e: (e.conversation, e.partner) == (FLAT, "greta")),
    "crowd": (ConversationChanged, lambda e: e.members == 50_000),
    "bridge": (ConversationChanged, lambda e: e.bridged == "Sandgram"),
    "keep": (ConversationArranged, lambda e: (e.pinned, e.muted, e.low, e.marked_unread) == (True, True, False, True)),
    "toss": (
        ConversationArranged,
        lambda e: (e.pinned, e.muted, e.low, e.marked_unread) == (False, False, True, False),
    ),
    "box": (SpaceChanged, lambda e: (e.name, e.conversations) == ("Toy box", (SANDPIT, "nobody"))),
    "spill": (SpaceChanged, lambda e: e.gone),
    "attic": (InvitationReceived, lambda e: (e.conversation, e.space) == (ATTIC, True)),
    "face": (ConversationChanged, lambda e: e.picture == "face"),
    "blank": (ConversationChanged, lambda e: e.picture == ""),
    "mask": (ConversationChanged, lambda e: e.picture == "mask"),
    "looks": (LooksChanged, lambda e: e.looks == ((ECHO, "face"), ("greta", "face"))),
    "plain": (LooksChanged, lambda e: e.looks == ((ECHO, ""), ("greta", ""))),
    "curtain": (SealChanged, lambda e: (e.seal.level, e.warning) == (SealLevel.HOUSE, None)),
    "window": (SealChanged, lambda e: (e.seal.level, e.warning.key) == (SealLevel.OPEN, "draught")),
    "door": (SealChanged, lambda e: (e.seal, e.warning) == (None, None)),
    "who": (TrustChanged, lambda e: (e.address, e.trust) == (ECHO, Trust.CHANGED)),
    "move": (ConversationChanged, lambda e: (e.conversation, e.successor) == (SANDPIT, BEACH)),
}


@pytest.mark.parametrize("word", SHOWN)
def test_a_word_shows_what_there_may_be(tmp_path: Path, word: str) -> None:
    async def talk() -> None:
        async with Bench(tmp_path) as bench, Following(bench.session()) as seen:
            await seen.session.perform(SendText(ECHO, uuid4().hex, word, datetime.now(UTC)))
            kind, like = SHOWN[word]
            await seen.event(kind, lambda event: not getattr(event, "own", False) and like(event))

    asyncio.run(talk())


def test_the_club_has_to_be_asked(tmp_path: Path) -> None:
    async def talk() -> None:
        async with Bench(tmp_path) as bench, Following(bench.session()) as seen:
            done = await seen.session.perform(StartDirect(CLUB))
            assert (done.conversation, done.state) == (CLUB, ConversationState.ASKED)
            assert await seen.session.perform(LeaveGroup(CLUB)) == Done()

    asyncio.run(talk())
