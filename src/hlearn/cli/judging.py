"""Judging an edit that a person or an agent made by hand."""

from __future__ import annotations

BY_HAND = "by hand"  # the editor of a run that judges one edit
