# Copyright (c) 2026, winops.entra contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The acceptance run: it knows every operation, notices wrong answers, takes back what it did, and tells no names."""

from __future__ import annotations

import json

import pytest
from ansible.errors import AnsibleConnectionFailure

from ansible_collections.winops.entra.plugins.plugin_utils.device import operations as op
from ansible_collections.winops.entra.plugins.plugin_utils.device.acceptance import report, trial, trials
from ansible_collections.winops.entra.plugins.plugin_utils.device.acceptance import run as acceptance
from ansible_collections.winops.entra.plugins.plugin_utils.device.acceptance.system import ACCEPTANCE_JOB
from ansible_collections.winops.entra.plugins.plugin_utils.progress import Progress
from ansible_collections.winops.entra.plugins.plugin_utils.result import Failure
from tests.unit.device.disposable import ACCOUNT, KERNEL_HASH, PERSONAL, ROOT, DisposableDevice, refuse
from tests.unit.device.scripted import Clock, key

OPERATIONS = set(op.VOCABULARY["operations"])
LOOKING = OPERATIONS - op.CHANGING


@pytest.fixture
def device(monkeypatch) -> DisposableDevice:
    """One whose time passes only while somebody waits."""
    clock = Clock()
    for module in (acceptance, trial):
        monkeypatch.setattr(module, "Deadline", clock.deadline)
    made = DisposableDevice()
    made.clock = clock
    return made


def accept(device, check_mode=False, skip=(), timeout=900):
    """A run: ``(its report, its Failure or None, its changes)``."""
    plan = acceptance.AcceptancePlan(timeout, 5, frozenset(skip), "winrm")
    progress = Progress(lambda _sentence: None)
    run = acceptance.AcceptanceRun(device.session(check_mode), plan, progress, check_mode)
    failure = None
    try:
        run.run()
    except Failure as exc:
        failure = exc
    return run.learned.get("report"), failure, run.changes.as_result(False)["changes"]


def entry(device, operation, **options):
    return accept(device, **options)[0]["operations"][operation]


def statuses(made) -> dict[str, set[str]]:
    return {
        status: {name for name, found in made["operations"].items() if found["status"] == status}
        for status in ("ran", "failed", "not_possible")
    }


def test_every_operation_of_the_vocabulary_is_tried_or_has_a_reason_why_not():
    assert set(trials.TRIALS) | set(trials.IMPOSSIBLE) == OPERATIONS
    assert not set(trials.TRIALS) & set(trials.IMPOSSIBLE)
    assert set(trials.IMPOSSIBLE) <= op.CHANGING


def test_everything_runs_on_a_sound_device_and_nothing_of_it_is_left(device):
    made, failure, changes = accept(device)
    assert failure is None, failure
    assert statuses(made) == {
        "ran": set(trials.TRIALS) - {"package_install"},
        "failed": set(),
        "not_possible": set(trials.IMPOSSIBLE) | {"package_install"},
    }
    assert (made["verdict"], made["left_on_the_device"]) == ("passed", False)
    assert device.paths == set() and device.job is None and changes == []
    assert all(found["checks"] > 1 for name, found in made["operations"].items() if name in LOOKING)
    assert set(device.executed) >= set(trials.TRIALS)
    assert not set(device.executed) & set(trials.IMPOSSIBLE)


def test_a_second_run_is_no_change_and_tells_the_same(device):
    first, _failure, _changes = accept(device)
    second, failure, changes = accept(device)
    assert (failure, changes) == (None, [])
    assert second["operations"] == first["operations"]


def test_check_mode_only_looks(device):
    made, failure, changes = accept(device, check_mode=True)
    assert failure is None and made["check_mode"] is True
    assert not set(device.executed) & op.CHANGING
    assert statuses(made)["ran"] == LOOKING
    assert made["operations"]["job_start"]["why"] == acceptance.CHECK_MODE
    assert changes == accept(device)[2] == []


def test_the_report_says_which_system_it_was(device):
    made, _failure, _changes = accept(device)
    assert made["system"] == {
        "edition": "Professional",
        "installation_type": "Client",
        "version": "24H2",
        "build": "26100",
        "revision": 2314,
        "architecture": "ARM64",
        "language": "tr-TR",
        "culture": "tr-TR",
        "code_page": "857",
        "powershell": "5.1.26100.1",
        "powershell_edition": "Desktop",
        "powershell_64_bit": True,
        "account_elevated": True,
        "account_is_system": False,
    }
    assert made["collection"] == report.collection_version() != None  # noqa: E711 - a clone knows its version
    device.identity["powershell"] = "7.6.9"
    assert accept(device)[0]["system"]["powershell_edition"] == "Core"


# --- what is wrong is noticed ----------------------------------------------------------------------------------------


def changed(device, operation, **fields):
    """The operation's answer, with these fields in place of its own."""
    sound = device.handlers[operation]
    device.handlers[operation] = lambda p: sound(p) | fields


def first_of(device, operation, name, **fields):
    """The same in the first item of a list in the answer."""
    sound = device.handlers[operation]

    def wrong(p):
        value = sound(p)
        if value[name]:
            value[name][0] = value[name][0] | fields
        return value

    device.handlers[operation] = wrong


def always(device, operation, value):
    device.handlers[operation] = lambda _p: value


def values_of(device, path, **values):
    sound = device.handlers["registry_read"]

    def wrong(p):
        found = sound(p)
        if p["path"].endswith(path) and found["exists"]:
            found["key"]["values"].update(values)
        return found

    device.handlers["registry_read"] = wrong


# Operation, how it is broken, and what the report says of it.
BROKEN = [
    ("registry_read", lambda d: values_of(d, "CurrentVersion", CurrentBuild="a build"), "CurrentBuild is digits"),
    ("registry_read", lambda d: values_of(d, "CurrentVersion", UBR=-1), "UBR, a REG_DWORD"),
    ("registry_read", lambda d: values_of(d, "CurrentVersion", UBR=True), "UBR, a REG_DWORD"),
    ("registry_read", lambda d: values_of(d, "CurrentVersion", DigitalProductId=[1, 2]), "is base64"),
    ("registry_read", lambda d: values_of(d, "Session Manager", BootExecute="autochk"), "is a list"),
    ("registry_read", lambda d: values_of(d, "Environment", ComSpec=r"C:\cmd.exe"), "is not expanded"),
    ("registry_read", lambda d: always(d, "registry_read", {"exists": True, "key": key()}), "does not exist"),
    ("registry_users_read", lambda d: changed(d, "registry_users_read", users={"S-1-5-18": key()}), "of people"),
    ("registry_users_read", lambda d: changed(d, "registry_users_read", users={ACCOUNT: key()}), "has a culture"),
    ("certificates", lambda d: always(d, "certificates", {"certificates": []}), "an authority of Microsoft"),
    (
        "device_key_proof",
        lambda d: always(d, "device_key_proof", {"thumbprint": "AB", "certificate": "AB", "signature": None}),
        "nothing is signed",
    ),
    ("certificates", lambda d: first_of(d, "certificates", "certificates", thumbprint="ab"), "40 digits"),
    ("certificates", lambda d: first_of(d, "certificates", "certificates", not_after="2001-01-01T00:00:00.000Z"),
     "in order"),
    ("certificates", lambda d: first_of(d, "certificates", "certificates", issuer="CN=x"), "without regard to case"),
    ("dsregcmd_status", lambda d: changed(d, "dsregcmd_status", present=False), "dsregcmd.exe is there"),
    ("dsregcmd_status", lambda d: changed(d, "dsregcmd_status", exit_code=None), "exit code"),
    ("dsregcmd_status", lambda d: changed(d, "dsregcmd_status", text="no such option"), "is joined"),
    ("cim_query", lambda d: always(d, "cim_query", {"instances": []}), "one operating system"),
    ("cim_query", lambda d: first_of(d, "cim_query", "instances", BuildNumber="7601"), "the registry's"),
    ("cim_query", lambda d: first_of(d, "cim_query", "instances", MUILanguages="tr-TR"), "a list of one"),
    ("cim_query", lambda d: first_of(d, "cim_query", "instances", LastBootUpTime="2036-01-01T00:00:00.000Z"),
     "in the past"),
    ("cim_query", lambda d: first_of(d, "cim_query", "instances", More=1), "exactly the requested properties"),
    ("events", lambda d: changed(d, "events", events=[]), "has events"),
    ("events", lambda d: changed(d, "events", log_exists=True), "does not exist"),
    ("events", lambda d: first_of(d, "events", "events", record=1), "newest comes first"),
    ("events", lambda d: first_of(d, "events", "events", id=7036), "of the id"),
    ("scheduled_tasks", lambda d: changed(d, "scheduled_tasks", folders=[]), "the folder Microsoft"),
    ("scheduled_tasks", lambda d: first_of(d, "scheduled_tasks", "tasks", state="Tired"), "known state"),
    ("scheduled_tasks", lambda d: changed(d, "scheduled_tasks", exists=True), "does not exist"),
    ("provisioning_packages", lambda d: always(d, "provisioning_packages", {"available": False, "packages": []}),
     "has the provisioning cmdlets"),
    ("provisioning_packages", lambda d: first_of(d, "provisioning_packages", "packages", id="Package"), "by GUIDs"),
    ("path_info", lambda d: changed(d, "path_info", exists=True), "does not exist"),
    ("path_info", lambda d: changed(d, "path_info", sha256=None), "64 digits"),
    ("path_info", lambda d: changed(d, "path_info", sha256=KERNEL_HASH), "unless it is requested"),
    ("path_info", lambda d: changed(d, "path_info", path="%SystemRoot%"), "are expanded"),
    ("path_info", lambda d: changed(d, "path_info", size=0), "is a file"),
    ("processes", lambda d: always(d, "processes", {"processes": []}), "svchost.exe and lsass.exe run"),
    ("processes", lambda d: first_of(d, "processes", "processes", pid=0), "positive"),
    ("processes", lambda d: always(d, "processes", {"processes": [{"name": "x", "pid": 1}]}), "has no process"),
    ("job_status", lambda d: changed(d, "job_status", state="lost"), "is absent"),
    ("job_status", lambda d: always(d, "job_status", {
        "state": "absent", "started": None, "last_task_result": None, "answer": None}), "is a GUID"),
    ("local_administrators", lambda d: changed(d, "local_administrators", members=[]), "built-in administrator"),
    ("local_administrators", lambda d: changed(d, "local_administrators", machine_sid="S-1-5"), "has a SID"),
    ("local_administrators", lambda d: first_of(d, "local_administrators", "members", kind="entra"),
     "exactly the local members"),
    ("local_administrators", lambda d: first_of(d, "local_administrators", "members", kind="alien"), "known kind"),
    ("bitlocker", lambda d: changed(d, "bitlocker", available=False), "BitLocker's classes"),
    ("bitlocker", lambda d: first_of(d, "bitlocker", "volumes", system=False), "Windows' own"),
    ("bitlocker", lambda d: first_of(d, "bitlocker", "volumes", protectors=[{"id": "1", "type": "Tpm"}]), "GUIDs"),
    ("volume_encryption", lambda d: changed(d, "volume_encryption", available=False), "BitLocker's classes"),
    ("volume_encryption", lambda d: first_of(d, "volume_encryption", "volumes", conversion=9), "known one"),
    ("account_policy", lambda d: changed(d, "account_policy", min_length=-1), "least length"),
    ("account_policy", lambda d: changed(d, "account_policy", lockout_threshold=None), "wrong passwords"),
    ("recovery_environment", lambda d: changed(d, "recovery_environment", settings=None), "a client has settings"),
    ("recovery_environment", lambda d: changed(d, "recovery_environment", settings="<x/>"), "they are ReAgent.xml"),
    ("endpoints", lambda d: always(d, "endpoints", {"results": []}), "in order"),
    ("endpoints", lambda d: first_of(d, "endpoints", "results", status=200), "a status or a known kind"),
    ("endpoints", lambda d: first_of(d, "endpoints", "results", error={"type": "tls", "message": "", "hresult": 1}),
     "refuses the connection"),
    ("device_link", lambda d: changed(d, "device_link", cabinet=False), "has written a cabinet"),
    ("icd_find", lambda d: first_of(d, "icd_find", "tools", path="cmd.exe"), "is ICD.exe"),
    ("icd_find", lambda d: first_of(d, "icd_find", "tools", source="path"), "a known place"),
    ("icd_find", lambda d: first_of(d, "icd_find", "tools", version=None), "has a version"),
    ("icd_find", lambda d: always(d, "icd_find", {"tools": [{
        "source": "adk", "path": "\\ICD.exe", "store": None, "version": "1.0.0.0"}], "apps": True}), "none is found"),
    ("file_part", lambda d: changed(d, "file_part", content="AA=="), "begins with a brace"),
    ("file_part", lambda d: changed(d, "file_part", size=0), "has a size"),
    ("file_part", lambda d: always(d, "file_part", {"size": 300, "content": "ew=="}), "is refused"),
    ("directory_create", lambda d: changed(d, "directory_create", created=False), "is new"),
    ("directory_create", lambda d: changed(d, "directory_create", created=True), "not created twice"),
    ("directory_create", lambda d: always(d, "directory_create", {"path": "x", "created": True}), "is refused"),
    ("download", lambda d: always(d, "download", {"path": "x", "size": 1, "sha256": "x"}), "where no server answers"),
    ("path_remove", lambda d: changed(d, "path_remove", removed=False), "with its contents"),
    ("path_remove", lambda d: changed(d, "path_remove", removed=True), "not removed twice"),
    ("package_install", lambda d: always(d, "package_install", {
        "gave_up": False, "seconds": 0.1, "error": {"type": None, "message": None, "hresult": None}}), "is refused"),
    ("package_remove", lambda d: changed(d, "package_remove", removed=True), "is not removed"),
    ("system_probe", lambda d: always(d, "system_probe", {"answer": None}), "there is no answer"),
    ("job_start", lambda d: changed(d, "job_start", already=False), "not started twice"),
    ("job_start", lambda d: setattr(d, "running_looks", 10**6) or changed(d, "job_status", state="running"),
     "ends in time"),
    ("job_remove", lambda d: changed(d, "job_remove", removed=False), "is removed"),
]  # fmt: skip


@pytest.mark.parametrize(("operation", "break_it", "sentence"), BROKEN)
def test_an_operation_that_answers_wrongly_has_failed(device, operation, break_it, sentence):
    break_it(device)
    made, failure, _changes = accept(device)
    found = made["operations"][operation]
    assert found["status"] == "failed" and found["why"] == found["problems"][0]
    assert any(sentence in problem for problem in found["problems"]), found
    assert made["verdict"] == "failed" and operation in failure.msg


def test_every_operation_that_is_tried_has_a_wrong_answer_above():
    assert {row[0] for row in BROKEN} == set(trials.TRIALS) - {"enrollment_remove", "package_forget"}


def test_operations_as_system_must_run_as_system_in_64_bits_and_see_the_same(device):
    for part in ({"sid": ACCOUNT}, {"system": False}, {"wow64": True}):
        sound = device.as_system
        device.as_system = lambda ops, sound=sound, part=part: _with_device(sound(ops), part)
        made, _failure, _changes = accept(device)
        device.as_system = sound
        assert statuses(made)["failed"] == {"system_probe", "job_start"}, part
    hashes = iter([KERNEL_HASH, *["cd" * 32] * 9])
    sound_path = device.handlers["path_info"]
    device.handlers["path_info"] = lambda p: sound_path(p) | ({"sha256": next(hashes)} if p.get("hash") else {})
    assert any("kernel32" in text for text in entry(device, "system_probe")["problems"])


def _with_device(answer: dict, part: dict) -> dict:
    return answer | {"device": answer["device"] | part}


@pytest.mark.parametrize(("operation", "more"), [("enrollment_remove", {"unregistered": None}), ("package_forget", {})])
def test_a_removal_that_takes_something_or_obeys_an_account_has_failed(device, operation, more):
    always(device, operation, {"removed": []} | more)
    assert "accounts other than SYSTEM are refused" in entry(device, operation)["why"]
    always(device, operation, {"removed": ["a key"]} | more)
    assert "nothing is removed" in entry(device, operation)["why"]


@pytest.mark.parametrize("operation", sorted(trials.TRIALS))
def test_an_operation_that_fails_or_is_misshapen_fails_alone_and_what_was_done_is_taken_back(device, operation):
    def fail(_p):
        raise refuse("System.ComponentModel.Win32Exception", -2147024891)

    sound = device.handlers[operation]
    for handler in (fail, lambda _p: {}, lambda p: sound(p) | {"gertrud": "gertrud"}):
        device.handlers[operation] = handler
        made, failure, _changes = accept(device)
        found = made["operations"][operation]
        assert found["status"] == "failed" or operation in ("package_install", "download")
        assert failure is not None or operation in ("package_install", "download")
        assert_impersonal(made)
        device.handlers[operation] = sound
        if operation not in ("path_remove", "job_remove"):
            assert device.job is None and rf"{ROOT}\acceptance" not in device.paths
        accept(device)
        assert device.job is None and rf"{ROOT}\acceptance" not in device.paths


# --- what the report may say ------------------------------------------------------------------------------------------


def assert_impersonal(made) -> None:
    text = (json.dumps(made) + "\n".join(report.table(made))).lower()
    assert [word for word in PERSONAL if word.lower() in text] == []


def test_a_report_has_no_names(device):
    assert_impersonal(accept(device)[0])


@pytest.mark.parametrize(
    "values",
    [
        {
            "EditionID": "gertrud's own edition!",
            "DisplayVersion": "gertrud",
            "CurrentBuild": "gertrud",
            "UBR": "gertrud",
        },
        {"EditionID": ["gertrud"], "CurrentBuild": None, "InstallationType": "gertrud-AB12", "UBR": {"gertrud": 1}},
    ],
)
def test_a_system_that_calls_itself_strange_names_is_told_as_unknown(device, values):
    values_of(device, "CurrentVersion", **values)
    values_of(device, "Environment", PROCESSOR_ARCHITECTURE="gertrud")
    device.identity["powershell"] = "5.1-gertrud/x"
    made, _failure, _changes = accept(device)
    assert_impersonal(made)
    assert made["system"]["edition"] is made["system"]["architecture"] is made["system"]["powershell"] is None


def test_only_numbers_and_yes_or_no_get_into_what_was_seen(device):
    for found in accept(device)[0]["operations"].values():
        assert all(value is None or isinstance(value, int) for value in found["seen"].values())
    with pytest.raises(TypeError, match="name"):
        trial.Trial("events", None).tell(name="gertrud")


# --- stopping safely --------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("change", "name"),
    [
        (lambda d: d.identity.update(elevated=False), "account_not_elevated"),
        (lambda d: setattr(d, "product_type", 2), "domain_controller"),
    ],
)
def test_nothing_is_tried_where_it_must_not_be(device, change, name):
    change(device)
    made, failure, changes = accept(device)
    assert device.requests == 1 and not set(device.executed) & op.CHANGING
    assert (failure.error["name"], made["verdict"], changes) == (name, "stopped", [])
    assert statuses(made)["not_possible"] == OPERATIONS
    assert made["stopped"] == made["operations"]["events"]["why"] and made["stopped"] in failure.msg


def test_what_is_skipped_is_not_sent(device):
    made, failure, _changes = accept(device, skip=("endpoints", "job_start"))
    assert failure is None and not {"endpoints", "job_start"} & set(device.executed)
    assert made["operations"]["endpoints"]["why"] == acceptance.LEFT_OUT
    assert made["operations"]["job_remove"]["status"] == made["operations"]["enrollment_remove"]["status"]
    assert "did not reach it" in made["operations"]["job_remove"]["why"]


@pytest.mark.parametrize("names", [["endpoint"], [""], ["events", "reboot"]])
def test_a_name_that_is_no_operation_cannot_be_skipped(names):
    with pytest.raises(Failure, match=f"bad option skip: {names[-1]!r} is not an operation; give some of .*endpoints"):
        acceptance.skipped(names)


def test_a_run_ends_when_its_time_is_up_and_takes_back_what_it_did(device):
    sound = device.handlers["download"]

    def slow(p):
        device.clock.now += 1000
        return sound(p)

    device.handlers["download"] = slow
    made, failure, _changes = accept(device, timeout=500)
    assert failure.error["name"] == "timeout" and made["verdict"] == "stopped"
    assert "job_start" not in device.executed and "path_info" in device.executed
    assert made["operations"]["path_remove"]["status"] == "not_possible"
    assert rf"{ROOT}\acceptance" not in device.paths and made["left_on_the_device"] is False


def test_a_lost_connection_stops_the_run_and_what_was_done_is_taken_back_when_it_is_there_again(device):
    sound = device.handlers["download"]

    def break_off(p):
        device.lose = 3
        return sound(p)

    device.handlers["download"] = break_off
    made, failure, _changes = accept(device)
    assert failure.error["name"] == "connection_lost" and failure.error["side"] == "network"
    assert made["operations"]["download"]["status"] == "failed"
    assert "job_start" not in device.executed
    assert made["left_on_the_device"] is False and rf"{ROOT}\acceptance" not in device.paths


def test_where_the_connection_stays_lost_the_report_says_that_nobody_knows_what_is_left(device):
    sound = device.handlers["download"]

    def break_off(p):
        device.lose = 10**6
        return sound(p)

    device.handlers["download"] = break_off
    made, failure, changes = accept(device)
    assert failure.error["name"] == "connection_lost" and made["left_on_the_device"] is None
    assert changes[-1]["after"].startswith("unknown")
    device.lose = 0
    device.handlers["download"] = sound
    made, failure, changes = accept(device)
    assert failure is None and made["earlier_run_left_something"] is True
    assert "what an earlier run has left" in [change["what"] for change in changes]
    assert rf"{ROOT}\acceptance" not in device.paths


def test_a_device_that_never_answered_is_no_report(device):
    device.lose = 10**6
    with pytest.raises(AnsibleConnectionFailure):
        accept(device)


def test_what_cannot_be_taken_back_is_said(device):
    always(device, "path_remove", {"path": "x", "removed": True})
    made, failure, changes = accept(device)
    assert made["left_on_the_device"] is True and made["verdict"] == "failed" and failure is not None
    assert changes[-1] == {"what": "what this run has made", "before": "absent", "after": "present"}


def test_a_job_of_an_earlier_run_is_removed_first(device):
    device.job, device.job_id = [], ACCEPTANCE_JOB
    made, failure, _changes = accept(device)
    assert failure is None and made["earlier_run_left_something"] is True


def test_evidence_goes_to_the_screen_only(device):
    def fail(_p):
        raise refuse("System.ComponentModel.Win32Exception", -2147024891)

    device.handlers["bitlocker"] = fail
    made, failure, _changes = accept(device)
    assert "gertrud" in json.dumps(failure.error["evidence"])
    assert made["operations"]["bitlocker"]["why"] == "found: bitlocker failed (0x80070005)"
    assert_impersonal(made)
