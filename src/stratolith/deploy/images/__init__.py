"""Disk images as the commands meet them: built, looked into, unwrapped, brought in."""
