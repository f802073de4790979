# Copyright (c) 2026, winops.entra contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""winops.entra.ppkg_build: a package from a description in a file, built in both ways, applied, and built again."""

from __future__ import annotations

import base64
import re
import stat
import textwrap
import typing as t
from pathlib import Path

import pytest
from ansible.parsing.vault import VaultLib, VaultSecret

from tests.integration import inspection, vault
from tests.integration.conftest import StartFleet
from tests.integration.play import Play, Player, Result
from tests.lab import ppkg, wim
from tests.lab.process import RunningLab

FLEET = {
    "devices": [
        {"kind": "unjoined_pro", "name": "joins"},
        {"kind": "unjoined_pro", "name": "builder", "device": {"icd": {"seconds": 1}}},
    ]
}
OLD_TOKEN, OLD_PASSWORD = "0.AAAA-the-token-of-the-template-1111", "FAKE-old-password-2222"
NEW_PASSWORD, OTHER_PASSWORD = "FAKE-new-password-3333&<", "FAKE-other-password-4444"
SECRETS = (OLD_TOKEN, OLD_PASSWORD, NEW_PASSWORD, OTHER_PASSWORD)
DESCRIPTION = """\
name: Contoso {{{{ site }}}}
version: "1.4"
bulk_token:
  value: !vault |
{token}
computer_name: BE-%SERIAL%
security_keys: true
local_users:
  - name: rescue
    password: !vault |
{password}
    group: administrators
device_command:
  line: cmd /c agent.cmd
  files: [agent.cmd]
"""
SECURITY_KEY = r"SOFTWARE\Microsoft\Policies\PassportForWork\SecurityKey"
BUILD, INFO = "winops.entra.ppkg_build", "winops.entra.ppkg_info"


def vaulted(text: str) -> str:
    """A value for ``!vault``, indented as the descriptions here need it."""
    secret = [("default", VaultSecret(vault.PASSWORD.encode()))]
    return textwrap.indent(VaultLib(secret).encrypt(text).decode(), " " * 6).rstrip()


class Folder:
    """What a playbook has beside it: descriptions, a template, a command, and the folder of what is built."""

    def __init__(self, folder: Path, token: str) -> None:
        self.folder, self.built, self.token = folder, folder / "built", token
        (folder / "agent.cmd").write_text("echo from the description\n")
        (folder / "password").write_text(vault.PASSWORD)
        self.template = folder / "template.ppkg"
        self.template.write_bytes(
            ppkg.build(
                "Template",
                "11111111-2222-4333-8444-555555555555",
                token=OLD_TOKEN,
                computer_name="TEMPLATE-%SERIAL%",
                security_key=False,
                commands=["cmd /c setup.cmd"],
                files={"agent.cmd": b"echo from the template\n"},
                accounts=[{"name": "rescue", "password": OLD_PASSWORD, "group": "Administrators"}],
            )
        )
        self.described = {
            "good": DESCRIPTION.format(token=vaulted(token), password=vaulted(NEW_PASSWORD)),
            "other": DESCRIPTION.format(token=vaulted(token), password=vaulted(OTHER_PASSWORD)),
        }
        self.described["beyond"] = self.described["good"] + "oobe:\n  hide: true\n"
        self.described["missing variable"] = self.described["good"].replace("site }}", "region }}")
        self.described["missing file"] = self.described["good"].replace("[agent.cmd]", "[none.cmd]")
        for name, text in self.described.items():
            self.description(name).write_text(text)

    def description(self, name: str) -> Path:
        return self.folder / f"{name.replace(' ', '-')}.yml"

    def build(self, title: str, described: str = "good", **options: t.Any) -> dict[str, t.Any]:
        """A task that builds one of the descriptions; its name is the title."""
        keywords = {name: options.pop(name) for name in ("check_mode", "ignore_errors") if name in options}
        given = {"template": str(self.template), "dest": str(self.built / "berlin.ppkg")}
        if options.get("method") == "icd":
            given = {"dest": str(self.built / "icd.ppkg")}
        return {
            "name": title,
            BUILD: {"description_file": str(self.description(described)), **given, **options},
            **keywords,
        }


class Run(t.NamedTuple):
    """The play of this file."""

    lab: RunningLab
    folder: Folder
    play: Play

    def __call__(self, task: str, host: str = "builder") -> Result:
        return self.play.result(host, task)


REFUSED = {
    "what the template lacks": ({"described": "beyond"}, "template_differs", "OOBE/Desktop/HideOobe"),
    "a variable that is missing": (
        {"described": "missing variable"},
        "bad_description",
        "line 1: name needs the variable",
    ),
    "a file that is missing": (
        {"described": "missing file"},
        "bad_description",
        "device_command.files[0] names the file none.cmd",
    ),
    "a signature": ({"sign": True}, "bad_option", "sign"),
    "encryption on the controller": ({"encrypt": True, "password_dest": "x.json"}, "bad_option", "encrypt"),
    "another ending": ({"dest": "built.zip"}, "bad_option", "dest"),
}


@pytest.fixture(scope="module")
def run(start_fleet: StartFleet, player: Player, tmp_path_factory: pytest.TempPathFactory) -> Run:
    """Build, look, build something else, build by ICD.exe, apply: as talkative as it gets."""
    lab = start_fleet(FLEET)
    live = ppkg.inspect(inspection.package_file(lab, "fleet").read_bytes())["token"]
    folder = Folder(tmp_path_factory.mktemp("descriptions"), live)
    built, icd = str(folder.built / "berlin.ppkg"), {"method": "icd", "timeout": 300}
    described = {
        "name": "describe",
        INFO: {"src": built, "description_file": str(folder.description("good"))},
    }
    tasks = [
        folder.build("foretold", check_mode=True),
        {"name": "nothing there yet", "ansible.builtin.stat": {"path": built}, "delegate_to": "localhost"},
        folder.build("built"),
        folder.build("again"),
        folder.build("foretold again", check_mode=True),
        described,
        folder.build("other", "other"),
        folder.build("back"),
        *(folder.build(title, ignore_errors=True, **options) for title, (options, _name, _says) in REFUSED.items()),
        folder.build("template as dest", template=built, ignore_errors=True),
        folder.build("icd foretold", check_mode=True, **icd),
        folder.build("icd", **icd),
        folder.build("icd again", **icd),
        folder.build(
            "from icd",
            "other",
            template=str(folder.built / "icd.ppkg"),
            dest=str(folder.built / "from-icd.ppkg"),
        ),
        folder.build("icd foretold again", check_mode=True, **icd),
        {
            "name": "both",
            INFO: {"src": str(folder.built / "icd.ppkg"), "compare_with": built},
        },
        folder.build(
            "encrypted",
            encrypt=True,
            **icd,
            dest=str(folder.built / "e.ppkg"),
            password_dest=str(folder.built / "e.json"),
        ),
        folder.build(
            "encrypted again",
            encrypt=True,
            **icd,
            dest=str(folder.built / "e.ppkg"),
            password_dest=str(folder.built / "e.json"),
        ),
        {"name": "state", "lab_state": {}},
    ]
    join = {"src": built, "tenant_id": inspection.tenant_id(lab), "poll_interval": 1}
    plays = [
        {"hosts": "builder", "gather_facts": False, "vars": {"site": "Berlin"}, "tasks": tasks},
        {
            "hosts": "joins",
            "gather_facts": False,
            "vars": {"site": "Berlin"},
            "tasks": [
                {"name": "join", "winops.entra.join": join},
                {"name": "state", "lab_state": {}},
                folder.build("unchanged"),
            ],
        },
    ]
    play = player.run(lab, plays, "-vvvvv", "--diff", "--vault-password-file", str(folder.folder / "password"))
    assert play.exit_code == 0, play.output[-6000:]
    return Run(lab, folder, play)


def test_a_package_is_built_and_a_second_run_changes_nothing(run: Run) -> None:
    first, second = run("built"), run("again")
    assert first["changed"] and not second["changed"] and second["changes"] == []
    assert second["package"] == first["package"] and second["catalog_sha256"] == first["catalog_sha256"]
    assert first["package"]["name"] == "Contoso Berlin" and first["package"]["can_join"]


def test_check_mode_foretells_the_same_result_and_writes_nothing(run: Run) -> None:
    foretold, done = run("foretold"), run("built")
    assert not run("nothing there yet")["stat"]["exists"]
    names = ("changed", "changes", "diff", "package", "package_id", "settings", "catalog_sha256", "unconfirmed")
    assert {name: foretold[name] for name in names} == {name: done[name] for name in names}
    assert not run("foretold again")["changed"]


def test_both_files_are_for_their_owner_only_and_nothing_else_is_there(run: Run) -> None:
    files = {path.name: stat.S_IMODE(path.stat().st_mode) for path in run.folder.built.iterdir()}
    names = {f"{name}.{ending}" for name in ("berlin", "icd", "from-icd", "e") for ending in ("ppkg", "cat")}
    assert files == dict.fromkeys(names | {"e.json"}, 0o600)


def test_the_lab_reads_in_the_package_what_was_described(run: Run) -> None:
    found = ppkg.inspect((run.folder.built / "berlin.ppkg").read_bytes())
    assert found["token"] == run.folder.token and found["computer_name"] == "BE-%SERIAL%" and found["security_key"]
    assert found["accounts"] == [{"name": "rescue", "password": NEW_PASSWORD, "group": "Administrators"}]
    assert found["package_id"] == f"{{{run('built')['package_id']}}}" and found["commands"] == ["cmd /c agent.cmd"]
    contents = wim.read((run.folder.built / "berlin.ppkg").read_bytes())[0]
    assert b"echo from the description\n" in contents.values()


def test_the_package_has_no_difference_to_its_description_and_gives_it_back(run: Run) -> None:
    assert run("describe")["differences"] == []
    said = run("describe")["description"]
    assert said["device_command"]["line"] == "cmd /c agent.cmd" and said["bulk_token"]["value"] == "********"
    assert (said["name"], said["version"], said["dropped"]) == ("Contoso Berlin", "1.4", [])


def test_a_difference_of_a_secret_is_told_and_the_secret_is_not(run: Run) -> None:
    changes = {each["what"]: (each["before"], each["after"]) for each in run("other")["changes"]}
    place = "setting Accounts/Users/User[rescue]/Password"
    assert changes[place] == ("********", "******** (another value)")
    assert {what.partition(" ")[0] for what in changes} == {"package", "setting", "catalogue"}
    assert run("other")["package_id"] != run("built")["package_id"] == run("back")["package_id"]


@pytest.mark.parametrize("title", REFUSED)
def test_what_is_wrong_is_refused_by_name_and_the_package_stays(run: Run, title: str) -> None:
    _options, name, says = REFUSED[title]
    result = run(title)
    assert result["error"]["name"] == name and says in result["msg"] and not result["changed"]
    assert run("unchanged", "joins")["changed"] is False


def test_what_the_template_lacks_is_listed(run: Run) -> None:
    [problem] = run("what the template lacks")["error"]["evidence"]
    assert problem == "the template lacks OOBE/Desktop/HideOobe"


def test_a_template_is_not_overwritten(run: Run) -> None:
    assert "bad option template: it is the file that is to be written" in run("template as dest")["msg"]


def test_icd_builds_the_same_settings_and_a_second_run_does_not_build(run: Run) -> None:
    first, second = run("icd"), run("icd again")
    assert run("icd foretold")["changed"] and run("icd foretold")["package"] is None
    assert first["changed"] and not second["changed"] and not run("icd foretold again")["changed"]
    assert first["tool"]["origin"] == "adk" and second["tool"] is None
    assert second["package"] == first["package"] and first["unconfirmed"] == []
    assert {each["path"] for each in run("both")["differences"]} == {"PackageConfig/id"}


def test_what_icd_has_built_is_a_template(run: Run) -> None:
    found = ppkg.inspect((run.folder.built / "from-icd.ppkg").read_bytes())
    assert found["accounts"][0]["password"] == OTHER_PASSWORD and found["token"] == run.folder.token
    assert run("from icd")["package_id"] not in (run("icd")["package_id"], run("other")["package_id"])


def test_an_encrypted_package_has_its_password_in_a_file_and_a_second_run_does_not_build(run: Run) -> None:
    first, second = run("encrypted"), run("encrypted again")
    assert first["changed"] and first["package"] is None and not second["changed"]
    assert first["package_id"] == second["package_id"]


def test_nothing_of_a_build_stays_on_the_host(run: Run) -> None:
    assert inspection.ours(run.play.state("builder", "state")) == []
    assert run("icd")["left_behind"] == []


def test_a_device_joins_by_the_package_that_was_built(run: Run) -> None:
    assert run("join", "joins")["outcome"] == "joined"
    dump = run.play.state("joins", "state")
    assert "rescue" in {account["name"] for account in dump["accounts"]}
    assert dump["registry"]["HKLM"][SECURITY_KEY] == {"UseSecurityKeyForSignin": 1}
    assert not run("unchanged", "joins")["changed"]


def test_no_secret_is_in_any_file_but_the_packages(run: Run) -> None:
    password = re.search(r'"password": "([^"]+)"', (run.folder.built / "e.json").read_text())
    assert password
    files = [path for path in run.play.directory.rglob("*") if path.is_file()]
    files += [path for path in run.folder.folder.rglob("*") if path.is_file() and path.suffix not in (".ppkg", ".json")]
    files += [path for path in run.lab.out.rglob("*") if path.is_file() and path.suffix != ".ppkg"]
    found = []
    for secret in (*SECRETS, run.folder.token, password[1]):
        spelled = [secret.encode(), secret.encode("utf-16-le"), base64.b64encode(secret.encode()).rstrip(b"=")[:-1]]
        found += [(path.name, secret) for path in files if any(each in path.read_bytes() for each in spelled)]
    assert found == []


def test_nothing_of_the_template_is_left_in_the_package(run: Run) -> None:
    package = run("built")["package"]
    assert package["dead_streams"]["count"] == 0
    contents = wim.read((run.folder.built / "berlin.ppkg").read_bytes())[0]
    texts = b"".join(contents.values())
    assert not [
        old for old in (OLD_TOKEN, OLD_PASSWORD) for code in ("utf-8", "utf-16-le") if old.encode(code) in texts
    ]
