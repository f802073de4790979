# Copyright (c) 2026, winops.entra contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The writer of files: whole or not at all, for the owner only, and what cannot be written is a bad option."""

from __future__ import annotations

import contextlib
import errno
import json
import os
import socket
import stat
import types
from pathlib import Path

import pytest

from ansible_collections.winops.entra.plugins.plugin_utils.report import writer
from ansible_collections.winops.entra.plugins.plugin_utils.result import Failure


def test_a_file_is_for_its_owner_only_in_a_directory_that_is_made(tmp_path):
    file = tmp_path / "ein Ordner mit ü" / "report.json"
    writer.write(str(file), {"name": "Müller"})
    assert json.loads(file.read_text(encoding="utf-8")) == {"name": "Müller"}
    assert file.stat().st_mode & 0o777 == 0o600


def test_a_file_that_is_replaced_keeps_its_mode_and_a_new_one_is_for_its_owner_only(tmp_path):
    file, new = tmp_path / "devices.csv", tmp_path / "new" / "devices.csv"
    file.write_bytes(b"before")
    file.chmod(0o640)
    for path in (file, new):
        writer.replace(str(path), b"\xff\xfe\r\n")
        assert path.read_bytes() == b"\xff\xfe\r\n"
    assert (file.stat().st_mode & 0o777, new.stat().st_mode & 0o777) == (0o640, 0o600)
    assert os.listdir(new.parent) == ["devices.csv"]
    (tmp_path / "link").symlink_to(file)
    with pytest.raises(Failure, match=r"bad option dest: .* it is a link"):
        writer.replace(str(tmp_path / "link"), b"")


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


def _device_file(place):
    os.mknod(place, stat.S_IFCHR | 0o600, os.makedev(1, 3))


def _socket(place):
    with socket.socket(socket.AF_UNIX) as made:
        made.bind(str(place))


KINDS = {
    "a directory": lambda place: place.mkdir(),
    "a pipe": os.mkfifo,
    "a socket": _socket,
    "a device file": _device_file,
    "a link": lambda place: place.symlink_to(place.parent / "target"),
}


@pytest.mark.parametrize("kind", KINDS)
def test_what_is_no_regular_file_is_refused_and_left_alone(tmp_path, monkeypatch, kind):
    monkeypatch.chdir(tmp_path)  # The path of a socket is short.
    target, dest = tmp_path / "target", tmp_path / "dest"
    target.write_text("another's", encoding="utf-8")
    try:
        KINDS[kind](Path("dest") if kind == "a socket" else dest)
    except PermissionError:
        pytest.skip("only root makes device files")
    before = dest.lstat()
    for attempt in (lambda: writer.require_writable(str(dest)), lambda: writer.write(str(dest), {})):
        with pytest.raises(Failure, match=rf"bad option dest: .*/dest cannot be written: it is {kind}") as caught:
            attempt()
        assert caught.value.error["name"] == "bad_option"
    assert (dest.lstat().st_ino, dest.lstat().st_mode) == (before.st_ino, before.st_mode)
    assert target.read_text(encoding="utf-8") == "another's" and sorted(os.listdir(tmp_path)) == ["dest", "target"]


@pytest.mark.parametrize(
    ("name", "says"),
    [
        ("x" * 256, "File name too long"),
        ("new/" + "x" * 256 + "/report.json", "File name too long"),
        ("x/" * 3000 + "report.json", "File name too long"),
        ("file/report.json", "Not a directory"),
        ("file/new/report.json", "Not a directory"),
        ("nowhere/report.json", "nowhere is not a directory"),
        ("a\0b", "null byte"),
        ("a\ud800b", "surrogates"),
    ],
    ids=lambda value: ascii(value)[:20],
)
def test_a_name_that_no_file_can_have_is_refused_before_anything_is_written(tmp_path, name, says):
    (tmp_path / "file").write_text("x", encoding="utf-8")
    (tmp_path / "nowhere").symlink_to(tmp_path / "absent")
    for attempt in (writer.require_writable, lambda path: writer.write(path, {})):
        with pytest.raises(Failure) as caught:
            attempt(f"{tmp_path}/{name}")
        assert caught.value.msg.startswith("bad option dest: ") and says in caught.value.msg
        assert caught.value.msg.isprintable() and len(caught.value.msg) < 5000
    assert sorted(os.listdir(tmp_path)) == ["file", "nowhere"]


@pytest.mark.parametrize("forbidden", ["directory", "file"])
def test_where_nothing_may_be_written_is_known_before(tmp_path, monkeypatch, forbidden):
    file = tmp_path / "report.json"
    file.write_text("x", encoding="utf-8")
    closed = {"directory": tmp_path, "file": file}[forbidden]
    # Of root everything may be written; this is what others see.
    monkeypatch.setattr(os, "access", lambda path, _mode: path != str(closed))
    with pytest.raises(Failure, match="bad option dest: .* may not be written to"):
        writer.require_writable(str(file))
    assert file.read_text(encoding="utf-8") == "x"


def test_looking_whether_a_file_can_be_written_writes_nothing(tmp_path):
    writer.require_writable(str(tmp_path / "new" / "newer" / "report.json"))
    assert os.listdir(tmp_path) == []


@pytest.mark.parametrize("step", ["fsync", "replace"])
@pytest.mark.parametrize("there", [True, False])
def test_a_full_disk_leaves_what_was_there_and_nothing_else(tmp_path, monkeypatch, step, there):
    file = tmp_path / "new" / "report.json"
    if there:
        writer.write(str(file), {"good": True})

    def full(*_arguments):
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    monkeypatch.setattr(os, step, full)
    with pytest.raises(Failure, match=r"bad option dest: .*report.json cannot be written: No space left on device"):
        writer.write(str(file), {"good": False})
    if there:
        assert json.loads(file.read_text(encoding="utf-8")) == {"good": True} and os.listdir(file.parent) == [file.name]
    else:
        assert os.listdir(tmp_path) == []


@pytest.mark.parametrize(
    ("counts", "root", "full"),
    [
        ({"f_bfree": 9, "f_bavail": 9}, False, False),
        ({"f_bfree": 9}, False, True),
        ({"f_bfree": 9}, True, False),
        ({}, True, True),
        ({"f_bfree": 9, "f_bavail": 9, "f_files": 9}, False, True),
        ({"f_blocks": 0}, False, False),
    ],
    ids=str,
)
def test_a_full_disk_is_found_out_before_the_work(tmp_path, monkeypatch, counts, root, full):
    """Blocks that are kept back are root's, and where no files are counted there may be any number."""
    room = {"f_blocks": 9, "f_bfree": 0, "f_bavail": 0, "f_files": 0, "f_favail": 0, **counts}
    monkeypatch.setattr(os, "statvfs", lambda _path: types.SimpleNamespace(**room))
    monkeypatch.setattr(os, "geteuid", lambda: 0 if root else 1000)
    with pytest.raises(Failure, match="No space left on device") if full else contextlib.nullcontext():
        writer.require_writable(str(tmp_path / "new" / "report.json"))


def test_a_text_in_a_file_is_nothing_but_a_text(tmp_path):
    file, said = tmp_path / "report.json", "a\x1b[2J\x7f\x85\u2028\u202e\u200b\ud800\nb"
    writer.write(str(file), {said: said})
    text = file.read_text(encoding="utf-8")
    assert all(line.isprintable() for line in text.split("\n")) and len(text.split("\n")) == 4
    assert json.loads(text) == {said.replace("\ud800", "\ufffd"): said.replace("\ud800", "\ufffd")}


def test_links_among_the_directories_of_the_path_are_followed(tmp_path):
    (tmp_path / "real").mkdir()
    (tmp_path / "link").symlink_to(tmp_path / "real")
    place = str(tmp_path / "link" / "report.json")
    writer.require_writable(place)
    writer.write(place, {"good": True})
    assert json.loads((tmp_path / "real" / "report.json").read_text(encoding="utf-8")) == {"good": True}
