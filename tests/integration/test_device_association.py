# Copyright (c) 2026, winops.entra contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Devices associated for device preparation, and corporate identifiers: one play over the lab's tenant, read past the
product."""

from __future__ import annotations

import collections
import json
import subprocess
import sys
import typing as t
from pathlib import Path

import pytest

from tests.integration import inspection
from tests.integration.conftest import StartFleet
from tests.integration.lab_tenant import LabTenant
from tests.integration.play import PATIENCE, ROOT, Play, Player, Tasks
from tests.lab.device import device_link

CONTRACT = ROOT.parent / "shared" / "graph" / "validate.py"
HOST = "localhost"
UUIDS = {name: f"4c4c4544-0000-4a10-8000-{number:012x}" for number, name in enumerate(("NEW-1", "NEW-2", "X", "LOST"))}
ELSEWHERE = "4c4c4544-0000-4a10-8000-00000000ffff"
HINTED = "5d0a1f3c-2b4e-4c6d-8f70-91a2b3c4d5e6"
IMPORTS = "tenantAssociatedDevices/importTenantAssociatedDevice"
#: The imports of the tasks before the one whose answer is lost: three and one refused, and the refused one again.
BEFORE_LOST = 5
#: What a device is, for the harvest of its DeviceLink.
LINKS: dict[str, dict] = {
    "whole": {"device_link": "whole", "association_hints": [HINTED]},
    "anothers": {"device_link": "another"},
    "none": {"device_link": "none"},
    "damaged": {"device_link": "damaged"},
    "no-cabinet": {"device_link": "no_cabinet"},
    "no-tool": {},
    "old": {"device_link": "whole", "windows": {"build": "26100.4061"}},
    "virtual": {"device_link": "whole", "manufacturer": "VMware, Inc.", "model": "VMware20,1"},
    "no-tpm": {"device_link": "whole", "tpm": False},
    "placeholder": {"device_link": "whole", "serial": "Default string"},
}
#: The finding that does not pass, and what it says.
FOUND = {
    "anothers": ("device_link", "fail", "of another device"),
    "none": ("device_link", "fail", "no DeviceLink in the cabinet"),
    "damaged": ("device_link", "fail", "cannot be read"),
    "no-cabinet": ("device_link", "fail", "no cabinet"),
    "no-tool": ("device_link", "fail", "lacks the diagnostics tool"),
    "old": ("build", "fail", "no device association yet"),
    "virtual": ("virtual_machine", "fail", "virtual machines"),
    "no-tpm": ("tpm", "fail", "there is none"),
    "placeholder": ("serial_number", "warn", "SMBIOS UUID"),
}
SCENARIO = {
    "tenants": {
        "main": {
            "name": "Contoso",
            "domain": "contoso.example",
            "groups": {"Prepared": {}},
            "preparation_policies": [{"name": "Office", "group": "Prepared"}, {"name": "Shop", "group": "Prepared"}],
            "associations": [
                {"serial": "KNOWN", "managed": "0c1a2b3c-4d5e-6f70-8192-a3b4c5d6e7f8"},
                {"serial": "GOING", "state": "pendingRemoval"},
                {"serial": "KNOWN-2", "state": "preassociated"},
            ],
            "corporate_identifiers": [],
            "faults": [
                {"kind": "drop", "path": IMPORTS, "methods": ["POST"], "skip": BEFORE_LOST, "after": True},
                {"kind": "drop", "path": "tenantAssociatedDevices/", "methods": ["DELETE"], "after": True},
            ],
        },
        "other": {
            "name": "Fabrikam",
            "domain": "fabrikam.example",
            "associations": [{"serial": "ELSEWHERE", "uuid": ELSEWHERE}],
        },
    },
    "devices": [
        {"kind": "unjoined_pro", "name": name, "device": {"windows": {"build": "26100.9278"}, **device}}
        for name, device in LINKS.items()
    ],
}
CSV = (
    "Manufacturer,Model,Serial number\r\n"
    "LENOVO,21FV0012GE,PF3K9Z1A\r\n"
    '"Acme, Inc",One,AC1\r\n'
    "Dell Inc.,Latitude 5440,7XK2L73\r\n"
    "HP,Refused,HP1\r\n"
    "HP,EliteBook,Default string\r\n"
    "HP,EliteBook,HP2\r\n"
    "hp,elitebook,hp2\r\n"
    "HP,,HP3\r\n"
)


def link(serial: str, uuid: str, **more: t.Any) -> dict[str, t.Any]:
    return {"serial_number": serial, "device_link": device_link.make(serial, uuid), **more}


@pytest.fixture(scope="module")
def tenant(start_fleet: StartFleet, player: Player) -> LabTenant:
    return LabTenant(start_fleet(SCENARIO), player)


class Played(t.NamedTuple):
    """The DeviceLink of each device, in check mode and for real, then the tasks of the tenant on localhost; the states
    of the devices before and after."""

    play: Play
    before: dict[str, str]
    after: dict[str, str]


@pytest.fixture(scope="module")
def run(tenant: LabTenant, player: Player, tmp_path_factory: pytest.TempPathFactory) -> Played:
    """Every task once, in this order."""
    src = tmp_path_factory.mktemp("identifiers") / "delivery.csv"
    src.write_bytes(CSV.encode())
    associate = {
        "devices": [
            link("NEW-1", UUIDS["NEW-1"], device_preparation_policy="Office"),
            link("NEW-2", UUIDS["NEW-2"]),
            link("Default string", UUIDS["X"]),
            link("ELSEWHERE", ELSEWHERE),
            {"serial_number": "KNOWN", "device_preparation_policy": "Shop"},
            {"serial_number": "GOING"},
        ]
    }
    remove = {
        "state": "absent",
        "devices": [{"serial_number": name} for name in ("KNOWN", "KNOWN-2", "GOING", "NOBODY")],
    }
    lost = {"devices": [link("LOST", UUIDS["LOST"])]}
    lost_removal = {"state": "absent", "devices": [{"serial_number": "LOST"}]}
    upload = {"src": str(src)}
    two = [
        {"manufacturer": "LENOVO", "model": "21FV0012GE", "serial_number": "PF3K9Z1A"},
        {"manufacturer": "HP", "model": "EliteBook", "serial_number": "HP2"},
    ]
    tasks: Tasks = []

    def add(name: str, module: str, options: dict[str, t.Any], check: bool = False) -> None:
        tasks.append(
            {
                "name": name,
                f"winops.entra.{module}": options,
                "check_mode": check,
                "diff": True,
                "ignore_errors": True,
            }
        )

    add("associate, checked", "device_association", associate, check=True)
    add("associate", "device_association", associate)
    add("associate again", "device_association", associate)
    add("lost", "device_association", lost)
    add("lost again", "device_association", lost)
    add("removal that is lost", "device_association", lost_removal)
    add("remove, checked", "device_association", remove, check=True)
    add("remove too many", "device_association", {**remove, "max_deletions": 1})
    add("remove", "device_association", remove)
    add("remove again", "device_association", remove)
    add("no policy", "device_association", {"devices": [link("N", UUIDS["X"], device_preparation_policy="Home")]})
    add("upload, checked", "corporate_identifier", upload, check=True)
    add("upload", "corporate_identifier", upload)
    add("upload again", "corporate_identifier", upload)
    add("take away, checked", "corporate_identifier", {"devices": two, "state": "absent"}, check=True)
    add("take away", "corporate_identifier", {"devices": two, "state": "absent"})
    add("take away again", "corporate_identifier", {"devices": two, "state": "absent"})
    for module, options in (("device_association", lost), ("corporate_identifier", {"devices": two})):
        sign_in = tenant.credential("nothing")
        add(f"{module} forbidden", module, {**options, **sign_in})
    look: Tasks = [
        {
            "name": name,
            "winops.entra.device_link_info": {"poll_interval": 1},
            "check_mode": name == "checked",
            "ignore_errors": True,
        }
        for name in ("checked", "harvested")
    ]
    before = inspection.digests(tenant.lab)
    plays = [{"hosts": "devices", "gather_facts": False, "tasks": look}, tenant.play(tasks)]
    play = player.run(tenant.lab, plays, variables={"lab_secrets": tenant.secrets})
    return Played(play, before, inspection.digests(tenant.lab))


@pytest.fixture(scope="module")
def played(run: Played) -> Play:
    return run.play


@pytest.fixture(scope="module")
def harvested(run: Played) -> Played:
    return run


def test_a_harvested_link_is_what_the_association_takes_and_nothing_stays_on_the_device(harvested):
    play, before, after = harvested
    assert before == after
    for name in ("whole", "placeholder"):
        told = play.result(name, "harvested")
        entry, info = told["device_link"], device_link.read(told["device_link"]["device_link"])
        assert set(entry) == {"serial_number", "smbios_uuid", "device_link"} and told["changed"] is False
        assert entry["serial_number"] == info["SerialNumber"] == told["identifier"]["serial_number"]
        assert told["link_id"] == info["LinkId"] and told["firmware_mark"] is None
        assert told["association_hints"] == ([HINTED] if name == "whole" else [])
    assert play.result("placeholder", "harvested")["identifier"]["serial_number"] == "Default string"


@pytest.mark.parametrize("device", FOUND)
def test_why_a_device_has_no_link_is_a_finding(harvested, device):
    play, _before, _after = harvested
    name, result, text = FOUND[device]
    told = play.result(device, "harvested")
    finding = next(one for one in told["findings"] if one["id"] == name)
    assert finding["result"] == result and text in finding["cause"]
    if result == "fail":
        assert told["device_link"] is None and told["error"]["name"] == f"association_{name}"


def test_in_check_mode_no_link_is_read(harvested):
    play, _before, _after = harvested
    told = play.result("whole", "checked")
    assert told["device_link"] is None and told["findings"][-1]["result"] == "unknown"
    assert play.result("old", "checked")["findings"] == play.result("old", "harvested")["findings"]


def outcomes(result: dict[str, t.Any], key: str = "devices") -> list[tuple[str, str]]:
    return [(one["outcome"], one["state"]) for one in result[key]]


ASSOCIATED = [
    ("changed", "preassociated"),
    ("changed", "preassociated"),
    ("changed", "preassociated"),
    ("failed", "absent"),
    ("changed", "associated"),
    ("skipped", "pending_removal"),
]


def test_devices_are_imported_and_bound_and_each_tells_what_became_of_it(played, tenant):
    done = played.result(HOST, "associate")
    assert outcomes(done) == ASSOCIATED
    first, second, third, elsewhere, known, going = done["devices"]
    policies = {row["name"]: id_ for id_, row in tenant.state()["configuration_policies"].items()}
    assert first["device_preparation_policy_id"] == policies["Office"] and first["id"]
    assert second["device_preparation_policy_id"] is None
    assert third["serial_number"] == "Default string" and third["smbios_uuid"] == UUIDS["X"]
    assert known["device_preparation_policy_id"] == policies["Shop"]
    assert "another tenant may have it" in elsewhere["error"]["cause"]
    assert "pending removal" in going["problem"]
    assert done["error"]["name"] == "partly_done" and "GOING" in str(done["error"]["evidence"])


def test_check_mode_foretells_the_association(played):
    checked, done = played.result(HOST, "associate, checked"), played.result(HOST, "associate")
    assert outcomes(checked) == [("changed", "preassociated") if row[0] == "failed" else row for row in ASSOCIATED]
    foretold = [change for change in checked["changes"] if "ELSEWHERE" not in change["what"]]
    assert foretold == done["changes"] and done["diff"]


def test_a_second_run_imports_nothing_again(played):
    again = played.result(HOST, "associate again")
    assert not again["changed"]
    assert [one["outcome"] for one in again["devices"]] == ["unchanged"] * 3 + ["failed", "unchanged", "skipped"]


def test_an_import_and_a_removal_without_an_answer_are_looked_up_and_not_sent_again(played, tenant):
    lost, again = played.result(HOST, "lost"), played.result(HOST, "lost again")
    assert outcomes(lost) == [("changed", "preassociated")] and lost["changed"] and "error" not in lost
    assert outcomes(again) == [("unchanged", "preassociated")]
    removed = played.result(HOST, "removal that is lost")
    assert outcomes(removed) == [("changed", "absent")]
    sent = collections.Counter(
        (one["method"], one["status"])
        for one in exchanges(tenant)
        if one["method"] in ("POST", "DELETE") and "tenantAssociatedDevices" in one["url"]
    )
    assert sent["POST", 201] == 3 and sent["POST", 409] == 2


def test_a_record_stays_pending_until_the_device_has_cleared_its_mark(played, tenant):
    checked, done, again = (played.result(HOST, name) for name in ("remove, checked", "remove", "remove again"))
    expected = ["pending_removal", "absent", "pending_removal", "absent"]
    assert [one["state"] for one in checked["devices"]] == [one["state"] for one in done["devices"]] == expected
    assert [one["outcome"] for one in done["devices"]] == ["changed", "changed", "unchanged", "unchanged"]
    assert checked["changes"] == done["changes"] and not again["changed"] and "error" not in again
    assert any("firmware" in text and "KNOWN" in text for text in done["warnings"])
    assert any("still enrolled" in text and "KNOWN" in text for text in done["warnings"])
    left = {row["serialNumber"]: row["associationState"] for row in tenant.state()["associated_devices"].values()}
    assert left["KNOWN"] == "pendingRemoval" and "KNOWN-2" not in left and "LOST" not in left
    assert played.result(HOST, "remove too many")["error"]["name"] == "too_many_deletions"
    assert played.result(HOST, "no policy")["error"]["name"] == "policy_unknown"


def test_rows_that_intune_would_refuse_are_named_and_the_others_uploaded(played, tenant):
    checked, done, again = (played.result(HOST, name) for name in ("upload, checked", "upload", "upload again"))
    by_line = {row["line"]: row for row in done["identifiers"]}
    assert [by_line[line]["outcome"] for line in (2, 4, 7)] == ["changed"] * 3
    assert by_line[4]["identifier"] == "Dell Inc,Latitude 5440,7XK2L73"
    problems = {line: row["problem"] for line, row in by_line.items() if row["outcome"] == "skipped"}
    assert set(problems) == {3, 6, 8, 9}
    assert "comma" in problems[3] and "placeholder" in problems[6] and "line 7" in problems[8]
    assert "empty" in problems[9]
    assert by_line[5]["outcome"] == "failed" and by_line[5]["state"] == "absent"
    assert done["total"] == 3 and "line 3" in str(done["error"]["evidence"])
    texts = [row["importedDeviceIdentifier"] for row in tenant.state()["corporate_identifiers"].values()]
    assert texts == ["Dell Inc,Latitude 5440,7XK2L73"]
    for said in (checked, done):
        assert any("first corporate identifiers" in text for text in said["warnings"])
        assert any("headings" in text for text in said["warnings"])
        assert any("periods" in text and "line 4" in text for text in said["warnings"])
    assert [change for change in checked["changes"] if "Refused" not in change["what"]] == done["changes"]
    assert not again["changed"] and not any("first corporate" in text for text in again["warnings"])


def test_identifiers_are_removed_and_a_second_run_finds_none(played):
    checked, done, again = (
        played.result(HOST, name) for name in ("take away, checked", "take away", "take away again")
    )
    assert checked["changes"] == done["changes"] and len(done["changes"]) == 2 and done["total"] == 1
    assert outcomes(checked, "identifiers") == outcomes(done, "identifiers") == [("changed", "absent")] * 2
    assert outcomes(again, "identifiers") == [("unchanged", "absent")] * 2 and not again["changed"]


def test_without_the_permission_the_task_names_it(played):
    for module in ("device_association", "corporate_identifier"):
        error = played.result(HOST, f"{module} forbidden")["error"]
        assert error["name"] == "permission_missing" and error["permissions"] == [
            "DeviceManagementServiceConfig.Read.All"
        ]


def exchanges(tenant: LabTenant) -> list[dict[str, t.Any]]:
    """Every request of the recording, those of batches one by one."""
    found = []
    for line in Path(tenant.lab.out / "graph.jsonl").read_text(encoding="utf-8").splitlines():
        one = json.loads(line)
        if not one["url"].endswith("/$batch"):
            found.append(one)
            continue
        statuses = {row["id"]: row["status"] for row in (one["response_body"] or {}).get("responses", [])}
        found += [{**row, "status": statuses.get(row["id"])} for row in one["request_body"]["requests"]]
    return found


@pytest.mark.skipif(not CONTRACT.exists(), reason="needs ../shared/graph, Microsoft's description of Graph")
def test_every_exchange_is_as_described(played, tenant):
    checked = subprocess.run(
        [sys.executable, str(CONTRACT), "--strict", str(tenant.lab.out / "graph.jsonl")],
        capture_output=True,
        text=True,
        timeout=PATIENCE,
        check=False,
    )
    assert checked.returncode == 0, checked.stdout[-4000:]
