# Copyright (c) 2026, winops.entra contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""ICD.exe of the lab tells the lies that the real one tells, and complains as it does."""

from __future__ import annotations

import datetime
import hashlib
import types

import pytest

from tests.lab import ppkg, wim
from tests.lab.device.files import Files
from tests.lab.icd import catalog, program, stores

CONFIG = (
    '<PackageConfig xmlns="urn:schemas-Microsoft-com:Windows-ICD-Package-Config.v1.0">'
    "<ID>{4a1f9e0c-7a55-4f0e-9d0b-0a52f3a7c111}</ID><Name>Lab</Name><Version>1.0</Version>"
    "<OwnerType>ITAdmin</OwnerType><Rank>3</Rank></PackageConfig>"
)
NAMESPACE = "urn:schemas-microsoft-com:windows-provisioning"
COMMANDS = (
    "<ProvisioningCommands><DeviceContext><CommandFiles>{}</CommandFiles><CommandLine>x</CommandLine></DeviceContext>"
    "</ProvisioningCommands>"
)
USER = '<Accounts><Users><User UserName="ada" Name="ada"><Password>long-secret</Password>{}</User></Users></Accounts>'
GIVEN = r"/Build-ProvisioningPackage /CustomizationXML:C:\b\c.xml /PackagePath:C:\b\p.ppkg"
STORE = r" /StoreFile:C:\b\s.dat"


def document(settings: str, root: str = "WindowsCustomizations") -> bytes:
    inner = f"<Customizations><Common>{settings}</Common></Customizations>"
    return f'<{root}>{CONFIG}<Settings xmlns="{NAMESPACE}">{inner}</Settings></{root}>'.encode()


@pytest.fixture
def host():
    files = Files({})
    for folder in (r"C:\b", program.DOCUMENTS):
        files.make_directory(folder)
    files.write(r"C:\b\s.dat", stores.store(stores.DESKTOP))
    files.write(r"C:\b\setup.cmd", b"setup")
    now = datetime.datetime(2026, 11, 30, 12, tzinfo=datetime.timezone.utc)
    return types.SimpleNamespace(files=files, icd=types.SimpleNamespace(fault=None, runs=0), utc=lambda: now)


def run(host, settings: str | bytes, line: str = GIVEN + STORE) -> tuple[int, str]:
    host.files.write(r"C:\b\c.xml", settings if isinstance(settings, bytes) else document(settings))
    return program.run(host, line)


def built(host) -> dict[str, bytes]:
    return wim.read(host.files.read(r"C:\b\p.ppkg"))[0]


def test_an_absolute_file_is_in_the_package_and_a_relative_one_is_left_out_with_success(host):
    sources = r'<CommandFile Name="a">C:\b\setup.cmd</CommandFile><CommandFile Name="b">.\setup.cmd</CommandFile>'
    code, text = run(host, COMMANDS.format(sources))
    assert code == 0 and "successfully" in text
    assert [content for path, content in built(host).items() if path.endswith("/setup.cmd")] == [b"setup"]


def test_a_file_that_is_not_there_is_an_error(host):
    code, text = run(host, COMMANDS.format(r"<CommandFile>C:\nobody.cmd</CommandFile>"))
    assert code == 100 and "0x80070002" in text and not host.files.exists(r"C:\b\p.ppkg")


def test_settings_are_compiled_to_where_the_store_says(host):
    assert run(host, USER.format("<UserGroup>Administrators</UserGroup>"))[0] == 0
    found = ppkg.inspect(host.files.read(r"C:\b\p.ppkg"))
    assert found["accounts"] == [{"name": "ada", "password": "long-secret", "group": "Administrators"}]
    assert built(host)["Multivariant/0/customizations.xml"] == host.files.read(r"C:\b\c.xml")
    assert b"PackageConfig" not in built(host)["CommonSettings/1/AnswerFile.xml"]


def test_without_a_store_it_knows_only_what_all_windows_have(host):
    code, text = run(host, USER.format(""), GIVEN)
    assert (
        code == 100 and "ICD.exe : ERROR: Parse error (0x80070490): 'Accounts' is not a valid child node for /" in text
    )


@pytest.mark.parametrize(
    ("line", "said"),
    [
        (GIVEN + r" /StoreFile:C:\Program Files\s.dat", "too many parameters"),
        (GIVEN + " /Encrypted:True", "too many parameters"),
        (GIVEN + r" /StoreFile:C:\nobody.dat", "0x80070002"),
        ("/Build-ProvisioningPackage", "not specified"),
    ],
)
def test_a_wrong_command_line_is_an_error(host, line, said):
    code, text = run(host, USER.format(""), line)
    assert code == 100 and said in text


@pytest.mark.parametrize("content", [b"<WindowsCustomizations>", document("", "WindowsCustomization"), b""])
def test_what_is_no_document_is_an_error(host, content):
    assert run(host, content)[0] == 100


def test_a_package_that_is_there_is_kept_unless_it_may_be_overwritten(host):
    run(host, USER.format(""))
    assert run(host, USER.format(""))[0] == 100
    assert run(host, USER.format(""), f"{GIVEN}{STORE} +Overwrite")[0] == 0


def test_encrypted_means_a_password_in_the_output_and_in_the_log(host):
    code, text = run(host, USER.format(""), f"{GIVEN}{STORE} +Encrypted")
    password = text.split("Password: ")[1].split()[0]
    assert code == 0 and host.files.read(r"C:\b\p.ppkg")[:5] != b"MSWIM"
    [log] = [entry for entry in host.files.own() if entry.path.endswith(".log")]
    assert password.encode() in log.data and b"/PackagePath" in log.data


def test_a_catalogue_has_the_hashes_of_its_package(host):
    run(host, USER.format(""))
    data, made = host.files.read(r"C:\b\p.ppkg"), host.files.read(r"C:\b\p.cat")
    assert made == catalog.catalog(data, hashlib.md5(data, usedforsecurity=False).digest(), host.utc())
    assert made[:2] == b"\x30\x82" and int.from_bytes(made[2:4], "big") == len(made) - 4
    assert made.count(hashlib.sha256(data).digest()) == 2
