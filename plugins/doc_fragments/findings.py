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
      - What makes the task fail. The findings are returned all the same, and with an empty list it never fails.
      - A result (V(fail), V(warn), V(unknown)) stands for every finding that has it.
      - The id of a finding stands for that finding where its result is V(fail).
    type: list
    elements: str
    default: []
"""


FINDINGS_SPEC = {"fail_on": {"type": "list", "elements": "str", "default": []}}
