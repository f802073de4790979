# Copyright (c) 2026, winops.entra contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""winops.entra.security_key_sign_in on devices of every join type and way: looked at, set, set again, taken back."""

from __future__ import annotations

import typing as t

import pytest

from tests.integration.conftest import StartFleet
from tests.integration.play import Play, Player
from tests.lab.process import RunningLab

MODULE = "winops.entra.security_key_sign_in"
ENTRA = {"join": {"type": "entra"}}
HYBRID = {"join": {"type": "hybrid"}, "domain": "corp.contoso.example"}
#: By device: what it is.
DEVICES: dict[str, dict[str, t.Any]] = {
    "plain": ENTRA,
    "by-policy": ENTRA | {"security_key": {"policy": 1}},
    "by-mdm": ENTRA | {"mdm": "enrolled", "security_key": {"mdm": 1}},
    "by-package": ENTRA,
    "mdm-says-no": ENTRA | {"mdm": "enrolled", "security_key": {"mdm": 0}},
    "disagree": ENTRA | {"security_key": {"csp": 1, "policy": 0}},
    "plural": ENTRA | {"security_key": {"plural": 1}},
    "unlock": ENTRA | {"security_key": {"policy": 1, "unlock": "left_out"}},
    "excluded": ENTRA | {"security_key": {"policy": 1, "excluded": True}},
    "comes-back": HYBRID | {"security_key": {"policy": 0, "policy_returns": True}},
    "old-hybrid": HYBRID | {"windows": {"build": "18363.1556"}},
    "old": ENTRA | {"windows": {"build": "17763.6054"}},
    "hybrid": HYBRID,
    "domain": {"domain": "corp.contoso.example"},
    "workgroup": {},
    "server": {"windows": {"edition": "ServerStandard", "build": "20348.2762"}},
    "filtered": ENTRA | {"token_filter": True},
}
ON = {"by-policy", "by-mdm", "by-package", "unlock", "excluded"}
#: What state=present fails with.
PRESENT = {
    "mdm-says-no": "set_by_another_way",
    "comes-back": "policy_set_again",
    "old": "no_security_key_sign_in",
    "server": "no_security_key_sign_in",
    "filtered": "account_not_elevated",
}
#: And state=absent after it.
ABSENT = dict.fromkeys(("by-mdm", "by-package", "disagree"), "set_by_another_way")
#: Findings that are none of pass, before anything is set.
FINDINGS = {
    "plain": {"option": "fail"},
    "by-policy": {},
    "by-mdm": {},
    "by-package": {},
    "mdm-says-no": {"option": "fail"},
    "disagree": {"option": "unknown", "ways": "warn"},
    "plural": {"option": "fail", "registry_path": "warn"},
    "unlock": {"device_unlock": "warn"},
    "excluded": {"credential_provider": "fail"},
    "comes-back": {"option": "fail"},
    "old-hybrid": {"option": "fail", "build": "fail"},
    "old": {"option": "fail", "build": "fail"},
    "hybrid": {"option": "fail"},
    "domain": {"option": "fail", "join": "warn"},
    "workgroup": {"option": "fail", "join": "warn"},
    "server": {"option": "fail", "build": "fail", "join": "warn"},
    "filtered": {"option": "fail"},
}


class Runs(t.NamedTuple):
    """One play: looked at, foretold, set, set again, taken back, taken back again."""

    lab: RunningLab
    play: Play

    def result(self, host: str, task: str) -> dict[str, t.Any]:
        return self.play.result(host, task)

    def values(self, host: str, when: str) -> dict[str, t.Any]:
        """What the device's registry has of the option's own value, by the lab's word."""
        hive = self.play.state(host, f"state {when}")["registry"]["HKLM"]
        return hive.get(r"SOFTWARE\Policies\Microsoft\FIDO", {})


@pytest.fixture(scope="module")
def runs(start_fleet: StartFleet, player: Player) -> Runs:
    lab = start_fleet(
        {
            "description": "Devices and the sign-in with a security key.",
            "packages": {"keys": {"title": "Keys", "token": "none", "security_key": True}},
            "devices": [{"kind": "plain", "name": name, "device": device} for name, device in DEVICES.items()],
            "kinds": {"plain": {"description": "as its device says", "device": {}}},
        }
    )
    forgiven = {"ignore_errors": True}
    package = {"src": str(lab.out / "packages" / "keys.ppkg"), "poll_interval": 1}
    tasks = [
        {"name": "package", "winops.entra.ppkg": package, "when": "inventory_hostname == 'by-package'"},
        {"name": "look", MODULE: {}},
        {"name": "judged", MODULE: {"fail_on": ["fail", "unknown"]}, **forgiven},
        {"name": "foretold", MODULE: {"state": "present"}, "check_mode": True, "diff": True, **forgiven},
        {"name": "state before", "lab_state": {}},
        {"name": "set", MODULE: {"state": "present"}, "diff": True, **forgiven},
        {"name": "state set", "lab_state": {}},
        {"name": "set again", MODULE: {"state": "present"}, **forgiven},
        {"name": "taken back", MODULE: {"state": "absent"}, **forgiven},
        {"name": "state after", "lab_state": {}},
        {"name": "taken back again", MODULE: {"state": "absent"}, **forgiven},
    ]
    return Runs(lab, player.tasks(lab, tasks))


@pytest.mark.parametrize("host", DEVICES)
def test_the_option_is_told_with_its_way(runs: Runs, host: str) -> None:
    told = runs.result(host, "look")
    assert told["changed"] is False
    assert told["enabled"] is (None if host == "disagree" else host in ON)
    by = {"by-mdm": ["mdm"], "by-package": ["provisioning_package"], "mdm-says-no": ["mdm"], "comes-back": ["policy"]}
    assert told["by"] == by.get(host, ["policy"] if host in ON else [])
    assert [way["way"] for way in told["ways"]] == ["mdm", "provisioning_package", "csp", "policy"]
    assert told["build_ok"] is (host not in ("old", "old-hybrid", "server"))


@pytest.mark.parametrize("host", DEVICES)
def test_each_obstacle_is_a_finding_and_nothing_else_is(runs: Runs, host: str) -> None:
    found = {one["id"]: one["result"] for one in runs.result(host, "look")["findings"] if one["result"] != "pass"}
    assert found == FINDINGS[host]
    bad = set(FINDINGS[host].values()) & {"fail", "unknown"}
    assert runs.play.status(host, "judged") == ("ignored" if bad else "ok")


def test_what_is_set_is_there_and_what_is_refused_is_untouched(runs: Runs) -> None:
    for host in DEVICES:
        done, again = runs.result(host, "set"), runs.result(host, "set again")
        name = PRESENT.get(host)
        assert (done.get("error") or {}).get("name") == name, host
        assert done["changed"] is (name is None and host not in ON), host
        assert again["changed"] is False, host
        before, after = runs.values(host, "before"), runs.values(host, "set")
        assert after == (before | {"EnableFIDODeviceLogon": 1} if done["changed"] else before), host
        if name is None:
            assert done["enabled"] is True and again["enabled"] is True, host


def test_check_mode_foretells(runs: Runs) -> None:
    for host in DEVICES:
        foretold, done = runs.result(host, "foretold"), runs.result(host, "set")
        if host == "comes-back":
            assert foretold["changed"] and not done["changed"]
            continue
        for field in ("changed", "changes", "enabled", "by", "ways", "findings", "diff"):
            assert foretold.get(field) == done.get(field), (host, field)


def test_it_is_taken_back(runs: Runs) -> None:
    for host in set(DEVICES) - {"filtered", "comes-back"}:
        done, again = runs.result(host, "taken back"), runs.result(host, "taken back again")
        assert (done.get("error") or {}).get("name") == ABSENT.get(host), host
        assert again["changed"] is False, host
        if host not in ABSENT:
            assert done["enabled"] is False and "EnableFIDODeviceLogon" not in runs.values(host, "after"), host


def test_one_command_to_look_and_one_to_write(runs: Runs) -> None:
    sent = [line["operations"] for line in runs.lab.commands() if line["device"] == "plain"]
    # look, judged, foretold; set: look and write; again; taken back: look and write; again
    assert len(sent) == 3 + 2 + 1 + 2 + 1
    assert sum("fido_logon_policy" in operations for operations in sent) == 2
