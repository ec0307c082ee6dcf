"""what a message may be"""

import sqlalchemy as sa
import sqlmodel
from alembic import op

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None


def upgrade() -> None:
    text = sqlmodel.sql.sqltypes.AutoString()
    style = sa.Enum("text", "emote", "notice", name="style", native_enum=False, length=20)
    op.add_column("message", sa.Column("formatted", text, nullable=False, server_default=""))
    op.add_column("message", sa.Column("style", style, nullable=False, server_default="text"))
    op.add_column("message", sa.Column("sealed", sa.Boolean(), nullable=False, server_default=sa.false()))
    op.add_column("message", sa.Column("untrusted", text, nullable=False, server_default=""))


def downgrade() -> None:
    raise NotImplementedError("the house only moves forward; restore a backup to go back")
