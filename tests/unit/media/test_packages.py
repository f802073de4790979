# Copyright (c) 2026, winops.entra contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A package is judged before it is laid out, and what is secret in it is on the stick alone."""

from __future__ import annotations

import datetime
import json
import os
import types

import pytest
from ansible.errors import AnsibleError
from ansible.parsing.dataloader import DataLoader
from ansible.parsing.vault import VaultLib, VaultSecret

from ansible_collections.winops.entra.plugins.modules.ppkg_media import ARGUMENT_SPEC
from ansible_collections.winops.entra.plugins.plugin_utils import vaulted
from ansible_collections.winops.entra.plugins.plugin_utils.media import plan, work
from ansible_collections.winops.entra.plugins.plugin_utils.media.work import lay_out
from ansible_collections.winops.entra.plugins.plugin_utils.package.issues import ISSUES
from ansible_collections.winops.entra.plugins.plugin_utils.result import Failure
from ansible_collections.winops.entra.plugins.plugin_utils.task import Task
from tests.lab import ppkg

from .conftest import BUILT, TOKEN, names_in, refused


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


def test_the_day_of_a_token_counts_for_an_encrypted_package_too(lay, package, stick):
    src = package(data=ppkg.encrypt(ppkg.build(**BUILT), "a password"))
    assert "expired on 2020-01-01" in refused(lay, src=src, dest=stick, encrypted=True, token_expires="2020-01-01")
    laid = lay(src=src, dest=stick, encrypted=True, token_expires="2020-01-01", fail_on=[])
    assert [issue["name"] for issue in laid.media[0]["issues"]] == ["token_expired"]


def test_a_package_that_joins_nothing_has_no_last_day(lay, package, stick):
    src = package(token=None, accounts=[])
    laid = lay(src=src, dest=stick, token_expires="2020-01-01", checklist="text")
    assert laid.media[0]["token_expires"] is None
    assert "Use it until" not in (stick / "CHECKLIST.txt").read_text()


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


def test_a_secret_that_looks_like_a_part_of_the_page_leaves_it_whole(lay, package, stick):
    secret = "12pt/1.5"
    src = package(accounts=[{"name": "rescue", "password": secret, "group": "Administrators"}])
    lay(src=src, dest=stick, name=f"for {secret}", contact=f"Grace {secret}")
    page = (stick / "CHECKLIST.html").read_text()
    assert f"font: {secret} sans-serif" in page and page.count(secret) == 1
    assert "For: for ***" in page and "Call: Grace ***" in page


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


def test_a_link_to_a_stick_is_the_stick(lay, package, stick, monkeypatch):
    link = stick.parent / "link"
    link.symlink_to(stick)
    real = os.path.ismount
    monkeypatch.setattr(os.path, "ismount", lambda path: path == str(stick) or real(path))
    assert lay(src=package(), dest=link).media[0]["mounted"] is True


def test_names_on_a_stick_that_are_no_texts_are_shown_as_such(lay, package, stick):
    for name in (b"\xff.txt", b"a\nb", "x\u202egpj".encode(), b"\xfe.ppkg"):
        with open(os.path.join(os.fsencode(stick), name), "wb"):
            pass
    [medium] = lay(src=package(), dest=stick, other_packages="remove").media
    json.dumps(medium, ensure_ascii=False).encode("utf-8")
    assert medium["left_alone"] == ["a b", "x\\u202egpj", "\\ufffd.txt"]
    assert medium["removed"] == ["\\ufffd.ppkg"] and b"\xfe.ppkg" not in os.listdir(os.fsencode(stick))


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
