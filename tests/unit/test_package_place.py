# Copyright (c) 2026, winops.entra contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Where a package that is built comes to: what may be there, and that both files come whole or not at all."""

from __future__ import annotations

import contextlib
import errno
import hashlib
import json
import os
import resource
import stat
from pathlib import Path

import pytest

from ansible_collections.winops.entra.plugins.plugin_utils import private_file
from ansible_collections.winops.entra.plugins.plugin_utils.package_tasks import place as package_place
from ansible_collections.winops.entra.plugins.plugin_utils.package_tasks.place import Made, Place
from ansible_collections.winops.entra.plugins.plugin_utils.result import Failure
from tests.lab import ppkg

ID = "4a1f9e0c-7a55-4f0e-9d0b-0a52f3a7c111"
PACKAGE = ppkg.build("Contoso", ID, computer_name="CT-%SERIAL%")


def made(content: bytes = PACKAGE, catalog: bytes = b"catalogue", password: str | None = None) -> Made:
    return Made(ID, hashlib.sha256(content).hexdigest(), lambda stream: stream.write(content), catalog, password)


def put(spot: Place, what: Made) -> None:
    with spot.writing(what) as writing:
        writing.put()


def place(folder: Path, name: str = "a.ppkg", password: str | None = None) -> Place:
    return Place.of(str(folder / name), password and str(folder / password))


def test_both_files_are_there_for_their_owner_only_and_nothing_else(tmp_path: Path):
    put(place(tmp_path / "new"), made())
    put(place(tmp_path / "new"), made(PACKAGE + b"x", b"other"))
    files = {path.name: path for path in (tmp_path / "new").iterdir()}
    assert set(files) == {"a.ppkg", "a.cat"}
    assert (files["a.ppkg"].read_bytes(), files["a.cat"].read_bytes()) == (PACKAGE + b"x", b"other")
    assert {stat.S_IMODE(path.stat().st_mode) for path in files.values()} == {0o600}


def test_the_password_is_in_a_file_that_says_whose_it_is(tmp_path: Path):
    spot = place(tmp_path, password="a.json")
    put(spot, made(password="4711"))
    assert json.loads((tmp_path / "a.json").read_text())["password"] == "4711"
    assert stat.S_IMODE((tmp_path / "a.json").stat().st_mode) == 0o600
    assert spot.look().password["package_id"] == ID


@pytest.mark.parametrize("name", ["a.txt", "a", ".ppkg", "a.ppkg.old"])
def test_a_package_has_its_ending(tmp_path: Path, name: str):
    with pytest.raises(Failure, match=r"bad option dest: .*\.ppkg"):
        place(tmp_path, name)


@pytest.mark.parametrize("which", ["a.ppkg", "a.cat"])
@pytest.mark.parametrize("kind", ["directory", "link", "pipe"])
def test_only_regular_files_are_replaced(tmp_path: Path, which: str, kind: str):
    path = tmp_path / which
    (tmp_path / "other").write_bytes(b"of others")
    {"directory": path.mkdir, "link": lambda: path.symlink_to("other"), "pipe": lambda: os.mkfifo(path)}[kind]()
    with pytest.raises(Failure, match=f"bad option dest: .*it is a {kind}"):
        place(tmp_path)
    assert (tmp_path / "other").read_bytes() == b"of others"


@pytest.mark.parametrize("content", [b"", b"notes of mine", b"$ANSIBLE_VAULT;1.1;AES256\n00", b"PK\3\4"])
def test_a_file_that_is_no_package_is_refused(tmp_path: Path, content: bytes):
    (tmp_path / "a.ppkg").write_bytes(content)
    with pytest.raises(Failure, match="bad option dest: there is a file at .* that is not a package"):
        place(tmp_path).look()


@pytest.mark.parametrize(
    ("content", "readable"),
    [(PACKAGE, True), (ppkg.encrypt(PACKAGE, "4711"), False), (PACKAGE[: len(PACKAGE) // 2], False)],
    ids=["a package", "an encrypted one", "a damaged one"],
)
def test_a_package_that_is_there_is_known(tmp_path: Path, content: bytes, readable: bool):
    (tmp_path / "a.ppkg").write_bytes(content)
    found = place(tmp_path).look()
    assert (found.package is not None, bool(found.sha256), found.catalog) == (readable, True, None)


@pytest.mark.parametrize("content", ["", "{}", "[1]", '{"password": 1, "package_id": "", "sha256": ""}', "\udcff"])
def test_a_file_that_holds_something_else_than_a_password_is_refused(tmp_path: Path, content: str):
    (tmp_path / "a.json").write_bytes(content.encode(errors="surrogateescape"))
    with pytest.raises(Failure, match=r"bad option password_dest: there is a file at .* that holds something else"):
        place(tmp_path, password="a.json").look()


@pytest.mark.parametrize("name", ["a.ppkg", "a.cat"])
def test_the_password_has_a_file_of_its_own(tmp_path: Path, name: str):
    with pytest.raises(Failure, match="bad option password_dest"):
        place(tmp_path, password=name)


@pytest.mark.parametrize("way", ["itself", "by a link", "by another name"])
def test_a_template_is_not_replaced_by_what_is_made_of_it(tmp_path: Path, way: str):
    (tmp_path / "a.ppkg").write_bytes(PACKAGE)
    template = tmp_path / "template.ppkg"
    if way == "by a link":
        template.symlink_to("a.ppkg")
    elif way == "by another name":
        os.link(tmp_path / "a.ppkg", template)
    else:
        template = tmp_path / "." / "a.ppkg"
    with pytest.raises(Failure, match="bad option template: it is the file that is to be written"):
        place(tmp_path).require_other_than(str(template), "template")


@pytest.mark.parametrize("step", ["write", "fsync", "name"])
@pytest.mark.parametrize("which", [0, 1], ids=["of the catalogue", "of the package"])
def test_a_full_disk_leaves_what_was_there(tmp_path: Path, monkeypatch, step: str, which: int):
    put(place(tmp_path), made(b"old package", b"old catalogue"))
    full, calls = OSError(errno.ENOSPC, os.strerror(errno.ENOSPC)), []

    def failing(real):
        def call(*args, **options):
            calls.append(step)
            if len(calls) == which + 1:
                raise full
            return real(*args, **options)

        return call

    if step == "write":
        monkeypatch.setattr(private_file.os, "fdopen", failing(os.fdopen))
    elif step == "fsync":
        monkeypatch.setattr(private_file.os, "fsync", failing(os.fsync))
    else:
        monkeypatch.setattr(private_file.os, "link", failing(os.link))
    with pytest.raises(Failure, match="bad option dest: .* cannot be written: No space left on device"):
        put(place(tmp_path), made())
    assert (tmp_path / "a.ppkg").read_bytes() == b"old package"
    # The catalogue is put first, and each of the two is whole.
    whole = [b"old catalogue"] if step != "name" or which == 0 else [b"catalogue"]
    assert (tmp_path / "a.cat").read_bytes() in whole
    assert sorted(os.listdir(tmp_path)) == ["a.cat", "a.ppkg"]


@contextlib.contextmanager
def files_of_at_most(size: int):
    """A disk that is full after so many bytes of a file, as the kernel says it."""
    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (size, before[1]))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, before)


@pytest.mark.parametrize(
    ("size", "told"), [(0, "password_dest: .*a.json"), (500, "dest: .*a.cat"), (1000, "dest: .*a.ppkg")]
)
def test_a_disk_that_is_full_within_a_file_is_told_with_its_option(tmp_path: Path, size: int, told: str):
    spot = place(tmp_path, password="a.json")
    small, large = made(b"", b"", ""), made(PACKAGE, b"catalogue" * 100, "x" * 100)
    put(spot, small)
    with pytest.raises(Failure, match=f"bad option {told} cannot be written: File too large"), files_of_at_most(size):
        put(spot, large)
    assert sorted(os.listdir(tmp_path)) == ["a.cat", "a.json", "a.ppkg"] and (tmp_path / "a.ppkg").read_bytes() == b""


def test_nobody_sees_files_before_they_are_put(tmp_path: Path):
    with place(tmp_path).writing(made()) as writing:
        assert [name for name in os.listdir(tmp_path) if not name.endswith(".lock")] == []
        writing.stream.seek(0)
        assert writing.stream.read() == PACKAGE
    assert os.listdir(tmp_path) == []


def test_a_directory_that_was_made_for_nothing_is_gone(tmp_path: Path, monkeypatch):
    def full(*_args):
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    monkeypatch.setattr(private_file.os, "fsync", full)
    with pytest.raises(Failure, match="No space left on device"):
        put(place(tmp_path / "new" / "deep"), made())
    assert os.listdir(tmp_path) == []


def test_two_tasks_do_not_write_the_same_package_at_once(tmp_path: Path, monkeypatch):
    monkeypatch.setattr(package_place, "PATIENCE", 0)
    spot = place(tmp_path)
    with package_place.locks.held(str(tmp_path / ".a.ppkg.lock"), lambda: True), pytest.raises(Failure) as caught:
        put(spot, made())
    assert caught.value.error["name"] == "package_being_built" and os.listdir(tmp_path) == []


def test_modes_that_others_can_read_by_are_told_and_tightened(tmp_path: Path):
    spot = place(tmp_path)
    put(spot, made())
    (tmp_path / "a.ppkg").chmod(0o644)
    assert list(spot.loose_modes()) == [(spot.dest, 0o644)]
    spot.tighten([spot.dest])
    assert list(spot.loose_modes()) == []
