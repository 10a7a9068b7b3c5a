"""The supervisor: a small process that keeps the server and the agent of one cloud running.

It imports the standard library only, runs without the site packages and holds no other state
than the pids, so that it costs little memory and may itself be killed at any time: its
children go on, and the next `up` starts a supervisor that adopts them. Which process belongs
to a role is told by the role's lock file: the process holds an flock on it while it lives.

Signals: TERM stops the children and ends; HUP restarts the children.
"""

from __future__ import annotations

import argparse
import contextlib
import fcntl
import json
import os
import select
import signal
import sys
import time

# No dataclasses, subprocess, pathlib or typing here: they double the memory of this process.

STABLE_SECONDS = 10.0  # a child that lived this long is restarted at once
LONGEST_DELAY = 10.0
STOP_SECONDS = 10.0
LOG_CHECK_SECONDS = 10.0
START_MARK = "--- started at "  # in a role's .out file, before what each process says


def lock_holder(path: str) -> int | None:
    """The pid of the process that holds this lock file; None when nobody does."""
    try:
        descriptor = os.open(path, os.O_RDWR)
    except OSError:
        return None
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        text = os.read(descriptor, 32).split(b"\n")[0]
        return int(text) if text.isdigit() else None
    else:
        return None
    finally:
        os.close(descriptor)


def take_lock(path: str) -> int | None:
    """Hold a lock file until this process ends, with the pid in it; None when it is held.

    The descriptor is returned and must stay open; it is not inherited by child processes.
    """
    os.makedirs(os.path.dirname(path), exist_ok=True)
    descriptor = os.open(path, os.O_RDWR | os.O_CREAT, 0o600)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        os.close(descriptor)
        return None
    os.ftruncate(descriptor, 0)
    os.pwrite(descriptor, f"{os.getpid()}\n".encode(), 0)
    return descriptor


class Child:
    """One role and the process that has it, our child or adopted."""

    def __init__(self, role: str, command: list[str], lock: str, log: str, env: dict[str, str]):
        self.role = role
        self.command = command
        self.lock = lock
        self.log = log
        self.env = env
        self.pid = 0
        self.pidfd = -1
        self.started_at = 0.0
        self.restarts = 0
        self.last_exit: int | None = None
        self.delay = 0.0
        self.due = 0.0  # monotonic time of the next start

    def start(self) -> None:
        """Adopt the process that holds the role's lock, else start a new one."""
        pid = lock_holder(self.lock)
        if pid is None:
            os.makedirs(os.path.dirname(self.log), exist_ok=True)
            append(self.log, f"{START_MARK}{time.strftime('%Y-%m-%d %H:%M:%S')}\n")
            flags = os.O_WRONLY | os.O_CREAT | os.O_APPEND
            actions = [
                (os.POSIX_SPAWN_OPEN, 0, os.devnull, os.O_RDONLY, 0),
                (os.POSIX_SPAWN_OPEN, 1, self.log, flags, 0o640),
                (os.POSIX_SPAWN_DUP2, 1, 2),
            ]
            pid = os.posix_spawn(
                self.command[0], self.command, self.env, file_actions=actions, setsid=True,
                setsigmask=[], setsigdef=[signal.SIGTERM, signal.SIGHUP, signal.SIGINT],
            )  # fmt: skip
            say(f"{self.role} started, pid {pid}")
        else:
            say(f"{self.role} adopted, pid {pid}")
        try:
            self.pidfd = os.pidfd_open(pid)
        except ProcessLookupError:
            self.pidfd = -1
        self.pid = pid
        self.started_at = time.time()

    def ended(self) -> None:
        """The process is gone: note how, and when to start the next one."""
        try:
            _, status = os.waitpid(self.pid, 0)
            self.last_exit = os.waitstatus_to_exitcode(status)
        except ChildProcessError:
            self.last_exit = None  # adopted: its exit status went to another parent
        if self.pidfd >= 0:
            os.close(self.pidfd)
        lived = time.time() - self.started_at
        say(f"{self.role} (pid {self.pid}) ended after {lived:.1f} s: {self.last_exit}")
        self.pid, self.pidfd = 0, -1
        self.delay = min(max(0.25, self.delay * 2), LONGEST_DELAY)
        if lived > STABLE_SECONDS:
            self.delay = 0.0
        self.due = time.monotonic() + self.delay
        self.restarts += 1

    def signal(self, number: int) -> None:
        if self.pid:
            with contextlib.suppress(OSError):  # it ended in this very moment
                signal.pidfd_send_signal(self.pidfd, number)


class Supervisor:
    """The loop: start what is due, wait for an end or a signal, keep the logs small."""

    def __init__(self, children: list[Child], state_file: str, max_log_bytes: int) -> None:
        self.children = children
        self.state_file = state_file
        self.max_log_bytes = max_log_bytes
        self.stopping = False
        self._poll = select.poll()
        self._wake_read, wake_write = os.pipe2(os.O_NONBLOCK | os.O_CLOEXEC)
        signal.set_wakeup_fd(wake_write)
        for number in (signal.SIGTERM, signal.SIGINT, signal.SIGHUP):
            signal.signal(number, lambda *_: None)
        self._poll.register(self._wake_read, select.POLLIN)
        self._next_log_check = 0.0

    def run(self) -> None:
        while not self.stopping:
            self._start_due()
            self._wait()
            self._cap_logs()
        self._stop_children()
        self._write_state()

    def _start_due(self) -> None:
        changed = False
        for child in self.children:
            if child.pid == 0 and child.due <= time.monotonic():
                child.start()
                changed = True
                if child.pidfd >= 0:
                    self._poll.register(child.pidfd, select.POLLIN)
                else:
                    child.ended()
        if changed:
            self._write_state()

    def _wait(self) -> None:
        now = time.monotonic()
        dues = [child.due - now for child in self.children if child.pid == 0]
        limit = max(0.0, min([*dues, LOG_CHECK_SECONDS]))
        ready = {descriptor for descriptor, _ in self._poll.poll(limit * 1000)}
        if self._wake_read in ready:
            self._handle(os.read(self._wake_read, 64))
        gone = [child for child in self.children if child.pidfd in ready]
        for child in gone:
            self._poll.unregister(child.pidfd)
            child.ended()
        if gone:
            self._write_state()

    def _handle(self, numbers: bytes) -> None:
        for number in numbers:
            if number == signal.SIGHUP:
                say("restarting the children")
                for child in self.children:
                    child.signal(signal.SIGTERM)
            elif number in (signal.SIGTERM, signal.SIGINT):
                self.stopping = True

    def _stop_children(self) -> None:
        say("stopping")
        # The agent first: it may still report through the server what it let go of.
        for child in reversed(self.children):
            child.signal(signal.SIGTERM)
            if child.pid and not self._is_gone(child, STOP_SECONDS):
                say(f"{child.role} (pid {child.pid}) does not stop; killing it")
                child.signal(signal.SIGKILL)
                self._is_gone(child, STOP_SECONDS)
            if child.pid:
                self._poll.unregister(child.pidfd)
                child.ended()

    def _is_gone(self, child: Child, seconds: float) -> bool:
        waiting = select.poll()
        waiting.register(child.pidfd, select.POLLIN)
        return bool(waiting.poll(seconds * 1000))

    def _cap_logs(self) -> None:
        if time.monotonic() < self._next_log_check:
            return
        self._next_log_check = time.monotonic() + LOG_CHECK_SECONDS
        for log in {child.log for child in self.children} | {own_log()}:
            cap(log, self.max_log_bytes)

    def _write_state(self) -> None:
        state = {
            "pid": os.getpid(),
            "children": {
                child.role: {
                    "pid": child.pid,
                    "started_at": child.started_at,
                    "restarts": child.restarts,
                    "last_exit": child.last_exit,
                }
                for child in self.children
            },
        }
        os.makedirs(os.path.dirname(self.state_file), exist_ok=True)
        with open(self.state_file + ".part", "w") as handle:
            json.dump(state, handle)
        os.replace(self.state_file + ".part", self.state_file)
        for child in self.children:
            self._write_pid(child)

    def _write_pid(self, child: Child) -> None:
        path = os.path.join(os.path.dirname(self.state_file), f"{child.role}.pid")
        if child.pid:
            with open(path, "w") as handle:
                handle.write(f"{child.pid}\n")
        elif os.path.exists(path):
            os.unlink(path)


def cap(log: str, limit: int) -> None:
    """Move a log that grew too large to LOG.1; its writers go on, as they append."""
    try:
        if os.path.getsize(log) < limit:
            return
        with open(log, "rb") as old, open(log + ".1", "wb") as kept:
            while os.sendfile(kept.fileno(), old.fileno(), None, 1 << 20):
                pass
        os.truncate(log, 0)
    except OSError as error:
        say(f"cannot cap {log}: {error}")


def append(path: str, text: str) -> None:
    try:
        with open(path, "a") as handle:
            handle.write(text)
    except OSError as error:
        say(f"cannot write {path}: {error}")


def own_log() -> str:
    return os.readlink("/proc/self/fd/2")


def say(text: str) -> None:
    stamp = time.strftime("%Y-%m-%d %H:%M:%S")
    # A full disk must not end the process that keeps the others alive.
    with contextlib.suppress(OSError):
        os.write(2, f"{stamp} supervisor: {text}\n".encode())


def children_of(arguments: argparse.Namespace) -> list[Child]:
    env = dict(os.environ)
    own_path = env.pop("STRATOLITH_SUPERVISOR_PYTHONPATH", None)
    if own_path is not None:  # what `up` found before it set PYTHONPATH for this process
        env.pop("PYTHONPATH", None)
        if own_path:
            env["PYTHONPATH"] = own_path
    # glibc gives each thread a heap of its own and keeps what was freed in it: eight request
    # threads that each hashed one password would hold 150 MiB for ever.
    env.setdefault("MALLOC_ARENA_MAX", "2")
    return [
        Child(
            role,
            [arguments.python, "-m", "stratolith", role, "--config", arguments.config,
             "--state-dir", arguments.state_dir],
            os.path.join(arguments.state_dir, "lock", f"{role}.lock"),
            # The process writes its own log; this one gets what it says when it cannot.
            os.path.join(arguments.state_dir, "log", f"{role}.out"),
            env,
        )
        for role in arguments.role
    ]  # fmt: skip


def main() -> int:
    parser = argparse.ArgumentParser()
    parser.add_argument("--state-dir", required=True)
    parser.add_argument("--run-dir", required=True)
    parser.add_argument("--config", required=True)
    parser.add_argument("--python", required=True)
    parser.add_argument("--max-log-mb", type=int, default=50)
    parser.add_argument("role", nargs="+")
    arguments = parser.parse_args()
    lock = take_lock(os.path.join(arguments.state_dir, "lock", "supervisor.lock"))
    if lock is None:
        say("another supervisor has this cloud")
        return 0
    state_file = os.path.join(arguments.run_dir, "supervisor.json")
    pid_file = os.path.join(arguments.run_dir, "supervisor.pid")
    os.makedirs(arguments.run_dir, exist_ok=True)
    with open(pid_file, "w") as handle:
        handle.write(f"{os.getpid()}\n")
    Supervisor(children_of(arguments), state_file, arguments.max_log_mb << 20).run()
    os.unlink(pid_file)
    return 0


if __name__ == "__main__":
    sys.exit(main())
