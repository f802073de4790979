# Copyright (c) 2026, winops.entra contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What ppkg_info says of a package beyond its fields: each setting, its condition, differences, and what is wrong."""

from __future__ import annotations

import hashlib
import json
import struct
from datetime import date, timedelta

import pytest

from ansible_collections.winops.entra.plugins.plugin_utils.package import (
    DamagedPackage,
    contents,
    describe,
    read_package,
)
from ansible_collections.winops.entra.plugins.plugin_utils.package.description.description import checked
from ansible_collections.winops.entra.plugins.plugin_utils.package.judged import missing_files
from ansible_collections.winops.entra.plugins.plugin_utils.package_tasks import source as package_source
from ansible_collections.winops.entra.plugins.plugin_utils.package_tasks import work as package_work
from ansible_collections.winops.entra.plugins.plugin_utils.result import Failure
from ansible_collections.winops.entra.plugins.plugin_utils.task import Task
from tests.lab import ppkg, wim

from .conftest import PACKAGE_ID, TOKEN

SECRET = "fK7-quartz-ladder-9"
CUSTOMIZATIONS, ANSWER = "Multivariant/0/customizations.xml", "CommonSettings/1/AnswerFile.xml"
PROVXML = "Multivariant/0/Prov/RunTime/0.provxml"
RESCUE = [{"name": "rescue", "password": SECRET}]
TARGETS = (
    '<Targets><Target Id="laptops"><TargetState><Condition Name="PowerPlatformRole" Value="2"/></TargetState></Target>'
    "</Targets>"
)
LAPTOPS = {
    "kind": "Variant",
    "name": "v",
    "targets": [{"id": "laptops", "states": [[{"name": "PowerPlatformRole", "value": "2"}]]}],
}


def document(common: str = "", beside: str = "", root: str = "WindowsCustomizations", package_id: str = PACKAGE_ID):
    return (
        f"<{root}><PackageConfig><ID>{{{package_id}}}</ID><Name>Contoso join</Name></PackageConfig>"
        f"<Settings><Customizations><Common>{common}</Common>{beside}</Customizations></Settings></{root}>"
    )


def variant(inner: str, kind: str = "Variant") -> str:
    refs = '<TargetRefs><TargetRef Id="laptops"/></TargetRefs>'
    return f'{TARGETS}<{kind} Name="v">{refs}<Settings>{inner}</Settings></{kind}>'


def named(name: str) -> str:
    return f"<DevDetail><DNSComputerName>{name}</DNSComputerName></DevDetail>"


def issues(package) -> set[str]:
    return {issue.name for issue in package.issues}


# ---- conditions ---------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("kind", ["Variant", "Profile", "Replace"])
def test_a_name_for_some_devices_is_not_shown_as_that_of_every_device(read_files, kind):
    compiled = (
        '<wap-provisioningdoc><characteristic type="DevDetail"><characteristic type="Ext">'
        '<characteristic type="Microsoft"><parm name="DNSComputerName" value="LT-1"/></characteristic>'
        "</characteristic></characteristic></wap-provisioningdoc>"
    )
    package = read_files({CUSTOMIZATIONS: document("", variant(named("LT-1"), kind)), PROVXML: compiled})

    assert package.computer_name is None
    block = package.conditional[0]
    assert (block["computer_name"], block["condition"]) == ("LT-1", LAPTOPS | {"kind": kind})
    assert block["settings"] == package.settings == ["DevDetail"]
    row = contents.settings_of(package)[0]
    assert (row["path"], row["value"], row["condition"]) == (
        "DevDetail/DNSComputerName",
        "LT-1",
        LAPTOPS | {"kind": kind},
    )


def test_a_token_for_some_devices_is_said_to_be_that(read_files):
    azure = f"<Accounts><Azure><Authority>https://a</Authority><BPRT>{TOKEN}</BPRT></Azure></Accounts>"
    package = read_files({CUSTOMIZATIONS: document("", variant(azure))})

    assert package.bulk_token.present and "conditional_bulk_token" in issues(package)
    assert package.conditional[0]["bulk_token"] is True
    assert TOKEN not in json.dumps([describe(package), contents.settings_of(package), contents.description_of(package)])


def test_what_some_devices_get_counts_where_a_package_must_be_harmless(save):
    task = Task({}, False, find_file=str)
    path = save(
        wim.write({CUSTOMIZATIONS: document("", variant(named("LT"))).encode()}, "x", {"PACKAGEID": PACKAGE_ID})
    )

    with pytest.raises(Failure, match="settings for some devices only"):
        package_source.harmless_package(task, str(path))


def test_more_conditions_than_any_package_has_are_refused(read_files):
    with pytest.raises(Failure, match="more than 100 conditions"):
        read_files({CUSTOMIZATIONS: document("", variant(named("LT")) * 101)})


# ---- ids and roots ------------------------------------------------------------------------------------------------


def test_a_misspelt_root_is_refused(read_files):
    with pytest.raises(DamagedPackage, match="does not begin with <WindowsCustomizations>"):
        read_files({CUSTOMIZATIONS: document(root="WindowsCustomizatons")})


def test_an_id_that_is_no_guid_is_none_even_where_the_settings_have_one(read):
    package = read(identity={"PACKAGEID": "{join}"})

    assert package.id is None and [issue.name for issue in package.join_blockers] == ["no_package_id"]
    assert "not a GUID" in package.join_blockers[0].message


def test_an_id_of_the_settings_that_is_no_guid_is_told(read_files):
    package = read_files({CUSTOMIZATIONS: document(package_id="join"), PROVXML: "<a/>"})

    assert package.id == PACKAGE_ID and "bad_package_id" in issues(package)


# ---- forms that differ --------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("there", "path"),
    [
        ({"computer_name": "LT-%SERIAL%"}, "DevDetail/DNSComputerName"),
        ({"security_key": False}, "WindowsHelloForBusiness/SecurityKeys/UseSecurityKeyForSignin"),
        ({"authority": "https://login.microsoftonline.us/common"}, "Accounts/Azure/Authority"),
        ({"accounts": [{"name": "rescue", "password": "FAKE-other-1"}]}, "Accounts/Users/User/Password"),
        ({"accounts": [{"name": "kiosk", "password": SECRET}]}, "Accounts/Users"),
        ({"commands": ["other.cmd"]}, "ProvisioningCommands"),
        ({"policies": {"Experience/AllowManualMDMUnenrollment": 1}}, "Policies/Experience/AllowManualMDMUnenrollment"),
    ],
)  # fmt: skip
def test_each_setting_that_the_two_forms_have_otherwise_is_named(save, there, path):
    same = {
        "token": TOKEN, "computer_name": "PC-%SERIAL%", "security_key": True, "accounts": RESCUE,
        "commands": ["one.cmd"], "policies": {"Experience/AllowManualMDMUnenrollment": 0},
    }  # fmt: skip
    one, properties = wim.read(ppkg.build("Contoso join", PACKAGE_ID, **same))
    other, _properties = wim.read(ppkg.build("Contoso join", PACKAGE_ID, **same | there))
    mixed = {name: other[name] if name.endswith(".provxml") else data for name, data in one.items() if name in other}
    mixed |= {name: data for name, data in other.items() if name.endswith(".provxml")}

    def read(files):
        return read_package(save(wim.write(files, "Contoso join", {"PACKAGEID": properties["PACKAGEID"]})))

    assert "settings_differ" not in issues(read(one)) | issues(read(other))
    said = [issue.message for issue in read(mixed).issues if issue.name == "settings_differ"]
    assert said and path.lower() in said[0].partition(" of: ")[2].lower() and "rescue" not in said[0]


# ---- what else is told --------------------------------------------------------------------------------------------


def test_a_package_that_joins_without_a_local_account_is_warned_of(read):
    assert "no_local_account" in issues(read()) and "no_local_account" not in issues(read(accounts=RESCUE))
    assert "no_local_account" not in issues(read(token=None))


def test_a_token_that_nobody_has_filled_in_cannot_join(read):
    package = read(token="$bprt")

    assert "token_placeholder" in {issue.name for issue in package.join_blockers}


@pytest.mark.parametrize(
    ("days", "name"), [(-1, "token_expired"), (0, "token_expires_soon"), (30, "token_expires_soon"), (31, None)]
)
def test_the_day_that_a_description_records_is_told(read, days, name):
    told = contents.with_expiry(read(), date.today() + timedelta(days=days))

    assert [issue.name for issue in told.issues if issue.name.startswith("token_e")] == ([name] if name else [])
    assert bool(told.join_blockers) is (days < 0)


@pytest.mark.parametrize(
    ("notes", "told"),
    [
        (
            "VERSION=10.0.26100.1;Source=CLI;;TargetSkus=Invalid;EncryptPackage=False;SignPackage=True;PackageID=x;",
            {"version": "10.0.26100.1", "source": "CLI", "target_skus": "Invalid", "signed": True, "encrypted": False},
        ),
        ("by hand", None),
        ("", None),
        ("a=b", {"version": None, "source": None, "target_skus": None, "signed": None, "encrypted": None}),
    ],
)
def test_the_notes_say_what_built_the_package(read, notes, told):
    assert read(identity={"NOTES": notes}).built_with == told


def with_dead_stream(data: bytes, dead: bytes) -> bytes:
    """A package with contents of no file, as an update in place leaves them."""
    fields = list(wim.HEADER.unpack_from(data))
    table = fields[9]
    size, at = int.from_bytes(table[:7], "little"), struct.unpack_from("<Q", table, 8)[0]
    resource = len(dead).to_bytes(7, "little") + b"\0" + struct.pack("<QQ", len(data), len(dead))
    entry = wim.LOOKUP_ENTRY.pack(resource, 1, 1, hashlib.sha1(dead).digest())
    lookup = data[at : at + size] + entry
    fields[9] = (
        (size + len(entry)).to_bytes(7, "little")
        + table[7:8]
        + struct.pack("<QQ", len(data) + len(dead), size + len(entry))
    )
    return wim.HEADER.pack(*fields) + data[wim.HEADER.size :] + dead + lookup


@pytest.mark.parametrize(
    ("dead", "secrets"),
    [
        (b'<a><characteristic type="AADJ"><parm name="BPRT" value="old-token-1"/></characteristic></a>', True),
        ("<BPRT>old-token-2</BPRT><".encode("utf-16"), True),
        (b"@echo off", False),
    ],
    ids=["provxml", "text", "command"],
)  # fmt: skip
def test_contents_of_no_file_are_told_and_whether_a_secret_is_in_them(save, dead, secrets):
    data = with_dead_stream(ppkg.build("Contoso join", PACKAGE_ID, token=TOKEN), dead)
    package = read_package(save(data))

    assert package.dead_streams == {"count": 1, "bytes": len(dead), "secrets": secrets}
    assert "dead_streams" in issues(package) and "old-token" not in json.dumps(describe(package))
    assert package.bulk_token.fingerprint == hashlib.sha256(TOKEN.encode()).hexdigest()[:12]


def test_contents_of_no_file_that_cannot_be_read_are_not_called_harmless(save):
    good = with_dead_stream(ppkg.build("Contoso join", PACKAGE_ID, token=TOKEN), b"@echo off")

    assert read_package(save(good.replace(b"@echo off", b"@echo on!"))).dead_streams["secrets"] is None


# ---- settings, and the description --------------------------------------------------------------------------------


def test_every_setting_is_listed_with_its_path_and_no_secret(read):
    package = read(
        computer_name="PC", accounts=RESCUE, commands=[f"net use /p:{SECRET}"], security_key=True,
        policies={"Experience/AllowManualMDMUnenrollment": 0, "Nobody/Knows": 1},
    )  # fmt: skip
    rows = {row["path"]: row for row in contents.settings_of(package)}

    assert {path: row["value"] for path, row in rows.items()} == {
        "Accounts/Azure/Authority": "https://login.microsoftonline.com/common",
        "Accounts/Azure/BPRT": "********",
        "Accounts/Users/User[rescue]/Password": "********",
        "Accounts/Users/User[rescue]/UserGroup": "Administrators",
        "DevDetail/DNSComputerName": "PC",
        "WindowsHelloForBusiness/SecurityKeys/UseSecurityKeyForSignIn": "1",
        "Policies/Experience/AllowManualMDMUnenrollment": "0",
        "Policies/Nobody/Knows": "1",
        "ProvisioningCommands/DeviceContext/CommandLine": "net use /p:********",
    }
    assert {path for path, row in rows.items() if row["secret"]} == {
        "Accounts/Azure/BPRT",
        "Accounts/Users/User[rescue]/Password",
    }
    assert {path for path, row in rows.items() if not row["known"]} == {"Policies/Nobody/Knows"}
    assert {row["scope"] for row in rows.values()} == {"device", None}
    assert {row["form"] for row in rows.values()} == {"customizations"}


def test_a_short_secret_is_masked_by_its_place(read):
    package = read(accounts=[{"name": "abc", "password": "ab"}], mdm={"upn": "u", "discovery_url": "d", "secret": "d"})
    rows = {row["path"]: row["value"] for row in contents.settings_of(package)}

    assert rows["Accounts/Users/User[abc]/Password"] == rows["Workplace/Enrollments/UPN[u]/Secret"] == "********"
    assert contents.description_of(package)["local_users"][0]["password"] == "********"


def test_compiled_settings_are_listed_where_there_are_no_others(read):
    package = read(accounts=RESCUE, variant="provxml_only")
    rows = {row["path"]: row["value"] for row in contents.settings_of(package)}

    assert rows["AADJ/BPRT"] == rows["Accounts/Users/rescue/Password"] == "********"
    assert rows["Accounts/Users/rescue/LocalUserGroup"] == "2"
    assert contents.description_of(package) is None


def test_the_description_comes_back_with_a_sign_for_each_secret(read):
    package = read(
        accounts=[{"name": "root", "password": "root"}], computer_name="PC", commands=[f"a {TOKEN}"], files={"a": b"a"},
        certificates=[{"kind": "root", "name": "Contoso", "data": b"c"}],
    )  # fmt: skip
    data = contents.description_of(package)

    assert data["bulk_token"] == {"authority": ppkg.AUTHORITY, "value": "********"}
    assert data["local_users"][0]["password"] == "********"
    assert data["certificates"][0]["kind"] == "root" and data["dropped"] == []
    assert data["device_command"] == {"line": "a ********", "files": [{"name": "a", "file": "a"}]}
    assert TOKEN not in json.dumps(data)


# ---- comparisons --------------------------------------------------------------------------------------------------

DESCRIPTION = {
    "id": PACKAGE_ID,
    "name": "Contoso join",
    "bulk_token": TOKEN,
    "computer_name": "PC-%SERIAL%",
    "security_keys": True,
    "local_users": [{"name": "rescue", "password": SECRET, "group": "administrators"}],
    "commands": [{"name": "0", "line": "one.cmd", "continue_on_failure": False},
                 {"name": "1", "line": "two.cmd", "continue_on_failure": False}],
    "settings": [{"path": "Policies/Experience/AllowManualMDMUnenrollment", "value": "no"}],
}  # fmt: skip
BUILT = {
    "computer_name": "PC-%SERIAL%", "security_key": True, "accounts": RESCUE, "commands": ["one.cmd", "two.cmd"],
    "policies": {"Experience/AllowManualMDMUnenrollment": 0},
}  # fmt: skip


def test_a_package_is_as_its_description_says(read):
    assert contents.compared_with_description(read(**BUILT), checked(DESCRIPTION)) == []


@pytest.mark.parametrize(
    ("change", "path", "here", "there"),
    [
        ({"computer_name": "LT"}, "DevDetail/DNSComputerName", "PC-%SERIAL%", "LT"),
        ({"security_keys": False}, "WindowsHelloForBusiness/SecurityKeys/UseSecurityKeyForSignin", "1", "0"),
        ({"bulk_token": "another-token"}, "Accounts/Azure/BPRT", "********", "********"),
        (
            {"local_users": [{"name": "rescue", "password": "FAKE-other-1", "group": "administrators"}]},
            "Accounts/Users/User[rescue]/Password",
            "********",
            "********",
        ),
    ],
)
def test_each_difference_is_told_in_each_form(read, change, path, here, there):
    rows = contents.compared_with_description(read(**BUILT), checked(DESCRIPTION | change))

    # The lab, as documentation, spells the setting of security keys with a capital I.
    assert {(row["form"], row["path"].lower()) for row in rows} == {
        (form, path.lower()) for form in ("customizations", "answer_file", "compiled")
    }
    assert {(row["here"], row["there"], row["condition"]) for row in rows} == {(here, there, None)}
    assert SECRET not in json.dumps(rows) and TOKEN not in json.dumps(rows)


def test_what_one_side_lacks_is_told(read):
    wanted = {name: value for name, value in DESCRIPTION.items() if name not in ("local_users", "security_keys")}
    wanted["oobe"] = {"hide": True}
    rows = contents.compared_with_description(read(**BUILT), checked(wanted))
    told = {(row["path"].lower(), row["here"], row["there"]) for row in rows if row["form"] == "customizations"}

    assert told == {
        ("accounts/users/user[rescue]/password", "********", None),
        ("accounts/users/user[rescue]/usergroup", "Administrators", None),
        ("windowshelloforbusiness/securitykeys/usesecuritykeyforsignin", "1", None),
        ("oobe/desktop/hideoobe", None, "True"),
    }


def test_a_file_is_compared_by_its_name(read):
    package = read(commands=["a"], files={"setup.cmd": b"one"})
    same, other = ({"line": "a", "files": [{"name": "setup.cmd", "file": name}]} for name in ("/x/Setup.cmd", "b.cmd"))

    def compare(command):
        wanted = checked({"id": PACKAGE_ID, "name": "Contoso join", "bulk_token": TOKEN, "device_command": command})
        return {row["path"].rpartition("/")[2] for row in contents.compared_with_description(package, wanted)}

    assert compare(same) == set() and compare(other) == {"CommandFile[setup.cmd]"}


def test_a_wrong_description_is_refused_before_the_package_is_read(tmp_path):
    given = {"src": str(tmp_path / "absent"), "description": {"name": 1, "bulk_token": SECRET}}
    task = Task(dict.fromkeys(("description_file", "compare_with", "installed")) | given, False, find_file=str)

    with pytest.raises(Failure) as refusal:
        package_work.describe(task)
    assert refusal.value.error["name"] == "bad_description"
    assert SECRET in {text for texts in task.secrets for text in texts()}


def test_the_order_of_commands_is_compared(read):
    commands = DESCRIPTION["commands"][::-1]
    rows = contents.compared_with_description(read(**BUILT), checked(DESCRIPTION | {"commands": commands}))

    assert {row["here"] for row in rows if row["form"] == "customizations"} == {"one.cmd", "two.cmd"}


def test_two_packages_are_compared_in_each_form(read):
    one, other = read(**BUILT), read(**BUILT | {"computer_name": "LT", "rank": 5})

    assert contents.compared(one, read(**BUILT)) == []
    assert [(row["form"], row["path"], row["here"], row["there"]) for row in contents.compared(one, other)] == [
        ("customizations", "PackageConfig/rank", "0", "5"),
        ("customizations", "DevDetail/DNSComputerName", "PC-%SERIAL%", "LT"),
        ("answer_file", "DevDetail/DNSComputerName", "PC-%SERIAL%", "LT"),
        ("compiled", "DevDetail/Ext/Microsoft/DNSComputerName", "PC-%SERIAL%", "LT"),
    ]


def test_a_condition_makes_a_setting_another_one(read_files):
    always = read_files({CUSTOMIZATIONS: document(named("LT"), TARGETS)})
    sometimes = read_files({CUSTOMIZATIONS: document("", variant(named("LT")))})

    assert [(row["condition"], row["here"], row["there"]) for row in contents.compared(always, sometimes)] == [
        (None, "LT", None),
        (LAPTOPS, None, "LT"),
    ]


@pytest.mark.parametrize("secret", ["a-path/with ] in it", "x y"])
def test_a_secret_that_is_also_a_name_is_masked_there(read, secret):
    package = read(accounts=[{"name": f"for {secret}", "password": secret}])

    if len(secret) > 3:
        assert secret not in json.dumps([contents.settings_of(package), contents.description_of(package)])


def test_a_file_that_was_left_out_is_missed_although_another_one_has_its_content(read):
    package = read(files={"a.cmd": b"the same", "empty.txt": b""})
    wanted = {"site/A.cmd": b"the same", "b.cmd": b"the same", r"C:\x\empty.txt": b"", "other.txt": b""}

    assert missing_files(package, wanted) == ["b.cmd", "other.txt"]
