"""Says how many requests the fuzz of routes sent, over all processes."""

from __future__ import annotations

from collections import Counter
from typing import Any


def pytest_terminal_summary(terminalreporter: Any) -> None:
    total: Counter[int] = Counter()
    for reports in terminalreporter.stats.values():
        for report in reports:
            for name, value in getattr(report, "user_properties", ()):
                if name == "answers" and report.when == "call":
                    total.update(value)
    if total:
        by_status = ", ".join(f"{count} of {status}" for status, count in sorted(total.items()))
        terminalreporter.write_line(f"fuzz of routes: {total.total()} requests: {by_status}")
