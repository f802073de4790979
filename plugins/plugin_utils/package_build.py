# Copyright (c) 2026, winops.entra contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The work of the module ppkg_build: a package from a description, on the controller or on a Windows host.

Internal to winops.entra: may change in any release.
"""

from __future__ import annotations

from .options import bad_option
from .task import Task

WITH_ICD = {"icd_path": None, "store_file": None, "encrypt": False, "password_dest": None}
WITH_TEMPLATE = {"template": None, "compose": False}


def build(task: Task) -> dict:
    """The work of the module. Raises Failure."""
    _check(task.args)
    raise NotImplementedError


def _check(args: dict) -> None:
    """Refuse options that are given and not used, or that nobody can fulfil. Raises Failure."""
    if args["sign"]:
        raise bad_option(
            "sign",
            "ICD.exe has no switch that signs a package, and a package changed on the controller has no signature",
            "leave sign out, and sign the package in the graphical Windows Configuration Designer",
        )
    method = args["method"]
    for name, unused in (WITH_ICD if method == "template" else WITH_TEMPLATE).items():
        if args[name] != unused:
            raise bad_option(name, f"method {method} does not take it", "leave it out")
