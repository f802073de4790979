# Copyright (c) 2026, winops.entra contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Answers about deployments for unit tests: of lab devices, and of registries that a test writes."""

from __future__ import annotations

import json

from ansible_collections.winops.entra.plugins.plugin_utils.device.answers import Answer, Result, checked
from ansible_collections.winops.entra.plugins.plugin_utils.device.deployment import overview, phases

DENIED = {
    "type": "UnauthorizedAccessException",
    "message": "Requested registry access is not allowed.",
    "hresult": None,
}


def of_device(device) -> Answer:
    """What a lab device answers to the module's operations."""
    return of_trees({name: device.registry.tree(op["path"], op["depth"]) for name, op in overview.OBSERVATIONS.items()})


def of_trees(trees: dict[str, dict | None], **results: Result) -> Answer:
    """An answer with these keys ({values, keys}, None for an absent one), and with these results in their place."""
    told = {
        name: checked(op, {"ok": True, "value": {"exists": trees.get(name) is not None, "key": trees.get(name)}})
        for name, op in overview.OBSERVATIONS.items()
    }
    return Answer({**told, **results}, {"utc": "2026-11-21T08:00:00.000Z"}, 0.0, 0.0)


def of_phases(**texts) -> Answer:
    """An answer with nothing but phases, by the name of the phase."""
    values = {
        phases.value_name(name): text if isinstance(text, str) else json.dumps(text) for name, text in texts.items()
    }
    return of_trees({"phases": {"values": values, "keys": {}}})


def refused() -> Result:
    return Result(False, {}, DENIED, "a key")
