"""Alembic's entry: runs on the connection that kernel/db/schema.py hands over."""

from alembic import context

from stratolith.kernel.db.base import Base

connection = context.config.attributes["connection"]
context.configure(
    connection=connection,
    target_metadata=Base.metadata,
    include_object=context.config.attributes.get("include_object"),
    render_as_batch=True,
    user_module_prefix="types.",
    transactional_ddl=False,  # the caller's transaction is the transaction
)
context.run_migrations()
