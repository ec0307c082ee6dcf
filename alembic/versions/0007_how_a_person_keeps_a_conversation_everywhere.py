"""how a person keeps a conversation, everywhere"""

import sqlalchemy as sa
from alembic import op

revision = "0007"
down_revision = "0006"
branch_labels = None
depends_on = None


def upgrade() -> None:
    for name in ("low", "marked_unread"):
        op.add_column("conversation", sa.Column(name, sa.Boolean(), nullable=False, server_default=sa.false()))
    number = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
    # SQLite makes the table anew for this; no other table points at it.
    with op.batch_alter_table("outbox", table_kwargs={"sqlite_autoincrement": True}) as outbox:
        outbox.alter_column("message_id", existing_type=number, nullable=True)


def downgrade() -> None:
    raise NotImplementedError("the house only moves forward; restore a backup to go back")
