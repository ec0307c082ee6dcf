"""One process on one data folder (D7, R17)."""

import fcntl
import os
from pathlib import Path

from webapp.unusable import Unusable


class InUse(Unusable):
    """Another process uses this data folder; the text says which."""


def make_private(folder: Path) -> None:
    """The folder, for its owner only; one that is there already stays as it is. Raises Unusable."""
    try:
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    except OSError as error:
        raise Unusable(
            f"The data folder {folder.absolute()} cannot be made ({error.strerror}). "
            "Set HAUSBOTE_DATA_DIR to a folder that can be written."
        ) from None


class FolderLock:
    """Holds ``data_dir/lock`` until ``release``, or until this process ends however it ends."""

    def __init__(self, folder: Path) -> None:
        make_private(folder)
        try:
            self._file = os.open(folder / "lock", os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
        except OSError as error:
            raise Unusable(
                f"The data folder {folder.absolute()} cannot be written ({error.strerror}). "
                "Give it to the user that runs the house, or set HAUSBOTE_DATA_DIR."
            ) from None
        try:
            fcntl.flock(self._file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            holder = os.read(self._file, 20).decode(errors="replace").strip()
            os.close(self._file)
            raise InUse(
                f"Another Hausbote (process {holder or 'unknown'}) uses the data folder {folder.absolute()}. "
                "Stop it first, or set HAUSBOTE_DATA_DIR to another folder."
            ) from None
        os.ftruncate(self._file, 0)
        os.write(self._file, f"{os.getpid()}\n".encode())

    def release(self) -> None:
        """Let another process in."""
        os.close(self._file)
