"""How one came to be out of a room, in words."""

from webapp.languages import N_, Sentence
from webapp.networks.events import ConversationState
from webapp.networks.matrix.quarantine import Heard, text_in
from webapp.networks.matrix.texts import tidy_name

_ELSEWHERE = N_("You left this group on another device.")
_SENT_OUT = N_("A moderator sent you out of this group. You may come back.")
_BANNED = N_("A moderator banned you from this group.")
_TAKEN_BACK = N_("The invitation was taken back.")
_REFUSED = N_("You were not let into this group.")


def departure(event: Heard | None, before: str, me: str, here: bool) -> tuple[ConversationState, Sentence | None]:
    """What our own membership event means: how we stand to the room now, and why if the person does not know.

    ``before`` was our membership; ``here``: the person did it by this very session.
    """
    own = event is None or event.sender == me
    if before == "invite":
        return (ConversationState.DECLINED, None) if own else (ConversationState.LEFT, Sentence(_TAKEN_BACK))
    if own:
        return ConversationState.LEFT, None if here else Sentence(_ELSEWHERE)
    assert event is not None
    banned = text_in(event.content, "membership") == "ban"
    said = Sentence(_BANNED if banned else _REFUSED if before == "knock" else _SENT_OUT)
    text = tidy_name(event.content.get("reason"), 300)
    if not text:
        return ConversationState.LEFT, said
    told = N_("%(said)s The reason that was given: %(text)s")
    return ConversationState.LEFT, Sentence(told, {"said": said, "text": text})
