"""Runs lines of the unmodified openstack client quickly: a process that has it loaded, and forks.

Loading the client's modules takes longer than most of its commands. This process loads them once;
every command then is a fork of it that calls the client's own ``main``, with an environment, a
standard output and an end of its own, as if typed in a shell.

Protocol: a JSON object a line on standard input, ``{"words", "env", "out", "err"}`` (the last
two are files to write to); the exit status a line on standard output.
"""

from __future__ import annotations

import importlib
import json
import os
import pkgutil
import sys
import traceback
from typing import Any, NoReturn

from openstackclient import shell

# The modules of the commands, and the clients they load when first used
PACKAGES = (
    "openstackclient.common",
    "openstackclient.compute.v2",
    "openstackclient.identity.v3",
    "openstackclient.image.v2",
    "openstackclient.network.v2",
)
MODULES = (
    "keystoneauth1.loading",
    "keystoneclient.v3.client",
    "openstack.connection",
    "openstack.compute.v2._proxy",
    "openstack.identity.v3._proxy",
    "openstack.image.v2._proxy",
    "openstack.network.v2._proxy",
)
# A variable: standard input is a terminal (``image create`` else reads an image from it)
TERMINAL = "CLIENT_HAS_TERMINAL"


def load() -> None:
    """Load what commands load, and let the client find its own plug-ins."""
    for name in MODULES:
        importlib.import_module(name)
    for name in PACKAGES:
        package = importlib.import_module(name)
        for module in pkgutil.iter_modules(package.__path__):
            importlib.import_module(f"{name}.{module.name}")
    from keystoneauth1 import loading

    loading.get_available_plugin_loaders()


def run(request: dict[str, Any]) -> NoReturn:
    """The forked process: be the client."""
    if request["env"].pop(TERMINAL, None):
        os.dup2(os.openpty()[1], 0)
    else:
        os.dup2(os.open(os.devnull, os.O_RDONLY), 0)
    for number, target in ((1, request["out"]), (2, request["err"])):
        os.dup2(os.open(target, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), number)
    become(request["words"], request["env"])


def become(words: list[str], env: dict[str, str]) -> NoReturn:
    """Be the client from here on, and end."""
    os.environ.clear()
    os.environ.update(env)
    sys.argv = ["openstack", *words]
    status = 1
    try:
        status = shell.main(words)
    except SystemExit as end:
        status = end.code if isinstance(end.code, int) else 1
    except BaseException:
        traceback.print_exc()
    finally:
        sys.stdout.flush()
        sys.stderr.flush()
        os._exit(status)


def main() -> None:
    load()
    for line in sys.stdin:
        child = os.fork()
        if child == 0:
            run(json.loads(line))
        _, status = os.waitpid(child, 0)
        print(os.waitstatus_to_exitcode(status), flush=True)


if __name__ == "__main__":
    main()
