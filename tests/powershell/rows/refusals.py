# Copyright (c) 2026, winops.entra contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Rows of what is no operation."""

from __future__ import annotations

from pathlib import Path

from .base import Case, Scene, variant
from .names import NO_CODE, TEXT


def rows(_scratch: Path) -> list[Case]:
    return [
        Case("Get-Date", {}, error="NotSupportedException", hresult=NO_CODE),
        Case("REGISTRY_READ", {"path": "SOFTWARE\\Proof"}, error="NotSupportedException"),
    ]


def after_a_failure(_scratch: Path) -> list[Case]:
    """The rest of a request that stops at the first failure."""
    return [
        Case("registry_read", {"path": "SOFTWARE\\Proof"}, lambda v: v["key"]["values"]["Text"] == TEXT),
        Case("no_such_operation", {}, error="NotSupportedException"),
        Case("registry_read", {"path": "x"}, error="Skipped"),
        Case("path_remove", {"path": "x"}, error="Skipped"),
    ]


def reading(_scratch: Path) -> list[Case]:
    """One observing operation, for the other ways in."""
    return [Case("registry_read", {"path": "SOFTWARE\\Proof"}, lambda v: v["key"]["values"]["Text"] == TEXT)]


SCENES = [
    Scene("refusals", rows),
    variant("stop at an error", after_a_failure, request={"stop_on_error": True}),
    Scene("nothing asked", lambda scratch: []),
    Scene("as a command", reading, how="encoded"),
    Scene("as a script", reading, how="script"),
    Scene("as psrp does", reading, how="psrp"),
]
