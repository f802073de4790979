# Copyright (c) 2026, winops.entra contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Files that are no readable package: each is refused with a sentence of its own."""

from __future__ import annotations

import os
import random
import struct

import pytest

from ansible_collections.winops.entra.plugins.plugin_utils.package import (
    DamagedPackage,
    EncryptedPackage,
    NotAPackage,
    PackageError,
    UnreadablePackage,
    UnsupportedPackage,
    documents,
    read_package,
    settings,
    wim,
)
from tests.lab import ppkg
from tests.lab import wim as lab_wim

from .conftest import FIXTURES, PACKAGE_ID, TOKEN

GOOD = ppkg.build("Contoso join", PACKAGE_ID, token=TOKEN, commands=["calc.exe"], files={"a.txt": b"a" * 99})
NOISE = random.Random(1).randbytes(50_000)
SETTINGS = "Multivariant/0/customizations.xml"


def header(**fields: tuple[int, str, int]) -> bytes:
    """The good package with other numbers in its header: name=(offset, format, value)."""
    data = bytearray(GOOD)
    for offset, layout, value in fields.values():
        struct.pack_into(layout, data, offset, value)
    return bytes(data)


@pytest.mark.parametrize(
    ("data", "kind", "words"),
    [
        (b"", NotAPackage, "is empty"),
        (b"PK\x03\x04" + bytes(500), NotAPackage, "ZIP archive"),
        (b"MSCF" + bytes(500), NotAPackage, "cabinet"),
        (b"MZ" + bytes(500), NotAPackage, "program"),
        (b"\xef\xbb\xbf<?xml version='1.0'?><WindowsCustomizations/>", NotAPackage, "not the package built from it"),
        ("\ufeff<WindowsCustomizations/>".encode("utf-16-le"), NotAPackage, "not the package built from it"),
        (b"$ANSIBLE_VAULT;1.1;AES256\n3438", NotAPackage, "Ansible Vault"),
        (b"version https://git-lfs.github.com/spec/v1\n", NotAPackage, "Git LFS"),
        (NOISE[:5000], NotAPackage, "does not begin as a WIM"),
        (b"hello " * 8 + bytes(320), NotAPackage, "does not begin as a WIM"),
        (lab_wim.write({"Windows/win.ini": b"x"}), NotAPackage, "no provisioning settings"),
        (b"MSWIM\0\0\0" + bytes(20), DamagedPackage, "ends inside its header"),
        (GOOD[:-1], DamagedPackage, "is cut"),
        (GOOD[: len(GOOD) // 2], DamagedPackage, "is cut"),
        (GOOD[:208], DamagedPackage, "is cut"),
        (header(images=(44, "<I", 0)), DamagedPackage, "no image"),
        (header(images=(44, "<I", 3)), DamagedPackage, "claims 3 images and holds 1"),
        (header(images=(44, "<I", 2**32 - 1)), UnsupportedPackage, "4294967295 images"),
        (header(version=(12, "<I", 0x10E00)), DamagedPackage, "version 0x10e00"),
        (header(version=(12, "<I", 0xE00)), UnsupportedPackage, "solid"),
        (header(flags=(16, "<I", 0x8)), UnsupportedPackage, "split"),
        (header(parts=(42, "<H", 2)), UnsupportedPackage, "split"),
        (header(flags=(16, "<I", 0x40)), DamagedPackage, "never finished"),
        (header(flags=(16, "<I", 0x80002)), UnsupportedPackage, "LZMS"),
        (header(flags=(16, "<I", 0x20002)), DamagedPackage, "impossible chunk size"),
        (header(flags=(16, "<I", 0x40002), chunk=(20, "<I", 2**31)), DamagedPackage, "impossible chunk size"),
        (header(table=(64, "<Q", 2**63)), UnsupportedPackage, "larger than"),
        (header(table=(56, "<Q", 2**63)), DamagedPackage, "is cut"),
        (b"WLPWM\0\0\0" + bytes(300), UnsupportedPackage, "pipable"),
        (GOOD.replace(b"calc.exe", b"evil.exe"), DamagedPackage, "checksum"),
    ],
    ids=lambda value: None if isinstance(value, bytes) else str(getattr(value, "__name__", value)),
)  # fmt: skip
def test_each_kind_of_bad_file_has_its_own_sentence(save, data, kind, words):
    path = save(data)

    with pytest.raises(kind) as refusal:
        read_package(path)

    assert words in refusal.value.msg
    assert refusal.value.msg.startswith(f"{path}: ") and "\n" not in refusal.value.msg
    assert refusal.value.error["side"] == "controller"
    assert refusal.value.error["name"] == kind.name and refusal.value.error["fix"]


@pytest.mark.parametrize("size", [len(GOOD), 208, 320, 321])
def test_a_package_protected_with_a_password_is_known_by_its_shape(save, size):
    sealed = ppkg.encrypt((GOOD * 2)[:size], "FAKE-Passw0rd")

    with pytest.raises(EncryptedPackage, match="encrypted with a password"):
        read_package(save(sealed))
    with pytest.raises(NotAPackage, match="does not begin as a WIM"):
        read_package(save(sealed[:-1]))


def test_what_cannot_be_opened_is_refused(tmp_path):
    os.mkfifo(tmp_path / "pipe")
    for path in (tmp_path / "absent.ppkg", tmp_path, tmp_path / "pipe", "nul\0byte", tmp_path / ("long" * 100)):
        with pytest.raises(UnreadablePackage):
            read_package(path)


def test_a_file_this_user_may_not_read_is_refused(save, monkeypatch):
    def refuse(*_arguments, **_options):
        raise PermissionError(13, "Permission denied")

    path = save(GOOD)
    monkeypatch.setattr("builtins.open", refuse)
    with pytest.raises(UnreadablePackage, match="Permission denied"):
        read_package(path)


# ---- hostile contents ---------------------------------------------------------------------------------------------

BOMB = '<!DOCTYPE a [<!ENTITY a "aaaaaaaaaa"><!ENTITY b "&a;&a;&a;&a;&a;">]><a>&b;</a>'
FETCH = f'<!DOCTYPE a [<!ENTITY a SYSTEM "file://{__file__}">]><a>&a;</a>'


@pytest.mark.parametrize(
    "place", [SETTINGS, "CommonSettings/1/AnswerFile.xml", "Multivariant/0/Prov/RunTime/0.provxml"]
)
@pytest.mark.parametrize(
    ("text", "words"),
    [
        (BOMB, "document type"),
        (FETCH, "document type"),
        ("<!DOCTYPE a><a/>", "document type"),
        ("<a>&nbsp;</a>", "undefined entity"),
        ("<a><b></a>", "mismatched tag"),
        ("", "no element found"),
        ("<a>" * 1000 + "</a>" * 1000, "levels"),
        (f"<a>{'<b/>' * 100_001}</a>", "elements"),
        ("<?xml version='1.0' encoding='no-such-encoding'?><a/>", "unknown encoding"),
        ("<?xml version='1.0' encoding='utf-7'?><a/>", "unknown encoding"),
        (b"\xff\xfe<\0a", "in line"),
        (NOISE[:900], "in line"),
    ],
)  # fmt: skip
def test_unsafe_or_broken_xml_inside_is_refused_with_its_place(read_files, place, text, words):
    with pytest.raises(DamagedPackage) as refusal:
        read_files({place: text})

    assert place in refusal.value.msg and words in refusal.value.msg


def test_an_error_never_repeats_the_text_of_the_package(read_files):
    broken = f"<WindowsCustomizations><BPRT>{TOKEN}</BPRT><{TOKEN}></WindowsCustomizations>"

    with pytest.raises(DamagedPackage) as refusal:
        read_files({SETTINGS: broken})

    error = refusal.value
    chain = "".join(repr(each) for each in (error, error.error, error.__cause__, error.args))
    assert TOKEN[:15] not in chain and error.__suppress_context__


def test_settings_beyond_the_limits_are_refused_before_they_are_read(read_files, monkeypatch):
    with pytest.raises(UnsupportedPackage, match="larger than 4 MiB"):
        read_files({SETTINGS: b"<a/>" + b" " * wim.MAX_RESOURCE})
    with pytest.raises(UnsupportedPackage, match="8 MiB together"):
        read_files({f"Multivariant/0/Prov/RunTime/{n}.provxml": b"<a/>" + b" " * (3_000_000 + n) for n in range(3)})
    with pytest.raises(UnsupportedPackage, match="more than 2000 files of settings"):
        read_files({f"Multivariant/0/{n}.provxml": b"<a/>" for n in range(wim.MAX_READS + 1)})
    monkeypatch.setattr(wim, "MAX_ENTRIES", 50)
    with pytest.raises(UnsupportedPackage, match="more than 50 files"):
        read_files({SETTINGS: b"<a/>"} | {f"DataAsset/2/{n}_x/{n}.bin": b"" for n in range(30)})


def test_large_embedded_files_are_listed_and_not_read(read_files):
    package = read_files({SETTINGS: "<WindowsCustomizations/>", "DataAsset/2/0_hash/big.bin": bytes(wim.MAX_TOTAL + 1)})

    assert package.files == [{"path": "big.bin", "size": wim.MAX_TOTAL + 1, "image": 1}]


def test_a_folder_that_contains_itself_is_refused(save, monkeypatch):
    write = lab_wim._metadata

    def loop(tree):
        metadata, folders, files = write(tree)
        at = struct.unpack_from("<Q", metadata, 24)[0]  # the listing of the root
        return metadata[: at + 16] + struct.pack("<Q", at) + metadata[at + 24 :], folders, files

    monkeypatch.setattr(lab_wim, "_metadata", loop)
    with pytest.raises(DamagedPackage, match="contains itself"):
        read_package(save(lab_wim.write({"Multivariant/0/a": b"x"})))


@pytest.mark.parametrize("name", ["..", ".", "a/b", "c\\d", "e\0f"])
def test_names_that_are_no_names_are_refused(save, name, monkeypatch):
    monkeypatch.setattr(lab_wim, "_tree", lambda files: {"Multivariant": {name: b"x"}})
    with pytest.raises(DamagedPackage, match="list of files"):
        read_package(save(lab_wim.write({"any": b"x"})))


@pytest.mark.parametrize("fixture", ["join-xpress.ppkg", "join-lzx.ppkg"])
def test_damaged_compressed_data_never_pass_for_good_ones(save, fixture):
    data = (FIXTURES / fixture).read_bytes()
    rolls = random.Random(7)
    good = read_package(FIXTURES / fixture)
    for _each in range(60):
        at = rolls.randrange(len(data))
        bent = data[:at] + bytes([data[at] ^ (1 << rolls.randrange(8))]) + data[at + 1 :]
        try:
            package = read_package(save(bent))
        except PackageError:
            continue
        assert (package.bulk_token, package.commands) == (good.bulk_token, good.commands)


@pytest.mark.parametrize(
    ("module", "name", "limit", "says"),
    [
        (documents, "MAX_TAGS", 300_000, "more than 5 elements"),
        (settings, "MAX_LISTED", 10_000, "more than 5 commands, accounts"),
        (wim, "MAX_DECOMPRESSED", 2 << 20, "compressed settings of the package are larger"),
        (wim, "MAX_PATH_LETTERS", 1024, "a path of more than 5 characters"),
        (wim, "MAX_FOLDERS_DEEP", 64, "a path of more than 1024 characters or 1 folders"),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_the_documented_limits_are_those_that_refuse(save, monkeypatch, module, name, limit, says):
    assert getattr(module, name) == limit
    compressed = name == "MAX_DECOMPRESSED"
    commands = [f"{number}.cmd" for number in range(9)]
    written = save(ppkg.build("x", PACKAGE_ID, commands=commands, files={"a.cmd": b"x"}))
    package = FIXTURES / "join-xpress.ppkg" if compressed else written
    read_package(package)
    monkeypatch.setattr(module, name, 1 if name == "MAX_FOLDERS_DEEP" else 5)
    with pytest.raises(UnsupportedPackage, match=says):
        read_package(package)
