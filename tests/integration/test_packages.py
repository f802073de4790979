# Copyright (c) 2026, winops.entra contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""winops.entra.ppkg and ppkg_info: a package is applied and removed, each checked, done, and done again."""

from __future__ import annotations

import base64
import json
import typing as t
import uuid
from pathlib import Path

import pytest

from tests.integration import inspection, joins
from tests.integration.conftest import StartFleet
from tests.integration.play import Play, Player, Tasks
from tests.lab import ppkg, scenario, wim
from tests.lab.process import RunningLab

SOURCES = ("by-src", "by-url", "by-path", "copies-kept")
USERS_PATH = r"C:\Users\Public\site.ppkg"
SECURITY_KEY = r"SOFTWARE\Microsoft\Policies\PassportForWork\SecurityKey"
STORE = r"C:\ProgramData\Microsoft\Provisioning"
PLAIN = {"kind": "unjoined_pro"}
FLEET: dict[str, t.Any] = {
    "packages": {"site": {"title": "Contoso site", "version": "2.1", "token": "none", "security_key": True}},
    "devices": [
        *({**PLAIN, "name": name} for name in SOURCES),
        {**PLAIN, "name": "failing"},
        {**PLAIN, "name": "another-id"},
        {**PLAIN, "name": "slow", "device": {"engine": {"seconds": 600}}},
        {"kind": "packages_forbidden", "name": "forbidden"},
        {"kind": "server", "name": "server"},
        {**PLAIN, "name": "filtered-token", "device": {"token_filter": True}},
        {"kind": "already_installed", "name": "installed"},
        {**PLAIN, "name": "off"},
    ],
}
PUT = {"name": "put", "device_file": {"src": "{{ site }}", "dest": USERS_PATH}, "when": "'path' in want"}
OPTIONS = ("src", "path", "url", "checksum", "package_id", "keep_copy", "timeout")
FULL: dict[str, t.Any] = {
    "commands": ["cmd /c setup.cmd"],
    "files": {"setup.cmd": b"echo done"},
    "certificates": [{"kind": "root", "name": "Contoso Root", "data": b"a certificate"}],
    "accounts": [{"name": "rescue", "password": "FAKE-password-1111", "group": "Administrators"}],
    "mdm": {"upn": "enroll@contoso.example", "discovery_url": "https://mdm.contoso.example/d", "secret": "FAKE-mdm-3"},
}
LAPTOPS = (
    '<Targets><Target Id="laptops"><TargetState><Condition Name="PowerPlatformRole" Value="2"/></TargetState></Target>'
    '</Targets><Variant Name="laptops"><TargetRefs><TargetRef Id="laptops"/></TargetRefs>'
)
WANTED: dict[str, t.Any] = {
    "name": "Contoso join",
    "local_users": [{"name": "rescue", "password": "FAKE-password-2222", "group": "administrators"}],
    "device_command": {"line": "cmd /c setup.cmd", "files": ["files/setup.cmd"]},
}


def for_laptops() -> bytes:
    """A package whose settings are for devices of one kind only."""
    full = ppkg.build(
        "Contoso laptops", str(uuid.uuid4()), token="FAKE-token-3333", computer_name="LT", security_key=True, **FULL
    )
    files, properties = wim.read(full)
    place = "Multivariant/0/customizations.xml"
    text = files[place].decode("utf-8-sig").replace("<Common>", f"{LAPTOPS}<Settings>", 1)
    text = text.replace("</Common>", "</Settings></Variant>", 1)
    notes = "VERSION=10.0.26100.1;Source=CLI;;TargetSkus=Desktop;EncryptPackage=False;SignPackage=False;"
    return wim.write({place: text.encode()}, "Contoso laptops", {"PACKAGEID": properties["PACKAGEID"], "NOTES": notes})


class Stories(t.NamedTuple):
    """A run of the tasks of ``story``."""

    lab: RunningLab
    play: Play
    package_id: str

    def digest(self, name: str, task: str) -> str:
        """The digest of a device's state at that time."""
        return self.play.state(name, task)["digest"]


@pytest.fixture(scope="module")
def lab(start_fleet: StartFleet) -> RunningLab:
    """The devices."""
    return start_fleet(FLEET)


def story() -> Tasks:
    """Present, present again, applied by force, absent, absent again; each after a look in check mode."""
    options = {option: f"{{{{ want.{option} | default(omit) }}}}" for option in OPTIONS}
    present = options | {"poll_interval": 1}
    absent = {
        "state": "absent",
        "poll_interval": 1,
        "src": options["src"],
        "package_id": "{{ omit if 'src' in want else want.package_id }}",
    }
    tasks: Tasks = [PUT]
    for name, given in (
        ("present", present),
        ("present again", present),
        ("forced", present | {"force": True}),
        ("absent", absent),
        ("absent again", absent),
    ):
        tasks += [
            {"name": f"before {name}", "lab_state": {}},
            {
                "name": f"check {name}",
                "winops.entra.ppkg": given,
                "check_mode": True,
                "diff": True,
                "ignore_errors": "{{ 'keep_copy' not in want }}",
            },
            {"name": f"checked {name}", "lab_state": {}},
            # Windows cannot undo a package whose file is gone, and says so.
            {"name": name, "winops.entra.ppkg": given, "ignore_errors": "{{ 'keep_copy' not in want }}"},
            {"name": f"after {name}", "lab_state": {}},
        ]
    return tasks


@pytest.fixture(scope="module")
def stories(lab: RunningLab, player: Player) -> Stories:
    """The story of a package from each source."""
    site = inspection.package_file(lab, "site")
    package_id = ppkg.inspect(site.read_bytes())["package_id"].strip("{}")
    wanted = {
        "by-src": {"src": str(site)},
        "by-url": {"url": f"{scenario.WEB}site.ppkg", "checksum": inspection.sha256(site), "package_id": package_id},
        "by-path": {"path": USERS_PATH, "package_id": package_id},
        "copies-kept": {"src": str(site), "keep_copy": True},
    }
    play = player.tasks(
        lab, story(), hosts=",".join(SOURCES), host_variables=joins.wanted(wanted), variables={"site": str(site)}
    )
    assert play.exit_code == 0, play.output
    return Stories(lab, play, package_id)


# --- applied and removed ----------------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", SOURCES)
@pytest.mark.parametrize("step", ["present", "present again", "forced", "absent", "absent again"])
def test_check_mode_changes_nothing_and_predicts_the_step(stories: Stories, name: str, step: str) -> None:
    checked, real = stories.play.result(name, f"check {step}"), stories.play.result(name, step)
    assert stories.digest(name, f"checked {step}") == stories.digest(name, f"before {step}")
    told = ("changed", "changes", "installed", "msg")
    assert [checked.get(field) for field in told] == [real.get(field) for field in told]
    assert bool(checked["diff"]["after"]) is checked["changed"]


@pytest.mark.parametrize("name", SOURCES)
def test_a_package_is_applied(stories: Stories, name: str) -> None:
    result, dump = stories.play.result(name, "present"), stories.play.state(name, "after present")
    assert (result["changed"], result["installed"]) == (True, True)
    assert [(package["id"], package["version"], package["pending"]) for package in dump["packages"]] == [
        (stories.package_id, "2.1", [])
    ]
    assert dump["registry"]["HKLM"][SECURITY_KEY] == {"UseSecurityKeyForSignin": 1}
    assert stories.play.state(name, "before present")["packages"] == []


@pytest.mark.parametrize("name", SOURCES)
@pytest.mark.parametrize("step", ["present again", "absent again"])
def test_a_second_run_changes_nothing(stories: Stories, name: str, step: str) -> None:
    assert stories.play.result(name, step)["changed"] is False
    assert stories.digest(name, f"after {step}") == stories.digest(name, f"before {step}")


@pytest.mark.parametrize("name", SOURCES)
def test_force_applies_the_package_once_more(stories: Stories, name: str) -> None:
    assert stories.play.result(name, "forced")["changed"] is True
    assert len(inspection.events(stories.lab, name, inspection.PROVISIONING, inspection.INSTALLED)) == 2


def test_a_package_whose_file_is_there_is_removed(stories: Stories) -> None:
    result, dump = stories.play.result("copies-kept", "absent"), stories.play.state("copies-kept", "after absent")
    assert (result["changed"], result["installed"], dump["packages"]) == (True, False, [])
    assert SECURITY_KEY not in dump["registry"]["HKLM"]
    assert "Windows Hello for Business" in result["warnings"][0]


@pytest.mark.parametrize("name", ["by-src", "by-url", "by-path"])
@pytest.mark.parametrize("step", ["absent", "absent again"])
def test_a_package_whose_file_is_gone_is_not_called_absent(stories: Stories, name: str, step: str) -> None:
    result = stories.play.result(name, step)
    assert stories.play.status(name, step) == "ignored"
    assert (result["error"]["name"], result["changed"], result.get("installed")) == ("package_file_gone", False, None)
    assert stories.digest(name, f"after {step}") == stories.digest(name, f"before {step}")


@pytest.mark.parametrize("name", SOURCES)
@pytest.mark.parametrize("step", ["present", "forced", "absent"])
def test_copies_stay_only_where_they_are_wanted_or_the_users_own(stories: Stories, name: str, step: str) -> None:
    dump = stories.play.state(name, f"after {step}")
    found = {path.rpartition("\\")[0] for path in inspection.copies(dump, inspection.package_file(stories.lab, "site"))}
    expected = {"by-path": {r"C:\Users\Public"}}.get(name, set())
    if name == "copies-kept" and step != "absent":
        expected = {STORE, r"C:\ProgramData\winops.entra\packages"}
    assert found == expected
    assert inspection.ours(dump) == [] or expected


def test_the_result_tells_what_is_in_the_package(stories: Stories) -> None:
    package = stories.play.result("by-src", "present")["package"]
    assert (package["id"], package["name"], package["version"], package["security_key_signin"]) == (
        stories.package_id,
        "Contoso site",
        "2.1",
        True,
    )
    assert stories.play.result("by-url", "present")["package"] is None


# --- packages that are not applied ------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def refusals(lab: RunningLab, player: Player) -> Stories:
    """Devices on which a package cannot be applied."""
    site, expired = (str(inspection.package_file(lab, label)) for label in ("site", "expired"))
    wanted = {
        "failing": {"src": expired, "timeout": 30},
        "slow": {"src": site, "timeout": 3},
        "forbidden": {"src": site},
        "another-id": {"path": USERS_PATH, "package_id": "4a1f9e0c-7a55-4f0e-9d0b-0a52f3a7c111"},
        "server": {"src": site},
        "filtered-token": {"src": site},
    }
    options = {option: f"{{{{ want.{option} | default(omit) }}}}" for option in OPTIONS}
    apply = {"winops.entra.ppkg": options | {"poll_interval": 1}, "ignore_errors": True}
    tasks: Tasks = [
        PUT,
        {"name": "before", "lab_state": {}},
        {"name": "apply", **apply},
        {"name": "after", "lab_state": {}},
        {"name": "again", **apply, "when": "inventory_hostname == 'slow'", "vars": {"want": {"src": site}}},
        {"name": "after again", "lab_state": {}},
    ]
    play = player.tasks(
        lab, tasks, hosts=",".join(wanted), host_variables=joins.wanted(wanted), variables={"site": site}
    )
    return Stories(lab, play, "")


@pytest.mark.parametrize(
    ("name", "side", "says", "registered"),
    [
        ("failing", "tenant", "0xcaa20003", True),
        ("another-id", "device", "ppkg_info", True),
        ("forbidden", "device", "0x80070005", False),
        ("slow", "device", "not applied after 3 s", True),
        ("server", "device", "no provisioning cmdlets", False),
        ("filtered-token", "device", "LocalAccountTokenFilterPolicy", False),
    ],
)
def test_a_package_that_cannot_be_applied_is_explained(
    refusals: Stories, name: str, side: str, says: str, registered: bool
) -> None:
    result, dump = refusals.play.result(name, "apply"), refusals.play.state(name, "after")
    assert refusals.play.status(name, "apply") == "ignored"
    assert (result["changed"], result["error"]["side"]) == (registered, side)
    assert bool(dump["packages"]) is registered and [item["what"] for item in result["changes"]] == (
        [f"package {dump['packages'][0]['id']}" if name == "another-id" else "package"] if registered else []
    )
    assert "copy of the package (Windows)" in [item["what"] for item in result["left_behind"]] or not registered
    assert result["error"]["cause"] and result["error"]["fix"]
    assert says in result["msg"] + json.dumps(result["error"]), result


@pytest.mark.parametrize("name", ["failing", "another-id", "forbidden", "server", "filtered-token"])
def test_a_package_that_was_not_applied_leaves_nothing_of_ours(refusals: Stories, name: str) -> None:
    assert inspection.ours(refusals.play.state(name, "after")) == []


@pytest.mark.parametrize("name", ["server", "filtered-token"])
def test_a_device_that_takes_no_packages_is_left_alone(refusals: Stories, name: str) -> None:
    assert refusals.digest(name, "after") == refusals.digest(name, "before")


def test_a_package_that_takes_longer_than_the_task_is_found_by_the_next_run(refusals: Stories) -> None:
    again, dump = refusals.play.result("slow", "again"), refusals.play.state("slow", "after again")
    assert (again["changed"], again["installed"]) == (True, True), again
    assert len(inspection.events(refusals.lab, "slow", inspection.PROVISIONING, inspection.INSTALLED)) == 1
    assert inspection.ours(dump) == []


# --- ppkg_info --------------------------------------------------------------------------------------------------------


def test_a_package_file_is_described_without_asking_the_device(lab: RunningLab, player: Player) -> None:
    lab.post("/devices/off/power", {"state": "off"})
    known = len(lab.commands())
    files = {label: inspection.package_file(lab, label) for label in ("site", "rename")}
    tasks: Tasks = [{"name": label, "winops.entra.ppkg_info": {"src": str(file)}} for label, file in files.items()]
    play = player.tasks(lab, tasks, hosts="off,installed")
    assert play.exit_code == 0, play.output
    assert lab.commands()[known:] == []
    for label, file in files.items():
        inside, told = ppkg.inspect(file.read_bytes()), play.result("off", label)["package"]
        assert (told["id"], told["name"], told["version"], told["authority"], told["computer_name"]) == (
            inside["package_id"].strip("{}"),
            inside["name"],
            inside["version"],
            inside["authority"],
            inside["computer_name"],
        )
        assert (told["sha256"], told["size"]) == (inspection.sha256(file), file.stat().st_size)
        assert told["bulk_token"]["present"] is told["can_join"] is bool(inside["token"])
        assert play.result("off", label)["installed"] is None
        assert play.result("installed", label)["package"] == told


def test_packages_are_listed_with_one_command_and_described_in_full(
    lab: RunningLab, player: Player, tmp_path: Path
) -> None:
    known, before = len(lab.commands()), inspection.state(lab, "installed")
    source, full = str(inspection.package_file(lab, "site")), tmp_path / "full.ppkg"
    end = base64.urlsafe_b64encode(json.dumps({"exp": 4_000_000_000}).encode()).decode().rstrip("=")
    laptops = tmp_path / "laptops.ppkg"
    laptops.write_bytes(for_laptops())
    full.write_bytes(ppkg.build("Contoso join", str(uuid.uuid4()), token=f"FAKE-header.{end}.FAKE-signature", **FULL))
    tasks: Tasks = [
        {"name": "full", "winops.entra.ppkg_info": {"src": str(full), "description": WANTED}},
        {"name": "installed", "winops.entra.ppkg_info": {}},
        {"name": "both", "winops.entra.ppkg_info": {"src": source, "installed": True}},
        {"name": "laptops", "winops.entra.ppkg_info": {"src": str(laptops), "compare_with": str(full)}},
    ]
    play = player.tasks(lab, tasks, "--check", hosts="installed")
    assert play.exit_code == 0, play.output
    listed = play.result("installed", "installed")["installed"]
    assert [(package["id"], package["name"], package["version"]) for package in listed] == [
        (package["id"], package["name"], package["version"]) for package in before["own_packages"] + before["packages"]
    ]
    assert [package["id"] for package in listed if package["origin"] == "other"] == [before["packages"][0]["id"]]
    both = play.result("installed", "both")
    assert (both["installed"], both["package"]["name"]) == (listed, "Contoso site")
    assert [line["changing"] for line in lab.commands()[known:]] == [[], []]
    assert inspection.state(lab, "installed")["digest"] == before["digest"]
    told = play.result("installed", "full")["package"]
    assert told["bulk_token"]["expires"] == "2096-10-02T07:06:40.000Z"
    assert told["certificates"] == [{"kind": "root", "name": "Contoso Root", "file": "Contoso Root.cer"}]
    assert told["mdm"] == {name: FULL["mdm"][name] for name in ("upn", "discovery_url")}
    assert told["accounts"] == [{"name": "rescue", "group": "Administrators"}]
    assert (told["commands"], [inside["path"] for inside in told["files"]]) == (["cmd /c setup.cmd"], ["setup.cmd"])
    told = play.result("installed", "laptops")
    block = told["package"]["conditional"][0]
    assert (told["package"]["computer_name"], block["computer_name"], block["bulk_token"]) == (None, "LT", True)
    assert block["condition"] == told["settings"][0]["condition"]
    assert {row["condition"] is None for row in told["differences"]} == {True, False}
    assert told["package"]["built_with"]["source"] == "CLI"
    result = play.result("installed", "full")
    assert [(row["path"], row["here"], row["there"]) for row in result["differences"] if row["form"] == "compiled"] == [
        ("Accounts/Users/User[rescue]/Password", "********", "********")
    ]
    paths = {row["path"]: row["value"] for row in result["settings"]}
    assert paths["Accounts/Users/User[rescue]/Password"] == result["description"]["bulk_token"]["value"] == "********"
    assert paths["Accounts/Users/User[rescue]/UserGroup"] == "Administrators"
    assert result["description"]["local_users"] == [
        {"name": "rescue", "password": "********", "group": "administrators"}
    ]
    assert "FAKE" not in play.output + json.dumps(play.lines)
