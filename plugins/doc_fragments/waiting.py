# Copyright (c) 2026, winops.entra contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The options by which a module waits for a device. How long it waits (`timeout`) differs in meaning and default: each
module documents that by itself."""

from __future__ import annotations


class ModuleDocFragment:
    """Fragments `winops.entra.waiting` (between two looks) and `.reboot` (for a restart that was asked for)."""

    DOCUMENTATION = r"""
options:
  poll_interval:
    description:
      - Seconds between two polls of the device while the task waits for it.
    type: int
    default: 5
"""

    REBOOT = r"""
options:
  reboot_timeout:
    description:
      - Seconds within which the device must be back after a restart that this module asked for.
    type: int
    default: 600
"""


# Added by the action plugins: see package.py.
POLL_SPEC = {"poll_interval": {"type": "int", "default": 5}}
REBOOT_SPEC = {"reboot_timeout": {"type": "int", "default": 600}}
