"""What an account wants its owner to know."""

from sqlalchemy import UniqueConstraint
from sqlmodel import SQLModel

from webapp.models.columns import choice, foreign, key
from webapp.networks.matters import Condition


class AccountMatter(SQLModel, table=True):
    """A matter of an account, as its session told of it last.

    ``title``, ``text`` and ``button`` are Sentences as JSON; ``task`` is what the session is asked for.
    """

    __tablename__ = "matter"
    __table_args__ = (UniqueConstraint("account_id", "position"),)

    id: int = key()
    account_id: int = foreign("account.id")
    position: int
    key: str
    title: str
    condition: Condition = choice(Condition)
    text: str
    task: str = ""
    button: str = ""
    urgent: bool = False
