"""Fetching a guest image by HTTP: resumable and checked."""


class DownloadError(Exception):
    pass


def download() -> None: ...
