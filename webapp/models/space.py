"""Conversations that belong together on their network."""

from sqlalchemy import Index, UniqueConstraint
from sqlmodel import Field, SQLModel

from webapp.models.columns import BigKey, foreign, key


class Space(SQLModel, table=True):
    """A name under which a network puts conversations together (a community, a workspace): a filter here."""

    __table_args__ = (UniqueConstraint("account_id", "remote_id"),)

    id: int = key()
    user_id: int = foreign("users.id", index=True)
    account_id: int = foreign("account.id")
    remote_id: str
    name: str = ""


class SpaceConversation(SQLModel, table=True):
    """A conversation in a space."""

    __tablename__ = "space_conversation"
    __table_args__ = (Index("space_conversation_of", "conversation_id"),)

    space_id: int = Field(primary_key=True, foreign_key="space.id", ondelete="CASCADE", sa_type=BigKey)
    conversation_id: int = Field(primary_key=True, foreign_key="conversation.id", ondelete="CASCADE", sa_type=BigKey)
