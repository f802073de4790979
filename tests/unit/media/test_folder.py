# Copyright (c) 2026, winops.entra contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A stick is laid out whole or not at all, with one package in its root, and the rest of it is left alone."""

from __future__ import annotations

import datetime
import hashlib
import os
import re
import stat
import types
from pathlib import Path

import pytest
from ansible.errors import AnsibleError
from ansible.parsing.dataloader import DataLoader
from ansible.parsing.vault import VaultLib, VaultSecret

from ansible_collections.winops.entra.plugins.modules.ppkg_media import ARGUMENT_SPEC
from ansible_collections.winops.entra.plugins.plugin_utils import vaulted
from ansible_collections.winops.entra.plugins.plugin_utils.media import checklist, content, folder, names, plan, work
from ansible_collections.winops.entra.plugins.plugin_utils.media.work import lay_out
from ansible_collections.winops.entra.plugins.plugin_utils.package.issues import ISSUES
from ansible_collections.winops.entra.plugins.plugin_utils.result import Failure
from ansible_collections.winops.entra.plugins.plugin_utils.task import Task
from tests.lab import ppkg

from .conftest import BUILT, PACKAGE_ID, TOKEN


def names_in(path) -> list[str]:
    return sorted(os.listdir(path))


def refused(lay, **options) -> str:
    with pytest.raises(Failure) as caught:
        lay(**options)
    assert caught.value.error["name"] == "bad_option"
    return caught.value.msg


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


def test_a_catalogue_of_an_earlier_package_does_not_stay_beside_another(lay, package, stick):
    src = package()
    src.with_suffix(".cat").write_bytes(b"a catalogue")
    lay(src=src, dest=stick)
    src.with_suffix(".cat").unlink()
    lay(src=package(token=TOKEN + "x"), dest=stick)
    assert "join.cat" not in names_in(stick)


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
        [("a/b", None)],
        [("NUL", None)],
        [("dot.", None)],
        [("x" * 60, None)],
        [("Berlin", "2027-13-01")],
        [],
    ],
)
def test_bad_media_are_refused_by_name(lay, package, stick, rows):
    src = str(package())
    media = [{"name": name, "src": src, "token_expires": expires} for name, expires in rows]
    assert "bad option media" in refused(lay, media=media, dest=stick)
    assert names_in(stick) == []


def test_what_no_stick_can_hold_is_a_bad_name():
    good = ("join.ppkg", "Büro 3.ppkg", "日本.ppkg", "a", "con tact.ppkg", "x" * 64)
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


def test_what_a_killed_run_has_left_goes_with_the_next(lay, package, stick):
    (stick / f"{folder.TEMPORARY}4711-0.tmp").write_bytes(TOKEN.encode())
    lay(src=package(), dest=stick)
    assert names_in(stick) == ["CHECKLIST.html", "SHA256SUMS", "join.ppkg"]


@pytest.mark.parametrize("make", [lambda path: path.mkdir(), lambda path: path.symlink_to("/etc/hostname")])
def test_what_is_not_a_file_in_the_place_of_one_is_refused(lay, package, stick, make):
    make(stick / "join.ppkg")
    assert "regular file" in refused(lay, src=package(), dest=stick)


def test_a_source_that_changes_meanwhile_is_not_written(stick):
    moving = content.of_bytes("a.ppkg", b"one")
    other = content.Content("a.ppkg", 3, moving.sha256, content.of_bytes("a.ppkg", b"two").open)
    with pytest.raises(Failure, match="has changed"):
        folder.write(str(stick), [other], [])
    assert names_in(stick) == []


# --- the package ------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("issue", ["token_expired", "token_placeholder"])
def test_a_package_that_nobody_at_the_device_can_mend_is_refused_unless_wanted(lay, package, stick, issue):
    past = (datetime.date.today() - datetime.timedelta(days=2)).isoformat()
    options = {"token_expires": past} if issue == "token_expired" else {}
    src = package() if issue == "token_expired" else package(token="$bprt")
    assert "fail_on" in refused(lay, src=src, dest=stick, **options)
    laid = lay(src=src, dest=stick, fail_on=[], **options)
    assert issue in [found["name"] for found in laid.media[0]["issues"]]
    assert len(laid.task.learned["warnings"]) >= 2


def test_a_package_that_joins_without_a_local_account_is_warned_of(lay, package, stick):
    laid = lay(src=package(accounts=[]), dest=stick)
    assert any("no local account" in warning for warning in laid.task.learned["warnings"])


def test_a_package_without_secrets_is_none(lay, package, stick):
    laid = lay(src=package(token=None, accounts=[], security_key=True), dest=stick)
    assert laid.media[0]["secret"] is False and laid.task.learned["warnings"] == []
    assert "as you would keep a key" not in (stick / "CHECKLIST.html").read_text()


def test_an_encrypted_package_is_taken_only_if_that_is_wanted(lay, package, stick):
    src = package(data=ppkg.encrypt(ppkg.build(**BUILT), "a password"))
    with pytest.raises(Failure) as caught:
        lay(src=src, dest=stick)
    assert caught.value.error["name"] == "package_encrypted" and names_in(stick) == []
    laid = lay(src=src, dest=stick, encrypted=True)
    assert (laid.media[0]["encrypted"], laid.media[0]["package_id"]) == (True, None)
    assert "Enter the password of the package" in (stick / "CHECKLIST.html").read_text()
    assert any("asks for its password" in warning for warning in laid.task.learned["warnings"])


def test_every_issue_of_a_package_can_be_named(lay, package, stick):
    assert set(ARGUMENT_SPEC["fail_on"]["default"]) <= set(ISSUES)
    assert "nonsense" in refused(lay, src=package(), dest=stick, fail_on=["nonsense"])


def test_a_catalogue_that_is_named_and_not_there_is_refused(lay, package, stick):
    assert "bad option catalog" in refused(lay, src=package(), dest=stick, catalog="/does/not/exist.cat")


def test_no_secret_is_in_the_result_or_on_the_page(lay, package, stick):
    laid = lay(src=package(), dest=stick)
    shown = repr((laid.media, laid.changes, laid.task.learned))
    page = (stick / "CHECKLIST.html").read_text()
    for secret in (TOKEN, "FAKE-password-1111"):
        assert secret not in shown and secret not in page


def test_a_file_that_cannot_be_decrypted_is_refused_by_its_option(package, monkeypatch):
    def undecryptable(_task, _name, _path):
        raise AnsibleError("no vault secrets found")

    monkeypatch.setattr(plan, "of_file", undecryptable)
    with pytest.raises(Failure, match="bad option src"):
        plan._file(None, "join.ppkg", "join.ppkg", "join.ppkg", "src")


def test_a_stick_that_was_not_mounted_is_warned_of(lay, package, stick, monkeypatch):
    def warned() -> bool:
        laid = lay(src=package(), dest=stick)
        return any("nothing is mounted there" in warning for warning in laid.task.learned["warnings"])

    assert not warned()
    monkeypatch.setattr(work, "MOUNTS", (f"{stick.parent}/",))
    assert warned()
    monkeypatch.setattr(os.path, "ismount", lambda path: path == str(stick))
    assert not warned()


def test_a_vaulted_package_is_on_the_stick_in_clear_and_nowhere_else(package, stick, tmp_path, monkeypatch):
    clear, secrets = tmp_path / "clear", [("default", VaultSecret(b"a password"))]
    clear.mkdir(mode=0o700)
    monkeypatch.setattr("ansible.constants.DEFAULT_LOCAL_TMP", str(clear))
    loader = DataLoader()
    loader.set_vault_secrets(secrets)
    src = package()
    plain = src.read_bytes()
    src.write_bytes(VaultLib(secrets).encrypt(plain))
    args = {name: option.get("default") for name, option in ARGUMENT_SPEC.items()} | {
        "src": str(src),
        "dest": str(stick),
    }
    action = types.SimpleNamespace(_loader=loader)
    task = Task(args, False, find_file=str, in_clear=lambda path: vaulted.in_clear(action, path))
    lay_out(task)
    assert (stick / "join.ppkg").read_bytes() == plain and names_in(clear) == []
    assert task.changes.changed
