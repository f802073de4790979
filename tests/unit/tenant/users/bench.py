# Copyright (c) 2026, winops.entra contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""One run of a module over a tenant with authentication methods."""

from __future__ import annotations

import importlib
import typing as t

from ansible.module_utils.common.arg_spec import ArgumentSpecValidator

from ansible_collections.winops.entra.plugins.plugin_utils.option_door import ansible_spec, understood

from ..fake_graph import Bench
from ..method_graph import MethodGraph

_ACTION = "ansible_collections.winops.entra.plugins.action.{}"


class MethodBench(Bench):
    """A Bench over a MethodGraph."""

    def __init__(self) -> None:
        super().__init__()
        self.graph: t.Any = MethodGraph()

    def play(self, module: str, check_mode: bool = False, **options: t.Any) -> dict[str, t.Any]:
        """The result of the module with these options."""
        plugin = importlib.import_module(_ACTION.format(module)).ActionModule
        checked = ArgumentSpecValidator(ansible_spec(plugin.spec)).validate(options)
        assert not checked.error_messages
        return self.run(plugin.work, understood(checked.validated_parameters, plugin.spec), check_mode)
