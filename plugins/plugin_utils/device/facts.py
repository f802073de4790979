# Copyright (c) 2026, winops.entra contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The work of the module device_facts.

Internal to winops.entra: may change in any release.
"""

from __future__ import annotations

from ..task import Task
from . import state


def gather(task: Task) -> dict:
    """The facts of the asked subsets, in one exchange; warnings name what could not be read."""
    asked = task.args["gather_subset"]
    subsets = state.SUBSETS if "all" in asked else tuple(asked)
    answer = task.session.run(state.observations(subsets))
    refused = state.problems(answer)
    facts = state.build(answer, subsets) | {"refused": refused}
    return {"ansible_facts": {"entra": facts}} | ({"warnings": refused} if refused else {})
