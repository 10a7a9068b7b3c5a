"""Passwords in the configuration: refused if other users of the machine can read the file.

Configuration files are readable by all, because they have no secrets. Only ``database.url`` may
contain one.
"""

from __future__ import annotations

import re
from pathlib import Path
from urllib.parse import parse_qsl, urlsplit

from stratolith.kernel.config.sections import ConfigError
from stratolith.kernel.config.settings import files, read_yaml

OTHERS_READ = 0o004
_SECRET_OPTIONS = {"password", "sslpassword", "oauth_client_secret"}  # of libpq
_USER_AND_PASSWORD = re.compile(r"://[^/?#]*:[^/?#]*@")


def require_private(path: Path) -> None:
    """Raises ConfigError for the first file with a password that all users can read."""
    for source in files(path):
        if source.stat().st_mode & OTHERS_READ and has_password(_url(source)):
            raise ConfigError(
                f"{source}: database.url contains a password, and every user of this machine can "
                f"read the file: put the password into secrets.json as database_password, or "
                f"close the file (chmod 640 {source})"
            )


def has_password(url: str) -> bool:
    """Whether a database URL contains a secret, before the host or in the options."""
    if _USER_AND_PASSWORD.search(url):
        return True
    try:
        options = parse_qsl(urlsplit(url).query)
    except ValueError:
        return False  # an invalid URL; reported elsewhere
    return any(name.lower() in _SECRET_OPTIONS and value for name, value in options)


def _url(source: Path) -> str:
    section = read_yaml(source).get("database")
    return str(section.get("url", "")) if isinstance(section, dict) else ""
