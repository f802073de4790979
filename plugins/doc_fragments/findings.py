# Copyright (c) 2026, winops.entra contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The option by which a module that returns findings fails."""

from __future__ import annotations


class ModuleDocFragment:
    """Fragment `winops.entra.findings`: what plugin_utils/findings.py judges by."""

    DOCUMENTATION = r"""
options:
  fail_on:
    description:
      - Which findings make the task fail. The findings are returned in any case. With an empty list the task never
        fails because of findings.
      - A result (V(fail), V(warn), V(unknown)) stands for every finding with that result.
      - The id of a finding stands for that finding if its result is V(fail).
    type: list
    elements: str
    default: []
"""


FINDINGS_SPEC = {"fail_on": {"type": "list", "elements": "str", "default": []}}
