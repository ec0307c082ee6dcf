"""why a group was left, and the words of an invitation"""

import sqlalchemy as sa
import sqlmodel
from alembic import op

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None


def upgrade() -> None:
    # Not in a batch: that copies the table, and dropping the old one would take its messages along.
    for name in ("invitation", "left_because"):
        op.add_column(
            "conversation", sa.Column(name, sqlmodel.sql.sqltypes.AutoString(), nullable=False, server_default="")
        )
    # Nobody leaves another person: such a conversation was a request that was declined.
    op.execute("UPDATE conversation SET state = 'declined' WHERE kind = 'direct' AND state = 'left'")


def downgrade() -> None:
    raise NotImplementedError("the house only moves forward; restore a backup to go back")
