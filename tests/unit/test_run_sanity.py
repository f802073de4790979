# Copyright (c) 2026, winops.entra contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What ansible-test is given: only tests that can run here, and a pip for its environments."""

from __future__ import annotations

import importlib.metadata
import os
import sysconfig

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


def test_an_environment_of_ansible_test_gets_the_pip_that_is_here(tmp_path, monkeypatch):
    monkeypatch.setattr(sysconfig, "get_path", lambda _name: str(tmp_path))
    exec(run_sanity.GET_PIP.format(sources=run_sanity.pip_directories()))
    assert (tmp_path / "pip" / "__main__.py").is_file()
    [there] = importlib.metadata.distributions(name="pip", path=[str(tmp_path)])
    assert there.version == importlib.metadata.version("pip")
