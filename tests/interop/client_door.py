"""The ``openstack`` command of the clients' own tests, without loading the client each time.

Those tests type some thousand lines into a shell. Loading the client takes longer than most of
the lines do, so that one process has it loaded (``serve``) and forks itself for every line. The
command on the tests' path (COMMAND) hands its words, environment and open files to that process,
and waits for the exit status.
"""

from __future__ import annotations

import json
import os
import signal
import socket
import sys
from pathlib import Path

import client_process

COMMAND = """#!{python} -SE
import array, json, os, socket, sys
door = socket.socket(socket.AF_UNIX)
door.connect({socket!r})
said = json.dumps({{"words": sys.argv[1:], "env": dict(os.environ), "folder": os.getcwd()}})
files = array.array("i", [0, 1, 2])
door.sendmsg([len(said.encode()).to_bytes(4, "big")],
             [(socket.SOL_SOCKET, socket.SCM_RIGHTS, files)])
door.sendall(said.encode())
sys.exit(int(door.recv(8) or b"1"))
"""


def _received(call: socket.socket) -> tuple[dict[str, object], list[int]]:
    head, files, _, _ = socket.recv_fds(call, 4, 3)
    size, said = int.from_bytes(head, "big"), b""
    while len(said) < size:
        said += call.recv(size - len(said))
    return json.loads(said), files


def _answer(call: socket.socket) -> None:
    """In a fork of the server: be the client in a fork of this one, and tell how it ended."""
    signal.signal(signal.SIGCHLD, signal.SIG_DFL)
    request, files = _received(call)
    child = os.fork()
    if child == 0:
        call.close()
        os.chdir(str(request["folder"]))
        for number, file in enumerate(files):
            os.dup2(file, number)
        client_process.become(request["words"], request["env"])
    _, status = os.waitpid(child, 0)
    call.sendall(str(os.waitstatus_to_exitcode(status) & 255).encode())
    os._exit(0)


def serve(folder: Path) -> None:
    """Put the command ``openstack`` into ``folder`` and answer it until standard input ends."""
    client_process.load()
    place = str(folder / "door")
    listener = socket.socket(socket.AF_UNIX)
    listener.bind(place)
    listener.listen(64)
    command = folder / "openstack"
    command.write_text(COMMAND.format(python=sys.executable, socket=place))
    command.chmod(0o755)
    signal.signal(signal.SIGCHLD, signal.SIG_IGN)  # nobody waits for the forks
    print("ready", flush=True)
    if os.fork() == 0:
        sys.stdin.read()
        os.kill(os.getppid(), signal.SIGTERM)
        os._exit(0)
    while True:
        call, _ = listener.accept()
        if os.fork() == 0:
            listener.close()
            _answer(call)
        call.close()


if __name__ == "__main__":
    serve(Path(sys.argv[1]))
