# Copyright (c) 2026, winops.entra contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The work of ppkg_build: what is refused, what changes, what is judged. Built on the controller, or by a stand-in of
the host."""

from __future__ import annotations

import datetime
import hashlib
import os
import stat
import typing as t
from pathlib import Path

import pytest
from ansible.errors import AnsibleFileNotFound

from ansible_collections.winops.entra.plugins.plugin_utils import task as tasks
from ansible_collections.winops.entra.plugins.plugin_utils.device.packages.build_order import Built
from ansible_collections.winops.entra.plugins.plugin_utils.package.composing import package_id
from ansible_collections.winops.entra.plugins.plugin_utils.package_tasks import build as package_build
from ansible_collections.winops.entra.plugins.plugin_utils.package_tasks import by_icd
from ansible_collections.winops.entra.plugins.plugin_utils.result import Failure
from tests.lab import ppkg
from tests.lab.icd import catalog, compiler, stores

OLD, TOKEN, PASSWORD = "FAKE-token-of-the-template-1", "FAKE-token-of-the-description-2", "FAKE-password-3333"
GIVEN_ID = "0c1a2b3c-4d5e-4f70-8192-a3b4c5d6e7f8"
DESCRIPTION: dict[str, t.Any] = {
    "name": "Contoso",
    "bulk_token": TOKEN,
    "computer_name": "CT-%SERIAL%",
    "device_command": {"line": "cmd /c setup.cmd", "files": ["setup.cmd"]},
}


@pytest.fixture(autouse=True)
def cheap(monkeypatch: pytest.MonkeyPatch) -> None:
    """The ids of these secrets cost nothing to guess."""
    monkeypatch.setattr(package_id, "_COST", 2)


class World:
    """A folder with a template and a file, in which tasks build."""

    def __init__(self, folder: Path) -> None:
        self.folder, self.dest = folder, folder / "built" / "a.ppkg"
        (folder / "setup.cmd").write_bytes(b"echo new")
        template = ppkg.build(
            "Template",
            "11111111-2222-4333-8444-555555555555",
            token=OLD,
            computer_name="OLD-%SERIAL%",
            commands=["cmd /c old.cmd"],
            files={"setup.cmd": b"echo old"},
        )
        (folder / "template.ppkg").write_bytes(template)

    def find(self, src: str) -> str:
        path = self.folder / src
        if not path.exists():
            raise AnsibleFileNotFound(f"no {src}")
        return str(path)

    def task(self, check_mode: bool, **options: t.Any) -> tasks.Task:
        args: dict[str, t.Any] = {
            "description": DESCRIPTION,
            "description_file": None,
            "method": "template",
            "template": "template.ppkg" if options.get("method") != "icd" else None,
            "dest": str(self.dest),
            **dict.fromkeys(("password_dest", "icd_path", "store_file")),
            **dict.fromkeys(("encrypt", "sign"), False),
            "timeout": 900,
        }
        return tasks.Task(
            args | options,
            check_mode,
            find_file=self.find,
            content=lambda path, most: Path(path).read_bytes(),
        )

    def build(self, check_mode: bool = False, **options: t.Any) -> dict[str, t.Any]:
        """The whole result of a task."""
        return tasks.perform(self.task(check_mode, **options), (), package_build.build, {}, with_diff=True)

    def changes(self, **options: t.Any) -> dict[str, t.Any]:
        return {change["what"]: change["after"] for change in self.build(**options)["changes"]}


@pytest.fixture
def world(tmp_path: Path) -> World:
    return World(tmp_path)


class Host:
    """In the place of device/packages/icd.py: builds with the lab's tool, without a device."""

    def __init__(self) -> None:
        self.builds = self.looks = 0
        self.leave_out = False

    def require_host(self, task: tasks.Task, order: t.Any) -> None:
        self.looks += 1

    def build(self, task: tasks.Task, order: t.Any) -> Built:
        self.builds += 1
        paths = {name: rf"C:\work\{name}" for name in order.files}
        content = {rf"C:\work\{name}": data for name, data in order.files.items()}
        known = stores.known(stores.store(stores.COMMON), stores.store(stores.DESKTOP))
        made = compiler.Package(order.customizations(paths), known, content.__getitem__).data(self.leave_out)
        if not order.encrypt:
            return Built(made, self._catalog(made), None, {"origin": "adk"})
        sealed = ppkg.encrypt(made, PASSWORD[:16])
        return Built(sealed, self._catalog(sealed), PASSWORD[:16], {"origin": "adk"}, made)

    @staticmethod
    def _catalog(package: bytes) -> bytes:
        return catalog.catalog(package, bytes(range(16)), datetime.datetime(2026, 11, 30))


@pytest.fixture
def host(monkeypatch: pytest.MonkeyPatch) -> Host:
    stand_in = Host()
    monkeypatch.setattr(by_icd, "icd", stand_in)
    return stand_in


def text_of(result: t.Any) -> str:
    return str(result)


# ---- refused --------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("options", "name"),
    [
        ({"sign": True}, "sign"),
        ({"sign": True, "method": "icd"}, "sign"),
        ({"encrypt": True, "password_dest": "p.json"}, "encrypt"),
        ({"icd_path": r"C:\ICD.exe"}, "icd_path"),
        ({"store_file": [r"C:\a.dat"]}, "store_file"),
        ({"password_dest": "p.json"}, "password_dest"),
        ({"password_dest": "p.json", "method": "icd"}, "password_dest"),
        ({"method": "icd", "template": "template.ppkg"}, "template"),
        ({"template": "none.ppkg"}, "template"),
        ({"dest": "built.zip"}, "dest"),
    ],
)
def test_options_that_do_not_fit_are_refused_by_name(world: World, options: dict, name: str) -> None:
    result = world.build(**options)
    assert result["failed"] and result["msg"].startswith(f"bad option {name}: ")
    assert not world.dest.parent.exists()


def test_a_signature_is_refused_with_the_way_out(world: World) -> None:
    assert "sign the package in the graphical Windows Configuration Designer" in world.build(sign=True)["msg"]


def test_a_file_at_dest_that_is_no_package_stays(world: World) -> None:
    world.dest.parent.mkdir()
    world.dest.write_text("notes")
    assert world.build()["msg"].startswith("bad option dest: ") and world.dest.read_text() == "notes"


@pytest.mark.parametrize(
    ("content", "name"),
    [
        (ppkg.encrypt((Path(__file__).read_bytes() * 2)[:4000], "4711"), "package_encrypted"),
        (b"", "not_a_package"),
        (b"MSWIM\0\0\0 and no more", "package_damaged"),
    ],
    ids=["encrypted", "empty", "damaged"],
)
def test_a_template_that_cannot_be_read_is_named(world: World, content: bytes, name: str) -> None:
    (world.folder / "template.ppkg").write_bytes(content)
    result = world.build()
    assert result["error"]["name"] == name and str(world.folder / "template.ppkg") in result["msg"]


def test_what_the_template_lacks_or_has_too_much_is_listed(world: World) -> None:
    description = {name: value for name, value in DESCRIPTION.items() if name != "computer_name"}
    result = world.build(description=description | {"security_keys": True})
    assert result["error"]["name"] == "template_differs" and not result["changed"]
    assert sorted(text.split("/")[0] for text in result["error"]["evidence"]) == [
        "the description does not mention DevDetail",
        "the template lacks WindowsHelloForBusiness",
    ]


# ---- built ----------------------------------------------------------------------------------------------------------


def test_a_second_run_changes_nothing(world: World) -> None:
    first = world.build()
    content = world.dest.read_bytes()
    second = world.build()
    assert first["changed"] and not second["changed"] and world.dest.read_bytes() == content
    assert first["package"] == second["package"] and first["package_id"] == first["package"]["id"]
    assert first["unconfirmed"] == second["unconfirmed"] != []


def test_check_mode_foretells_it_and_writes_nothing(world: World) -> None:
    foretold = world.build(check_mode=True)
    assert not world.dest.parent.exists()
    assert foretold == world.build()


def test_another_file_is_a_change_and_gives_another_id(world: World) -> None:
    first = world.build()
    (world.folder / "setup.cmd").write_bytes(b"echo newer")
    assert {what.partition(" ")[0] for what in world.changes(check_mode=True)} == {"package", "file", "catalogue"}
    assert world.build()["package_id"] != first["package_id"]


def test_a_revision_changes_the_package_and_no_setting(world: World) -> None:
    world.build()
    changes = world.changes(description=DESCRIPTION | {"revision": 1})
    assert {what.partition(" ")[0] for what in changes} == {"package", "catalogue"}


def test_a_secret_that_is_another_is_told_without_it(world: World) -> None:
    world.build()
    result = world.build(description=DESCRIPTION | {"bulk_token": "FAKE-another-token-444"})
    assert result["diff"]["before"]["setting Accounts/Azure/BPRT"] == "********"
    assert result["diff"]["after"]["setting Accounts/Azure/BPRT"] == "******** (another value)"
    assert not [secret for secret in (OLD, TOKEN, "FAKE-another-token-444") if secret in text_of(result)]


def test_a_missing_or_wrong_catalogue_is_written_again(world: World) -> None:
    world.build()
    catalogue = world.dest.with_suffix(".cat")
    content = catalogue.read_bytes()
    for spoil in (catalogue.unlink, lambda: catalogue.write_bytes(b"of another package")):
        spoil()
        assert list(world.changes()) == [f"catalogue {catalogue}"]
        assert catalogue.read_bytes() == content


def test_a_file_that_others_can_read_is_closed_again(world: World) -> None:
    world.build()
    world.dest.chmod(0o644)
    assert world.changes(check_mode=True) == {f"mode of {world.dest}": "0600"}
    assert stat.S_IMODE(world.dest.stat().st_mode) == 0o644
    assert world.build()["changed"] and stat.S_IMODE(world.dest.stat().st_mode) == 0o600
    assert not world.build()["changed"]


def test_a_damaged_package_is_replaced(world: World) -> None:
    world.build()
    content = world.dest.read_bytes()
    world.dest.write_bytes(content[:1000])
    result = world.build()
    package = next(change for change in result["changes"] if change["what"].startswith("package "))
    assert package["before"] == {"sha256": hashlib.sha256(content[:1000]).hexdigest()}
    assert world.dest.read_bytes() == content


def test_a_token_that_ends_soon_is_warned_of(world: World) -> None:
    token = {"value": TOKEN, "expires": "2020-01-01"}
    for _time in range(2):
        [warning] = world.build(description=DESCRIPTION | {"bulk_token": token})["warnings"]
        assert "2020-01-01" in warning


def test_another_content_under_an_id_of_the_description_is_warned_of(world: World) -> None:
    given = DESCRIPTION | {"id": GIVEN_ID}
    assert "warnings" not in world.build(description=given)
    for check_mode in (True, False):
        result = world.build(check_mode, description=given | {"computer_name": "XX-%SERIAL%"})
        assert [text.split(";")[0] for text in result["warnings"]] == [package_build.SAME_ID.split(";", maxsplit=1)[0]]
    assert "warnings" not in world.build(description=given | {"computer_name": "XX-%SERIAL%"})


def test_what_a_killed_run_has_left_goes_although_nothing_changes(world: World) -> None:
    world.build()
    left = world.dest.with_name(".a.ppkg.new")
    left.write_bytes(b"whole")
    world.build(check_mode=True)
    assert left.exists()
    assert not world.build()["changed"] and sorted(os.listdir(world.dest.parent)) == ["a.cat", "a.ppkg"]


# ---- by the host ----------------------------------------------------------------------------------------------------


def test_the_host_builds_once_and_check_mode_never(world: World, host: Host) -> None:
    foretold = world.build(check_mode=True, method="icd")
    assert foretold["changed"] and (foretold["package"], foretold["catalog_sha256"]) == (None, None)
    assert (host.looks, host.builds) == (1, 0) and not world.dest.parent.exists()
    first, second = world.build(method="icd"), world.build(method="icd")
    assert first["changed"] and not second["changed"] and host.builds == 1
    assert first["package_id"] == second["package_id"] == foretold["package_id"]
    assert first["package"] == second["package"] and first["unconfirmed"] == []
    assert not world.build(check_mode=True, method="icd")["changed"] and host.looks == 1


def test_what_the_host_would_change_is_foretold_by_settings(world: World, host: Host) -> None:
    world.build(method="icd")
    changes = world.changes(check_mode=True, method="icd", description=DESCRIPTION | {"computer_name": "XX"})
    assert changes["setting DevDetail/DNSComputerName"] == "XX"


def test_another_file_is_built_again(world: World, host: Host) -> None:
    world.build(method="icd")
    (world.folder / "setup.cmd").write_bytes(b"echo newer")
    assert world.build(method="icd")["changed"] and host.builds == 2


def test_a_catalogue_of_another_package_is_built_again(world: World, host: Host) -> None:
    world.build(method="icd")
    world.dest.with_suffix(".cat").write_bytes(b"of another package")
    assert world.build(method="icd")["changed"]


def test_a_package_without_its_files_is_not_written(world: World, host: Host) -> None:
    host.leave_out = True
    result = world.build(method="icd")
    assert result["error"]["name"] == "built_otherwise" and result["error"]["side"] == "device"
    assert "file setup.cmd" in result["error"]["evidence"] and not world.dest.parent.exists()


def test_the_password_of_an_encrypted_package_is_in_its_file_and_nowhere_else(world: World, host: Host) -> None:
    file = world.folder / "password.json"
    options = {"method": "icd", "encrypt": True, "password_dest": str(file)}
    first, second = world.build(**options), world.build(**options)
    assert first["changed"] and not second["changed"] and host.builds == 1
    assert PASSWORD[:16] in file.read_text() and stat.S_IMODE(file.stat().st_mode) == 0o600
    assert first["package"] is None and PASSWORD[:16] not in text_of((first, second))
    # A lost password is reason enough to build another one.
    file.unlink()
    assert world.build(**options)["changed"] and host.builds == 2


def test_an_encrypted_package_is_judged_too(world: World, host: Host) -> None:
    host.leave_out = True
    result = world.build(method="icd", encrypt=True, password_dest=str(world.folder / "password.json"))
    assert result["error"]["name"] == "built_otherwise" and sorted(os.listdir(world.folder)) == [
        "setup.cmd",
        "template.ppkg",
    ]


def test_the_id_of_a_description_is_ordered(world: World, host: Host) -> None:
    assert world.build(method="icd", description=DESCRIPTION | {"id": GIVEN_ID})["package"]["id"] == GIVEN_ID


def test_a_failure_of_the_host_is_given_on(world: World, monkeypatch: pytest.MonkeyPatch, host: Host) -> None:
    def refuse(*_given: t.Any) -> None:
        raise Failure("there is no ICD.exe", side="device", name="icd_not_found")

    monkeypatch.setattr(host, "build", refuse)
    monkeypatch.setattr(host, "require_host", refuse)
    assert world.build(method="icd")["error"]["name"] == "icd_not_found"
    assert world.build(check_mode=True, method="icd")["error"]["name"] == "icd_not_found"
