"""The supervisor: a small process that keeps the server and the agent of one cloud running.

It imports the standard library only, runs without the site packages and keeps no state but the
pids, so that it needs little memory and may itself be killed at any time: its children continue,
and the next `up` starts a supervisor that adopts them. The lock file of a role tells which process
has the role: the process holds an flock on it while it runs.

No failure of the machine may end it: a full, broken or missing disk, no free file descriptors or
processes. It retries later what it could not write or start.

Signals: TERM stops the children and ends; HUP restarts the children.
"""

from __future__ import annotations

import argparse
import contextlib
import errno
import json
import os
import select
import signal
import sys
import time

from stratolith.deploy.supervision.locks import lock_holder, take_lock
from stratolith.deploy.supervision.supervisor_files import (
    append,
    cap,
    has_room,
    own_log,
    remove,
    replace,
    say,
)

# No dataclasses, subprocess, pathlib or typing here: they double the memory of this process.

STABLE_SECONDS = 10.0  # a child that lived this long is restarted at once
LONGEST_DELAY = 10.0
STOP_SECONDS = 10.0
LOG_CHECK_SECONDS = 10.0
LOOK_SECONDS = 0.5  # between checks of what poll() cannot wait for
START_MARK = "--- started at "  # in a role's .out file, before what each process says


class Child:
    """One role and its process, which is a child or was adopted."""

    def __init__(self, role: str, command: list[str], lock: str, log: str, env: dict[str, str]):
        self.role = role
        self.command = command
        self.lock = lock
        self.log = log
        self.env = env
        self.pid = 0
        self.pidfd = -1
        self.started_at = 0.0
        self._since = 0.0  # the same on the monotonic clock
        self.restarts = 0
        self.last_exit: int | None = None
        self.delay = 0.0
        self.due = 0.0  # monotonic time of the next start

    def start(self) -> None:
        """Adopt the process that holds the role's lock, else start a new one; raises OSError."""
        pid = lock_holder(self.lock)
        if pid is None:
            pid = self._spawn()
            say(f"{self.role} started, pid {pid}")
        else:
            say(f"{self.role} adopted, pid {pid}")
        try:
            self.pidfd = os.pidfd_open(pid)
        except OSError:  # it already ended, or no descriptor is free: is_gone() checks
            self.pidfd = -1
        self.pid = pid
        self.started_at = time.time()
        self._since = time.monotonic()

    def _spawn(self) -> int:
        folder = os.path.dirname(self.lock)
        secrets = os.path.join(os.path.dirname(folder), "secrets.json")
        if not os.path.isdir(folder) and not os.path.exists(secrets):
            # The disk is not mounted: a server would create an empty cloud here.
            raise FileNotFoundError(errno.ENOENT, "the state directory is gone", folder)
        with contextlib.suppress(OSError):
            os.makedirs(os.path.dirname(self.log), exist_ok=True)
        append(self.log, f"{START_MARK}{time.strftime('%Y-%m-%d %H:%M:%S')}\n")
        try:
            return self._spawn_with(self.log)
        except OSError:  # perhaps of the log file: better run without its output than not at all
            return self._spawn_with(os.devnull)

    def _spawn_with(self, log: str) -> int:
        flags = os.O_WRONLY | os.O_CREAT | os.O_APPEND
        actions = [
            (os.POSIX_SPAWN_OPEN, 0, os.devnull, os.O_RDONLY, 0),
            (os.POSIX_SPAWN_OPEN, 1, log, flags, 0o640),
            (os.POSIX_SPAWN_DUP2, 1, 2),
        ]
        return os.posix_spawn(
            self.command[0], self.command, self.env, file_actions=actions, setsid=True,
            setsigmask=[], setsigdef=[signal.SIGTERM, signal.SIGHUP, signal.SIGINT],
        )  # fmt: skip

    def is_gone(self) -> bool:
        """Whether the process ended, for one that has no descriptor to wait on."""
        try:
            return os.waitid(os.P_PID, self.pid, os.WEXITED | os.WNOHANG | os.WNOWAIT) is not None
        except ChildProcessError:  # adopted
            is_lock_free = os.path.exists(self.lock) and lock_holder(self.lock) != self.pid
            return is_lock_free or not os.path.exists(f"/proc/{self.pid}")

    def ended(self) -> None:
        """The process ended: record its exit status and when to start the next one."""
        try:
            _, status = os.waitpid(self.pid, 0)
            self.last_exit = os.waitstatus_to_exitcode(status)
        except ChildProcessError:
            self.last_exit = None  # adopted: its exit status went to another parent
        if self.pidfd >= 0:
            os.close(self.pidfd)
        lived = time.monotonic() - self._since
        say(f"{self.role} (pid {self.pid}) ended after {lived:.1f} s: {self.last_exit}")
        self.pid, self.pidfd = 0, -1
        if lived > STABLE_SECONDS:
            self.delay = 0.0
            self.due = time.monotonic()
        else:
            self.wait_longer()
        self.restarts += 1

    def wait_longer(self) -> None:
        """Set the next start, after a pause that doubles."""
        self.delay = min(max(0.25, self.delay * 2), LONGEST_DELAY)
        self.due = time.monotonic() + self.delay

    def signal(self, number: int) -> None:
        with contextlib.suppress(OSError):  # it may have just ended
            if self.pid and self.pidfd >= 0:
                signal.pidfd_send_signal(self.pidfd, number)
            elif self.pid and not self.is_gone():
                os.kill(self.pid, number)


class Supervisor:
    """The loop: start what is due, wait for an end or a signal, keep the logs small."""

    def __init__(
        self, children: list[Child], state_dir: str, state_file: str, max_log_bytes: int
    ) -> None:
        self.children = children
        self.state_dir = state_dir
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
        self._is_written = False  # whether the state file is up to date
        self._had_room = True

    def run(self) -> None:
        while not self.stopping:
            try:
                self._look()
            except Exception as error:  # the supervisor must go on after any error
                say(f"going on after {type(error).__name__}: {error}")
                time.sleep(LOOK_SECONDS)
        self._stop_children()
        self._write_state()

    def _look(self) -> None:
        self._notice_room()
        self._start_due()
        if not self._is_written:
            self._write_state()
        self._wait()
        self._cap_logs()

    def _notice_room(self) -> None:
        """When a full disk has room again, start the waiting children at once."""
        if all(child.pid for child in self.children):
            return
        room = has_room(self.state_dir)
        if room and not self._had_room:
            say(f"there is room again in {self.state_dir}")
            for child in self.children:
                child.delay = child.due = 0.0
        elif self._had_room and not room:
            say(f"{self.state_dir} has no room, or cannot be written")
        self._had_room = room

    def _start_due(self) -> None:
        for child in self.children:
            if child.pid == 0 and child.due <= time.monotonic():
                try:
                    child.start()
                except OSError as error:
                    say(f"{child.role} cannot be started: {error}")
                    child.wait_longer()
                    continue
                self._is_written = False
                if child.pidfd >= 0:
                    self._poll.register(child.pidfd, select.POLLIN)

    def _wait(self) -> None:
        now = time.monotonic()
        limits = [child.due - now for child in self.children if child.pid == 0]
        # poll() cannot wait for room on the disk or a process without a descriptor: check often.
        blind = any(child.pid and child.pidfd < 0 for child in self.children)
        if blind or not self._is_written or not self._had_room:
            limits.append(LOOK_SECONDS)
        limit = max(0.0, min([*limits, LOG_CHECK_SECONDS]))
        ready = {descriptor for descriptor, _ in self._poll.poll(limit * 1000)}
        if self._wake_read in ready:
            self._handle(os.read(self._wake_read, 64))
        for child in self.children:
            if child.pidfd in ready:
                self._poll.unregister(child.pidfd)
            elif not (child.pid and child.pidfd < 0 and child.is_gone()):
                continue
            child.ended()
            self._is_written = False

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
        # The agent first: it may still send its last reports to the server.
        for child in reversed(self.children):
            child.signal(signal.SIGTERM)
            if child.pid and not self._is_gone(child, STOP_SECONDS):
                say(f"{child.role} (pid {child.pid}) does not stop; killing it")
                child.signal(signal.SIGKILL)
                self._is_gone(child, STOP_SECONDS)
            if child.pid:
                child.ended()

    def _is_gone(self, child: Child, seconds: float) -> bool:
        if child.pidfd >= 0:
            waiting = select.poll()
            waiting.register(child.pidfd, select.POLLIN)
            return bool(waiting.poll(seconds * 1000))
        end = time.monotonic() + seconds
        while not child.is_gone():
            if time.monotonic() > end:
                return False
            time.sleep(0.05)
        return True

    def _cap_logs(self) -> None:
        if time.monotonic() < self._next_log_check:
            return
        self._next_log_check = time.monotonic() + LOG_CHECK_SECONDS
        for log in {child.log for child in self.children} | {own_log()}:
            cap(log, self.max_log_bytes)

    def _write_state(self) -> None:
        """Write the state of the children; a failed write is retried in the next round."""
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
        folder = os.path.dirname(self.state_file)
        try:
            if not os.path.isdir(folder):
                os.mkdir(folder)  # not its parents: a removed cloud must not appear again
            replace(self.state_file, json.dumps(state))
            for child in self.children:
                self._write_pid(child)
        except OSError:
            self._is_written = False
        else:
            self._is_written = True

    def _write_pid(self, child: Child) -> None:
        path = os.path.join(os.path.dirname(self.state_file), f"{child.role}.pid")
        if child.pid:
            replace(path, f"{child.pid}\n")
        else:
            remove(path)


def children_of(arguments: argparse.Namespace) -> list[Child]:
    env = dict(os.environ)
    own_path = env.pop("STRATOLITH_SUPERVISOR_PYTHONPATH", None)
    if own_path is not None:  # PYTHONPATH before `up` changed it for this process
        env.pop("PYTHONPATH", None)
        if own_path:
            env["PYTHONPATH"] = own_path
    # glibc gives each thread its own heap and keeps freed memory in it: eight request threads
    # that each hashed one password would keep 150 MiB for ever.
    env.setdefault("MALLOC_ARENA_MAX", "2")
    return [
        Child(
            role,
            [arguments.python, "-m", "stratolith", role, "--config", arguments.config,
             "--state-dir", arguments.state_dir],
            os.path.join(arguments.state_dir, "lock", f"{role}.lock"),
            # The process writes its own log; this file gets its standard error.
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
    os.umask(0o077)
    try:
        lock = take_lock(os.path.join(arguments.state_dir, "lock", "supervisor.lock"))
    except OSError as error:
        say(f"cannot take the lock of this cloud: {error}")
        return 1
    if lock is None:
        say("another supervisor has this cloud")
        return 0
    state_file = os.path.join(arguments.run_dir, "supervisor.json")
    pid_file = os.path.join(arguments.run_dir, "supervisor.pid")
    try:
        os.makedirs(arguments.run_dir, exist_ok=True)
        replace(pid_file, f"{os.getpid()}\n")
    except OSError as error:
        say(f"cannot write {pid_file}: {error}")
    Supervisor(
        children_of(arguments), arguments.state_dir, state_file, arguments.max_log_mb << 20
    ).run()
    remove(pid_file)
    return 0


if __name__ == "__main__":
    sys.exit(main())
