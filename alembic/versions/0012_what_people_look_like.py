"""what people look like"""

import sqlalchemy as sa
import sqlmodel
from alembic import op

revision = "0012"
down_revision = "0011"
branch_labels = None
depends_on = None


def upgrade() -> None:
    text = sqlmodel.sql.sqltypes.AutoString()
    op.add_column("identity", sa.Column("picture", text, nullable=False, server_default=""))
    op.add_column("identity", sa.Column("picture_id", sa.BigInteger(), nullable=True))
    for name, column, condition in (
        ("identity_picture", "picture", "picture <> ''"),
        ("identity_picture_wanted", "id", "picture <> '' AND picture_id IS NULL"),
    ):
        where = sa.text(condition)
        op.create_index(name, "identity", ["account_id", column], sqlite_where=where, postgresql_where=where)


def downgrade() -> None:
    raise NotImplementedError("the house only moves forward; restore a backup to go back")
