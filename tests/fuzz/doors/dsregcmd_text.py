# Copyright (c) 2026, winops.entra contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The output of dsregcmd /status as a device or a file of it has it."""

from __future__ import annotations

import random

from ansible_collections.winops.entra.plugins.plugin_utils.device import dsregcmd
from tests.fuzz import outputs

SAMPLE = 1500


def one(chance: random.Random) -> None:
    text = outputs.mutated(chance)
    try:
        found = dsregcmd.parse(text)
    except dsregcmd.DsregcmdError as exc:
        assert str(exc)
        return
    outputs.judged(found)
