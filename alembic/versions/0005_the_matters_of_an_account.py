"""the matters of an account"""

import sqlalchemy as sa
import sqlmodel
from alembic import op

revision = "0005"
down_revision = "0004"
branch_labels = None
depends_on = None


def upgrade() -> None:
    number = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
    text = sqlmodel.sql.sqltypes.AutoString()
    condition = sa.Enum("good", "working", "asks", "act", "off", name="condition", native_enum=False, length=20)
    op.create_table(
        "matter",
        sa.Column("id", number, nullable=False),
        sa.Column("account_id", number, nullable=False),
        sa.Column("position", sa.Integer(), nullable=False),
        sa.Column("key", text, nullable=False),
        sa.Column("title", text, nullable=False),
        sa.Column("condition", condition, nullable=False),
        sa.Column("text", text, nullable=False),
        sa.Column("task", text, nullable=False),
        sa.Column("button", text, nullable=False),
        sa.Column("urgent", sa.Boolean(), nullable=False),
        sa.ForeignKeyConstraint(["account_id"], ["account.id"], ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("id"),
        sa.UniqueConstraint("account_id", "position"),
        sqlite_autoincrement=True,
    )


def downgrade() -> None:
    raise NotImplementedError("the house only moves forward; restore a backup to go back")
