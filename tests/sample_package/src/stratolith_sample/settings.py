"""Settings of the greeting service: the section ``greeting``."""

from __future__ import annotations

from typing import Annotated

from stratolith.kernel.config import Doc, Section


class GreetingSettings(Section, kw_only=True, frozen=True):
    """How hosts are greeted."""

    word: Annotated[str, Doc(description="What is said to a host.")] = "hello"
