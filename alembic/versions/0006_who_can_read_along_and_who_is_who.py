"""who can read along, and who is who"""

import sqlalchemy as sa
import sqlmodel
from alembic import op

revision = "0006"
down_revision = "0005"
branch_labels = None
depends_on = None


def upgrade() -> None:
    text = sqlmodel.sql.sqltypes.AutoString()
    for name in ("seal", "warning"):
        op.add_column("conversation", sa.Column(name, text, nullable=False, server_default=""))
    words = ("unknown", "unconfirmed", "confirmed", "changed")
    trust = sa.Enum(*words, name="trust", native_enum=False, length=20)
    op.add_column("identity", sa.Column("trust", trust, nullable=False, server_default="unknown"))


def downgrade() -> None:
    raise NotImplementedError("the house only moves forward; restore a backup to go back")
