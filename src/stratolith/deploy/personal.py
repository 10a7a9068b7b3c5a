"""The person's own clouds.yaml: written where none is, and left as it was found.

A file of ours names its cloud in the first line and holds a digest of the rest in the second: what
its owner changed since is theirs, and is neither overwritten nor removed.
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
    """The text of a client configuration that says whose it is."""
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
    """Whether the file is absent, of this cloud, or of a cloud that is gone."""
    found = owner(path)
    if found is None:
        return not path.exists() and not path.is_symlink()
    return found == state_dir or not found.exists()


def write(layout: Layout, person: Person, text: str) -> None:
    """Write the file, in directories that are the person's."""
    path = path_of(person)
    made = [one for one in (path.parent.parent, path.parent) if not one.exists()]
    _, directories = _record(layout)
    # before they are there: `destroy` leaves the home as it was found
    record = {"file": str(path), "directories": [*map(str, directories), *map(str, made)]}
    files.write_if_changed(layout.made_at_home, json.dumps(record), mode=0o600)
    for directory in made:
        directory.mkdir(parents=True, mode=0o700)
        person.own(directory)
    files.write(path, text, mode=0o600)
    person.own(path)


def remove(layout: Layout, person: Person) -> None:
    """Remove the file of this cloud, and the directories that were made for it and are empty.

    Also when another person made the cloud than the one who removes it.
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
        found = json.loads(layout.made_at_home.read_text())
        return Path(found["file"]), [Path(one) for one in found["directories"]]
    except (OSError, ValueError, TypeError, KeyError):
        return None, []


def _digest(body: str) -> str:
    return hashlib.sha256(body.encode()).hexdigest()[:16]
