# Copyright (c) 2026, winops.entra contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The lab in which the examples run: devices, a tenant and files for what they name, and where each of them runs."""

from __future__ import annotations

import hashlib
import json
import shutil
import typing as t
from pathlib import Path

import yaml

from tests.lab import hardware_hash, ppkg, scenario
from tests.lab.process import RunningLab

from . import descriptions
from .texts import ROOT, Block, blocks

#: For the commands of the guides: a device that does not come to offer security keys, or that is not of use after its
#: join, ends the play for itself.
KEYS = {"security_keys_set_directly": True, "verify_fail_on": []}
LAPTOP: dict[str, t.Any] = {"kind": "unjoined_pro", "package": "contoso", "variables": KEYS}
JOINED: dict[str, t.Any] = {
    "kind": "joined",
    "package": "contoso",
    "variables": KEYS,
    "device": {"join": {"type": "entra", "package": "contoso"}, "mdm": "enrolled"},
}
LINKED = {"device_link": "whole", "windows": {"build": "26200.9278"}, "manufacturer": "LENOVO"}
#: A device that was set up from a stick.
NEW = {"serial": "PF3NEW01", "hostname": "PC-PF3NEW01"}
DEPLOYED = {"user": "ada", "at": "end"}
SCENARIO: dict[str, t.Any] = {
    "description": "Everything that the examples name.",
    "tenants": {
        "main": {
            "name": "Contoso",
            "domain": "contoso.com",
            "users": {"ada": {"devices": 1, "licences": ["m365_e5"]}, "bob": {"licences": ["m365_e5"]}, "grace": {}},
            "groups": {
                "Deployment staff": {"members": ["ada"]},
                "Helpdesk device administrators": {"role_assignable": True},
                "Intune pilot": {},
                "Pilot devices": {},
                # Else a check of the guide's tenant.yml stops, as the guide says.
                "Package users": {"rule": '(user.userPrincipalName -startsWith "package_")'},
            },
            "pass_policy": {"state": "enabled"},
            "apps": [{"name": "Company Portal", "type": "winGetApp"}],
            "devices": [
                {"name": "KIOSK-017"},
                {"name": "KIOSK-018"},
                {"name": "RETIRED", "count": 4},
                {"name": "OLD-1", "days": 300},
                {"name": "OLD-2", "days": 300, "owner": "ada"},
            ],
            "autopilot_profiles": [{"displayName": "Office", "tag": "office"}],
            "preparation_policies": [{"name": "Office devices"}],
            "autopilot": [
                *(
                    {"serial": serial, "group_tag": "office", "profile": "Office"}
                    for serial in ("PF3A1B2C", "PF3A1B2D", "PF3K9Z1B")
                ),
                {"serial": "PF3XK4T1"},
            ],
        },
        "other": {"name": "Fabrikam", "domain": "fabrikam.example"},
    },
    "packages": {
        "contoso": {"title": "Contoso join"},
        "fabrikam": {"title": "Fabrikam join", "tenant": "other"},
        "site": {"title": "Site Berlin", "token": "none", "wifi": "Berlin", "certificate": "Contoso Root"},
        "harmless": {"title": "Harmless", "token": "none", "policies": {"Experience/AllowCortana": 1}},
    },
    "devices": [
        {**JOINED, "name": "joined"},
        {**JOINED, "name": "leaving"},
        {**JOINED, "name": "moving"},
        {**JOINED, "name": "leaver"},
        {**JOINED, "name": "pilot-1", "device": {**JOINED["device"], **LINKED}},
        {**JOINED, "name": "well", "device": {**JOINED["device"], "after_join": {}, "record": {"user": "ada"}}},
        {**LAPTOP, "name": "pilot-2", "device": LINKED},
        {**LAPTOP, "name": "joining"},
        {**LAPTOP, "name": "slow"},
        {**LAPTOP, "name": "provisioned"},
        {**LAPTOP, "name": "downloading"},
        {**LAPTOP, "name": "fit"},
        {**LAPTOP, "name": "branch"},
        {**LAPTOP, "name": "disposable"},
        {**LAPTOP, "name": "reset-1", "device": {"serial": "PF3K9Z1A", "wipe": {"seconds": 60}}},
        {**LAPTOP, "name": "reset-2", "device": {"serial": "Default string", "wipe": {"seconds": 60}}},
        {**JOINED, "name": "wiped", "device": {**JOINED["device"], "serial": "PF3K9Z1B"}},
        {**LAPTOP, "name": "deployed-1", "device": {"serial": "PF3A1B2C", "deployment": DEPLOYED}},
        {**LAPTOP, "name": "deployed-2", "device": {"serial": "PF3A1B2D", "deployment": DEPLOYED}},
        {**LAPTOP, "name": "linked", "device": LINKED},
        {**JOINED, "name": "new", "device": {**JOINED["device"], **NEW, "installed": ["contoso"]}},
        {**LAPTOP, "name": "build-host", "device": {"icd": {"seconds": 1}}},
        {"kind": "azure_vm_mdm", "name": "azure", "variables": KEYS},
        {"kind": "hybrid", "name": "hybrid", "variables": KEYS},
        {
            "kind": "hybrid_offered",
            "name": "enrolling",
            "variables": KEYS,
            "device": {"join": {"type": "hybrid", "console_user": True}, "mdm": "offered"},
        },
        {"kind": "enrollment_leftovers", "name": "leftover", "variables": KEYS},
    ],
}
#: Where the examples of a text run, and single ones of it; else on the controller.
PLACES = {
    "plugins/modules/acceptance.py": "disposable",
    "plugins/modules/deployment_status.py": "deployed-1",
    "plugins/modules/autopilot_hash.py": "fit",
    "plugins/modules/device_facts.py": "joined",
    "plugins/modules/device_link_info.py": "linked",
    "plugins/modules/device_posture.py": "well",
    "plugins/modules/device_reset.py": "reset-1",
    "plugins/modules/device_reset.py: A device whose serial number is a placeholder": "reset-2",
    "plugins/modules/diagnose.py": "joined",
    "plugins/modules/disconnect.py": "leaving",
    "plugins/modules/disconnect.py: A hybrid joined device": "hybrid",
    "plugins/modules/disconnect.py: Move a device to another tenant": "moving",
    "plugins/modules/first_contact.py": "new",
    "plugins/modules/join.py": "joining",
    "plugins/modules/join.py: An Azure VM": "azure",
    "plugins/modules/join.py: A slow site, with the package on a local web server": "slow",
    "plugins/modules/mdm.py": "enrolling",
    "plugins/modules/mdm.py: Remove what an earlier enrollment has left": "leftover",
    "plugins/modules/ppkg.py": "provisioned",
    "plugins/modules/ppkg.py: A large package that the device downloads itself": "downloading",
    "plugins/modules/ppkg_info.py": "fit",
    "plugins/modules/preflight.py": "fit",
    "plugins/modules/security_key_sign_in.py": "joined",
    "docs/security-keys-on-devices.md": "joined",
}
#: Examples over all hosts of the play: it has a device without an id.
OVER_A_FLEET = (
    "plugins/modules/autopilot_hash.py: Read the hardware hash, and keep it in a CSV file",
    "plugins/modules/autopilot_hash.py: Register all devices of the play in one task",
    "plugins/modules/device_association.py: Read the DeviceLink of each device",
    "plugins/modules/device_association.py: Associate all of them",
    "plugins/modules/directory_device_info.py",
    "plugins/modules/directory_diagnosis.py",
    "plugins/modules/directory_posture.py",
    "docs/directory-posture.md",
    "plugins/modules/wait_for_management.py",
    "docs/after-the-join.md",
    "plugins/modules/group.py: Read the id of each device, null if it is not joined",
    "plugins/modules/group.py: Put the joined devices into a group",
    "docs/tenant.md: Read the id of each device, null if it is not joined",
    "docs/tenant.md: Put the joined devices into a group",
)
FLEET = ("pilot-1", "pilot-2")
#: Examples after which others could not join: they come last.
LAST = ("plugins/modules/registration_policy.py", "plugins/modules/mdm_scope.py")
PACKAGES = {
    "contoso-join": "contoso",
    "join": "contoso",
    "branch": "contoso",
    "berlin": "contoso",
    "lisbon": "contoso",
    "fabrikam-join": "fabrikam",
    "site-berlin": "site",
    "harmless": "harmless",
}
#: What stands in the examples for something that each user has another of.
PACKAGE_ID, SHA256 = (
    "4a1f9e0c-7a55-4f0e-9d0b-0a52f3a7c111",
    "9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08",
)
CLIENT = "0c1a2b3c-4d5e-6f70-8192-a3b4c5d6e7f8"


def _host_of(source: str) -> str:
    """Where the plays of a role, or of a guide, run that name the group devices."""
    if source == "roles/verify/README.md":  # Which fails for one that is not joined.
        return "well"
    return "branch" if source.startswith("roles/") else ",".join(FLEET)


class World:
    """A running lab, a folder in which playbooks lie, with the files that examples name, and another one in which they
    are started, with the files that commands name."""

    def __init__(self, lab: RunningLab, folder: Path) -> None:
        self.lab = lab
        self.folder = folder / "playbooks"
        self.elsewhere = folder / "elsewhere"
        self.tenant: dict[str, t.Any] = json.loads((lab.out / "tenant.json").read_text(encoding="utf-8"))
        self.application: dict[str, t.Any] = self.tenant["applications"]["everything"]
        self._write_files()

    def of_the_lab(self, source: str, text: str) -> str:
        """A text with the lab's values in place of those that each user has others of."""
        package = self.folder / "packages" / ("site-berlin.ppkg" if source.endswith("/ppkg.py") else "join.ppkg")
        content = package.read_bytes()
        person = "mdm_scope" in source
        values = {
            "d10f84e2-ba05-45c0-90b7-994f1fafa537": self.tenant["tenant_id"],
            "11111111-2222-3333-4444-555555555555": self.tenant["tenant_id"],
            "contoso.onmicrosoft.com": self.tenant["tenant_id"],
            CLIENT: self.tenant["sign_in"]["client_id"] if person else self.application["client_id"],
            PACKAGE_ID: ppkg.inspect(content)["package_id"].strip("{}"),
            SHA256: hashlib.sha256(content).hexdigest(),
            "https://packages.example.com/contoso-join.ppkg": f"{scenario.WEB}contoso.ppkg",
            "https://packages.example.com/site-berlin.ppkg": f"{scenario.WEB}site.ppkg",
            "/etc/pki/entra-app.pem": self.tenant["certificate_path"],
            "/srv/rollout": str(self.folder / "rollout"),
            **{place: str(self.folder / "media") for place in ("/media/ops/PPKG", "/srv/media", "/srv/iso")},
            "hosts: devices": f"hosts: {_host_of(source)}",
            "hosts: pilot\n": "hosts: well\n",
            "hosts: leavers": "hosts: leaver",
            "hosts: new_devices": "hosts: new",
        }
        if source.endswith("/device_reset.py"):
            # Of silence five minutes are too much here.
            values["confirm_serial_number: PF3K9Z1A"] = "gone_after: 3\n    confirm_serial_number: PF3K9Z1A"
            values["keep: user_data"] = "gone_after: 3\n    keep: user_data"
        if source.endswith(("/wait_for_management.py", "after-the-join.md")):
            # A device that does not come is waited for to the end.
            values["timeout: 3600"] = "timeout: 3\n    poll_interval: 1"
        for example, value in values.items():
            text = text.replace(example, str(value))
        # What the lab is only asked for where an example has it: not every lab has these devices.
        for example, ask in (
            ("2f9b3c1e-7a6d-4b58-9c3e-5d1f0a7b8c9d", lambda: self._enrollment("leftover")),
            ("4c4c4544-0033-4b10-8039-b2c04f5a3141", lambda: self.lab.get("/devices/reset-2")["uuid"]),
            ("5f6e7d8c-9b0a-4c1d-8e2f-3a4b5c6d7e8f", lambda: self._record("autopilot_devices", "PF3K9Z1B")),
            ("8c1f4a4e-3f2b-4b6f-9f0c-1a2b3c4d5e6f", lambda: self._record("managed_devices", "PF3K9Z1B")),
            ("3b6f2c51-0d4e-4c8a-9b7f-5f2f4f1d9a10", lambda: self._device_id("RETIRED-00001")),
            ("6e4cbe68-588b-499c-8c04-dcfff140a1ca", lambda: self._device_id("RETIRED-00002")),
        ):
            if example in text:
                text = text.replace(example, ask())
        return text

    def command(self, block: Block) -> Block:
        """A command of this world."""
        text = block.text.replace("_tenant_id=...", f"_tenant_id={self.tenant['tenant_id']}")
        return Block(block.source, self.of_the_lab(block.source, text).replace("$PWD", str(self.elsewhere)))

    @property
    def variables(self) -> dict[str, t.Any]:
        """What the examples take from the inventory or a vault."""
        return {
            "vault_entra_client_secret": self.application["client_secret"],
            **descriptions.SECRETS,
            "vault_client_id": self.application["client_id"],
            "vault_client_secret": self.application["client_secret"],
            "entra_tenant_id": self.tenant["tenant_id"],
            "serial_number": NEW["serial"],
            "tenant_id": self.tenant["tenant_id"],
            "old_tenant_id": self.tenant["tenant_id"],
            "new_tenant_id": self.lab.get("/tenants/other")["id"],
            "text": "Client ErrorCode : 0x801c0003",
            "event_text": "The registration failed with 0x801c0003.",
            "join_attempt": {"changed": True, "outcome": "joined"},
            "tries": {"results": [{"failed": True, "item": "site-berlin", "msg": "no"}, {"item": "printers"}]},
        }

    def bundle_task(self) -> dict[str, t.Any]:
        """The task that makes the bundle which an example reads; it changes nothing on the device."""
        dest = str(self.folder / "bundles" / "PC-0042.json")
        return {"name": "a bundle", "winops.entra.diagnose": {"dest": dest}, "check_mode": False}

    def _write_files(self) -> None:
        for name in ("packages", "outputs", "bundles", "rollout", "media"):
            (self.folder / name).mkdir(parents=True)
        (self.elsewhere / "packages").mkdir(parents=True)
        for name, label in PACKAGES.items():
            for place in (self.folder, self.elsewhere):
                shutil.copy(self.lab.out / "packages" / f"{label}.ppkg", place / "packages" / f"{name}.ppkg")
        shutil.copy(self.folder / "packages" / "harmless.ppkg", self.elsewhere)
        descriptions.write(self.folder / "packages")
        for name in ("entra-joined", "not-joined"):
            shutil.copy(FIXTURES / f"{name}.txt", self.folder / "outputs")
        columns = "Device Serial Number,Windows Product ID,Hardware Hash,Group Tag,Assigned User"
        row = f"PF3XK4T2,,{hardware_hash.make('PF3XK4T2')},branch-042,"
        (self.folder / "rollout" / "delivery.csv").write_text("LENOVO,21FV0012GE,PF3K9Z1A\r\n", encoding="ascii")
        (self.folder / "devices.csv").write_text(f"{columns}\r\n{row}\r\n", encoding="ascii")
        left = {"outcome": "disconnected", "join_state": "left"}
        devices = [
            {"device": "pc-1", **left, "device_id": self._device_id("RETIRED-00003")},
            # It had left before, and only an enrollment was removed: nobody knows its id.
            {"device": "pc-2", **left, "device_id": None},
            {"device": "pc-3", "outcome": "refused", "device_id": self._device_id("RETIRED-00004")},
        ]
        report = self.folder / "rollout" / "disconnect-report.json"
        report.write_text(json.dumps({"devices": devices}), encoding="utf-8")
        joined = {"devices": [{"device": "branch", "outcome": "joined", "device_id": self._device_id("OLD-1")}]}
        self.lab.inventory.with_name("join-report.json").write_text(json.dumps(joined), encoding="utf-8")
        inventory = yaml.safe_load(self.lab.inventory.read_text(encoding="utf-8"))
        inventory["all"]["children"]["leavers"] = {"children": {"devices": None}}
        (self.elsewhere / "inventory.yml").write_text(yaml.safe_dump(inventory, sort_keys=False), encoding="utf-8")
        of_the_guide = next(block.text for block in blocks() if block.text.startswith("tenant_groups:"))
        (self.elsewhere / "tenant.yml").write_text(of_the_guide, encoding="utf-8")

    def _enrollment(self, device: str) -> str:
        found = self.lab.get(f"/devices/{device}")["enrollments"]
        return str(found[0]["id"])

    def _record(self, rows: str, serial: str) -> str:
        found = self.lab.get("/tenant")[rows].values()
        return str(next(row["id"] for row in found if row["serialNumber"] == serial))

    def _device_id(self, name: str) -> str:
        devices = self.lab.get("/tenant")["devices"].values()
        return str(next(device["deviceId"] for device in devices if device["displayName"] == name))


FIXTURES = ROOT / "tests" / "unit" / "fixtures" / "dsregcmd"
