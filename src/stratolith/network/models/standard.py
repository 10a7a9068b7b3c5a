"""What tables of resources have in common."""

from __future__ import annotations

from typing import Any

from sqlalchemy import BigInteger, String
from sqlalchemy.orm import Mapped, mapped_column

from stratolith.kernel.db import Timestamps
from stratolith.kernel.ids import new_uuid

ID = String(36)


class Standard(Timestamps):
    """The columns of every resource: owner, description, revision and two times."""

    id: Mapped[str] = mapped_column(ID, primary_key=True, default=new_uuid)
    project_id: Mapped[str] = mapped_column(String(64), index=True)
    description: Mapped[str] = mapped_column(default="")
    revision_number: Mapped[int] = mapped_column(BigInteger, default=0)

    def policy_target(self) -> dict[str, Any]:
        """The values that policy rules may check.

        Subclasses call this by its name, not by super(): the plain rows of lists have the methods
        of a model without being of its class (kernel/db/rows.py).
        """
        return {"project_id": self.project_id, "tenant_id": self.project_id}

    def policy_key(self) -> tuple[Any, ...]:
        """Rows with equal keys have equal ``policy_target``; cheaper to compute."""
        return (self.project_id,)
