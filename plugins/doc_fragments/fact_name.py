# Copyright (c) 2026, winops.entra contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The name below which Ansible keeps the facts of a device: documentation of the option, and its spec."""

from __future__ import annotations


class ModuleDocFragment:
    """Fragment `winops.entra.fact_name`."""

    DOCUMENTATION = r"""
options:
  fact_name:
    description:
      - The name of the facts, C(ansible_facts.<fact_name>). Give it to all device modules of this collection in the
        same way, for example by C(module_defaults), because each of them corrects what it has changed under this name
        only.
      - Ansible also makes a variable of this name (C(INJECT_FACTS_AS_VARS)), which is stronger than one of the
        inventory. If the inventory has a variable named C(entra), choose another name here.
      - It must be the name of a variable, must not begin with C(ansible_), and must not be one that Ansible uses
        itself.
    type: str
    default: entra
"""


# Added by the action plugins: see package.py.
FACT_NAME_SPEC = {"fact_name": {"type": "str", "default": "entra", "holds": "variable"}}
