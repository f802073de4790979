# Copyright (c) 2026, winops.entra contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Templates and descriptions of which no package can be made: a clear error that names what is wrong, and no secret."""

from __future__ import annotations

import io
import random

import pytest

from ansible_collections.winops.entra.plugins.plugin_utils.package import PackageError, read_package
from ansible_collections.winops.entra.plugins.plugin_utils.package.composing import (
    MissingFile,
    NotLikeTemplate,
    UnclearPlace,
    UnfitTemplate,
    compose,
    package_id,
)
from ansible_collections.winops.entra.plugins.plugin_utils.package.description.compare import compare_with_document
from ansible_collections.winops.entra.plugins.plugin_utils.package.description.compiled import plain_path
from ansible_collections.winops.entra.plugins.plugin_utils.package.description.description import checked
from ansible_collections.winops.entra.plugins.plugin_utils.result import Failure
from tests.lab import ppkg, templates, wim

from . import hostile_packages
from .building import written
from .conftest import FIXTURES
from .test_building import (
    ASSETS,
    CONTEXT,
    DATA,
    FILES,
    NEW_PASSWORD,
    NEW_TOKEN,
    OLD_PASSWORD,
    OLD_TOKEN,
    ROWS,
    SECRETS,
    TEMPLATE,
    element,
)


@pytest.fixture(autouse=True)
def cheap_ids(monkeypatch):
    """scrypt as it is costs 0.1 s a package."""
    monkeypatch.setattr(package_id, "_COST", 2)


def refused(kind, data=None, template=TEMPLATE, files=None):
    with pytest.raises(Failure) as refusal:
        compose(template, checked(DATA if data is None else data), FILES if files is None else files)
    error = refusal.value
    assert isinstance(error, kind), error.msg
    assert error.error["name"] and error.error["fix"] and error.error["side"] == "controller"
    shown = f"{error.msg} {error.error}"
    assert not [each for each in (*SECRETS, NEW_TOKEN, NEW_PASSWORD) if each in shown]
    return error.msg


def built(rows=None, **arguments):
    return templates.build(
        ROWS if rows is None else rows, "Alt", **{"notes": "old notes", "rank": 3, "assets": ASSETS, **arguments}
    )


def everything(made):
    """All contents of a package, one behind the other."""
    return b"".join(wim.read(written(made))[0].values())


def without(*names):
    return {name: value for name, value in DATA.items() if name not in names}


# ---- one has what the other lacks ---------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("data", "told"),
    [
        (DATA | {"security_keys": True}, "the template lacks WindowsHelloForBusiness/SecurityKeys"),
        (without("computer_name"), "the description does not mention DevDetail/DNSComputerName"),
        (without("bulk_token"), "the description does not mention Accounts/Azure/BPRT"),
        (
            DATA | {"local_users": [{"name": "other", "password": "FAKE-p1"}]},
            "the template lacks Accounts/Users/User[other]",
        ),
        (without("notes"), "the description does not mention PackageConfig/Notes"),
        (DATA | {"package_config": {"Foo": "x"}}, "the template lacks PackageConfig/Foo"),
        (DATA | {"targets": [{"id": "t", "states": [{"A": "b"}]}]}, "Targets/Target[t] is not the same in both"),
        (
            DATA
            | {
                "targets": [{"id": "t", "states": [{"A": "b"}]}],
                "conditional": [{"targets": ["t"], "oobe": {"hide": True}}],
            },
            "the template lacks OOBE/Desktop/HideOobe (in the Variant for t)",
        ),
        (
            DATA | {"device_command": {"files": ["files/setup.cmd"], "line": "x"}},
            "does not mention ProvisioningCommands/DeviceContext/CommandFiles/CommandFile[copy.bin]",
        ),
        (
            DATA | {"device_command": {"files": [*FILES, "files/third.cmd"], "line": "x"}},
            "the template lacks ProvisioningCommands/DeviceContext/CommandFiles/CommandFile[third.cmd]",
        ),
        (
            DATA | {"device_command": {"files": ["files/copy.bin", "files/setup.cmd"], "line": "x"}},
            "the template lacks ProvisioningCommands/DeviceContext/CommandFiles/CommandFile[copy.bin], and has",
        ),
    ],
    ids=lambda value: value[:40] if isinstance(value, str) else "",
)
def test_what_only_one_of_the_two_has_is_named(data, told):
    files = {**FILES, "files/third.cmd": b""}
    assert told in refused(NotLikeTemplate, data, files=files)


def test_a_file_of_the_template_that_no_setting_names():
    extra = built(assets={**ASSETS, "more.exe": b"more"})
    assert "does not mention the file more.exe" in refused(NotLikeTemplate, template=extra)


def test_a_file_of_another_name_is_another_file():
    data = DATA | {
        "device_command": {
            "files": [{"name": "setup.cmd", "file": "files/start.cmd"}, "files/copy.bin"],
            "line": "x",
        }
    }
    files = {**FILES, "files/start.cmd": b""}
    assert "its own is called setup.cmd, not start.cmd" in refused(NotLikeTemplate, data, files=files)


def test_a_setting_without_a_value_in_the_template():
    rows = [*ROWS, templates.Row(element("Accounts/Azure/Foo"), "")]
    data = DATA | {
        "unknown_settings": ["Accounts/Azure/Foo"],
        "settings": [{"path": "Accounts/Azure/Foo", "value": "x"}],
    }
    assert "Accounts/Azure/Foo has no value in the template" in refused(NotLikeTemplate, data, built(rows))


# ---- the template cannot be changed --------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("template", "told"),
    [
        (built(signed=True), "signed"),
        (built(encrypted=True), "encrypted"),
        (built(more={"Multivariant/signature.p7s": b"x"}), "signature"),
        (built(properties={"PACKAGEID": "none"}), "no package id"),
        (built(properties={"PACKAGEID": "{0f8fad5b-d9cb-469f-a165-70867728950e}"}), "two package ids"),
        (FIXTURES / "two-images-xpress.ppkg", "2 images"),
        (ppkg.build("A", templates.PACKAGE_ID, token="FAKE-token-11", variant="provxml_only"), "customizations.xml"),
        (
            wim.write({"Multivariant/0/customizations.xml": b"<WindowsCustomizations/>"}, "x"),
            "no compiled settings",
        ),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_a_template_that_cannot_be_changed(template, told):
    message = refused(UnfitTemplate, template=template)
    assert told in message and "build the template again" in message


@pytest.mark.parametrize(
    ("template", "name"),
    [
        (ppkg.encrypt(TEMPLATE, "FAKE-Passw0rd"), "package_encrypted"),
        (b"", "not_a_package"),
        (b"PK\3\4" + bytes(400), "not_a_package"),
        (TEMPLATE[:-1], "package_damaged"),
        (TEMPLATE[:1000], "package_damaged"),
        (wim.write({"a/b": b"x"}), "not_a_package"),
        (built(more={"Multivariant/0/Prov/RunTime.xml": b"<broken"}), "package_damaged"),
        (built(more={"Multivariant/0/Prov/RunTime.xml": b"<!DOCTYPE a><a/>"}), "package_damaged"),
        (FIXTURES / "absent.ppkg", "package_unreadable"),
        (FIXTURES, "package_unreadable"),
        ("a\0b", "package_unreadable"),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_a_template_that_cannot_be_read(template, name):
    with pytest.raises(PackageError) as refusal:
        compose(template, checked(DATA), FILES)
    assert refusal.value.error["name"] == name and refusal.value.msg.isprintable()


def test_a_file_that_is_missing(tmp_path):
    path = "ProvisioningCommands/DeviceContext/CommandFiles/CommandFile[setup.cmd]"
    only = {"files/copy.bin": b""}
    assert f"the file of {path} was not given" in refused(MissingFile, files=only)
    assert "No such file" in refused(MissingFile, files={**only, "files/setup.cmd": tmp_path / "absent"})
    assert "not a regular file" in refused(MissingFile, files={**only, "files/setup.cmd": tmp_path})


# ---- nobody can tell ------------------------------------------------------------------------------------------------


def test_a_file_with_an_old_secret_in_it():
    large = bytes(1_100_000) + OLD_TOKEN.encode("utf-16-be")
    for content in (f"net user rescue {OLD_PASSWORD}".encode(), OLD_TOKEN.encode("utf-16"), large):
        message = refused(UnclearPlace, files={**FILES, "files/setup.cmd": b"x" * 70_000 + content})
        assert "still stands in setup.cmd" in message


def test_an_old_secret_where_nobody_looks_for_a_value():
    for more in (
        {"Multivariant/0/readme.txt": OLD_TOKEN.encode()},
        {"Multivariant/0/MasterDatastore.xml": f"<a><{OLD_TOKEN}/></a>".encode()},
        {"Multivariant/0/MasterDatastore.xml": f"<a b='x {OLD_TOKEN.replace('1', '&#49;')} y'/>".encode("utf-16")},
        {f"Multivariant/0/{OLD_TOKEN}.txt": b"x"},
    ):
        assert "still stands in" in refused(UnclearPlace, template=built(more=more))
    assert "XML data" in refused(UnclearPlace, template=built(properties={"FLAGS": f"x{OLD_TOKEN}"}))


def test_an_old_secret_that_the_new_line_of_a_command_still_has():
    data = DATA | {"device_command": {**DATA["device_command"], "line": f"cmd /c setup.cmd {OLD_PASSWORD}"}}
    assert "still stands" not in str(compose(TEMPLATE, checked(DATA), FILES))
    assert "still stands in" in refused(UnclearPlace, data)


def test_a_new_secret_may_have_the_old_one_in_it():
    longer = DATA | {"bulk_token": f"{OLD_TOKEN}-longer"}
    data = everything(compose(TEMPLATE, checked(longer), FILES))
    assert data.count(OLD_TOKEN.encode()) == data.count(f"{OLD_TOKEN}-longer".encode()) > 0


def test_a_setting_whose_compiled_place_nobody_knows():
    rows = [*ROWS[:4], templates.Row(element("DevDetail/DNSComputerName"), "OLD-%SERIAL%"), *ROWS[5:]]
    message = refused(UnclearPlace, template=built(rows))
    assert "where these settings are compiled in the template: DevDetail/DNSComputerName" in message
    # A network's kind is compiled into its profile, in words of its own.
    data = DATA | {"wifi": [{"ssid": "Net", "security": "wep", "key": "FAKE-key-1"}]}
    assert "WLANXmlSettings/SecurityType" in refused(UnclearPlace, data)


def test_a_template_that_says_two_things():
    rows = [*ROWS[:4], templates.Row(element("DevDetail/DNSComputerName"), "OLD-1", ROWS[4].csp, "OLD-2"), *ROWS[5:]]
    assert "contradicts itself about DevDetail/DNSComputerName" in refused(UnclearPlace, template=built(rows))


def test_one_value_of_two_settings():
    """Where the table does not say which one is meant, two that had one value cannot get two."""
    path = "SMISettings/AutoLogon"
    pair = [("DomainName", "same-old-value"), ("UserName", "same-old-value")]
    rows = [*ROWS, *(templates.Row(element(f"{path}/{name}"), old, ("X", f"x{name}")) for name, old in pair)]
    data = {**DATA, "settings": [{"path": f"{path}/{name}", "value": f"new-{name}"} for name, _old in pair]}
    assert "nobody can tell which one stands where" in refused(UnclearPlace, data, built(rows))
    same = {**DATA, "settings": [{"path": f"{path}/{name}", "value": "same-new-value"} for name, _old in pair]}
    assert everything(compose(built(rows), checked(same), FILES)).count(b"same-new-value") >= 2


def test_two_files_of_one_name():
    rows = [
        *ROWS,
        templates.Row(
            element("ProvisioningCommands/PrimaryContext/Command/CommandConfig", "0") + (("CommandFile", "", None),),
            "C:\\other\\setup.cmd",
        ),
        templates.Row(
            element("ProvisioningCommands/PrimaryContext/Command/CommandConfig", "0") + (("CommandLine", "", None),),
            "run it all",
            ("ProvisioningCommands", "PrimaryContext", "$(__PackageID)", "0", "CommandLine"),
        ),
    ]
    data = DATA | {"commands": [{"name": "0", "file": "other/setup.cmd", "line": "run it now"}]}
    files = {**FILES, "other/setup.cmd": b"another one"}
    assert "two settings have a file called setup.cmd" in refused(UnclearPlace, data, built(rows), files)
    assert compose(built(rows), checked(data), {**files, "other/setup.cmd": FILES["files/setup.cmd"]})


def test_an_altitude_that_nobody_can_tell():
    assert "altitude" in refused(UnclearPlace, template=built(properties={"ALTITUDE": "7"}))
    assert "altitude" in refused(UnclearPlace, DATA | {"owner": "MobileOperator"})
    packed = wim.read(written(compose(TEMPLATE, checked(DATA | {"owner": "OEM"}), FILES)))[1]
    assert packed["ALTITUDE"] == "2007"


def test_a_command_line_that_is_compiled_with_its_secret_is_changed_whole(save):
    package = read_package(save(written(compose(TEMPLATE, checked(DATA), FILES))))
    lines = [each.value for each in package.forms.compiled if each.steps[-1] == "CommandLine"]
    assert lines == [DATA["device_command"]["line"]] and CONTEXT[0] == "ProvisioningCommands"


def test_ids_within_a_compiled_path_are_told_apart_unless_they_are_the_package_s_own():
    own, other = "{6c1f2d4b-8e53-4d2a-8f68-2f7b3c4d5e6f}", "{0f8fad5b-d9cb-469f-a165-70867728950e}"
    paths = [f"./Vendor/MSFT/ActiveSync/Accounts/a/ContentTypes/{each}/Name" for each in (own, other)]
    commands = [f"ProvisioningCommands/DeviceContext/{each}/Default/X" for each in (own, "$(__PackageID)")]

    assert plain_path(paths[0]) != plain_path(paths[1])
    assert plain_path(commands[0]) == plain_path(commands[1])


# ---- conditional settings -------------------------------------------------------------------------------------------


def test_settings_for_some_devices_get_other_values_too(save):
    name = templates.Row(element("DevDetail/DNSComputerName"), "VIRTUAL-%SERIAL%", ROWS[4].csp, target="virtual")
    data = DATA | {
        "targets": [{"id": "virtual", "states": [{"virtual": "virtual"}]}],
        "conditional": [{"name": "virtual", "targets": ["virtual"], "computer_name": "VM-%SERIAL%"}],
    }
    package = read_package(save(written(compose(built([*ROWS, name]), checked(data), FILES))))

    differences = compare_with_document(package.forms, checked(data).document)
    assert {each.form for each in differences} <= {"compiled"}  # they do not tell a condition
    compiled = [each.value for each in package.forms.compiled if each.steps[-1] == "DNSComputerName"]
    assert sorted(compiled) == ["CT-%SERIAL%", "VM-%SERIAL%"]


# ---- somebody means harm ---------------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", sorted(hostile_packages.HOSTILE.keys() - {"slow lzx", "slow xpress"}))
def test_a_hostile_template(name):
    try:
        made = compose(hostile_packages.HOSTILE[name](), checked({"name": "x", "computer_name": "x"}), {})
    except Failure as refusal:
        assert refusal.msg.isprintable()
    else:
        made.write(io.BytesIO())


def test_bent_templates():
    chance = random.Random(19)
    kinds = set()
    for _each in range(150):
        data = bytearray(TEMPLATE)
        data[chance.randrange(len(data))] ^= chance.randint(1, 255)
        try:
            compose(bytes(data), checked(DATA), FILES)
        except Failure as refusal:
            kinds.add(refusal.error["name"])
    assert "package_damaged" in kinds
