"""Who can read along in a conversation, what the person must see before anything is said there, and who is who."""

import json

from sqlmodel import Session

from webapp import changes
from webapp.database import announce
from webapp.languages import Sentence
from webapp.messaging.access import conversation_called, conversation_of
from webapp.messaging.leases import Holding
from webapp.messaging.people import ensure_identity
from webapp.models import Conversation
from webapp.networks.sealing import Seal, SealChanged, SealLevel, SealWarning, TrustChanged


def change_seal(db: Session, account: Holding, event: SealChanged) -> None:
    """A conversation is sealed otherwise, or something is wrong with it; told again, it changes nothing."""
    conversation = conversation_called(db, account.id, event.conversation)
    if conversation is None:
        return
    seal = _as_json(event.seal.text, event.seal.in_short, event.seal.level) if event.seal else ""
    warning = _as_json(event.warning.text, event.warning.button, event.warning.key) if event.warning else ""
    if (conversation.seal, conversation.warning) != (seal, warning):
        conversation.seal, conversation.warning = seal, warning
        db.add(conversation)
        announce(db, changes.ConversationChanged(account.user_id, conversation.id))


def forget_warning(db: Session, user_id: int, conversation_id: int, key: str) -> None:
    """The network took the person's word for it. Another warning than the one they saw stays. Raises NotYours."""
    conversation = conversation_of(db, user_id, conversation_id)
    warning = warning_of(conversation)
    if warning is not None and warning.key == key:
        conversation.warning = ""
        db.add(conversation)
        announce(db, changes.ConversationChanged(user_id, conversation_id))


def change_trust(db: Session, account: Holding, event: TrustChanged) -> None:
    """It is more, or less, certain that somebody is who they say."""
    identity = ensure_identity(db, account.id, event.address)
    if identity.trust != event.trust:
        identity.trust = event.trust
        db.add(identity)
        announce(db, changes.ContactsChanged(account.user_id, account.id))


def seal_of(conversation: Conversation) -> Seal | None:
    """How it is sealed; None for as everywhere on its network."""
    if not conversation.seal:
        return None
    text, in_short, level = json.loads(conversation.seal)
    return Seal(Sentence.from_json(text), Sentence.from_json(in_short), SealLevel(level))


def warning_of(conversation: Conversation) -> SealWarning | None:
    """What the person must see first."""
    if not conversation.warning:
        return None
    text, button, key = json.loads(conversation.warning)
    return SealWarning(key, Sentence.from_json(text), Sentence.from_json(button))


def _as_json(text: Sentence, other: Sentence, word: str) -> str:
    return json.dumps([text.to_json(), other.to_json(), word])
