# Copyright (c) 2026, winops.entra contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A stick is laid out whole or not at all, with one package in its root, and the rest of it is left alone."""

from __future__ import annotations

import errno
import functools
import hashlib
import os
import re
import stat
import types
from pathlib import Path

import pytest

from ansible_collections.winops.entra.plugins.plugin_utils.media import checklist, content, folder, names, plan, work
from ansible_collections.winops.entra.plugins.plugin_utils.progress import Progress
from ansible_collections.winops.entra.plugins.plugin_utils.result import NOT_SEEN, Failure
from ansible_collections.winops.entra.plugins.plugin_utils.time_limit import TaskTimeUp

from .conftest import PACKAGE_ID, TOKEN, names_in, refused


def test_a_stick_has_the_package_its_catalogue_checksums_and_a_checklist(lay, package, stick):
    src = package()
    src.with_suffix(".cat").write_bytes(b"a catalogue")
    laid = lay(src=src, dest=stick, contact="Grace")
    assert names_in(stick) == ["CHECKLIST.html", "SHA256SUMS", "join.cat", "join.ppkg"]
    assert (stick / "join.ppkg").read_bytes() == src.read_bytes()
    sums = dict(line.split("  ")[::-1] for line in (stick / "SHA256SUMS").read_text().splitlines())
    assert sums == {name: hashlib.sha256((stick / name).read_bytes()).hexdigest() for name in ("join.ppkg", "join.cat")}
    assert {stat.S_IMODE((stick / name).stat().st_mode) for name in names_in(stick)} == {0o600}
    [medium] = laid.media
    assert (medium["package_id"], medium["name"], medium["computer_name"]) == (
        PACKAGE_ID,
        "Contoso join",
        "PC-%SERIAL%",
    )
    assert (medium["secret"], medium["encrypted"], medium["signed"], medium["mounted"]) == (True, False, False, False)
    assert any("whoever has the medium" in warning for warning in laid.task.learned["warnings"])


def test_the_guide_names_the_files_of_a_stick():
    guide = (Path(__file__).parents[3] / "docs" / "media.md").read_text(encoding="utf-8")
    rows = re.findall(r"^\| `([^`]+)`", guide, re.MULTILINE)
    assert rows == [f"NAME{names.PPKG}", f"NAME{folder.CATALOG}", plan.SUMS, checklist.FILES["html"]]


def test_a_second_run_writes_nothing(lay, package, stick):
    src = package()
    lay(src=src, dest=stick)
    before = {name: (stick / name).stat().st_ino for name in names_in(stick)}
    again = lay(src=src, dest=stick)
    assert again.changes == []
    assert {name: (stick / name).stat().st_ino for name in names_in(stick)} == before
    assert {file["state"] for file in again.media[0]["files"]} == {"unchanged"}


def test_check_mode_writes_nothing_and_tells_the_same(lay, package, stick):
    src = package()
    foretold = lay(check_mode=True, src=src, dest=stick)
    assert names_in(stick) == []
    assert foretold.changes == lay(src=src, dest=stick).changes != []


def test_another_package_in_the_root_is_refused_by_its_name_or_removed(lay, package, stick):
    (stick / "Old.PPKG").write_bytes(b"another one")
    (stick / "below").mkdir()
    (stick / "below" / "deeper.ppkg").write_bytes(b"Windows looks into the root only")
    (stick / "letter.txt").write_bytes(b"a letter")
    src = package()
    assert "Old.PPKG" in refused(lay, src=src, dest=stick)
    assert names_in(stick) == ["Old.PPKG", "below", "letter.txt"]
    laid = lay(src=src, dest=stick, other_packages="remove")
    assert laid.media[0]["removed"] == ["Old.PPKG"]
    assert names_in(stick) == ["CHECKLIST.html", "SHA256SUMS", "below", "join.ppkg", "letter.txt"]
    assert laid.media[0]["left_alone"] == ["below", "letter.txt"]
    assert (stick / "letter.txt").read_bytes() == b"a letter"
    assert {"what": str(stick / "Old.PPKG"), "before": "there", "after": None} in laid.changes


@pytest.mark.parametrize("name", ["checklist.HTML", "sha256sums", "JOIN.Cat"])
def test_a_name_that_is_ours_but_for_its_case_is_one_file_on_a_stick(lay, package, stick, name):
    src = package()
    src.with_suffix(".cat").write_bytes(b"a catalogue")
    (stick / name).write_bytes(b"of an earlier time")
    lay(src=src, dest=stick)
    assert names_in(stick) == ["CHECKLIST.html", "SHA256SUMS", "join.cat", "join.ppkg"]
    assert lay(src=src, dest=stick).changes == []


@pytest.mark.parametrize("name", ["CheckList.html", "JOIN.PPKG"])
def test_a_folder_that_has_our_name_in_another_case_is_refused(lay, package, stick, name):
    (stick / name).mkdir()
    assert "regular file" in refused(lay, src=package(), dest=stick)
    assert names_in(stick) == [name]


def test_names_are_compared_as_fat_does():
    assert names.without_case("Büro.ppkg") == names.without_case("BÜRO.PPKG")
    assert names.without_case("straße") != names.without_case("strasse")


def test_a_catalogue_of_an_earlier_package_does_not_stay_beside_another(lay, package, stick):
    src = package()
    src.with_suffix(".cat").write_bytes(b"a catalogue")
    lay(src=src, dest=stick)
    src.with_suffix(".cat").unlink()
    lay(src=package(token=TOKEN + "x"), dest=stick)
    assert "join.cat" not in names_in(stick)


def test_a_checklist_in_another_form_does_not_stay_and_one_of_others_does(lay, package, stick):
    src = package()
    lay(src=src, dest=stick)
    lay(src=src, dest=stick, checklist="text")
    assert names_in(stick) == ["CHECKLIST.txt", "SHA256SUMS", "join.ppkg"]
    (stick / "CHECKLIST.html").write_bytes(b"<title>For pilots</title>")
    assert lay(src=src, dest=stick, checklist="none").media[0]["left_alone"] == ["CHECKLIST.html"]
    assert names_in(stick) == ["CHECKLIST.html", "SHA256SUMS", "join.ppkg"]


def test_a_catalogue_of_another_package_is_warned_of(lay, package, stick):
    src = package()
    digests = [hashlib.sha256(src.read_bytes()), hashlib.sha1(src.read_bytes(), usedforsecurity=False)]
    fitting = [digest.digest() for digest in digests] + [
        digest.hexdigest().upper().encode("utf-16-le") for digest in digests
    ]
    for held, warned in [(b"another", True), *((each, False) for each in fitting)]:
        src.with_suffix(".cat").write_bytes(b"0" + held + b"0")
        laid = lay(src=src, dest=stick)
        assert any("has no hash" in warning for warning in laid.task.learned["warnings"]) is warned


def test_a_catalogue_that_cannot_be_one_is_refused(lay, package, stick):
    pipe, large = stick.parent / "pipe.cat", stick.parent / "large.cat"
    os.mkfifo(pipe)
    large.write_bytes(bytes(content.AT_ONCE + 1))
    for catalog in (pipe, large, stick):
        assert "bad option catalog" in refused(lay, src=package(), dest=stick, catalog=catalog)


def test_each_site_gets_a_folder_of_its_own(lay, package, stick):
    media = [
        {"name": "Berlin", "src": str(package("berlin.ppkg"))},
        {"name": "Lisboa", "src": str(package("lisbon.ppkg", version="2.0")), "contact": "Ana"},
    ]
    laid = lay(media=media, dest=stick, contact="Grace", checklist="text")
    assert names_in(stick) == ["Berlin", "Lisboa"]
    assert names_in(stick / "Lisboa") == ["CHECKLIST.txt", "SHA256SUMS", "lisbon.ppkg"]
    assert "Call: Ana" in (stick / "Lisboa" / "CHECKLIST.txt").read_text()
    assert "Call: Grace" in (stick / "Berlin" / "CHECKLIST.txt").read_text()
    assert stat.S_IMODE((stick / "Berlin").stat().st_mode) == 0o700
    assert lay(media=media, dest=stick, contact="Grace", checklist="text").changes == [] != laid.changes


def test_two_media_that_are_one_folder_by_a_link_are_refused(lay, package, stick):
    (stick / "a").mkdir()
    (stick / "b").symlink_to("a")
    media = [{"name": name, "src": str(package(f"{name}.ppkg"))} for name in ("a", "b")]
    assert "are the same folder" in refused(lay, media=media, dest=stick)
    assert names_in(stick / "a") == []


@pytest.mark.parametrize("make", [lambda path: path.write_bytes(b"x"), lambda path: path.symlink_to("nowhere")])
@pytest.mark.parametrize("check_mode", [True, False])
def test_what_is_no_folder_in_the_place_of_a_medium_is_refused(lay, package, stick, make, check_mode):
    make(stick / "a")
    said = refused(lay, check_mode=check_mode, media=[{"name": "a", "src": str(package())}], dest=stick)
    assert "bad option dest" in said


def test_two_tasks_on_one_stick_follow_each_other(lay, package, stick, monkeypatch):
    monkeypatch.setattr(folder, "MOST_WAITED", 0)
    with folder.alone(str(stick), Progress(print)), pytest.raises(Failure, match="another task") as caught:
        lay(src=package(), dest=stick)
    assert caught.value.error["name"] == "medium_busy" and names_in(stick) == []
    lay(src=package(), dest=stick)
    assert "join.ppkg" in refused(lay, src=package("other.ppkg"), dest=stick)


def test_a_file_system_without_locks_is_written_without_one(lay, package, stick, monkeypatch):
    def no_locks(*_arguments):
        raise OSError(errno.ENOLCK, "No locks available")

    monkeypatch.setattr(folder, "locked_handle", no_locks)
    assert lay(src=package(), dest=stick).changes


def test_a_task_whose_time_is_up_says_which_media_it_knows_of(lay, package, stick, monkeypatch):
    real, known = folder.write, []

    def write(root, *rest):
        if known:
            raise TaskTimeUp
        known.append(root)
        real(root, *rest)

    monkeypatch.setattr(folder, "write", write)
    tasks: list = []
    monkeypatch.setattr(work, "media_of", lambda task: tasks.append(task) or plan.media_of(task))
    with pytest.raises(TaskTimeUp):
        lay(media=[{"name": name, "src": str(package())} for name in ("a", "b")], dest=stick)
    told = {change["what"]: change["after"] for change in tasks[0].changes.as_result(False)["changes"]}
    assert told[str(stick / "a" / "join.ppkg")].startswith("sha256:")
    assert told[str(stick / "b" / "join.ppkg")] == NOT_SEEN


def test_a_bad_package_of_many_stops_all_before_anything_is_written(lay, package, stick):
    media = [
        {"name": "good", "src": str(package())},
        {"name": "bad", "src": str(package("bad.ppkg", data=b"no package"))},
    ]
    with pytest.raises(Failure, match=r"bad\.ppkg"):
        lay(media=media, dest=stick)
    assert names_in(stick) == []


@pytest.mark.parametrize(
    ("dest", "says"),
    [
        (r"\\server\share\stick", "share"),
        ("//server/share", "share"),
        ("smb://server/share", "share"),
        ("E:\\", "path of Windows"),
        ("/does/not/exist", "mount the stick"),
        ("/etc/hostname", "not a directory"),
    ],
)
def test_what_cannot_be_a_stick_is_refused_with_the_reason(lay, package, dest, says):
    assert says in refused(lay, src=package(), dest=dest)


@pytest.mark.parametrize(
    "rows",
    [
        [("Berlin", None), ("BERLIN", None)],
        [("B\u00fcro", None), ("Bu\u0308ro", None)],
        [("a/b", None)],
        [("NUL", None)],
        [("dot.", None)],
        [("x" * 60, None)],
        [("Berlin", "2027-13-01")],
        [("Berlin", "20270331")],
        [("Berlin", "2027-W13-3")],
        [],
    ],
)
def test_bad_media_are_refused_by_name(lay, package, stick, rows):
    src = str(package())
    media = [{"name": name, "src": src, "token_expires": expires} for name, expires in rows]
    assert "bad option media" in refused(lay, media=media, dest=stick)
    assert names_in(stick) == []


def test_what_no_stick_can_hold_is_a_bad_name():
    good = (
        "join.ppkg",
        "\U0001f600.ppkg",
        "console.ppkg",
        "con\u0441.ppkg",
        "Büro 3.ppkg",
        "日本.ppkg",
        "a",
        "con tact.ppkg",
        "x" * 64,
    )
    bad = (
        "",
        ".",
        "a:b",
        "a\0b",
        "aux",
        "com1.ppkg",
        " a",
        "a ",
        "a.",
        "x" * 65,
        "\udc80.ppkg",
        "a*b",
        "\U0001f600" * 33,
        "CON .ppkg",
        "conin$",
        "a\u200f.ppkg",
        "a\u200b.ppkg",
    )
    assert [name for name in good if names.problem(name)] == []
    assert [name for name in bad if not names.problem(name)] == []


def test_a_medium_without_the_room_or_for_reading_only_is_refused(lay, package, stick, monkeypatch):
    real = os.statvfs(stick)

    def told(**changes):
        fields = {name: getattr(real, name) for name in dir(real) if name.startswith("f_")}
        monkeypatch.setattr(os, "statvfs", lambda _path: types.SimpleNamespace(**fields | changes))

    told(f_bavail=1, f_bfree=1, f_frsize=512)
    with pytest.raises(Failure, match="512 are free") as caught:
        lay(src=package(), dest=stick)
    assert caught.value.error["name"] == "medium_full"
    told(f_flag=real.f_flag | os.ST_RDONLY)
    assert "read-only" in refused(lay, src=package(), dest=stick)
    assert names_in(stick) == []


@pytest.mark.parametrize(("number", "name"), [(0, "bad_option"), (2, "medium_failed")])
def test_a_stick_that_is_pulled_while_it_is_looked_at_is_no_traceback(lay, package, stick, monkeypatch, number, name):
    real, calls = os.statvfs, iter(range(100))

    def pulled(path):
        if next(calls) == number:
            raise OSError(errno.EIO, "Input/output error")
        return real(path)

    monkeypatch.setattr(os, "statvfs", pulled)
    with pytest.raises(Failure, match="Input/output error") as caught:
        lay(src=package(), dest=stick)
    assert caught.value.error["name"] == name


def test_a_file_of_four_gib_is_refused(stick):
    large = content.Content("large.ppkg", 2**32, "", lambda: None)
    with pytest.raises(Failure, match="4 GiB"):
        folder.require_room(str(stick), [large])


@pytest.mark.parametrize("number", range(6))
def test_a_stick_that_fails_at_any_moment_keeps_what_was_there(lay, package, stick, monkeypatch, number):
    old, new = package(), package("new.ppkg", token=TOKEN + "x")
    lay(src=old, dest=stick)
    before = {name: (stick / name).read_bytes() for name in names_in(stick)}
    calls = iter(range(100))
    real = os.fsync

    def fail(handle):
        if next(calls) == number:
            raise OSError(5, "Input/output error")
        real(handle)

    monkeypatch.setattr(os, "fsync", fail)
    if number > 3:  # Three files and the folder itself.
        lay(src=new, dest=stick, other_packages="remove")
        return
    with pytest.raises(Failure, match="Input/output error") as caught:
        lay(src=new, dest=stick, other_packages="remove")
    assert caught.value.error["name"] == "medium_failed"
    if number < 3:
        assert {name: (stick / name).read_bytes() for name in names_in(stick)} == before
    assert not [name for name in names_in(stick) if name.startswith(folder.TEMPORARY)]


@pytest.mark.parametrize("number", range(5))
def test_what_was_done_before_a_failure_is_told(lay, package, stick, monkeypatch, number):
    lay(src=package("old.ppkg"), dest=stick)
    before = {name: (stick / name).read_bytes() for name in names_in(stick)}
    calls, tasks = iter(range(100)), []

    def failing(real, *arguments):
        if next(calls) == number:
            raise OSError(errno.EIO, "Input/output error")
        real(*arguments)

    for call in ("unlink", "replace"):
        monkeypatch.setattr(os, call, functools.partial(failing, getattr(os, call)))
    monkeypatch.setattr(work, "media_of", lambda task: tasks.append(task) or plan.media_of(task))
    src = package("new.ppkg", token=TOKEN + "x")
    if number == 4:  # One to remove, three to write.
        lay(src=src, dest=stick, other_packages="remove")
    else:
        with pytest.raises(Failure, match="changes says what was done"):
            lay(src=src, dest=stick, other_packages="remove")
    monkeypatch.undo()
    now = {name: (stick / name).read_bytes() for name in names_in(stick)}
    told = {change["what"] for change in tasks[0].changes.as_result(False)["changes"]}
    assert told == {str(stick / name) for name in now | before if now.get(name) != before.get(name)}


def test_what_a_killed_run_has_left_goes_with_the_next(lay, package, stick):
    (stick / f"{folder.TEMPORARY}4711-0.tmp").write_bytes(TOKEN.encode())
    lay(src=package(), dest=stick)
    assert names_in(stick) == ["CHECKLIST.html", "SHA256SUMS", "join.ppkg"]


@pytest.mark.parametrize("make", [lambda path: path.mkdir(), lambda path: path.symlink_to("/etc/hostname")])
def test_what_is_not_a_file_in_the_place_of_one_is_refused(lay, package, stick, make):
    make(stick / "join.ppkg")
    assert "regular file" in refused(lay, src=package(), dest=stick)


@pytest.mark.parametrize("form", ["folder", "iso"])
def test_a_source_that_is_gone_meanwhile_is_no_fault_of_the_stick(lay, package, stick, monkeypatch, form):
    src, real = package(), work._require_apart
    monkeypatch.setattr(work, "_require_apart", lambda media: src.unlink() or real(media))
    with pytest.raises(Failure) as caught:
        lay(src=src, dest=stick if form == "folder" else stick / "a.iso", format=form)
    assert caught.value.error["name"] == "source_changed" and names_in(stick) == []


def test_a_source_that_changes_meanwhile_is_not_written(stick):
    moving = content.of_bytes("a.ppkg", b"one")
    other = content.Content("a.ppkg", 3, moving.sha256, content.of_bytes("a.ppkg", b"two").open)
    with pytest.raises(Failure, match="has changed"):
        folder.write(str(stick), [other], [])
    assert names_in(stick) == []
