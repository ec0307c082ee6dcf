"""The nouns: what the house remembers. One file a noun; the docstrings are the glossary.

Times are integers, microseconds since 1970 UTC; they compare, sort and index the same on every database.
"""

from webapp.models.account import Account, AccountState, Lease
from webapp.models.audit import AuditEntry
from webapp.models.conversation import Conversation, Membership
from webapp.models.identity import Identity
from webapp.models.instance import InstanceOption
from webapp.models.message import Message
from webapp.models.outbox import OutboxEntry
from webapp.models.user import Invite, Role, SignIn, Throttle, UsedToken, User

__all__ = [
    "Account",
    "AccountState",
    "AuditEntry",
    "Conversation",
    "Identity",
    "InstanceOption",
    "Invite",
    "Lease",
    "Membership",
    "Message",
    "OutboxEntry",
    "Role",
    "SignIn",
    "Throttle",
    "UsedToken",
    "User",
]
