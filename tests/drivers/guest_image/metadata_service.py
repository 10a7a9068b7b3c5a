"""A metadata service for one connection on standard input and output, as QEMU's guestfwd starts it.

Usage: metadata_service.py DIRECTORY - answers GET with the file of that path, else 404.
"""

import sys
from pathlib import Path


def main() -> None:
    """Read one request, write one answer."""
    root = Path(sys.argv[1]).resolve()
    path = sys.stdin.buffer.readline().split()[1].decode().lstrip("/")
    while sys.stdin.buffer.readline().strip():
        pass
    file = (root / path).resolve()
    found = file.is_file() and file.is_relative_to(root)
    body = file.read_bytes() if found else b"no such path\n"
    status = "200 OK" if found else "404 Not Found"
    head = f"HTTP/1.0 {status}\r\nContent-Length: {len(body)}\r\nConnection: close\r\n\r\n"
    sys.stdout.buffer.write(head.encode() + body)
    sys.stdout.buffer.flush()


if __name__ == "__main__":
    main()
