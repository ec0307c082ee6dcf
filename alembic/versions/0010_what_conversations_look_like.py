"""what conversations look like"""

import sqlalchemy as sa
import sqlmodel
from alembic import op

revision = "0010"
down_revision = "0009"
branch_labels = None
depends_on = None


def upgrade() -> None:
    number = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
    text = sqlmodel.sql.sqltypes.AutoString()
    op.add_column("conversation", sa.Column("picture", text, nullable=False, server_default=""))
    op.add_column("conversation", sa.Column("picture_id", sa.BigInteger(), nullable=True))
    op.create_table(
        "picture",
        sa.Column("id", number, nullable=False),
        sa.Column("account_id", number, nullable=False),
        sa.Column("ref", text, nullable=False),
        sa.Column("content", sa.LargeBinary(), nullable=False),
        sa.ForeignKeyConstraint(["account_id"], ["account.id"], ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("id"),
        sa.UniqueConstraint("account_id", "ref"),
        sqlite_autoincrement=True,
    )
    wanted = "picture <> '' AND picture_id IS NULL"
    op.create_index(
        "conversation_picture",
        "conversation",
        ["account_id", "last_activity"],
        sqlite_where=sa.text(wanted),
        postgresql_where=sa.text(wanted),
    )


def downgrade() -> None:
    raise NotImplementedError("the house only moves forward; restore a backup to go back")
