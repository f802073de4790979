# Copyright (c) 2026, winops.entra contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A page that is made from something else: written, or compared."""

from __future__ import annotations

from pathlib import Path

from tests.collection import ROOT


def written(page: Path, text: str, arguments: list[str], source: str = "the code") -> int:
    """Exit code of a program that makes a page: 0 where it is (with ``--check``), or is now, this text."""
    if arguments != ["--check"]:
        page.write_text(text, encoding="utf-8")
        return 0
    if page.exists() and page.read_text(encoding="utf-8") == text:
        return 0
    print(f"{page.relative_to(ROOT)} is not what {source} says: run make pages")
    return 1
