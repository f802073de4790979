# Copyright (c) 2026, winops.entra contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""customizations.xml as people write it: what is in it is read, what is left out is said, what is none is refused."""

from __future__ import annotations

import pytest

from ansible_collections.winops.entra.plugins.plugin_utils.package.description.customizations import (
    NotCustomizations,
    read_customizations,
)
from ansible_collections.winops.entra.plugins.plugin_utils.package.description.description import checked, described
from ansible_collections.winops.entra.plugins.plugin_utils.package.description.writer import write_customizations

CONFIG = """<PackageConfig xmlns="urn:schemas-Microsoft-com:Windows-ICD-Package-Config.v1.0">
  <ID>5B0E1C3A-7D42-4C19-9E57-1F6A2B3C4D5E</ID><Name>Contoso</Name><Version>1.00</Version>
  <OwnerType>ITAdmin</OwnerType><Rank>0</Rank><Notes>by hand</Notes></PackageConfig>"""


def read(common: str = "", beside: str = "", config: str = CONFIG):
    text = (
        f'<?xml version="1.0" encoding="utf-8"?><WindowsCustomizations>{config}'
        '<Settings xmlns="urn:schemas-microsoft-com:windows-provisioning"><Customizations>'
        f"<Common>{common}</Common>{beside}</Customizations></Settings></WindowsCustomizations>"
    )
    return read_customizations(text.encode())


def paths(document) -> dict[str, str]:
    return {setting.path: setting.value for setting in document.always()}


def test_an_id_without_braces_and_a_version_with_two_zeros_are_kept():
    document = read()
    data = described(document)

    assert (data["id"], data["version"]) == ("5b0e1c3a-7d42-4c19-9e57-1f6a2b3c4d5e", "1.00")
    assert data["notes"] == "by hand" and document.dropped == []
    written = write_customizations(checked(data).document).decode("utf-8-sig")
    assert "<ID>{5b0e1c3a-7d42-4c19-9e57-1f6a2b3c4d5e}</ID>" in written and "<Version>1.00</Version>" in written


def test_several_elements_of_one_name_are_told_apart():
    document = read(
        "<Accounts><Azure><BPRT>a</BPRT></Azure><Azure><BPRT>b</BPRT></Azure>"
        '<Users><User UserName="x" Name="x"><Password>1</Password></User>'
        '<User UserName="x" Name="x"><Password>2</Password></User></Users></Accounts>'
    )

    assert paths(document) == {
        "Accounts/Azure/BPRT": "a",
        "Accounts/Azure(2)/BPRT": "b",
        "Accounts/Users/User[x]/Password": "1",
        "Accounts/Users/User[x](2)/Password": "2",
    }


def test_two_blocks_for_every_device_are_one():
    document = read("<OOBE><Desktop/></OOBE>", "<Common><OOBE><Desktop/></OOBE></Common>")

    assert [each["path"] for each in described(document)["settings"]] == ["OOBE/Desktop", "OOBE/Desktop(2)"]


def test_keys_are_read_from_either_attribute_and_others_are_settings():
    document = read(
        '<Accounts><Users><User UserName="only"><HomeDir>a</HomeDir></User>'
        '<User Name="name"><HomeDir>b</HomeDir></User>'
        '<User UserName="key" Name="other" Password="p"/></Users></Accounts>'
        '<Foo><Bar Id="7" Name="7">x</Bar><Bar Id="8" Colour="red">y</Bar></Foo>'
    )

    assert paths(document) == {
        "Accounts/Users/User[only]/HomeDir": "a",
        "Accounts/Users/User[name]/HomeDir": "b",
        "Accounts/Users/User[key]/@Name": "other",
        "Accounts/Users/User[key]/@Password": "p",
        "Foo/Bar[@Id=7]": "x",
        "Foo/Bar/@Id": "8",
        "Foo/Bar/@Colour": "red",
        "Foo/Bar": "y",
    }
    again = read_customizations(write_customizations(checked(described(document)).document))
    assert paths(again) == paths(document)


def test_a_section_that_cannot_say_it_leaves_it_to_the_settings():
    data = described(
        read(
            '<Accounts><Users><User UserName="x" Name="x" Password="p"><UserGroup>7</UserGroup></User></Users>'
            "</Accounts>"
        )
    )

    assert "local_users" not in data
    assert [each["path"] for each in data["settings"]] == [
        "Accounts/Users/User[x]/@Password",
        "Accounts/Users/User[x]/UserGroup",
    ]


@pytest.mark.parametrize("kind", ["Variant", "Profile", "Replace"])
@pytest.mark.parametrize("wrapped", [True, False])
def test_settings_of_a_condition_are_read_as_such(kind, wrapped):
    inner = "<DevDetail><DNSComputerName>LT</DNSComputerName></DevDetail>"
    document = read(
        "<Settings><DevDetail><DNSComputerName>PC</DNSComputerName></DevDetail></Settings>",
        f"<{kind} Name='v'><TargetRefs><TargetRef Id='a'/></TargetRefs>"
        f"{f'<Settings>{inner}</Settings>' if wrapped else inner}</{kind}>"
        "<Targets><Target Id='a'><TargetState><TargetState><Condition Name='MCC' Value='310'/></TargetState>"
        "</TargetState></Target></Targets>",
    )
    data = described(document)

    assert paths(document) == {"DevDetail/DNSComputerName": "PC"} and data["computer_name"] == "PC"
    assert data["targets"] == [{"id": "a", "states": [[{"name": "MCC", "value": "310"}]]}]
    kind_of = {} if kind == "Variant" else {"kind": kind.lower()}
    assert data["conditional"] == [{**kind_of, "name": "v", "targets": ["a"], "computer_name": "LT"}]
    assert checked(data).document.blocks == document.blocks


def test_what_is_left_out_is_said():
    document = read(
        "<!-- why --><Accounts>text<Azure/></Accounts>\n<!--\n<OOBE><Desktop/></OOBE> -->",
        "<Foo/><Foo/>",
        CONFIG + CONFIG,
    )

    assert document.dropped == [
        "2 elements PackageConfig: only the first one was read",
        "text between the elements of Accounts",
        "2 elements <Foo> beside the settings",
        "1 comment",
        "settings within a comment (line 6)",
    ]


def test_a_template_of_a_script_is_read_and_its_token_known_as_none():
    data = described(read("<Accounts><Azure><Authority>https://a</Authority><BPRT>$bprt</BPRT></Azure></Accounts>"))

    assert data["bulk_token"]["value"] == "$bprt"


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("<WindowsCustomizatons/>", "begins with <WindowsCustomizatons>, not with <WindowsCustomizations>"),
        ("<WindowsCustomizations><a></WindowsCustomizations>", "mismatched tag in line 1"),
        ("<WindowsCustomizations>\n<a>\n", "no element found in line 3"),
        ("$xml = @'<WindowsCustomizations/>'@", "not usable XML"),
        ("", "no element found"),
        ('<!DOCTYPE a [<!ENTITY b "c">]><WindowsCustomizations>&b;</WindowsCustomizations>', "document type"),
        ("<WindowsCustomizations>" + "<a>" * 100 + "</a>" * 100 + "</WindowsCustomizations>", "levels"),
    ],
)
def test_what_is_none_is_refused(text, says):
    with pytest.raises(NotCustomizations, match="customizations.xml of a project") as refusal:
        read_customizations(text.encode())
    assert says in refusal.value.msg


@pytest.mark.parametrize("settings", ["", "<Settings/>", "<Settings><Customizations/></Settings>"])
def test_a_document_without_settings_is_one(settings):
    document = read_customizations(f"<WindowsCustomizations>{CONFIG}{settings}</WindowsCustomizations>".encode())

    assert document.identity.name == "Contoso" and document.always() == document.dropped == []


def test_a_file_in_utf_16_is_read():
    text = '<?xml version="1.0" encoding="utf-16"?><WindowsCustomizations/>'

    assert read_customizations(text.encode("utf-16")).blocks == []
