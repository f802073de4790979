# Copyright (c) 2026, winops.entra contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Reads the state of a device, or of what C(path) names, by the lab's control API between two tasks, or posts C(body)
there: a route that goes through no product code."""

from __future__ import annotations

import json
import typing as t
import urllib.request

from ansible.plugins.action import ActionBase


class ActionModule(ActionBase):
    """The action plugin: returns {state: the device's dump, or the answer}; asks the control API, never the device."""

    _requires_connection = False

    def run(self, tmp: t.Any = None, task_vars: t.Any = None) -> dict[str, t.Any]:
        """Called by Ansible."""
        result = super().run(tmp, task_vars)
        path, body = self._task.args.get("path"), self._task.args.get("body")
        address = f"{task_vars['lab_control']}{path or '/devices/' + task_vars['inventory_hostname']}"
        data = None if body is None else json.dumps(body).encode()
        opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
        with opener.open(urllib.request.Request(address, data), timeout=60) as answer:
            return result | {"state": json.load(answer)}
