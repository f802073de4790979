# Copyright (c) 2026, winops.entra contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The options by which device objects of the directory are named."""

from __future__ import annotations


class ModuleDocFragment:
    """Fragment `winops.entra.named_devices`."""

    DOCUMENTATION = r"""
options:
  device_ids:
    description:
      - Device ids, as on the device itself (C(dsregcmd), M(winops.entra.device_facts), Intune).
    type: list
    elements: str
  object_ids:
    description: Object ids of the directory.
    type: list
    elements: str
  names:
    description:
      - Full names, compared without regard to case, as in Windows. Names are not unique in a directory; a name that
        several devices have is refused.
    type: list
    elements: str
"""


# Added by the action plugins: see package.py.
NAMED_DEVICES_SPEC = {
    "device_ids": {"type": "list", "elements": "str"},
    "object_ids": {"type": "list", "elements": "str"},
    "names": {"type": "list", "elements": "str"},
}
