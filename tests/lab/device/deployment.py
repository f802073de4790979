# Copyright (c) 2026, winops.entra contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The deployment of a device that has just been unpacked, or reset: join, enrollment, the phases of its status page.

``begin(device, user)`` starts it and returns the task that ends with its outcome; ``device.deployment`` has the options.
"""

from __future__ import annotations

import asyncio
import dataclasses


@dataclasses.dataclass
class DeploymentOptions:
    """How the next deployments of a device go. ``form``: how the registry tells of the phases, ``nested`` or ``flat``.
    ``seconds``: device seconds of each phase. ``app``: what becomes of the last app of the page: ``installs``,
    ``hangs``, ``fails``. ``goes_on``: whether the person presses "continue anyway" where the page offers it."""

    form: str = "nested"
    seconds: float = 60.0
    app: str = "installs"
    goes_on: bool = False


def begin(device, user: str | None) -> asyncio.Task:
    """The person ``user`` (a user principal name) signs in to a device in its first setup; None: nobody does, and it
    deploys itself if its profile says so.

    The task ends with ``deployed``, ``incomplete`` (past an error), ``failed``, ``locked_out`` (another user is
    assigned), ``waits_for_user`` (nobody signed in, and the profile wants somebody) or ``not_autopilot`` (no profile: it
    is joined as the user's own choice). Where it hangs it does not end until the device is hurried.
    """
    raise NotImplementedError
