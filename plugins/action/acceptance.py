# Copyright (c) 2026, winops.entra contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Action plugin of winops.entra.acceptance."""

from __future__ import annotations

from ..doc_fragments.waiting import POLL_SPEC
from ..modules.acceptance import ARGUMENT_SPEC
from ..plugin_utils.action import Action
from ..plugin_utils.device.side import DEVICE_SIDE
from ..plugin_utils.package_tasks.work import accept


class ActionModule(Action):
    sides = (DEVICE_SIDE,)
    spec = {**POLL_SPEC, **ARGUMENT_SPEC}
    work = staticmethod(accept)
