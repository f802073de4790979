# Copyright (c) 2026, winops.entra contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What the modules of this collection promise, said once: see ansible-doc's ATTRIBUTES."""

from __future__ import annotations


class ModuleDocFragment:
    """Fragments `winops.entra.attributes` (every module), `.facts`, and `.device` or `.controller` (where the
    effects are)."""

    DOCUMENTATION = r"""
options: {}
attributes:
  action:
    description: Has an action plugin, which does the work on the controller.
    support: full
  async:
    description: Supports being used with the C(async) keyword.
    details: The task is refused with the error C(bad_keyword), and nothing is done.
    support: none
  become:
    description: Is usable alongside the C(become) keywords.
    details: They change nothing, and a warning says so. The work is done as the account that Ansible connects with, on
      a device also as SYSTEM, or on the controller as the user that runs Ansible.
    support: none
  check_mode:
    description: Can run in check mode and return what it would change, without changing it.
    support: full
  diff_mode:
    description: Returns what has changed, or would change in check mode, when in diff mode.
    support: full
"""

    DEVICE = r"""
options: {}
attributes:
  platform:
    description: The systems that this module reads or changes.
    platforms: windows
    support: full
  environment:
    description: Takes variables from the C(environment) keyword.
    details: No process on the device gets them.
    support: none
"""

    CONTROLLER = r"""
options: {}
attributes:
  platform:
    description: The systems that this module reads or changes.
    details: Works on the Ansible controller. Nothing is sent to the host of the task.
    platforms: posix
    support: full
"""

    FACTS = r"""
options: {}
attributes:
  facts:
    description: Returns C(ansible_facts).
    support: full
"""
