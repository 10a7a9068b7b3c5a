"""The database: engine, sessions, column types, the declarative base, migrations."""

from stratolith.kernel.db.base import Base, Timestamps, Tz
from stratolith.kernel.db.engine import Database

__all__ = ["Base", "Database", "Timestamps", "Tz"]
