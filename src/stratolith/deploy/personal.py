"""The person's own clouds.yaml: written if there is none; the user's own file is kept.

A file that `up` wrote names its cloud in the first line and has a digest of the rest in the second.
A file that the user changed since then is neither overwritten nor removed.
"""

from __future__ import annotations

import hashlib
import json
from pathlib import Path

from stratolith.deploy import files
from stratolith.deploy.layout import Layout
from stratolith.deploy.people import Person

OWNER_MARK = "# Written by `stratolith up`; this file belongs to the cloud in "
DIGEST_MARK = "# It is yours once you change it (the rest has the digest "


def marked(state_dir: Path, body: str) -> str:
    """The text of a client configuration with the two lines that mark it."""
    return f"{OWNER_MARK}{state_dir}\n{DIGEST_MARK}{_digest(body)})\n{body}"


def path_of(person: Person) -> Path:
    return person.home / ".config" / "openstack" / "clouds.yaml"


def owner(path: Path) -> Path | None:
    """The state directory of the cloud that wrote this file; None when a person did."""
    try:
        first, _, rest = path.read_text().partition("\n")
    except (OSError, UnicodeDecodeError):
        return None
    if path.is_symlink() or not first.startswith(OWNER_MARK):
        return None
    seal, _, body = rest.partition("\n")
    is_changed = seal.startswith(DIGEST_MARK) and seal != f"{DIGEST_MARK}{_digest(body)})"
    return None if is_changed else Path(first.removeprefix(OWNER_MARK))


def may_write(path: Path, state_dir: Path) -> bool:
    """Whether the file is missing, belongs to this cloud, or to a cloud that no longer exists."""
    owning_cloud = owner(path)
    if owning_cloud is None:
        return not path.exists() and not path.is_symlink()
    return owning_cloud == state_dir or not owning_cloud.exists()


def write(layout: Layout, person: Person, text: str) -> None:
    """Write the file; the person owns it and the directories made for it."""
    path = path_of(person)
    made = [directory for directory in (path.parent.parent, path.parent) if not directory.exists()]
    _, directories = _record(layout)
    # recorded before they are made, so that `destroy` can always remove them
    record = {"file": str(path), "directories": [*map(str, directories), *map(str, made)]}
    files.write_if_changed(layout.made_at_home, json.dumps(record), mode=0o600)
    for directory in made:
        directory.mkdir(parents=True, mode=0o700)
        person.own(directory)
    files.write(path, text, mode=0o600)
    person.own(path)


def remove(layout: Layout, person: Person) -> None:
    """Remove the file of this cloud, and the directories that were made for it and are empty.

    Works also when another user than the creator of the cloud removes it.
    """
    recorded, directories = _record(layout)
    for path in {path_of(person), recorded or path_of(person)}:
        if owner(path) == layout.state_dir:
            path.unlink()
    for directory in sorted(directories, reverse=True):
        if directory.is_dir() and not directory.is_symlink() and not any(directory.iterdir()):
            directory.rmdir()


def _record(layout: Layout) -> tuple[Path | None, list[Path]]:
    """(the file that was written, directories that were made for it)."""
    try:
        record = json.loads(layout.made_at_home.read_text())
        return Path(record["file"]), [Path(directory) for directory in record["directories"]]
    except (OSError, ValueError, TypeError, KeyError):
        return None, []


def _digest(body: str) -> str:
    return hashlib.sha256(body.encode()).hexdigest()[:16]
