# Copyright (c) 2026, winops.entra contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A file with secrets has no name before it is whole, and is for its owner only."""

from __future__ import annotations

import errno
import os
import stat
from pathlib import Path

import pytest

from ansible_collections.winops.entra.plugins.plugin_utils import private_file as module
from ansible_collections.winops.entra.plugins.plugin_utils.private_file import hidden_name, private_file


@pytest.fixture(params=[True, False], ids=["without a name", "on a file system that has only names"])
def nameless(request, monkeypatch):
    if not request.param:

        def opened(path, flags, *args):
            if flags & os.O_DIRECTORY and flags & os.O_RDWR:  # O_TMPFILE
                raise OSError(errno.EOPNOTSUPP, "not supported")
            return real(path, flags, *args)

        real = os.open
        monkeypatch.setattr(module.os, "open", opened)
    return request.param


def test_a_file_is_there_as_a_whole_and_for_its_owner_only(tmp_path: Path, nameless):
    path = tmp_path / "a.ppkg"
    with private_file(str(path)) as file:
        file.stream.write(b"secret")
        file.sync()
        assert os.listdir(tmp_path) == ([] if nameless else [".a.ppkg.new"])
        file.put()
    assert path.read_bytes() == b"secret" and os.listdir(tmp_path) == ["a.ppkg"]
    assert stat.S_IMODE(path.stat().st_mode) == 0o600


def test_the_old_file_stays_until_the_new_one_is_put(tmp_path: Path, nameless):
    path = tmp_path / "a.ppkg"
    path.write_bytes(b"old")
    path.chmod(0o644)
    with private_file(str(path)) as file:
        file.stream.write(b"new")
        file.sync()
        assert path.read_bytes() == b"old"
        file.put()
        assert path.read_bytes() == b"new"
    assert os.listdir(tmp_path) == ["a.ppkg"] and stat.S_IMODE(path.stat().st_mode) == 0o600


def test_a_file_that_is_to_be_new_replaces_none(tmp_path: Path, nameless):
    path = tmp_path / "a.json"
    with private_file(str(path)) as file:
        file.stream.write(b"first")
        file.put(new=True)
    with pytest.raises(FileExistsError), private_file(str(path)) as file:
        file.stream.write(b"second")
        file.put(new=True)
    assert path.read_bytes() == b"first" and os.listdir(tmp_path) == ["a.json"]


def test_what_is_not_put_is_gone(tmp_path: Path, nameless):
    with pytest.raises(RuntimeError), private_file(str(tmp_path / "a.ppkg")) as file:
        file.stream.write(b"secret")
        file.sync()
        raise RuntimeError
    assert os.listdir(tmp_path) == []


def test_what_a_killed_run_has_left_is_taken_away(tmp_path: Path, nameless):
    path = tmp_path / "a.ppkg"
    Path(hidden_name(str(path))).write_bytes(b"left behind")
    with private_file(str(path)) as file:
        file.stream.write(b"new")
        file.put()
    assert os.listdir(tmp_path) == ["a.ppkg"]


def test_a_file_that_somebody_makes_meanwhile_is_replaced(tmp_path: Path, nameless, monkeypatch):
    path = tmp_path / "a.ppkg"
    with private_file(str(path)) as file:
        file.stream.write(b"ours")
        file.sync()
        path.write_bytes(b"theirs")
        monkeypatch.setattr(module.os.path, "lexists", lambda _path: False)
        file.put()
    assert path.read_bytes() == b"ours" and os.listdir(tmp_path) == ["a.ppkg"]


@pytest.mark.parametrize("number", [errno.ENOSPC, errno.EDQUOT, errno.EACCES])
def test_a_directory_that_takes_nothing_is_an_error_and_no_reason_for_another_way(tmp_path, monkeypatch, number):
    def refused(*_args):
        raise OSError(number, os.strerror(number))

    monkeypatch.setattr(module.os, "open", refused)
    with pytest.raises(OSError, match=os.strerror(number)), private_file(str(tmp_path / "a.ppkg")):
        pass
