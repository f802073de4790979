# Copyright (c) 2026, winops.entra contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""pslint is left out where the pwsh on PATH cannot run it: ansible-test ends with FATAL there."""

from __future__ import annotations

import os

import pytest

from tests import run_sanity


@pytest.mark.skipif(os.name == "nt", reason="the stand-in is a script with a first line")
@pytest.mark.parametrize(("code", "there"), [(0, True), (1, False)])
def test_the_module_is_asked_of_the_pwsh_that_ansible_test_would_start(tmp_path, code, there):
    program = tmp_path / "pwsh"
    program.write_text(f'#!/bin/sh\n[ "$HOME" = /isolated ] || exit 9\nexit {code}\n', encoding="ascii")
    program.chmod(0o755)
    path = f"{tmp_path}:/usr/bin:/bin"
    assert run_sanity.has_script_analyzer({"HOME": "/isolated", "PATH": path}) is there
