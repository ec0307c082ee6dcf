"""What a conversation is called where it has no name: after whom it is with, or in words."""

from webapp.languages import N_, Sentence
from webapp.models import Conversation
from webapp.networks import network
from webapp.networks.events import ConversationKind


def shown_name(conversation: Conversation, contact: str, network_key: str) -> str | Sentence:
    """The name; else that of the ``contact``, the address, or for a group whose id says nothing a few words."""
    name = conversation.name or contact
    if name:
        return name
    kind = network(network_key)
    if conversation.kind == ConversationKind.DIRECT or kind is None or not kind.opaque_ids:
        return conversation.partner or conversation.remote_id
    if conversation.former:
        return Sentence(N_("Empty conversation (was %(names)s)"), {"names": conversation.former})
    return Sentence(N_("Conversation without a name"))
