"""Text is compared byte by byte on PostgreSQL too, whatever language the database was made for; SQLite always did."""

import sqlalchemy as sa
from alembic import op

revision = "0015"
down_revision = "0014"

WORDED = sa.text(
    "select format('alter table %I ', c.relname)"
    " || string_agg(format('alter column %I type text collate \"C\"', a.attname), ', ' order by a.attnum)"
    " from pg_class c join pg_attribute a on a.attrelid = c.oid"
    " where c.relnamespace = current_schema()::regnamespace and c.relkind = 'r' and a.attnum > 0"
    " and not a.attisdropped and a.atttypid = 'text'::regtype and a.attcollation <> '\"C\"'::regcollation"
    " group by c.relname order by c.relname"
)
"""One statement for each table: its indexes are sorted anew once, its rows are left where they are."""


def upgrade() -> None:
    """Forward only."""
    bind = op.get_bind()
    if bind.dialect.name == "postgresql":
        for statement in bind.scalars(WORDED).all():
            bind.exec_driver_sql(statement)
