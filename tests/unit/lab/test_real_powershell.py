# Copyright (c) 2026, winops.entra contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Devices whose PowerShell is real: what can be said of them without one."""

from __future__ import annotations

import base64
import gzip
from pathlib import Path

import pytest

from tests.lab import __main__ as program
from tests.lab.powershell import payload, real

MAIN = (payload.ROOT / "plugins/plugin_utils/device/runner/main.ps1").read_text(encoding="ascii")


def packed(text: str) -> str:
    return base64.b64encode(gzip.compress(text.encode("ascii"))).decode("ascii")


def test_without_a_powershell_the_lab_says_so_and_does_not_start(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    scenario = tmp_path / "scenario.yml"
    scenario.write_text("devices: [{kind: unjoined_pro, device: {powershell: real}}]\n", encoding="utf-8")
    monkeypatch.setattr(real, "program", lambda: None)
    assert program.main(["--scenario", str(scenario), "--out", str(tmp_path / "lab")]) == 2
    assert "no pwsh on PATH" in capsys.readouterr().err
    assert not (tmp_path / "lab" / "ready.json").exists()


def test_the_stand_ins_come_before_the_last_lines_of_the_runner() -> None:
    sent = f"{packed('function registry_read {}' + chr(10) + payload.statements(MAIN))}|cmVxdWVzdA==\n"
    runner, _bar, request = payload.prepared(sent.encode("ascii")).decode("ascii").partition("|")
    text = gzip.decompress(base64.b64decode(runner)).decode("ascii")
    assert (
        text.index("function registry_read {}") < text.index("function Get-DeviceFact") < text.index("Invoke-Request")
    )
    assert request == "cmVxdWVzdA==\n"


def test_what_is_no_payload_stays_as_it_is() -> None:
    assert payload.prepared(b"some file\n") == b"some file\n"


def test_a_text_that_does_not_end_as_the_runner_is_refused() -> None:
    with pytest.raises(payload.NotTheRunner):
        payload.prepared(f"{packed('exit 0')}|cmVxdWVzdA==".encode("ascii"))
