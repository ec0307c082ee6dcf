"""A house of rows for tests that need no pages: a migrated database, a vault, and the cast with their accounts."""

from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path

from sqlmodel import Session, col, select

from tests.tables import place_tables
from webapp.changes import Announcement
from webapp.database import Database
from webapp.hub import Hub
from webapp.messaging.accounts import add_account
from webapp.messaging.audit import Actor
from webapp.messaging.leases import take_lease
from webapp.messaging.receive import receive
from webapp.messaging.users import add_user
from webapp.models import Account, Conversation, Message, Role
from webapp.networks.events import Batch, ConversationKind, Event, MessageReceived, Origin
from webapp.networks.login import SignedIn
from webapp.vault import Vault

NOON = datetime(2026, 5, 3, 12, 0, tzinfo=UTC)


class ListeningHub(Hub):
    """A hub that remembers what was announced."""

    def __init__(self) -> None:
        super().__init__()
        self.heard: list[Announcement] = []

    def announce(self, changes) -> None:
        changes = list(changes)
        self.heard += changes
        super().announce(changes)


@dataclass
class Rows:
    """The rows, and short ways to what tests ask most."""

    folder: Path
    hub: ListeningHub = field(default_factory=ListeningHub)

    def __post_init__(self) -> None:
        path = self.folder / "test.sqlite"
        if not path.exists():
            place_tables(path)
        self.database = Database(f"sqlite:///{path}", self.hub)
        key_file = self.folder / "key" / "master.key"
        self.vault = Vault.open(key_file) if key_file.exists() else Vault.create(key_file)

    def person(self, name: str, role: Role = Role.MEMBER) -> int:
        """A new user; returns the id."""
        return self.database.write(add_user, self.vault, name, "no password", role, Actor(None)).id

    def account(self, user_id: int, network: str = "toy", address: str = "alice@toy") -> int:
        """A new account with a lease of epoch 2; returns the id."""

        def add(db: Session) -> int:
            account = add_account(db, self.vault, user_id, network, SignedIn(address, {"password": "secret"}, address))
            take_lease(db, account.id)
            return account.id

        return self.database.write(add)

    def epoch(self, account_id: int) -> int:
        """The newest epoch of the account's lease."""
        from webapp.models import Lease

        return self.database.read(lambda db: db.get_one(Lease, account_id).epoch)

    def arrive(self, account_id: int, *events: Event, origin: Origin = Origin.LIVE, checkpoint: bytes | None = None):
        """A batch arrives from the network."""
        self.database.write(receive, account_id, self.epoch(account_id), Batch(events, origin), checkpoint)

    def conversation(self, remote_id: str = "bob") -> Conversation:
        """The only conversation with this remote id."""
        return self.database.read(
            lambda db: db.exec(select(Conversation).where(Conversation.remote_id == remote_id)).one()
        )

    def messages(self, remote_id: str = "bob") -> list[Message]:
        """What was said there, in order."""
        query = (
            select(Message)
            .join(Conversation)
            .where(Conversation.remote_id == remote_id)
            .order_by(col(Message.position))
        )
        return self.database.read(lambda db: list(db.exec(query)))

    def bodies(self, remote_id: str = "bob") -> list[str]:
        """The words that were said there, in order."""
        return [message.body for message in self.messages(remote_id)]

    def stored_account(self, account_id: int) -> Account:
        """The account's row."""
        return self.database.read(lambda db: db.get_one(Account, account_id))


def said(
    body: str,
    remote_id: str | None = None,
    *,
    conversation: str = "bob",
    sender: str = "bob",
    own: bool = False,
    minute: int = 0,
    transaction_id: str | None = None,
    kind: ConversationKind = ConversationKind.DIRECT,
    **more,
) -> MessageReceived:
    """A message as a network tells of it."""
    return MessageReceived(
        conversation=conversation,
        kind=kind,
        remote_id=remote_id,
        sender=sender,
        body=body,
        sent_at=NOON + timedelta(minutes=minute),
        own=own,
        transaction_id=transaction_id,
        reference=remote_id,
        **more,
    )
