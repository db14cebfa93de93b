"""Where keys lie: one file each, outside of every system, for this user alone.

``$HLEARN_STATE/keys/ID.key``; HLEARN_STATE is ``$XDG_STATE_HOME/hlearn`` or ``~/.local/state/hlearn`` by default.
Whoever runs an editor hides this folder from it, and those where keys lie without these variables
(:func:`key_folders`).
"""

from __future__ import annotations

import contextlib
import os
import re
from pathlib import Path

from hlearn.errors import UsageError
from hlearn.foreign_text import read_plain_file
from hlearn.trust.keys import ID_LENGTH, KEY_BYTES, Key

_ID = re.compile(f"[0-9a-f]{{{ID_LENGTH}}}")


def state_folder() -> Path:
    """The folder for what hlearn keeps for this user between runs."""
    for name, *below in (("HLEARN_STATE",), ("XDG_STATE_HOME", "hlearn")):
        if said := os.environ.get(name):
            return Path(said).absolute().joinpath(*below)
    try:
        return Path.home() / ".local" / "state" / "hlearn"
    except RuntimeError:
        raise UsageError(
            "no home folder is known, where the keys of systems are kept; set HLEARN_STATE to a folder of your own"
        ) from None


def key_folder() -> Path:
    """The folder of the keys, whether it exists or not."""
    return state_folder() / "keys"


def key_folders() -> tuple[Path, ...]:
    """Every folder where keys of this user may lie, whatever the variables say now: all are to be hidden."""
    found = [key_folder()]
    if said := os.environ.get("XDG_STATE_HOME"):
        found.append(Path(said).absolute() / "hlearn" / "keys")
    with contextlib.suppress(RuntimeError):
        found.append(Path.home() / ".local" / "state" / "hlearn" / "keys")
    return tuple(dict.fromkeys(path.resolve() for path in found))


class KeyStore:
    """The keys of this user.

    Args:
        folder: :func:`key_folder` where None, asked anew at every use.
    """

    def __init__(self, folder: Path | None = None) -> None:
        self._folder = folder

    @property
    def folder(self) -> Path:
        """Where they lie."""
        return self._folder or key_folder()

    def find(self, key_id: str) -> Key | None:
        """Returns a key by its id, None where it is not here.

        Raises:
            UsageError: its file is there, but cannot be read or holds another key.
        """
        if not _ID.fullmatch(key_id):
            return None
        path = self.folder / f"{key_id}.key"
        try:
            key = read_key(path)
        except FileNotFoundError:
            return None
        if key.id != key_id:
            raise UsageError(f"{path} holds another key ({key.id}); restore it, or delete it")
        return key

    def keep(self, key: Key) -> Path:
        """Stores a key, for this user's eyes only; returns its file.

        Raises:
            UsageError: the folder cannot be made or written.
        """
        folder = self.folder
        path = folder / f"{key.id}.key"
        part = folder / f".{key.id}.{os.getpid()}.part"
        try:
            folder.mkdir(parents=True, exist_ok=True, mode=0o700)
            folder.chmod(0o700)
            fd = os.open(part, os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_CLOEXEC | os.O_NOFOLLOW, 0o600)
            with os.fdopen(fd, "w", encoding="utf-8") as file:
                file.write(key.secret.hex() + "\n")
                file.flush()
                os.fsync(fd)
            os.replace(part, path)
        except OSError as error:
            raise UsageError(
                f"the key of the system cannot be kept in {folder}: {error.strerror}; "
                "set HLEARN_STATE to a folder of your own outside of the system"
            ) from error
        return path


def fresh_key() -> Key:
    """The key of a new system: the one in the file that ``$HLEARN_KEY`` names, else a new one.

    The variable is for what must be repeatable as a whole: suites of tests, benchmarks.

    Raises:
        UsageError: the file cannot be read, or holds no key.
    """
    named = os.environ.get("HLEARN_KEY")
    if not named:
        return Key.new()
    try:
        return read_key(Path(named))
    except FileNotFoundError:
        raise UsageError(
            f"HLEARN_KEY names {named}, which is not there; unset it, or make one there"
        ) from None


def read_key(path: Path) -> Key:
    """Reads a key file: 64 hexadecimal digits.

    Raises:
        FileNotFoundError: there is none.
        UsageError: it cannot be read, or holds something else.
    """
    try:
        text = read_plain_file(path)[:1000].decode("ascii").strip()
        return Key(bytes.fromhex(text))
    except FileNotFoundError:
        raise
    except OSError as error:
        raise UsageError(f"{path} cannot be read: {error.strerror}") from error
    except ValueError:
        raise UsageError(
            f"{path} is no key: expected {2 * KEY_BYTES} hexadecimal digits, as from: openssl rand -hex {KEY_BYTES}"
        ) from None
