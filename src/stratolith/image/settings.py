"""The ``image`` section of the configuration."""

from __future__ import annotations

from typing import Annotated

from stratolith.kernel.config import Doc, Section


class ImageSettings(Section, kw_only=True, frozen=True):
    """Where image data is kept and what is accepted."""

    store_dir: Annotated[
        str, Doc(description="Directory of the image files; empty: images/ in the state directory.")
    ] = ""
    enforce_format: Annotated[
        bool,
        Doc(
            description="Refuse data that is not what disk_format says. Data that refers to other "
            "files (a backing file, foreign extents) is refused in any case."
        ),
    ] = True
    max_size_gb: Annotated[int, Doc(description="Largest image, in GiB.", ge=1)] = 1024
    min_free_mb: Annotated[
        int,
        Doc(description="Uploads are refused when they would leave less free space.", ge=0),
    ] = 512
    default_page: Annotated[
        int, Doc(description="Images on a page of a list when no limit is asked for.", ge=1)
    ] = 25
    max_properties: Annotated[int, Doc(description="Custom properties of one image.", ge=0)] = 128
    max_tags: Annotated[int, Doc(description="Tags of one image.", ge=0)] = 128
    max_members: Annotated[int, Doc(description="Members of one shared image.", ge=0)] = 128
