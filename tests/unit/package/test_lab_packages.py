# Copyright (c) 2026, winops.entra contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The lab's packages are real: a program that nobody here wrote takes them, and the lab's devices read them alike."""

from __future__ import annotations

import pytest

from tests.lab import ppkg, wim

from .conftest import FIXTURES, PACKAGE_ID, TOKEN

ARGUMENTS = {
    "name": "Contoso & <sons>",
    "package_id": PACKAGE_ID.upper(),
    "version": "1.4",
    "token": TOKEN,
    "computer_name": "CT-%SERIAL%",
    "security_key": False,
    "commands": ["one.cmd", "two.cmd"],
    "files": {"one.cmd": b"1" * 5000, "two.cmd": b"", "copy.cmd": b"1" * 5000},
    "accounts": [{"name": "rescue", "password": "FAKE-password-1111"}],
    "mdm": {"upn": "enroll@contoso.example", "discovery_url": "https://mdm.contoso.example", "secret": "FAKE-mdm-333"},
}


@pytest.mark.parametrize("variant", ["wcd", "provxml_only"])
def test_wimlib_verifies_lists_and_extracts_them(tmp_path, wimlib, variant):
    path = tmp_path / "lab.ppkg"
    path.write_bytes(ppkg.build(**ARGUMENTS, variant=variant))

    assert "successfully verified" in wimlib("verify", path)
    info = wimlib("info", path)
    assert "Name:                   Contoso & <sons>" in info and "Compression:    None" in info
    xml = tmp_path / "xml"
    wimlib("info", path, f"--extract-xml={xml}")
    assert f"<PACKAGEID>{{{PACKAGE_ID}}}</PACKAGEID>" in xml.read_bytes().decode("utf-16")
    wimlib("extract", path, "1", f"--dest-dir={tmp_path / 'out'}")
    files, _properties = wim.read(path.read_bytes())
    extracted = {
        p.relative_to(tmp_path / "out").as_posix(): p.read_bytes() for p in (tmp_path / "out").rglob("*") if p.is_file()
    }
    assert extracted == files
    assert ("Multivariant/0/customizations.xml" in files) is (variant == "wcd")


def test_wimlib_can_change_and_compress_them(tmp_path, wimlib):
    path = tmp_path / "lab.ppkg"
    path.write_bytes(ppkg.build(**ARGUMENTS))

    wimlib("optimize", path, "--recompress", "--compress=XPRESS")

    assert ppkg.inspect(path.read_bytes())["token"] == TOKEN


@pytest.mark.parametrize("variant", ["wcd", "provxml_only"])
def test_a_device_finds_what_was_put_in(variant):
    found = ppkg.inspect(ppkg.build(**ARGUMENTS, variant=variant))

    assert found.pop("sets").keys() == found.pop("checksums").keys() == found.pop("groups").keys()
    assert found == {
        "package_id": f"{{{PACKAGE_ID}}}",
        "name": "Contoso & <sons>",
        "version": "1.4",
        "token": TOKEN,
        "authority": ppkg.AUTHORITY,
        "computer_name": "CT-%SERIAL%",
        "security_key": False,
        "commands": ["one.cmd", "two.cmd"],
        "accounts": [{"name": "rescue", "password": "FAKE-password-1111", "group": "Administrators"}],
        "mdm": {"upn": "enroll@contoso.example", "discovery_url": "https://mdm.contoso.example"},
    }


def test_a_device_reads_packages_of_others():
    pytest.importorskip("dissect.archive.wim", reason="dissect.archive is not installed")

    assert ppkg.inspect((FIXTURES / "join-xpress.ppkg").read_bytes())["token"] == TOKEN


def test_the_same_arguments_give_the_same_bytes():
    assert ppkg.build(**ARGUMENTS) == ppkg.build(**ARGUMENTS)
    assert ppkg.build(**ARGUMENTS) != ppkg.build(**ARGUMENTS | {"version": "1.5"})


GOOD = ppkg.build(**ARGUMENTS)


@pytest.mark.parametrize(
    ("data", "reason"),
    [
        (b"", "not_wim"),
        (b"PK\3\4" + bytes(400), "not_wim"),
        (GOOD[:-1], "damaged"),
        (GOOD.replace(b"one.cmd", b"0ne.cmd"), "damaged"),
        (GOOD[:100], "damaged"),
        ((FIXTURES / "join-xpress.ppkg").read_bytes()[:-100], "damaged"),
        (ppkg.encrypt(GOOD, "FAKE-Passw0rd"), "encrypted"),
        (wim.write({"Multivariant/0/Prov/RunTime/0.provxml": b"<broken"}), "damaged"),
    ],
    ids=lambda value: value if isinstance(value, str) else None,
)
def test_a_device_cannot_use_these(data, reason):
    with pytest.raises(ppkg.BadPackage) as refusal:
        ppkg.inspect(data)
    assert refusal.value.reason == reason
