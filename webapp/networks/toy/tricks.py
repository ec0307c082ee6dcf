"""Words that, said to Echo, show what a message or a conversation may be. Pure.

===============  ====================================================================
said to Echo     what happens
===============  ====================================================================
``bold``         Echo answers with formatted text
``wave``         Echo waves ("* Echo waves")
``machine``      a notice, as programs write them
``seal``         something that cannot be read, until ``open`` is said
``stranger``     something that Echo may not have said
``flat``         a conversation whose id does not say whom it is with
``crowd``        the Sandpit has 50,000 people in it
``bridge``       the Sandpit is on the other side of a bridge
``move``         the Sandpit goes on at the Beach
``keep``         on another device Echo was pinned, muted and marked as unread
``toss``         on another device Echo was found to be of little interest
``box``          the Sandpit is in the Toy box
``spill``        there is no Toy box any more
``attic``        Greta of the Sandpit asks into a space
``face``         Echo looks like something
``blank``        Echo does not look like anything any more
``mask``         Echo looks like something that is no picture
``looks``        Echo and Greta look like something beside what they say
``plain``        they do not any more
``curtain``      Echo is heard by nobody else from now on
``window``       whoever passes by can hear, and that is worth a warning
``door``         that is all over
``who``          it is not certain that Echo is Echo; Greta of the Sandpit is Greta
===============  ====================================================================
"""

from collections.abc import Callable
from datetime import datetime
from typing import Any

from webapp.languages import N_, Sentence
from webapp.networks.events import (
    ConversationArranged,
    ConversationChanged,
    ConversationKind,
    Event,
    InvitationReceived,
    LooksChanged,
    MessageOpened,
    MessageReceived,
    MessageRef,
    SpaceChanged,
    Style,
)
from webapp.networks.sealing import Seal, SealChanged, SealLevel, SealWarning, Trust, TrustChanged
from webapp.networks.toy.world import ATTIC, BEACH, ECHO, FLAT, SANDPIT

SEALED_ID = "sealed"
NO_KEY = Sentence(N_("Its key has not come yet. Say “open” to Echo, then it comes."))
DETOUR = Sentence(N_("Echo sent this from a device that nobody knows."))
Trick = Callable[[str, datetime], tuple[Event, ...]]


def trick(word: str, number: str, at: datetime) -> tuple[Event, ...] | None:
    """What this word makes happen; ``number`` is a fresh id for what is said. None for any other word."""
    known = _TRICKS.get(word.strip().lower())
    return known(number, at) if known else None


def _says(body: str | Sentence, **more: Any) -> Trick:
    def said(number: str, at: datetime) -> tuple[Event, ...]:
        facts = {"remote_id": number, "sender_name": "Echo", "reference": number} | more
        return (MessageReceived(ECHO, ConversationKind.DIRECT, sender=ECHO, body=body, sent_at=at, **facts),)

    return said


def _happens(*events: Event) -> Trick:
    return lambda _number, _at: events


def _opens(_number: str, _at: datetime) -> tuple[Event, ...]:
    return (MessageOpened(ECHO, MessageRef(remote_id=SEALED_ID), "The treasure is under the slide."),)


CURTAIN = Seal(Sentence(N_("Nobody outside this house hears Echo.")), Sentence(N_("Behind a curtain")), SealLevel.HOUSE)
WINDOW = Seal(Sentence(N_("Whoever passes by the window hears Echo.")), Sentence(N_("Open window")), SealLevel.OPEN)
DRAUGHT = SealWarning(
    "draught",
    Sentence(N_("Somebody has opened a window. Whoever passes by can hear.")),
    Sentence(N_("Talk all the same")),
)

_TRICKS: dict[str, Trick] = {
    "bold": _says("Bold and plain", formatted="<strong>Bold</strong> and plain<script>alert(1)</script>"),
    "wave": _says("waves", style=Style.EMOTE),
    "machine": _says("Beep.", style=Style.NOTICE),
    "seal": _says(NO_KEY, sealed=True, remote_id=SEALED_ID),
    "open": _opens,
    "stranger": _says("It is me, Echo.", untrusted=DETOUR),
    "keep": _happens(ConversationArranged(ECHO, pinned=True, muted=True, low=False, marked_unread=True)),
    "toss": _happens(ConversationArranged(ECHO, pinned=False, muted=False, low=True, marked_unread=False)),
    "box": _happens(SpaceChanged("box", "Toy box", (SANDPIT, "nobody"))),
    "spill": _happens(SpaceChanged("box", gone=True)),
    "attic": _happens(InvitationReceived(ATTIC, ConversationKind.GROUP, "greta", "Greta", "Attic", space=True)),
    "face": _happens(ConversationChanged(ECHO, ConversationKind.DIRECT, picture="face")),
    "blank": _happens(ConversationChanged(ECHO, ConversationKind.DIRECT, picture="")),
    "mask": _happens(ConversationChanged(ECHO, ConversationKind.DIRECT, picture="mask")),
    "looks": _happens(LooksChanged(((ECHO, "face"), ("greta", "face")))),
    "plain": _happens(LooksChanged(((ECHO, ""), ("greta", "")))),
    "curtain": _happens(SealChanged(ECHO, CURTAIN)),
    "window": _happens(SealChanged(ECHO, WINDOW, DRAUGHT)),
    "door": _happens(SealChanged(ECHO)),
    "who": _happens(TrustChanged(ECHO, Trust.CHANGED), TrustChanged("greta", Trust.CONFIRMED)),
    "flat": _happens(ConversationChanged(FLAT, ConversationKind.DIRECT, partner="greta", listed=True)),
    "crowd": _happens(ConversationChanged(SANDPIT, ConversationKind.GROUP, members=50_000)),
    "bridge": _happens(ConversationChanged(SANDPIT, ConversationKind.GROUP, bridged="Sandgram")),
    "move": _happens(
        ConversationChanged(BEACH, ConversationKind.GROUP, name="Beach", listed=True),
        ConversationChanged(SANDPIT, ConversationKind.GROUP, successor=BEACH),
    ),
}
