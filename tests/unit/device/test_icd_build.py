# Copyright (c) 2026, winops.entra contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A package built on a Windows host: what is given to ICD.exe, what comes back, what is left there in each ending."""

from __future__ import annotations

import base64
import contextlib
import io
import os
import subprocess
from pathlib import Path

import pytest
from ansible.errors import AnsibleConnectionFailure

from ansible_collections.winops.entra.plugins.plugin_utils.device.packages import icd, icd_output
from ansible_collections.winops.entra.plugins.plugin_utils.device.packages.host_files import PART_BYTES, in_memory
from ansible_collections.winops.entra.plugins.plugin_utils.device.session import CheckModeViolation, ConnectionLost
from ansible_collections.winops.entra.plugins.plugin_utils.package import contents, read_open_package
from ansible_collections.winops.entra.plugins.plugin_utils.package.description.description import checked
from ansible_collections.winops.entra.plugins.plugin_utils.package.judged import missing_files
from ansible_collections.winops.entra.plugins.plugin_utils.package_tasks import by_icd
from ansible_collections.winops.entra.plugins.plugin_utils.package_tasks.description import Source
from ansible_collections.winops.entra.plugins.plugin_utils.result import Failure
from ansible_collections.winops.entra.plugins.plugin_utils.task import Task
from ansible_collections.winops.entra.plugins.plugin_utils.time_limit import TaskTimeUp
from tests.lab import ppkg
from tests.lab.device.icd import FOLDERS
from tests.lab.icd import stores

from .played import Played

ID = "4a1f9e0c-7a55-4f0e-9d0b-0a52f3a7c111"
SECRET = "Z7-long-unlike-words-bulk-token-Q9"
OWN = r"C:\ProgramData\winops.entra"
LOGS = r"C:\Windows\SysWOW64\config\systemprofile\Documents"
SETUP = b"@echo off\r\nrem \xff\xfe\r\n" * 9
FILES = {"files/setup.cmd": SETUP, "more/setup.cmd": b"another", "Grün und weit.ps1": b"", "root.cer": b"\x30\x03cer"}
DESCRIPTION = {
    "id": ID,
    "name": "Contoso Berlin",
    "version": "1.4",
    "computer_name": "CT-%SERIAL%",
    "security_keys": True,
    "bulk_token": {"value": SECRET},
    "settings": [
        {"path": "ProvisioningCommands/DeviceContext/CommandFiles/CommandFile[1]", "value": "files/setup.cmd"},
        {"path": "ProvisioningCommands/DeviceContext/CommandFiles/CommandFile[2]", "value": "more/setup.cmd"},
        {"path": "ProvisioningCommands/DeviceContext/CommandFiles/CommandFile[3]", "value": "Grün und weit.ps1"},
        {"path": "ProvisioningCommands/DeviceContext/CommandLine", "value": "cmd /c setup.cmd & rem <\"'>"},
    ],
}


class Host:
    """A build host of the lab, and the task that builds there."""

    def __init__(self, tmp_path, monkeypatch, check_mode=False, **options):
        self.played = Played(tmp_path, "unjoined_enterprise", {"icd": {}, **options})
        self.device = self.played.device
        self.session = self.played.session(check_mode)
        monkeypatch.setattr(icd, "Deadline", self.played.deadline)
        self.task = Task({}, check_mode, session=self.session)

    def order(self, files=None, description=None, **more):
        usual = {"icd_path": None, "store_file": None, "encrypt": False, "timeout": 900, "dest": "built/x.ppkg"}
        self.task.args = {**usual, **more}
        given = {name: content for name, content in (FILES if files is None else files).items() if name != "root.cer"}
        self.source = Source(checked(description or DESCRIPTION), given)
        return by_icd.order_of(self.task, self.source)

    def build(self, **more):
        return icd.build(self.task, self.order(**more))

    def failure(self, **more) -> Failure:
        with pytest.raises(Failure) as caught:
            self.build(**more)
        return caught.value

    def judge(self, ppkg_bytes):
        package = read_open_package(io.BytesIO(ppkg_bytes), "built.ppkg")
        return [
            [row["path"] for row in contents.compared_with_description(package, self.source.description)],
            missing_files(package, self.source.files),
        ]

    def leftovers(self) -> list[str]:
        return [
            entry.path
            for entry in self.device.files.own()
            if entry.path.lower().startswith((OWN.lower(), LOGS.lower())) and entry.path not in (LOGS,)
        ]

    def told(self) -> list[str]:
        return [item["where"] for item in self.task.learned["left_behind"]]


@pytest.fixture
def host(tmp_path, monkeypatch):
    made = []

    def make(check_mode=False, **options):
        made.append(Host(tmp_path, monkeypatch, check_mode, **options))
        return made[-1]

    yield make
    for one in made:
        one.played.__exit__()


def test_what_was_built_is_what_the_description_says_and_nothing_stays(host):
    here = host()
    built = here.build()
    assert here.judge(built.ppkg) == [[], []]
    found = ppkg.inspect(built.ppkg)
    assert (found["package_id"], found["token"]) == (f"{{{ID}}}", SECRET)
    assert built.tool["origin"] == "adk" and built.tool["version"] == "10.0.26100.1"
    assert built.plain is None and built.password is None and b"\x30" == built.catalog[:1]
    assert (here.leftovers(), here.told()) == ([], [])
    assert here.device.files.is_directory(LOGS)


@pytest.mark.parametrize("fault", [None, "disk_full", "no_catalog", "no_password", "says_failure"])
def test_no_secret_is_on_the_host_afterwards_in_any_spelling(host, fault):
    here = host(icd={"fault": fault} if fault else {})
    with contextlib.suppress(Failure):
        here.build(encrypt=True)
    spelled = [SECRET.encode(), SECRET.encode("utf-16-le"), base64.b64encode(SECRET.encode())[:-4]]
    found = [one.path for one in here.device.files.own() if one.data and any(text in one.data for text in spelled)]
    assert found == [] and here.leftovers() == []


def test_the_app_of_the_store_builds_as_well(host):
    built = host(icd={"from": ["store"]}).build()
    assert built.tool["origin"] == "store" and "WindowsApps" in built.tool["path"]


def test_an_encrypted_package_has_its_password_and_its_contents_in_clear_beside_it(host):
    here = host()
    built = here.build(encrypt=True)
    assert here.judge(built.plain) == [[], []]
    assert ppkg.encrypt(built.plain, built.password) == built.ppkg
    assert here.task.masked(f"it is {built.password}.") == "it is ***."
    assert here.leftovers() == []


def test_a_package_without_files_is_built(host):
    description = {name: value for name, value in DESCRIPTION.items() if name != "settings"}
    here = host()
    assert here.judge(here.build(files={}, description=description).ppkg) == [[], []]


def test_a_large_package_comes_in_pieces(host):
    here = host()
    large = bytes(range(256)) * 8000
    built = here.build(files={**FILES, "files/setup.cmd": large})
    assert len(built.ppkg) > PART_BYTES * 2
    assert here.judge(built.ppkg) == [[], []]


FAULTS = {
    "disk_full": "host_disk_full",
    "file_in_use": "host_file_in_use",
    "no_catalog": "icd_failed",
}


@pytest.mark.parametrize(("fault", "name"), FAULTS.items())
def test_what_the_tool_complains_of_is_named_and_nothing_stays(host, fault, name):
    here = host(icd={"fault": fault})
    failure = here.failure()
    assert failure.error["name"] == name and SECRET not in failure.msg
    assert (here.leftovers(), here.told()) == ([], [])


def test_files_that_the_tool_has_left_out_are_missed_although_it_reports_success(host):
    here = host(icd={"fault": "leaves_files_out"})
    assert sorted(here.judge(here.build().ppkg)[1]) == sorted(here.source.files)


def test_an_exit_code_is_not_believed(host):
    here = host(icd={"fault": "says_failure"})
    assert here.judge(here.build().ppkg) == [[], []]
    assert "exit code 100" in here.task.learned["warnings"][0]


@pytest.mark.parametrize(("fault", "name"), [("no_password", "password_not_told"), ("no_encryption", "not_encrypted")])
def test_an_encryption_that_is_none_or_that_nobody_could_open_is_told(host, fault, name):
    here = host(icd={"fault": fault})
    assert here.failure(encrypt=True).error["name"] == name
    assert here.leftovers() == []


def test_a_log_that_cannot_be_removed_is_told_with_its_place(host):
    here = host(icd={"fault": "keeps_log"})
    here.build()
    [place] = here.told()
    assert place in here.leftovers() and place.endswith("_4711.log")


def test_a_setting_that_the_store_does_not_know_is_named(host):
    here = host()
    failure = here.failure(store_file=[rf"{FOLDERS['adk']}\{stores.COMMON}"])
    assert failure.error["name"] == "setting_not_in_store" and "'Accounts' is not a valid child" in failure.msg
    assert here.leftovers() == []


def test_a_build_that_does_not_end_is_ended(host):
    here = host(icd={"seconds": 5000})
    assert here.failure(timeout=60).error["name"] == "build_timed_out"
    assert (here.leftovers(), here.told()) == ([], [])


UNFIT = [
    ({"icd": {"from": []}}, {}, "icd_not_found"),
    ({"icd": {"from": []}, "windows": {"edition": "Professional", "core": True}}, {}, "icd_not_found"),
    ({"icd": {"store": False}}, {}, "icd_store_missing"),
    ({"icd": {"version": "10.0.10586.0"}}, {}, "icd_too_old"),
    ({"architecture": "ARM64"}, {}, "build_host_unsupported"),
    ({}, {"icd_path": r"D:\adk\ICD.exe"}, "icd_not_found"),
    ({}, {"store_file": [r"D:\own.dat"]}, "icd_store_missing"),
]


@pytest.mark.parametrize(("options", "more", "name"), UNFIT)
@pytest.mark.parametrize("check_mode", [False, True])
def test_a_host_that_cannot_build_is_refused_before_anything_is_copied(host, options, more, name, check_mode):
    here = host(check_mode, **options)
    with pytest.raises(Failure) as caught:
        (icd.require_host if check_mode else icd.build)(here.task, here.order(**more))
    assert caught.value.error["name"] == name
    assert here.played.exchanges == 1 and here.leftovers() == []


def test_check_mode_looks_once_and_changes_nothing(host):
    here = host(check_mode=True)
    assert icd.require_host(here.task, here.order()).source == "adk"
    assert here.played.exchanges == 1
    with pytest.raises(CheckModeViolation):
        icd.build(here.task, here.order())


def test_icd_of_both_places_and_one_too_old_gives_the_one_that_can(host):
    here = host(icd={"from": ["adk", "store"]})
    here.device.files.write(rf"{FOLDERS['adk']}\ICD.exe", b"MZ ICD.exe 10.0.14393.0")
    assert here.build().tool["origin"] == "store"


def broken(here, when):
    """The connection breaks after each exchange for which ``when(number)`` is true."""
    execute = here.session._execute
    count = iter(range(10_000))

    def cut(script, data):
        answer = execute(script, data)
        if when(next(count)):
            raise AnsibleConnectionFailure("the network is gone")
        return answer

    here.session._execute = cut


def test_a_connection_that_breaks_again_and_again_costs_time_and_nothing_else(host):
    here = host()
    broken(here, lambda number: number > 0 and number % 2)
    assert here.judge(here.build().ppkg) == [[], []]
    assert here.leftovers() == []


def test_a_host_that_is_gone_is_told_with_what_may_be_there(host):
    here = host()
    broken(here, lambda number: number > 2)
    failure = here.failure()
    assert failure.error["name"] == "connection_lost"
    assert any("builds" in place for place in here.told()) and any("jobs" in place for place in here.told())


@pytest.mark.parametrize("then", [{}, {"id": "5b2f9e0c-7a55-4f0e-9d0b-0a52f3a7c222", "version": "1.5"}])
def test_a_task_whose_time_is_up_tells_what_may_be_there_and_the_next_run_takes_it_away(host, then):
    here = host()
    execute = here.session._execute

    def up(script, data):
        if here.played.exchanges > 4:
            raise TaskTimeUp
        return execute(script, data)

    here.session._execute = up
    with pytest.raises(TaskTimeUp):
        here.build()
    assert here.told() and here.leftovers()
    here.session._execute = execute
    # Also where the description has become another one: a package of its own, with other secrets.
    assert here.judge(here.build(description={**DESCRIPTION, **then}).ppkg) == [[], []]
    assert (here.leftovers(), here.told()) == ([], [])


def test_a_file_that_changes_on_the_host_is_not_built(host):
    here = host()
    put = here.session.connection.put_file

    def bitten(source, destination):
        put(source, destination)
        here.device.files.write(destination, b"quarantined")

    here.session.connection.put_file = bitten
    assert here.failure().error["name"] == "damaged_copy"
    assert here.leftovers() == []


def test_a_name_that_windows_cannot_have_is_refused(host):
    here = host()
    description = {
        **DESCRIPTION,
        "settings": [{"path": "ProvisioningCommands/DeviceContext/CommandFiles/CommandFile", "value": "a:b.cmd"}],
    }
    assert here.failure(files={"a:b.cmd": b"x"}, description=description).error["name"] == "bad_file_name"


def test_nothing_of_the_package_is_on_a_command_line_or_in_what_is_told(host):
    here = host(icd={"fault": "says_failure"})
    seen = []
    run = here.device.files.write

    def noted(path, data):
        if "ICDCommon" in path:
            seen.append(data)
        return run(path, data)

    here.device.files.write = noted
    here.build()
    assert len(seen) == 1 and b"/CustomizationXML" in seen[0] and SECRET.encode() not in seen[0]
    assert SECRET not in str(here.task.learned) + str(here.task.phases.done)


LIES = [({"sha256": "0" * 64}, "damaged_copy"), ({"size": 9}, "damaged_copy"), ({"size": 1 << 40}, "built_too_large")]


@pytest.mark.parametrize(("lie", "name"), LIES)
def test_a_host_that_lies_about_its_files_is_found_out(host, monkeypatch, lie, name):
    here = host()
    within = icd.within

    def lying(status, operations=()):
        results = within(status, operations)
        for file in results[0].value["files"]:
            file.update(lie)
        return results

    monkeypatch.setattr(icd, "within", lying)
    assert here.failure().error["name"] == name
    assert here.leftovers() == []


def test_a_lost_session_is_ansibles_own_failure_where_the_host_never_answered(host):
    here = host()
    broken(here, lambda number: True)
    with pytest.raises(ConnectionLost):
        here.build()
    assert here.told() == []


def test_what_is_copied_is_on_no_disk_of_the_controller_and_can_be_read_by_programs():
    with in_memory(SETUP) as path:
        read = subprocess.run(["cat", path], capture_output=True, check=True).stdout
        assert read == SETUP and os.path.realpath(path).startswith("/memfd:")
    assert not os.path.exists(path)


def test_without_such_files_it_is_one_that_nobody_else_can_read_and_that_is_gone(monkeypatch):
    monkeypatch.delattr(os, "memfd_create")
    with in_memory(SETUP) as path:
        assert Path(path).read_bytes() == SETUP
        assert os.stat(path).st_mode & 0o777 == 0o600
    assert not os.path.exists(path)


def test_the_password_is_found_by_its_word_and_not_guessed():
    assert icd_output.password("a\r\nPackage password: Ab:1\r\n") == "Ab:1"
    assert icd_output.password('Password: "x"\nEncryption password (keep it): x') == "x"
    for text in ("", "password", "the password is kept", "Password: a b", "Password: a\nPassword: b", "Kennwort: x"):
        assert icd_output.password(text) is None


def test_errors_are_those_lines_of_it_that_say_something():
    text = "\r\n".join(f"ICD.exe : ERROR: {line}" for line in ("The following were detected:", "no", r"C:\x y\a.log"))
    assert icd_output.errors(text) == ["no"]
    assert icd_output.failed([text], 100).msg.startswith("ICD.exe has built no package: no;")
    assert "exit code 3" in icd_output.failed(["hello"], 3).msg
