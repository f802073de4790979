# Copyright (c) 2026, winops.entra contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Where diagnose saves its bundle: a change is one once it is written, and no device writes over another's file."""

from __future__ import annotations

import json
import os
import typing as t
from pathlib import Path

import pytest
from ansible.errors import AnsibleError

from ansible_collections.winops.entra.plugins.action.diagnose import ActionModule
from ansible_collections.winops.entra.plugins.plugin_utils.device.diagnosis.diagnose import diagnose
from ansible_collections.winops.entra.plugins.plugin_utils.report import writer
from ansible_collections.winops.entra.plugins.plugin_utils.task import Task, perform

from .test_diagnosis import Troubled

ARGS: dict[str, t.Any] = dict.fromkeys(ActionModule.spec) | {"topics": ["join", "mdm", "sign_in"], "fail_on": []}
ARGS |= {"method": "provisioning_package", "limit": 10}


def run(host: str, dest: t.Any, check: bool = False) -> dict[str, t.Any]:
    task = Task(ARGS | {"dest": str(dest)}, check, host=host)
    task.session = Troubled().session(check)
    return perform(task, (), diagnose, {"changed": False, "changes": []})


def whose(file: Path) -> str:
    return json.loads(file.read_text(encoding="utf-8"))["host"]


def test_a_bundle_that_cannot_be_written_is_no_change_and_what_was_found_is_told(tmp_path, monkeypatch):
    def full(*_arguments: t.Any) -> t.NoReturn:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(writer, "put", full)
    result = run("one", tmp_path / "bundle.json")
    assert result["failed"] and "No space left" in result["msg"]
    assert result["changed"] is False and result["changes"] == [] and "findings" in result
    assert os.listdir(tmp_path) == []


def test_the_bundle_of_another_device_is_not_written_over(tmp_path):
    file = tmp_path / "bundle.json"
    assert run("one", file)["changed"] is True
    for check in (False, True):
        result = run("two", file, check)
        assert result["failed"] and result["changed"] is False
        assert "bad option dest" in result["msg"] and "the bundle of another device, one" in result["msg"]
        assert "findings" not in result, "it is refused before the device is asked"
    assert whose(file) == "one"


@pytest.mark.parametrize("entry", ["0x80070005", "AADSTS700082", "event_226", "clock", "pass"])
def test_of_a_diagnosis_fail_on_takes_results_and_no_ids(tmp_path, entry):
    task = Task(ARGS | {"fail_on": [entry]}, False, session=Troubled().session())
    result = perform(task, (), diagnose, {})
    assert "bad option fail_on" in result["msg"] and "findings" not in result


def test_of_two_devices_that_write_one_file_at_the_same_time_one_is_told(tmp_path, monkeypatch):
    file, real = tmp_path / "bundle.json", writer.put

    def late(path: str, text: str, new: bool = False) -> None:
        monkeypatch.setattr(writer, "put", real)
        run("quick", file)
        real(path, text, new)

    monkeypatch.setattr(writer, "put", late)
    result = run("slow", file)
    assert result["failed"] and "the bundle of another device, quick" in result["msg"] and result["changed"] is False
    assert whose(file) == "quick" and os.listdir(tmp_path) == ["bundle.json"]


@pytest.mark.parametrize("host", ["a/b", "../a", "plain"])
def test_in_a_directory_each_device_has_a_file_of_its_own(tmp_path, host):
    result = run(host, f"{tmp_path}/bundles/")
    [file] = (tmp_path / "bundles").iterdir()
    assert result["changed"] is True and result["dest"] == str(file) and whose(file) == host
    assert os.listdir(tmp_path) == ["bundles"]
    again = run(host, f"{tmp_path}/bundles/")
    assert again["changed"] is False and again["dest"] == str(file)


def test_check_mode_says_what_would_be_written(tmp_path):
    result = run("one", f"{tmp_path}/bundles/", check=True)
    assert result["changed"] is True and os.listdir(tmp_path) == []


def test_src_is_found_where_dest_has_put_it(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    run("one", "bundles/")

    def find_file(src: str) -> t.NoReturn:
        raise AnsibleError(f"{src} is not below the playbook")

    def again(src: str) -> dict[str, t.Any]:
        task = Task(ARGS | {"dest": None, "src": src}, False, find_file=find_file)
        return perform(task, (), diagnose, {"changed": False, "changes": []})

    assert again("bundles/one.json")["bundle"]["host"] == "one"
    assert again("bundles/two.json")["error"]["name"] == "bad_option"
