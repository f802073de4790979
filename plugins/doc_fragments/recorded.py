# Copyright (c) 2026, winops.entra contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The option of a module whose attempts a rollout's report holds."""

from __future__ import annotations


class ModuleDocFragment:
    """Fragment `winops.entra.recorded`."""

    DOCUMENTATION = r"""
options:
  add_to_report:
    description:
      - Path on the controller of the report that M(winops.entra.rollout_report) writes after the wave. The attempt is
        added to the journal beside it, when it begins and when it ends, so that a run that is killed loses nothing. See
        docs/reports.md.
      - In check mode this is the journal of the report of check mode.
    type: path
"""


# Added by the action plugins: see package.py.
RECORDED_SPEC = {"add_to_report": {"type": "path"}}
