#!/usr/bin/env python3
"""A process in the place of server and agent: takes the role's lock and waits.

Started like the real ones (`-m stratolith ROLE --config F --state-dir D`), so the supervisor
under test is the real one, with real processes, signals and locks.
"""

import os
import signal
import sys
import time
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[3] / "src"))

from stratolith.deploy.supervision.locks import take_lock

role = sys.argv[sys.argv.index("stratolith") + 1]
state_dir = Path(sys.argv[sys.argv.index("--state-dir") + 1])
if (state_dir / f"{role}-fails").exists():
    print(f"{role} cannot start: the test wants it so", file=sys.stderr)
    sys.exit(1)
if (state_dir / f"{role}-is-deaf").exists():
    signal.signal(signal.SIGTERM, signal.SIG_IGN)
if take_lock(str(state_dir / "lock" / f"{role}.lock")) is None:
    sys.exit(1)
with (state_dir / f"{role}-starts").open("a") as starts:
    starts.write(f"{os.getpid()}\n")
while True:
    time.sleep(1)
