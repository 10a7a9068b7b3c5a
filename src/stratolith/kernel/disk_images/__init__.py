"""Untrusted disk images: detecting formats, safety checks, unpacking, conversion.

Used by the image service, by hosts and by the command line; knows neither database nor HTTP.

  inspection      detects the format while the data is streamed, and decides on acceptance
  headers         checks header fields that may be inconsistent or refer to other files
  decompression   gzip, xz, bzip2, zip, with limits on memory and size
  archives        OVA: checks the member names of a tar stream
  conversion      qemu-img in a sandbox (leash)
"""


class BadImage(Exception):
    """Data that must not be used as an image; ``str(error)`` tells the user why."""


class NoRoom(Exception):
    """Not enough free space for a file; ``str(error)`` names the directory."""
