"""who was in what is empty now"""

import sqlalchemy as sa
import sqlmodel
from alembic import op

revision = "0009"
down_revision = "0008"
branch_labels = None
depends_on = None


def upgrade() -> None:
    text = sqlmodel.sql.sqltypes.AutoString()
    op.add_column("conversation", sa.Column("former", text, nullable=False, server_default=""))


def downgrade() -> None:
    raise NotImplementedError("the house only moves forward; restore a backup to go back")
