# Copyright (c) 2026, winops.entra contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A worker that wrote to Ansible's log stood still for ever where a thread of the parent wrote as it was forked."""

from __future__ import annotations

import io
import logging
import multiprocessing
from collections.abc import Iterator
from pathlib import Path

import pytest

from ansible_collections.winops.entra.plugins.plugin_utils import worker_log
from ansible_collections.winops.entra.plugins.plugin_utils.tenant.graph import libraries


class Untouched(io.TextIOBase):
    """A stream that nobody may write to: in a worker its lock may be held by a thread that is not there."""

    def write(self, text: str) -> int:
        raise AssertionError(f"written: {text}")


@pytest.fixture
def root(monkeypatch: pytest.MonkeyPatch) -> Iterator[logging.Logger]:
    root = logging.getLogger()
    monkeypatch.setattr(root, "handlers", [])
    monkeypatch.setattr(root, "level", logging.INFO)
    monkeypatch.setattr(logging, "raiseExceptions", True)
    yield root


def test_a_worker_leaves_the_log_of_its_parent_alone(
    root: logging.Logger, monkeypatch: pytest.MonkeyPatch, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    log = logging.FileHandler(tmp_path / "ansible.log")
    root.addHandler(log)
    root.addHandler(logging.StreamHandler(Untouched()))
    monkeypatch.setattr(multiprocessing, "parent_process", object)
    worker_log.leave_alone()
    logging.getLogger("urllib3.connectionpool").warning("Retrying after connection broken")
    log.close()
    assert (tmp_path / "ansible.log").read_text() == ""
    assert capsys.readouterr() == ("", "")


def test_the_parent_keeps_its_log(root: logging.Logger) -> None:
    handler = logging.StreamHandler(io.StringIO())
    root.addHandler(handler)
    worker_log.leave_alone()
    assert handler in root.handlers


@pytest.mark.parametrize("name", ["httpx", "httpcore.connection", "azure.identity", "msal.authority"])
def test_libraries_of_the_tenant_have_no_line_in_any_log(name: str, root: logging.Logger) -> None:
    assert libraries.MISSING is None
    said = io.StringIO()
    root.addHandler(logging.StreamHandler(said))
    logging.getLogger(name).error("HTTP Request: GET https://graph.microsoft.com/v1.0/me")
    assert said.getvalue() == ""
