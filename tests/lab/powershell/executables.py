# Copyright (c) 2026, winops.entra contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Executables of a device whose PowerShell is real: scripts that start something with their own arguments behind."""

from __future__ import annotations

import shlex
from collections.abc import Iterable
from pathlib import Path


def write(path: Path, command: Iterable[str]) -> None:
    """An executable file that becomes the command."""
    path.write_text(f'#!/bin/sh\nexec {shlex.join(command)} "$@"\n', encoding="utf-8")
    path.chmod(0o755)
