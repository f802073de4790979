# Copyright (c) 2026, winops.entra contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The sign-in with a security key: what is read, what each finding says, what is written, refused and kept."""

from __future__ import annotations

import typing as t

import pytest

from ansible_collections.winops.entra.plugins.plugin_utils import task as tasks
from ansible_collections.winops.entra.plugins.plugin_utils.device.session import ConnectionLost
from ansible_collections.winops.entra.plugins.plugin_utils.device.side import DEVICE_SIDE
from ansible_collections.winops.entra.plugins.plugin_utils.device.sign_in import key_findings, option, sign_in

from . import scripted
from .scripted import OperationError, ScriptedDevice, key

VERSION = r"SOFTWARE\Microsoft\Windows NT\CurrentVersion"
DENIED = OperationError("System.UnauthorizedAccessException", "Access is denied", -2147024891)
PACKAGE = {"id": "{" + scripted.PACKAGE + "}", "name": "Keys", "version": "1.0", "path": "", "installed": True}
NODE = {"NodeUri": "./Device/Vendor/MSFT/PassportForWork/SecurityKey/UseSecurityKeyForSignin"}
PIN = "{D6886603-9D2F-4EB2-B667-1971041FA96B}"


class Signing(ScriptedDevice):
    """An Entra joined device; ``tree`` is its registry. Values that are OperationErrors are refused."""

    def __init__(self, joined: bool = True, build: str = "26100") -> None:
        super().__init__()
        self.tree: dict[str, t.Any] = scripted.joined_registry() if joined else scripted.fresh_registry()
        self.tree[VERSION]["values"]["CurrentBuild"] = build
        self.returns: t.Any = None
        self.handlers |= {
            "registry_read": self._read,
            "fido_logon_policy": self._write,
            "certificates": lambda _p: {"certificates": [scripted.join_certificate()] if joined else []},
            "dsregcmd_status": scripted.dsregcmd(joined),
        }

    def csp(self, value: t.Any, name: str = "SecurityKey") -> Signing:
        self.tree.setdefault(option.HELLO, key())["keys"][name] = key({option.CSP_VALUE: value})
        return self

    def policy(self, value: t.Any) -> Signing:
        self.tree[option.FIDO_POLICY] = key({option.FIDO_VALUE: value})
        return self

    def by_mdm(self) -> Signing:
        self.tree[option.NODES] = key({}, **{"1": key({"NodeUri": "./DevDetail/x"}), "2": key(NODE)})
        return self

    def by_package(self, result: int = 0, category: str = "PassportForWork") -> Signing:
        record = key({}, DeviceContext=key({}, **{category: key({}, one=key({"LastResult": result}))}))
        self.tree[option.ENGINE_RESULTS] = key({}, **{PACKAGE["id"]: record})
        self.handlers["provisioning_packages"] = lambda _p: {"available": True, "packages": [PACKAGE]}
        return self

    def unlock(self, *groups: str) -> Signing:
        values = dict(zip(("GroupA", "GroupB"), groups))
        self.tree.setdefault(option.HELLO_POLICY, key())["keys"]["DeviceUnlock"] = key(values)
        return self

    def hybrid(self) -> Signing:
        self.handlers["cim_query"] = scripted.cim(in_domain=True)
        return self

    def refuse(self, path: str) -> Signing:
        self.tree[path] = DENIED
        return self

    def look(self, wanted: bool = True) -> key_findings.Look:
        return sign_in.look_at(self.session().run(sign_in.observations()), wanted)

    def finding(self, name: str) -> t.Any:
        return {one.id: one for one in key_findings.judge(self.look())}[name]

    def run(self, state: str | None = None, check_mode: bool = False, fail_on: tuple[str, ...] = ()) -> dict:
        task = tasks.Task({"state": state, "fail_on": list(fail_on)}, check_mode)
        task.session = self.session(check_mode)
        return tasks.perform(task, (DEVICE_SIDE,), sign_in.sign_in, {}, with_diff=True)

    def _read(self, asked: dict) -> dict:
        found = self.tree.get(asked["path"])
        if isinstance(found, OperationError):
            raise found
        return {"exists": found is not None, "key": found}

    def _write(self, asked: dict) -> dict:
        if self.returns is not None:
            self.policy(self.returns)
        elif asked["enabled"]:
            self.policy(1)
        else:
            self.tree[option.FIDO_POLICY] = key()
        return {"changed": True}


def ways(device: Signing) -> dict[str, tuple[bool | None, bool | None]]:
    """(value, wins) by way."""
    return {way.way: (way.value, way.wins) for way in device.look().option.ways}


NOT_SET = (None, False)
NOTHING = dict.fromkeys(("mdm", "provisioning_package", "csp", "policy"), NOT_SET)


# --- reading ----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("device", "enabled", "by", "expected"),
    [
        (Signing, False, [], {}),
        (lambda: Signing().policy(1), True, ["policy"], {"policy": (True, True)}),
        (lambda: Signing().policy(0), False, ["policy"], {"policy": (False, True)}),
        (lambda: Signing().csp(1), True, ["csp"], {"csp": (True, True)}),
        (lambda: Signing().csp(1).by_mdm(), True, ["mdm"], {"mdm": (True, True)}),
        (lambda: Signing().csp(0).by_mdm(), False, ["mdm"], {"mdm": (False, True)}),
        (
            lambda: Signing().csp(1).by_package(),
            True,
            ["provisioning_package"],
            {"provisioning_package": (True, True)},
        ),
        (lambda: Signing().csp(1).by_package(category="AADJ"), True, ["csp"], {"csp": (True, True)}),
        (lambda: Signing().csp(1).by_package(result=0x80070005), True, ["csp"], {"csp": (True, True)}),
        (
            lambda: Signing().csp(1).policy(1).by_mdm(),
            True,
            ["mdm", "policy"],
            {"mdm": (True, None), "policy": (True, None)},
        ),
        (lambda: Signing().csp(1).policy(0), None, [], {"csp": (True, None), "policy": (False, None)}),
        (lambda: Signing().csp(0).policy(1), None, [], {"csp": (False, None), "policy": (True, None)}),
        (lambda: Signing().policy(2), None, [], {"policy": (None, True)}),
        (lambda: Signing().policy("1"), None, [], {"policy": (None, True)}),
        (lambda: Signing().by_mdm().by_package(), False, [], {}),
    ],
)
def test_the_option_and_the_ways_that_set_it(device, enabled, by, expected):
    found = device().look().option
    assert (found.enabled, found.by) == (enabled, by)
    assert ways(device()) == NOTHING | expected
    assert (found.reason is None) is (enabled is not None)


def test_a_package_that_windows_does_not_list_is_named_by_its_file():
    device = Signing().csp(1).by_package()
    device.handlers["provisioning_packages"] = lambda _p: {"available": True, "packages": []}
    device.tree[option.ENGINE_RESULTS]["keys"][PACKAGE["id"]]["values"]["PackageFileName"] = "keys.ppkg"
    [way] = [way for way in device.look().option.ways if way.source]
    assert (way.way, way.source, way.wins) == ("provisioning_package", ("keys.ppkg",), True)


def test_names_are_found_in_any_case():
    device = Signing()
    device.tree[option.HELLO] = key({}, SECURITYKEY=key({"UseSecurityKeyForSignIn": 1}))
    assert device.look().option.enabled is True


@pytest.mark.parametrize("closed", [option.HELLO, option.FIDO_POLICY])
def test_a_refused_value_is_no_no(closed):
    device = Signing().refuse(closed)
    found = device.look().option
    assert found.enabled is None and "Access is denied" in str(found.reason)
    assert device.finding("option").result == "unknown"
    shut = [way for way in found.ways if way.there is None]
    assert shut and all(way.value is None and "Access is denied" in str(way.reason) for way in shut)


def test_what_is_refused_of_the_writers_leaves_the_value():
    device = Signing().csp(1).refuse(option.NODES)
    found = device.look().option
    assert (found.enabled, found.by) == (True, ["csp"])
    told = {way.way: way for way in found.ways}
    assert (told["mdm"].value, told["mdm"].wins) == (None, None) and "Access is denied" in str(told["mdm"].reason)
    assert told["csp"].wins is None


def test_a_closed_key_below_is_refused_too():
    device = Signing()
    shut = {"refused": {"type": "System.Security.SecurityException", "message": "closed", "hresult": None}}
    device.tree[option.HELLO] = key({}, SecurityKey=shut)
    assert device.look().option.enabled is None


def test_nothing_of_what_intune_expects_is_read():
    asked = sign_in.observations()["security_key_nodes"]
    assert (asked["names"], asked["having"]) == (["NodeUri"], "NodeUri")


# --- findings ---------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("name", "device", "result"),
    [
        ("option", lambda: Signing().policy(1), "pass"),
        ("option", Signing, "fail"),
        ("option", lambda: Signing().csp(1).policy(0), "unknown"),
        ("ways", Signing, "pass"),
        ("ways", lambda: Signing().csp(1).policy(1), "pass"),
        ("ways", lambda: Signing().csp(1).policy(0), "warn"),
        ("ways", lambda: Signing().policy(7), "unknown"),
        ("ways", lambda: Signing().refuse(option.FIDO_POLICY), "unknown"),
        ("build", Signing, "pass"),
        ("build", lambda: Signing(build="18363"), "pass"),
        ("build", lambda: Signing(build="18362"), "warn"),
        ("build", lambda: Signing(build="17763"), "fail"),
        ("build", lambda: Signing(build="18363").hybrid(), "fail"),
        ("build", lambda: Signing(build="19041").hybrid(), "pass"),
        ("build", lambda: Signing().refuse(VERSION), "unknown"),
        ("join", Signing, "pass"),
        ("join", lambda: Signing().hybrid(), "pass"),
        ("join", lambda: Signing(joined=False), "warn"),
        ("join", lambda: Signing(joined=False).hybrid(), "warn"),
        ("registry_path", lambda: Signing().csp(1), "pass"),
        ("registry_path", lambda: Signing().csp(1, "SecurityKeys"), "warn"),
        ("registry_path", lambda: Signing().refuse(option.HELLO), "unknown"),
        ("device_unlock", Signing, "pass"),
        ("device_unlock", lambda: Signing().unlock(" ", ""), "pass"),
        ("device_unlock", lambda: Signing().unlock(PIN, PIN), "warn"),
        ("device_unlock", lambda: Signing().unlock(PIN, key_findings.KEY_PROVIDER.lower()), "unknown"),
        ("device_unlock", lambda: Signing().refuse(option.HELLO_POLICY), "unknown"),
        ("credential_provider", Signing, "pass"),
        ("credential_provider", lambda: Signing().refuse(key_findings.PROVIDER_PATH), "unknown"),
    ],
)
def test_findings(name, device, result):
    found = device().finding(name)
    assert found.result == result
    assert (found.cause is None and found.fix is None) is (result == "pass")


def test_a_key_whose_provider_is_taken_away():
    device = Signing()
    device.tree[key_findings.SIGN_IN_POLICY] = key(
        {"ExcludedCredentialProviders": f"{PIN},{key_findings.KEY_PROVIDER.lower()}"}
    )
    assert device.finding("credential_provider").result == "fail"
    device = Signing()
    device.tree[key_findings.PROVIDER_PATH] = key({"Disabled": 1})
    assert device.finding("credential_provider").result == "fail"


def test_a_server_has_no_such_sign_in():
    device = Signing()
    device.tree[VERSION]["values"]["InstallationType"] = "Server"
    assert device.finding("build").result == "fail"
    assert device.run("present")["error"]["name"] == "no_security_key_sign_in"


def test_the_plural_has_no_effect():
    device = Signing().csp(1, "SecurityKeys")
    result = device.run()
    assert (result["enabled"], result["by"]) == (False, [])
    assert r"PassportForWork\SecurityKeys" in device.finding("registry_path").observed


def test_the_findings_are_of_what_is_wanted():
    assert {one.id: one.result for one in key_findings.judge(Signing().look(wanted=False))}["option"] == "pass"
    assert Signing().run("absent", fail_on=("fail",)).get("failed") is None
    failed = Signing().run(fail_on=("option",))
    assert failed["failed"] and failed["error"]["name"] == "security_key_option"


# --- changes ----------------------------------------------------------------------------------------------------------


def test_it_is_switched_on_once():
    device = Signing()
    first, second = device.run("present"), device.run("present")
    change = {"what": option.FIDO_PLACE, "before": None, "after": 1}
    assert (first["changed"], first["changes"]) == (True, [change])
    assert first["diff"] == {"before": {option.FIDO_PLACE: None}, "after": {option.FIDO_PLACE: 1}}
    assert (first["enabled"], first["by"]) == (True, ["policy"])
    assert (second["changed"], second["enabled"]) == (False, True)
    assert device.executed.count("fido_logon_policy") == 1
    assert device.requests == 3  # look, write and look, look


def test_it_is_removed_once():
    device = Signing().policy(1)
    first, second = device.run("absent"), device.run("absent")
    assert first["changes"] == [{"what": option.FIDO_PLACE, "before": 1, "after": None}]
    assert (first["enabled"], second["changed"]) == (False, False)


@pytest.mark.parametrize(
    ("state", "device"),
    [
        ("present", lambda: Signing().csp(1)),
        ("present", lambda: Signing().policy(1)),
        ("absent", Signing),
        ("absent", lambda: Signing().policy(0)),
        ("absent", lambda: Signing().csp(0)),
        (None, Signing),
    ],
)
def test_what_is_so_already_stays(state, device):
    made = device()
    assert made.run(state)["changed"] is False
    assert "fido_logon_policy" not in made.executed and made.requests == 1


@pytest.mark.parametrize(
    ("state", "device", "after"),
    [
        ("present", lambda: Signing().policy(0), True),
        ("present", lambda: Signing().policy("1"), True),
        ("present", lambda: Signing().csp(1).policy(0), True),
        ("absent", lambda: Signing().csp(0).policy(1), False),
        ("absent", lambda: Signing().policy(2), False),
        ("present", lambda: Signing(joined=False), True),
    ],
)
def test_check_mode_foretells_the_run(state, device, after):
    foretold, done = device().run(state, check_mode=True), device().run(state)
    for result in (foretold, done):
        assert result["changed"] and result["enabled"] is after
    assert foretold == done


@pytest.mark.parametrize(
    ("state", "device", "name"),
    [
        ("absent", lambda: Signing().csp(1), "set_by_another_way"),
        ("absent", lambda: Signing().csp(1).by_mdm().policy(1), "set_by_another_way"),
        ("absent", lambda: Signing().csp(1).policy(0), "set_by_another_way"),
        ("present", lambda: Signing().csp(0).by_package(), "set_by_another_way"),
        ("present", lambda: Signing().csp(0).policy(1), "set_by_another_way"),
        ("present", lambda: Signing().csp("1"), "set_by_another_way"),
        ("present", lambda: Signing(build="18362"), "no_security_key_sign_in"),
        ("present", lambda: Signing().refuse(option.HELLO), "state_unreadable"),
        ("absent", lambda: Signing().refuse(option.FIDO_POLICY), "state_unreadable"),
    ],
)
@pytest.mark.parametrize("check_mode", [True, False])
def test_what_cannot_win_is_refused_before_anything_changes(state, device, name, check_mode):
    made = device()
    result = made.run(state, check_mode)
    assert (result["failed"], result["changed"], result["error"]["name"]) == (True, False, name)
    assert "fido_logon_policy" not in made.executed
    assert result["ways"] and result["findings"]


def test_the_refusal_names_who_has_set_it():
    error = Signing().csp(1).by_mdm().run("absent")["error"]
    assert "mdm" in error["cause"] and "on" in error["cause"]


def test_an_account_without_its_full_token_is_refused():
    device = Signing()
    device.identity["elevated"] = False
    assert device.run("present")["error"]["name"] == "account_not_elevated"
    assert device.run()["enabled"] is False


def test_a_policy_that_comes_back_is_told():
    device = Signing().policy(0)
    device.returns = 0
    result = device.run("present")
    assert (result["failed"], result["error"]["name"], result["changed"]) == (True, "policy_set_again", False)
    assert result["enabled"] is False


def test_a_write_that_windows_refuses_is_told():
    device = Signing()

    def refuse(_asked):
        raise DENIED

    device.handlers["fido_logon_policy"] = refuse
    result = device.run("present")
    assert (result["error"]["name"], result["error"]["code"]) == ("policy_not_written", "0x80070005")
    assert result["changed"] is False and result["enabled"] is False


def test_a_connection_that_breaks_while_it_writes_leaves_it_open():
    device = Signing()

    def lose(_asked):
        raise ConnectionLost("gone")

    device.handlers["fido_logon_policy"] = lose
    result = device.run("present")
    assert result["failed"] and result["error"]["name"] == "connection_lost"
    assert result["changes"][0]["after"].startswith("unknown")


def test_an_unknown_finding_is_refused_before_anything_is_asked():
    device = Signing()
    assert device.run(fail_on=("nonsense",))["error"]["name"] == "bad_option"
    assert device.requests == 0
