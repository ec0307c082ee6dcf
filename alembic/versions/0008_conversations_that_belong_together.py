"""conversations that belong together"""

import sqlalchemy as sa
import sqlmodel
from alembic import op

revision = "0008"
down_revision = "0007"
branch_labels = None
depends_on = None


def upgrade() -> None:
    number = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
    text = sqlmodel.sql.sqltypes.AutoString()
    op.create_table(
        "space",
        sa.Column("id", number, nullable=False),
        sa.Column("user_id", number, nullable=False),
        sa.Column("account_id", number, nullable=False),
        sa.Column("remote_id", text, nullable=False),
        sa.Column("name", text, nullable=False),
        sa.ForeignKeyConstraint(["user_id"], ["users.id"], ondelete="CASCADE"),
        sa.ForeignKeyConstraint(["account_id"], ["account.id"], ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("id"),
        sa.UniqueConstraint("account_id", "remote_id"),
        sqlite_autoincrement=True,
    )
    op.create_index("ix_space_user_id", "space", ["user_id"])
    op.create_table(
        "space_conversation",
        sa.Column("space_id", number, nullable=False),
        sa.Column("conversation_id", number, nullable=False),
        sa.ForeignKeyConstraint(["space_id"], ["space.id"], ondelete="CASCADE"),
        sa.ForeignKeyConstraint(["conversation_id"], ["conversation.id"], ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("space_id", "conversation_id"),
    )
    op.create_index("space_conversation_of", "space_conversation", ["conversation_id"])


def downgrade() -> None:
    raise NotImplementedError("the house only moves forward; restore a backup to go back")
