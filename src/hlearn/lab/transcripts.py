"""What clients of an editor said, as files that git ignores; the ledger names each with its hash."""

from __future__ import annotations

import hashlib
import os
from pathlib import Path


def keep_transcript(recordings: Path, content: bytes) -> tuple[str, str] | None:
    """Stores a transcript under its hash.

    Args:
        recordings: the folder ``recordings`` of a system.
        content: what was said, secrets taken out.

    Returns:
        Its path within the system and its SHA-256; None where there is nothing to keep or no room for it.
    """
    if not content:
        return None
    sha256 = hashlib.sha256(content).hexdigest()
    path = recordings / "transcripts" / f"{sha256[:16]}.txt"
    part = path.with_suffix(".part")
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        part.write_bytes(content)
        os.replace(part, path)
    except OSError:
        part.unlink(missing_ok=True)
        return None
    return str(path.relative_to(recordings.parent)), sha256
