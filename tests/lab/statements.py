# Copyright (c) 2026, winops.entra contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The statements of a PowerShell text, which is what travels. Standard library only."""

from __future__ import annotations


def statements(script: str) -> str:
    """The text without indentation, empty lines and comment lines; every other line is kept."""
    lines = (line.strip() for line in script.splitlines())
    return "\n".join(line for line in lines if line and not line.startswith("#"))
