"""Disk images as strangers bring them: what they are, whether they are safe, turning them round.

Used by the image service, by hosts and by the command line; knows neither database nor HTTP.

  inspection      the format, found while the data streams by, and the verdict
  headers         the fields of each format that may lie or lead elsewhere
  decompression   gzip, xz, bzip2, zip, in bounded memory and bounded size
  archives        OVA: the names in a tar stream
  conversion      qemu-img on a leash
"""


class BadImage(Exception):
    """Data that must not be used as an image; ``str(error)`` says why, for its user."""


class NoRoom(Exception):
    """A disk is too full for what is to be written; ``str(error)`` names the directory."""
