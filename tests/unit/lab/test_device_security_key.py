# Copyright (c) 2026, winops.entra contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The lab's sign-in with a security key, as the product sees it: each way as Windows or its MDM writes it."""

from __future__ import annotations

import dataclasses
import typing as t
from pathlib import Path

import pytest

from ansible_collections.winops.entra.plugins.plugin_utils.device.answers import Result
from ansible_collections.winops.entra.plugins.plugin_utils.device.sign_in import key_findings, sign_in
from tests.lab.device import security_key
from tests.unit.device.played import Played

WORLD = {"packages": {"keys": {"title": "Keys", "token": "none", "security_key": True}}}
REFUSED = Result(False, {}, {"type": "System.Security.SecurityException", "message": "denied", "hresult": None})


def look(played: Played) -> key_findings.Look:
    return sign_in.look_at(played.session(check_mode=True).run(sign_in.observations()))


@pytest.mark.parametrize(
    ("kind", "options", "enabled", "by"),
    [
        ("joined", {}, False, []),
        ("joined", {"security_key": {"policy": 1}}, True, ["policy"]),
        ("joined", {"security_key": {"csp": 1}}, True, ["csp"]),
        ("joined", {"security_key": {"mdm": 1}}, True, ["mdm"]),
        ("joined", {"security_key": {"mdm": 0}}, False, ["mdm"]),
        ("joined", {"security_key": {"mdm": 1}, "installed": ["keys"]}, True, ["mdm", "provisioning_package"]),
        ("joined", {"security_key": {"mdm": 1, "policy": 0}}, None, []),
        ("unjoined_pro", {"security_key": {"mdm": 1}}, False, []),
        ("unjoined_pro", {"installed": ["keys"]}, True, ["provisioning_package"]),
    ],
)
def test_each_way(tmp_path: Path, kind: str, options: dict[str, t.Any], enabled: bool | None, by: list[str]) -> None:
    with Played(tmp_path, kind, options, WORLD) as played:
        found = look(played).option
        assert (found.enabled, found.by) == (enabled, by)


#: What the reads of a device may come to when one of them is refused: what is known, or that it is not.
HARDER = {"pass": {"pass", "unknown"}, "warn": {"warn", "unknown"}, "fail": {"fail", "unknown"}, "unknown": {"unknown"}}


@pytest.mark.parametrize(
    "options",
    [
        {},
        {"security_key": {"policy": 1}},
        {"security_key": {"policy": 0}},
        {"security_key": {"csp": 1}},
        {"security_key": {"mdm": 1}, "installed": ["keys"]},
        {"security_key": {"mdm": 1, "policy": 0, "plural": 1, "unlock": "left_out", "excluded": True}},
        {"windows": {"build": "17763.6054"}, "security_key": {"policy": 1, "disabled": True}},
    ],
)
@pytest.mark.parametrize("kind", ["joined", "hybrid", "ad_joined"])
def test_a_refused_read_is_no_answer(tmp_path: Path, kind: str, options: dict[str, t.Any]) -> None:
    with Played(tmp_path, kind, options, WORLD) as played:
        answer = played.session(check_mode=True).run(sign_in.observations())
    true = sign_in.look_at(answer)
    results = {one.id: one.result for one in key_findings.judge(true)}
    for name in answer.results:
        found = sign_in.look_at(dataclasses.replace(answer, results=answer.results | {name: REFUSED}))
        assert found.option.enabled in (true.option.enabled, None), name
        # That a read which was made says what it says, stands in spite of another that was refused.
        assert key_findings.has_the_option(found) in (key_findings.has_the_option(true), None), name
        for one in key_findings.judge(found):
            assert one.result in HARDER[results[one.id]], (name, one)
        for way, truth in zip(found.option.ways, true.option.ways):
            if way.way != "csp":
                assert way.value in (truth.value, None) and way.wins in (truth.wins, None), (name, way)
            assert way.wins is not None or way.reason, (name, way)


def test_a_package_brings_the_setting_and_takes_it_back(tmp_path: Path) -> None:
    with Played(tmp_path, "joined", world=WORLD) as played:
        played.do(played.lab.install(played.device, "keys"))
        assert look(played).option.by == ["provisioning_package"]
        [package] = [way for way in look(played).option.ways if way.source]
        assert package.source == ("Keys",)
        played.do_as_system([{"op": "package_remove", "id": played.lab.world.packages["keys"].id}])
        assert (look(played).option.enabled, look(played).option.by) == (False, [])


def test_a_policy_of_intune_comes_with_a_later_session(tmp_path: Path) -> None:
    options = {"security_key": {"mdm": 1, "after": 600.0}}
    with Played(tmp_path, "joined_user_signed_in", options) as played:
        assert look(played).option.enabled is False
        played.do_as_system([{"op": "mdm_auto_enroll", "credential": "user"}])
        played.let_pass(120)
        assert look(played).option.enabled is False
        played.let_pass(900)
        assert look(played).option.by == ["mdm"]


@pytest.mark.parametrize(
    ("options", "finding", "result"),
    [
        ({"security_key": {"plural": 1}}, "registry_path", "warn"),
        ({"security_key": {"unlock": "left_out"}}, "device_unlock", "warn"),
        ({"security_key": {"unlock": "named"}}, "device_unlock", "unknown"),
        ({"security_key": {"excluded": True}}, "credential_provider", "fail"),
        ({"security_key": {"disabled": True}}, "credential_provider", "fail"),
        ({"windows": {"build": "18362.1256"}}, "build", "warn"),
        ({"windows": {"build": "17763.6054"}}, "build", "fail"),
    ],
)
def test_each_obstacle_is_found_alone(tmp_path: Path, options: dict, finding: str, result: str) -> None:
    with Played(tmp_path, "joined", options | {"security_key": {"policy": 1, **options.get("security_key", {})}}) as it:
        found = {one.id: one.result for one in key_findings.judge(look(it))}
        assert found == dict.fromkeys(key_findings.FINDING_IDS, "pass") | {finding: result}


def test_a_group_policy_comes_back(tmp_path: Path) -> None:
    with Played(tmp_path, "joined", {"security_key": {"policy": 0, "policy_returns": True}}) as played:
        played.session().run({"write": {"op": "fido_logon_policy", "enabled": True}})
        assert played.device.registry.get(security_key.POLICY, security_key.POLICY_VALUE) == 0
