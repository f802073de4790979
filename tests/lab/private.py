# Copyright (c) 2026, winops.entra contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Files of the lab that are for their owner only: what clients say to it names people and devices."""

from __future__ import annotations

import os
import typing as t
from pathlib import Path


def new_file(path: Path) -> t.TextIO:
    """An empty file of mode 0600 in the place of what lies there, written line by line."""
    path.unlink(missing_ok=True)
    return open(path, "w", encoding="utf-8", buffering=1, opener=lambda name, flags: os.open(name, flags, 0o600))
