# Copyright (c) 2026, winops.entra contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Provisioning packages on the controller: read a ``.ppkg`` file and describe it. Needs nothing but Python.

    from ..plugin_utils.package import PackageError, describe, read_package

    package = read_package("files/join.ppkg")      # raises PackageError, a Failure, and nothing else
    if package.join_blockers: ...                  # reasons why it cannot join a device
    result["package"] = describe(package)          # JSON-safe, without any secret

Internal to winops.entra: may change in any release.
"""

from __future__ import annotations

from .errors import (
    DamagedPackage,
    EncryptedPackage,
    NotAPackage,
    PackageError,
    UnreadablePackage,
    UnsupportedPackage,
)
from .issues import Issue
from .reader import Package, describe, read_open_package, read_package
from .reverted import REVERTED
from .secret import BulkToken

__all__ = [
    "REVERTED",
    "BulkToken",
    "DamagedPackage",
    "EncryptedPackage",
    "Issue",
    "NotAPackage",
    "Package",
    "PackageError",
    "UnreadablePackage",
    "UnsupportedPackage",
    "describe",
    "read_open_package",
    "read_package",
]
