"""more of a conversation"""

import sqlalchemy as sa
import sqlmodel
from alembic import op

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None


def upgrade() -> None:
    for name in ("partner", "bridged", "successor"):
        op.add_column(
            "conversation", sa.Column(name, sqlmodel.sql.sqltypes.AutoString(), nullable=False, server_default="")
        )
    op.add_column("conversation", sa.Column("members", sa.Integer(), nullable=False, server_default="0"))
    op.create_index(
        "conversation_successor",
        "conversation",
        ["account_id", "successor"],
        sqlite_where=sa.text("successor <> ''"),
        postgresql_where=sa.text("successor <> ''"),
    )


def downgrade() -> None:
    raise NotImplementedError("the house only moves forward; restore a backup to go back")
