# Copyright (c) 2026, winops.entra contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""How the deployments of a device go."""

from __future__ import annotations

import dataclasses

FORMS = ("nested", "flat")
APPS = ("installs", "hangs", "fails", "config_manager")


@dataclasses.dataclass
class DeploymentOptions:
    """How the next deployments of a device go. ``form``: how the registry tells of the phases, ``nested`` or ``flat``.
    ``seconds``: device seconds of each step. ``app``: what becomes of the last app of the page: ``installs``,
    ``hangs``, ``fails``, or ``config_manager`` where the page waits for a provider that never comes. ``apps``: how many
    there are where the page names none. ``goes_on``: whether the person presses "continue anyway" where the page offers
    it. ``tenant``: whose devices are deployed here (an id), None for the one in which the device is registered."""

    form: str = "nested"
    seconds: float = 20.0
    app: str = "installs"
    apps: int = 2
    goes_on: bool = False
    tenant: str | None = None
