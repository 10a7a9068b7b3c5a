"""A password in the configuration: refused where other users of the machine could read it.

Files of the configuration are open, for they hold no secrets. Only ``database.url`` may have one.
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


def require_closed(path: Path) -> None:
    """Raises ConfigError naming the first file that shows a password to everybody."""
    for source in files(path):
        if source.stat().st_mode & OTHERS_READ and has_password(_url(source)):
            raise ConfigError(
                f"{source}: database.url has a password in it, and every user of this machine may "
                f"read the file: put the password into secrets.json as database_password, or "
                f"close the file (chmod 640 {source})"
            )


def has_password(url: str) -> bool:
    """Whether a database URL carries a secret, before the host or among the options."""
    if _USER_AND_PASSWORD.search(url):
        return True
    try:
        options = parse_qsl(urlsplit(url).query)
    except ValueError:
        return False  # cannot be used at all, which is said elsewhere
    return any(name.lower() in _SECRET_OPTIONS and value for name, value in options)


def _url(source: Path) -> str:
    section = read_yaml(source).get("database")
    return str(section.get("url", "")) if isinstance(section, dict) else ""
