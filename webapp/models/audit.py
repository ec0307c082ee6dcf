"""What was done to the house itself."""

from sqlmodel import Field, SQLModel

from webapp.models.columns import foreign, key, moment


class AuditEntry(SQLModel, table=True):
    """Who did what, and when: no content, no secrets (A12).

    Entries are only ever added. ``chain`` is the SHA-256 of this entry and the one before it, so that a change to an
    old entry shows. ``about_user_id`` is whom it concerns; they may read it.
    """

    __tablename__ = "audit_entry"

    id: int = key()
    at: int = moment(default_now=True)
    actor_id: int | None = foreign("users.id", nullable=True, on_delete="SET NULL")
    about_user_id: int | None = foreign("users.id", nullable=True, on_delete="SET NULL", index=True)
    sign_in_id: int | None = Field(default=None)
    what: str
    detail: str = ""
    place: str = ""
    chain: str = Field(unique=True)
