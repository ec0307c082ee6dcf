"""The nouns: what the house remembers. One file a noun; the docstrings are the glossary.

Times are integers, microseconds since 1970 UTC; they compare, sort and index the same on every database.
"""

from sqlmodel import SQLModel

from webapp.models.account import Account, AccountState, Lease
from webapp.models.audit import AuditEntry
from webapp.models.conversation import Conversation, Membership
from webapp.models.identity import Identity
from webapp.models.instance import InstanceOption
from webapp.models.matter import AccountMatter
from webapp.models.message import Message
from webapp.models.outbox import OutboxEntry
from webapp.models.picture import Picture
from webapp.models.space import Space, SpaceConversation
from webapp.models.user import Invite, Role, SignIn, Throttle, UsedToken, User

__all__ = [
    "Account",
    "AccountMatter",
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
    "Picture",
    "Role",
    "SignIn",
    "Space",
    "SpaceConversation",
    "Throttle",
    "UsedToken",
    "User",
]

for table in SQLModel.metadata.tables.values():
    if "id" in table.primary_key.columns:
        # A number is never given twice: a tab, a folder or an announcement may still mean the old one.
        table.dialect_options["sqlite"]["autoincrement"] = True
