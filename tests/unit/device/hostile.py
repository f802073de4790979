# Copyright (c) 2026, winops.entra contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A device that lies: every module runs on it, with one thing of one answer changed into something else."""

from __future__ import annotations

import json
import re
import typing as t
from collections.abc import Callable, Iterator

from ansible_collections.winops.entra.plugins.doc_fragments import findings, package, waiting
from ansible_collections.winops.entra.plugins.modules import (
    acceptance,
    autopilot_hash,
    deployment_status,
    device_facts,
    device_posture,
    diagnose,
    disconnect,
    first_contact,
    join,
    mdm,
    ppkg,
    ppkg_info,
    preflight,
    security_key_sign_in,
)
from ansible_collections.winops.entra.plugins.plugin_utils import task
from ansible_collections.winops.entra.plugins.plugin_utils.device import facts, work
from ansible_collections.winops.entra.plugins.plugin_utils.device.acceptance import run as acceptance_run
from ansible_collections.winops.entra.plugins.plugin_utils.device.acceptance import trial
from ansible_collections.winops.entra.plugins.plugin_utils.device.autopilot.harvest import harvest
from ansible_collections.winops.entra.plugins.plugin_utils.device.deployment import judged as deployment_judged
from ansible_collections.winops.entra.plugins.plugin_utils.device.deployment import overview
from ansible_collections.winops.entra.plugins.plugin_utils.device.diagnosis.diagnose import diagnose as diagnose_work
from ansible_collections.winops.entra.plugins.plugin_utils.device.leaving.disconnect import disconnect as leave_work
from ansible_collections.winops.entra.plugins.plugin_utils.device.mdm.mdm_state import enroll_or_remove
from ansible_collections.winops.entra.plugins.plugin_utils.device.meeting import first_contact as first_contact_work
from ansible_collections.winops.entra.plugins.plugin_utils.device.posture import posture
from ansible_collections.winops.entra.plugins.plugin_utils.device.preflight.look import look
from ansible_collections.winops.entra.plugins.plugin_utils.device.side import DEVICE_SIDE
from ansible_collections.winops.entra.plugins.plugin_utils.device.sign_in import option
from ansible_collections.winops.entra.plugins.plugin_utils.device.sign_in.sign_in import sign_in
from ansible_collections.winops.entra.plugins.plugin_utils.package_tasks import work as package_work

from . import scripted
from .disposable import DisposableDevice
from .firm import Firm
from .fit import FitDevice
from .leavers import CLOUD_JOIN, Leaver
from .lying import DEEP, MISSING, Lying
from .scripted import PACKAGE, TENANT, Clock, key

ODD: tuple[t.Any, ...] = ("", "\0", "\ud800", -1, 1.5, float("inf"), True, None, [], {}, {"": ""}, MISSING, DEEP)
RESULTS = r"SOFTWARE\Microsoft\Provisioning\Results"
PROXY = r"SOFTWARE\Microsoft\Windows\CurrentVersion\Internet Settings"
WORK_ACCOUNTS = r"SOFTWARE\Microsoft\Windows NT\CurrentVersion\WorkplaceJoin\JoinInfo"
ELSEWHERE = "9b1f5c2e-6d3a-4c87-8f10-2a7be4d5c601"
PERSON = "S-1-5-21-1-2-3-1001"


class Liar(Lying, Leaver):
    """A device on which every module has something to read."""

    def __init__(self, joined: bool = True) -> None:
        super().__init__(joined)
        fit = FitDevice()
        self.tree |= fit.registry | {CLOUD_JOIN: self.tree[CLOUD_JOIN]} if joined else fit.registry
        if joined:
            self.enroll(EnrollmentType=6)
            self.tree[RESULTS] = key(**{PACKAGE: key(a=key({"LastResult": 2147942405, "Message": "no"}))})
            self.autojoin_task = "Ready"
        leaver = self.handlers["cim_query"]
        users = {
            PROXY: key({"ProxyEnable": 1, "ProxyServer": "proxy:8080"}),
            WORK_ACCOUNTS: key(A=key({"UserEmail": "a"})),
        }
        self.handlers |= {
            "endpoints": fit.handlers["endpoints"],
            "cim_query": lambda p: {"instances": fit.cim[p["class"]]} if p["class"] in fit.cim else leaver(p),
            "registry_users_read": lambda p: {
                "users": {PERSON: users[p["path"]]} if joined and p["path"] in users else {}
            },
            "events": lambda _p: {"log_exists": True, "events": EVENTS},
            "provisioning_packages": lambda _p: {"available": True, "packages": INSTALLED if joined else []},
            "package_remove": lambda _p: {"removed": True},
            "package_forget": lambda _p: {"removed": []},
            "package_install": lambda _p: {
                "gave_up": False,
                "seconds": 1.0,
                "error": {"type": None, "message": None, "hresult": None},
                "text": "",
            },
            "dsregcmd_azure_vm_join": lambda _p: {"exit_code": 1, "text": "0x801c001d"},
        }
        self.connection.get_option = {"scheme": "https", "port": 5986}.__getitem__


class DeployedLiar(Lying, scripted.ScriptedDevice):
    """A device in its deployment, whose page waits for an app."""

    def __init__(self) -> None:
        super().__init__()
        self.clock = Clock()
        app = key({"InstallationState": 2, "RebootRequired": 0})
        apps = key(
            Tracking=key(Sidecar=key(Win32App_a=app)), PolicyProviders=key(Sidecar=key({"TrackingPoliciesCreated": 1}))
        )
        preparing = key(PolicyProviders=key(Sidecar=key({"InstallationState": 3})))
        records = key(ExpectedPolicies=key(a=key({"./a": 1})), ExpectedMSIAppPackages=key(a=key({"./b": 60})))
        synced = {"IsSyncDone": 0, "SkipUserStatusPage": 4294967295, "SyncFailureTimeout": 60, "BlockInStatusPage": 7}
        first = key({"ProviderID": "MS DM Server", "UPN": "a@b"}, FirstSync=key(synced, **{PERSON: key()}))
        nested = {"categoryState": "inProgress", "DeviceSetup.A": {"subcategoryState": "inProgress"}}
        phases = {
            "DevicePreparationCategory.Status": json.dumps({"categorySucceeded": True, "A": "Apps (1 of 1)"}),
            "DeviceSetupCategory.Status": json.dumps(nested),
            "AccountSetupCategory.Status": json.dumps({"categorySucceeded": None, "A": "Apps (0x87d1041c)"}),
        }
        tree = {
            "phases": key(phases),
            "tracking": key(
                Device=key(Setup=key(Apps=apps), DevicePreparation=preparing),
                ESPTrackingInfo=key(Diagnostics=records),
            ),
            "autopilot": key({"CloudAssignedTenantId": TENANT, "IsAutopilotDisabled": 0}),
            "first_sync": key(**{PACKAGE: first}),
        }
        paths = {overview.OBSERVATIONS[name]["path"]: found for name, found in tree.items()}
        self.handlers["registry_read"] = scripted.registry(paths)


EVENTS = [
    {
        "id": 304,
        "level": 2,
        "record": 9,
        "utc": scripted.UTC,
        "provider": "x",
        "data": ["-2145648611"],
        "message": None,
    },
    {
        "id": 1098,
        "level": 2,
        "record": 8,
        "utc": scripted.UTC,
        "provider": "x",
        "data": ["AADSTS700082: expired"],
        "message": "text",
    },
]
INSTALLED = [{"id": PACKAGE, "name": "join", "version": "1.0", "path": r"C:\a.ppkg", "installed": True}]


class SigningLiar(Liar):
    """A device whose MDM has set the sign-in with a security key, and which a policy contradicts."""

    def __init__(self) -> None:
        super().__init__()
        hello = key(
            {}, SecurityKey=key({option.CSP_VALUE: 1}), SecurityKeys=key({option.CSP_VALUE: 1}), DeviceUnlock=key()
        )
        node = key({"NodeUri": "./Device/Vendor/MSFT/PassportForWork/SecurityKey/UseSecurityKeyForSignin"})
        self.tree |= {
            option.HELLO: hello,
            option.HELLO_POLICY: key(DeviceUnlock=key({"GroupA": "{D6886603}", "GroupB": ""})),
            option.FIDO_POLICY: key({option.FIDO_VALUE: 0}),
            option.NODES: key(**{"1": node}),
        }
        self.handlers["fido_logon_policy"] = lambda _p: {"changed": True}


class DisposableLiar(Lying, DisposableDevice):
    """The device of the acceptance run."""

    def __init__(self) -> None:
        super().__init__()
        self.clock = Clock()


class PosturedLiar(Liar):
    """A device some time after its join, with something in each of its logs."""

    def __init__(self) -> None:
        super().__init__()
        numbers = {"protection": 0, "conversion": 1, "percentage": 100, "suspended": 0}
        protectors = [{"id": "{1}", "type": "RecoveryPassword"}]
        volume = {"mount_point": "C:", "system": True, "protectors": protectors, **numbers}
        rules = {"min_length": 8, "max_age": -1, "history": 0, "lockout_threshold": 10, "lockout": 600}
        ids = {"laps": (10005, 10059), "bitlocker": (851, 846, 845), "management": (209, 208), "registration": (360,)}
        told = ["{1}", "C:", "-2145648611", PACKAGE, '{"error": {"message": "no"}}', "Yes", "No"]

        def events(asked: dict) -> dict:
            wanted = next((found for name, found in ids.items() if name in asked["log"].lower()), (2,))
            one = {"level": 2, "utc": scripted.UTC, "provider": "bitlocker", "data": told, "message": None}
            return {"log_exists": True, "events": [{**one, "id": id, "record": 9 - n} for n, id in enumerate(wanted)]}

        self.handlers |= {
            "volume_encryption": lambda _p: {"available": True, "volumes": [volume]},
            "account_policy": lambda _p: rules,
            "events": events,
        }


class FirmLiar(Lying, Firm):
    """A device with a hardware hash."""

    def __init__(self) -> None:
        super().__init__()
        self.clock = Clock()


class Run(t.NamedTuple):
    """One module: its work, its options, and whether it runs on a joined device and in check mode."""

    work: Callable[[task.Task], dict]
    specs: tuple[dict, ...]
    args: dict[str, t.Any]
    joined: bool = True
    check_mode: bool = False
    device: Callable[[], Lying] | None = None

    def made(self) -> t.Any:
        """A device for it, with a clock."""
        return self.device() if self.device else Liar(self.joined)


_WAITS = (waiting.POLL_SPEC, waiting.REBOOT_SPEC)
_FINDINGS = findings.FINDINGS_SPEC
_LEAVE = (*_WAITS, disconnect.ARGUMENT_SPEC)
_WHOLE = {"remove_mdm": True, "stop_hybrid_autojoin": True, "reboot": True, "reboot_timeout": 60, "timeout": 300}
_JOINING = (package.PACKAGE_SPEC, *_WAITS, join.ARGUMENT_SPEC)
_PACKAGE = (package.PACKAGE_SPEC, waiting.POLL_SPEC, ppkg.ARGUMENT_SPEC)
_JOIN = {"tenant_id": TENANT, "path": r"C:\a.ppkg", "package_id": PACKAGE, "expect_mdm": True, "timeout": 300}
RUNS = {
    "device_facts": Run(facts.gather, (device_facts.ARGUMENT_SPEC,), {}),
    "device_facts fresh": Run(facts.gather, (device_facts.ARGUMENT_SPEC,), {}, joined=False),
    "preflight": Run(look, (_FINDINGS, preflight.ARGUMENT_SPEC), {"tenant_id": TENANT, "expect_mdm": True}),
    "preflight checked": Run(look, (_FINDINGS, preflight.ARGUMENT_SPEC), {}, joined=False, check_mode=True),
    "deployment_status": Run(
        deployment_judged.status,
        (_FINDINGS, deployment_status.ARGUMENT_SPEC),
        {"fail_on": ["fail"]},
        device=DeployedLiar,
    ),
    "device_posture": Run(
        posture.look, (_FINDINGS, device_posture.ARGUMENT_SPEC), {"fail_on": ["fail"]}, device=PosturedLiar
    ),
    "diagnose": Run(diagnose_work, (_FINDINGS, diagnose.ARGUMENT_SPEC), {}),
    "diagnose dest": Run(diagnose_work, (_FINDINGS, diagnose.ARGUMENT_SPEC), {"dest": "DEST"}),
    "disconnect": Run(leave_work, _LEAVE, _WHOLE),
    "disconnect checked": Run(leave_work, _LEAVE, _WHOLE, check_mode=True),
    "disconnect elsewhere": Run(leave_work, _LEAVE, {"tenant_id": ELSEWHERE}),
    "mdm absent": Run(enroll_or_remove, (waiting.POLL_SPEC, mdm.ARGUMENT_SPEC), {"state": "absent", "timeout": 300}),
    "mdm enrolled": Run(enroll_or_remove, (waiting.POLL_SPEC, mdm.ARGUMENT_SPEC), {"timeout": 300}),
    "mdm elsewhere": Run(enroll_or_remove, (waiting.POLL_SPEC, mdm.ARGUMENT_SPEC), {"provider": "AirWatchMDM"}),
    "join": Run(package_work.join, _JOINING, _JOIN),
    "join fresh": Run(package_work.join, _JOINING, _JOIN | {"timeout": 60}, joined=False),
    "join elsewhere": Run(package_work.join, _JOINING, _JOIN | {"tenant_id": ELSEWHERE}),
    "join azure_vm": Run(
        package_work.join, _JOINING, {"tenant_id": TENANT, "method": "azure_vm", "timeout": 60}, joined=False
    ),
    "ppkg present": Run(
        package_work.apply_or_remove,
        _PACKAGE,
        {"package_id": PACKAGE, "path": r"C:\a.ppkg", "force": True, "timeout": 60},
    ),
    "ppkg absent": Run(
        package_work.apply_or_remove, _PACKAGE, {"package_id": PACKAGE, "state": "absent", "timeout": 60}
    ),
    "acceptance": Run(package_work.accept, (waiting.POLL_SPEC, acceptance.ARGUMENT_SPEC), {}, device=DisposableLiar),
    "autopilot_hash": Run(harvest, (_FINDINGS, autopilot_hash.ARGUMENT_SPEC), {"fail_on": []}, device=FirmLiar),
    "autopilot_hash checked": Run(
        harvest,
        (_FINDINGS, autopilot_hash.ARGUMENT_SPEC),
        {"mode": "self_deploying"},
        check_mode=True,
        device=FirmLiar,
    ),
    "first_contact": Run(
        first_contact_work.meet,
        (waiting.POLL_SPEC, first_contact.ARGUMENT_SPEC),
        {"computer_name": "PC-%SERIAL%", "package_id": PACKAGE, "timeout": 60},
    ),
    "security_key_sign_in": Run(
        sign_in, (_FINDINGS, security_key_sign_in.ARGUMENT_SPEC), {"fail_on": ["fail"]}, device=SigningLiar
    ),
    "security_key_sign_in present": Run(
        sign_in, (_FINDINGS, security_key_sign_in.ARGUMENT_SPEC), {"state": "present"}, device=SigningLiar
    ),
    "security_key_sign_in absent": Run(
        sign_in, (_FINDINGS, security_key_sign_in.ARGUMENT_SPEC), {"state": "absent"}, check_mode=True
    ),
    "ppkg_info": Run(package_work.describe, (ppkg_info.ARGUMENT_SPEC,), {}),
}


def run(name: str, device: t.Any, dest: str, monkeypatch) -> dict:
    """The result of a module on this device, shaped as Ansible would get it. Time passes only when it sleeps."""
    module = RUNS[name]
    for waits in (work, acceptance_run, trial, first_contact_work):
        monkeypatch.setattr(waits, "Deadline", device.clock.deadline)
    spec: dict[str, t.Any] = {option: known for part in module.specs for option, known in part.items()}
    given = {option: dest if value == "DEST" else value for option, value in module.args.items()}
    args = {option: given.get(option, known.get("default")) for option, known in spec.items()}
    made = task.Task(args, module.check_mode, host="pc1", session=device.session(module.check_mode))
    return task.perform(made, (DEVICE_SIDE,), module.work, {}, with_diff=True)


def judged(result: dict) -> dict:
    """The result of a module, which can be printed, saved and sent on; a failure's names a side that is not ours."""
    json.dumps(result, allow_nan=False, ensure_ascii=False).encode("utf-8")
    for text in texts(result):
        assert not NO_TEXT.search(text), text[:200]
    if result.get("failed"):
        assert result["error"]["side"] in ("device", "network", "tenant")
        assert len(result["msg"]) < 5000 and result["msg"].isprintable(), result["msg"][:300]
    return result


NO_TEXT = re.compile("[\0-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f\ud800-\udfff]")


def texts(value: t.Any) -> Iterator[str]:
    """All texts in a value, names too."""
    if isinstance(value, str):
        yield value
    elif isinstance(value, dict):
        for name, item in value.items():
            yield name
            yield from texts(item)
    elif isinstance(value, list):
        for item in value:
            yield from texts(item)
