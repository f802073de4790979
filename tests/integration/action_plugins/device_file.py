# Copyright (c) 2026, winops.entra contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Puts a file of the controller onto a device by Ansible's own connection, as a user would by other means."""

from __future__ import annotations

import typing as t

from ansible.plugins.action import ActionBase


class ActionModule(ActionBase):
    """The action plugin: copies ``src`` to the literal path ``dest``."""

    def run(self, tmp: t.Any = None, task_vars: t.Any = None) -> dict[str, t.Any]:
        """Called by Ansible."""
        result = super().run(tmp, task_vars)
        self._connection.put_file(self._task.args["src"], self._task.args["dest"])
        return result | {"changed": True}
