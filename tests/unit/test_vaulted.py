# Copyright (c) 2026, winops.entra contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A vaulted file of the controller is in clear on its disk while it is read and while it is copied, and then gone."""

from __future__ import annotations

import errno
import io
import os
import stat
import types
from pathlib import Path

import pytest
from ansible.parsing.dataloader import DataLoader
from ansible.parsing.vault import VaultLib, VaultSecret

from ansible_collections.winops.entra.plugins.plugin_utils import vaulted
from ansible_collections.winops.entra.plugins.plugin_utils.device.session import ConnectionLost, DeviceSession
from ansible_collections.winops.entra.plugins.plugin_utils.package import PackageError
from ansible_collections.winops.entra.plugins.plugin_utils.package_tasks import source as package_source
from ansible_collections.winops.entra.plugins.plugin_utils.result import Failure
from ansible_collections.winops.entra.plugins.plugin_utils.task import Task

CONTENT = b"MSWIM, not a package at all"


@pytest.fixture
def action(tmp_path, monkeypatch):
    """An action plugin whose loader has the vault's password; decrypted files come to ``tmp_path/clear``."""
    clear = tmp_path / "clear"
    clear.mkdir(mode=0o700)
    monkeypatch.setattr("ansible.constants.DEFAULT_LOCAL_TMP", str(clear))
    secrets = [("default", VaultSecret(b"a password"))]
    loader = DataLoader()
    loader.set_vault_secrets(secrets)
    (tmp_path / "vaulted.ppkg").write_bytes(VaultLib(secrets).encrypt(CONTENT))
    (tmp_path / "plain.ppkg").write_bytes(CONTENT)
    return types.SimpleNamespace(_loader=loader, _find_needle=lambda _folder, src: src)


def session(action, put_file) -> DeviceSession:
    """A session with that action's files, over a connection that copies like this."""
    connection = types.SimpleNamespace(put_file=put_file, reset=lambda: None)
    return DeviceSession(connection, None, in_clear=lambda path: vaulted.in_clear(action, path))


def task(action) -> Task:
    return Task(
        {},
        False,
        find_file=lambda src: vaulted.find(action, src),
        in_clear=lambda path: vaulted.in_clear(action, path),
    )


def _raise(exc: Exception):
    raise exc


def in_clear(tmp_path: Path) -> list[bytes]:
    return [(tmp_path / "clear" / name).read_bytes() for name in os.listdir(tmp_path / "clear")]


@pytest.mark.parametrize("step", ["write", "close", "mkstemp"])
def test_a_full_disk_is_said_to_be_one_and_is_no_lost_connection(action, tmp_path, monkeypatch, step):
    """Ansible raises a plain Exception, an AnsibleParserError or an OSError for it, by where the disk is full."""
    full = OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
    copied: list[str] = []

    class Full(io.BytesIO):
        def write(self, content):
            if step == "write":
                raise full
            return super().write(content)

        def close(self):
            if step == "close":
                raise full
            super().close()

    monkeypatch.setattr(os, "fdopen", lambda descriptor, _mode: os.close(descriptor) or Full())
    if step == "mkstemp":
        monkeypatch.setattr("tempfile.mkstemp", lambda **_options: _raise(full))
    with pytest.raises(Failure, match="vaulted.ppkg cannot be decrypted on the controller: No space left on device"):
        session(action, lambda source, _destination: copied.append(source)).put_file(
            str(tmp_path / "vaulted.ppkg"), "C:\\x"
        )
    assert copied == []


def test_a_file_is_in_clear_for_its_owner_within_the_with_only(action, tmp_path):
    with vaulted.in_clear(action, str(tmp_path / "vaulted.ppkg")) as path:
        assert Path(path).read_bytes() == CONTENT and in_clear(tmp_path) == [CONTENT]
        assert stat.S_IMODE(os.stat(path).st_mode) == 0o600
    assert in_clear(tmp_path) == []


def test_a_file_that_is_not_vaulted_is_read_where_it_is_and_stays(action, tmp_path):
    plain = tmp_path / "plain.ppkg"
    with vaulted.in_clear(action, str(plain)) as path:
        assert path == str(plain) and in_clear(tmp_path) == []
    assert plain.read_bytes() == CONTENT


def test_a_package_that_is_refused_is_not_left_in_clear_and_is_called_by_its_own_name(action, tmp_path):
    vaulted_file = str(tmp_path / "vaulted.ppkg")
    with pytest.raises(PackageError) as caught:
        package_source.contents_of_file(task(action), vaulted_file, None, None)
    assert caught.value.msg.startswith(f"{vaulted_file}: ") and in_clear(tmp_path) == []


def test_a_package_is_in_clear_while_it_is_copied(action, tmp_path):
    seen = []
    copied = session(action, lambda source, _destination: seen.append((Path(source).read_bytes(), in_clear(tmp_path))))
    copied.put_file(str(tmp_path / "vaulted.ppkg"), r"C:\x.ppkg")
    assert seen == [(CONTENT, [CONTENT])] and in_clear(tmp_path) == []


def test_a_copy_that_breaks_twice_leaves_nothing(action, tmp_path):
    seen = []

    def put_file(source, _destination):
        seen.append(in_clear(tmp_path))
        raise ConnectionError("broken")

    with pytest.raises((ConnectionLost, ConnectionError)):
        session(action, put_file).put_file(str(tmp_path / "vaulted.ppkg"), r"C:\x.ppkg")
    assert seen and set(map(tuple, seen)) == {(CONTENT,)} and in_clear(tmp_path) == []


def test_a_vault_without_its_password_is_a_bad_option_that_says_so(action, tmp_path):
    action._loader.set_vault_secrets([])
    with pytest.raises(Exception, match=r"bad option src: .*vault password") as caught:
        package_source.contents_of_file(task(action), str(tmp_path / "vaulted.ppkg"), None, None)
    assert caught.value.error["name"] == "bad_option" and in_clear(tmp_path) == []
