# Copyright (c) 2026, winops.entra contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The writer of files: whole or not at all, for the owner only, and what cannot be written is a bad option."""

from __future__ import annotations

import json
import os

import pytest

from ansible_collections.winops.entra.plugins.plugin_utils.report import writer
from ansible_collections.winops.entra.plugins.plugin_utils.result import Failure


def test_a_file_is_for_its_owner_only_in_a_directory_that_is_made(tmp_path):
    file = tmp_path / "ein Ordner mit ü" / "report.json"
    writer.write(str(file), {"name": "Müller"})
    assert json.loads(file.read_text(encoding="utf-8")) == {"name": "Müller"}
    assert file.stat().st_mode & 0o777 == 0o600


def test_what_cannot_be_written_whole_leaves_the_file_that_was_there(tmp_path):
    file = tmp_path / "report.json"
    writer.write(str(file), {"good": True})
    with pytest.raises(TypeError):
        writer.write(str(file), {"good": False, "bad": object()})
    assert json.loads(file.read_text(encoding="utf-8")) == {"good": True}
    assert os.listdir(tmp_path) == ["report.json"]


@pytest.mark.parametrize("path", ["file/report.json", "directory"])
def test_a_place_that_cannot_be_written_to_is_a_bad_option(tmp_path, path):
    (tmp_path / "file").write_text("x", encoding="utf-8")
    (tmp_path / "directory").mkdir()
    with pytest.raises(Failure, match=r"bad option dest: .* cannot be written"):
        writer.write(str(tmp_path / path), {})
    assert sorted(os.listdir(tmp_path)) == ["directory", "file"]
