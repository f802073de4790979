# Copyright (c) 2026, winops.entra contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A package that is made of a template: its form, its bytes, its id, its catalogue, what other programs say of it."""

from __future__ import annotations

import base64
import hashlib
import io
import random
import shutil
import struct
import subprocess
import tracemalloc
import uuid
from datetime import datetime

import pytest

from ansible_collections.winops.entra.plugins.plugin_utils.package import read_package
from ansible_collections.winops.entra.plugins.plugin_utils.package.composing import (
    ChangedFile,
    MissingFile,
    compose,
    package_id,
)
from ansible_collections.winops.entra.plugins.plugin_utils.package.composing.catalogue import catalogue
from ansible_collections.winops.entra.plugins.plugin_utils.package.description.compare import compare_with_document
from ansible_collections.winops.entra.plugins.plugin_utils.package.description.description import checked
from tests.lab import ppkg, templates, wim

from .building import written
from .conftest import FIXTURES

OLD_TOKEN, OLD_PASSWORD = "FAKE-OLD-TOKEN-11223344", "FAKE-Old-Passw0rd<&>"
NEW_TOKEN, NEW_PASSWORD = "FAKE-NEW-TOKEN-55667788", "FAKE-Neu\"'&<>-中文"
FILES = {"files/setup.cmd": b"echo new", "files/copy.bin": b""}
COST = package_id._COST


@pytest.fixture(autouse=True)
def cheap_ids(monkeypatch):
    """scrypt as it is costs 0.1 s a package."""
    monkeypatch.setattr(package_id, "_COST", 2)


def element(path: str, key: str | None = None, attribute: str = "") -> tuple:
    *above, last = path.split("/")
    return (*((name, "", None) for name in above), (last, attribute, key))


USER = element("Accounts/Users/User", "rescue", "UserName")
SETUP = f'cmd /c setup.cmd /password:{OLD_PASSWORD} "a b"'
CONTEXT = ("ProvisioningCommands", "DeviceContext", "$(__PackageID)", "Default", "CommandLine")
PROFILE = "<WLANProfile><name>Net</name><sharedKey><keyMaterial>{}</keyMaterial></sharedKey></WLANProfile>"
NETWORK = (*element("ConnectivityProfiles/WLAN/WLANSetting/WLANConfig", "Net", "SSID"), ("WLANXmlSettings", "", None))
ROWS = [
    templates.Row(element("Accounts/Azure/Authority"), ppkg.AUTHORITY, ("AADJ", "Authority")),
    templates.Row(element("Accounts/Azure/BPRT"), OLD_TOKEN, ("AADJ", "BPRT")),
    templates.Row((*USER, ("Password", "", None)), OLD_PASSWORD, ("Accounts", "Users", "rescue", "Password")),
    templates.Row(
        (*USER, ("UserGroup", "", None)), "Administrators", ("Accounts", "Users", "rescue", "LocalUserGroup"), "2"
    ),
    templates.Row(
        element("DevDetail/DNSComputerName"), "OLD-%SERIAL%", ("DevDetail", "Ext", "Microsoft", "DNSComputerName")
    ),
    templates.Row((*NETWORK, ("SecurityType", "", None)), "WPA2-Personal"),
    templates.Row(
        (*NETWORK, ("SecurityKey", "", None)),
        "FAKE-old-wifi-key",
        ("WiFi", "Profile", "Net", "WlanXml"),
        PROFILE.format("FAKE-old-wifi-key"),
    ),
    templates.Row(
        element("ProvisioningCommands/DeviceContext/CommandFiles/CommandFile", "setup.cmd"), "C:\\proj\\setup.cmd"
    ),
    templates.Row(
        element("ProvisioningCommands/DeviceContext/CommandFiles/CommandFile", "copy.bin"), "C:\\proj\\copy.bin"
    ),
    templates.Row(element("ProvisioningCommands/DeviceContext/CommandLine"), SETUP, CONTEXT),
]
ASSETS = {"setup.cmd": b"echo old", "copy.bin": b"x" * 5000}
TEMPLATE = templates.build(ROWS, "Alt", notes="old notes", rank=3, assets=ASSETS, comment="<!-- <BPRT>old</BPRT> -->")
DATA = {
    "name": "Größe <&> 新",
    "version": "1.4.2",
    "rank": 7,
    "notes": "new & notes",
    "bulk_token": {"value": NEW_TOKEN},
    "computer_name": "CT-%SERIAL%",
    "local_users": [{"name": "rescue", "password": NEW_PASSWORD, "group": "standard_users"}],
    "wifi": [{"ssid": "Net", "security": "wpa2_personal", "key": "FAKE-neu-wifi-<key>"}],
    "device_command": {"files": list(FILES), "line": f"cmd /c setup.cmd /password:{NEW_PASSWORD}"},
}
SECRETS = (OLD_TOKEN, OLD_PASSWORD, "FAKE-old-wifi-key")


def build(data=None, template=TEMPLATE, files=None):
    return compose(template, checked(DATA if data is None else data), FILES if files is None else files)


def test_the_package_says_what_the_description_says(save):
    built = build()
    package = read_package(save(written(built)))

    assert compare_with_document(package.forms, checked(DATA).document) == []
    assert (package.name, package.version, package.owner, package.rank) == ("Größe <&> 新", "1.4.2", "ITAdmin", 7)
    assert package.id == built.package_id
    assert [(each["path"], each["size"]) for each in package.files] == [("setup.cmd", 8), ("copy.bin", 0)]
    assert package.dead_streams["count"] == 0
    assert not package.join_blockers
    assert built.notes == ["1 comment of the template left out"]


def test_a_device_of_the_lab_finds_it():
    found = ppkg.inspect(written(build()))

    assert found["token"] == NEW_TOKEN and found["computer_name"] == "CT-%SERIAL%"
    assert found["accounts"] == [{"name": "rescue", "password": NEW_PASSWORD, "group": "Users"}]
    assert found["sets"].keys() == found["groups"].keys() - {""}


def test_the_identity_stands_wherever_the_old_one_stood():
    built = build()
    contents, properties = wim.read(written(built))
    braced = f"{{{built.package_id}}}"
    everything = b"".join([written(built), *contents.values()])
    texts = everything.decode("latin-1") + everything.decode("utf-16-le", "replace") + " ".join(contents)

    assert templates.PACKAGE_ID not in texts and templates.PACKAGE_ID.upper() not in texts
    assert properties["PACKAGEID"] == braced and f"PackageID={braced};" in properties["NOTES"]
    assert (properties["NAME"], properties["DESCRIPTION"]) == ("Größe <&> 新", "Größe <&> 新")
    assert (properties["VERSION"], properties["ALTITUDE"]) == ("1.4.2", "5007")
    assert f"Assets\\{braced}\\" in contents["DataAsset/DataAsset.xml"].decode()
    assert f"0__AADJ_{braced}.provxml" in " ".join(contents)
    assert f"0__AADJ_{braced}.provxml" in contents["Multivariant/0/Prov/RunTime.xml"].decode()


def test_byte_order_marks_and_encodings_stay():
    old, new = (wim.read(data)[0] for data in (TEMPLATE, written(build())))

    def marks(files):
        return sorted(data[:3] if data[:3] == b"\xef\xbb\xbf" else data[:2] for data in documents(files).values())

    assert marks(old) == marks(new)
    assert new["CommonSettings/1/AnswerFile.xml"].decode("utf-16").count(NEW_TOKEN) == 1


def documents(files):
    return {path: data for path, data in files.items() if path.endswith("xml")}


def test_no_old_secret_is_left_anywhere():
    data = written(build())
    contents, properties = wim.read(data)
    for secret in SECRETS:
        for encoding in ("utf-8", "utf-16-le"):
            for text in (data, *contents.values(), *(value.encode(encoding) for value in properties.values())):
                assert secret.encode(encoding) not in text
    assert b"<!--" not in contents["Multivariant/0/customizations.xml"]


def test_an_asset_is_in_a_folder_named_after_its_content():
    contents, _properties = wim.read(written(build()))
    folders = [path.split("/")[2] for path in contents if path.startswith("DataAsset/2/")]
    index = contents["DataAsset/DataAsset.xml"].decode()

    for number, content in enumerate(FILES.values()):
        name = f"{number}_{base64.b64encode(hashlib.sha256(content).digest()).decode().replace('/', '.')}"
        assert name in folders and index.count(name) == 2
    assert len(folders) == 2


def test_nothing_of_it_prints_a_secret():
    built = build()
    shown = f"{built} {built.changes} {built.notes}"

    assert not [each for each in (*SECRETS, NEW_TOKEN, NEW_PASSWORD, "FAKE-neu-wifi") if each in shown]
    assert {"path": "DevDetail/DNSComputerName", "before": "OLD-%SERIAL%", "after": "CT-%SERIAL%"} in built.changes
    paths = [change["path"] for change in built.changes]
    assert paths[:5] == ["id", "name", "version", "rank", "PackageConfig/Notes"] and "setup.cmd" in paths


def test_what_is_as_in_the_template_stays_as_it_is():
    """The same description as the template: but for its id, nothing is another."""
    same = {
        **DATA,
        "name": "Alt",
        "version": "1.0",
        "rank": 3,
        "notes": "old notes",
        "bulk_token": OLD_TOKEN,
        "computer_name": "OLD-%SERIAL%",
        "local_users": [{"name": "rescue", "password": OLD_PASSWORD, "group": "administrators"}],
        "wifi": [{"ssid": "Net", "security": "wpa2_personal", "key": "FAKE-old-wifi-key"}],
        "device_command": {"files": list(FILES), "line": SETUP},
        "id": templates.PACKAGE_ID,
    }
    template = templates.build(ROWS, "Alt", notes="old notes", rank=3, assets=ASSETS)
    built = build(same, template, {"files/setup.cmd": ASSETS["setup.cmd"], "files/copy.bin": ASSETS["copy.bin"]})

    assert built.changes == [] and built.package_id == templates.PACKAGE_ID
    assert wim.read(written(built))[0] == wim.read(template)[0]


# ---- the file -----------------------------------------------------------------------------------------------------


def test_its_form_is_that_of_real_packages():
    data = written(build())
    magic, size, version, flags, chunk = struct.unpack_from("<8sIIII", data)
    part, parts, images = struct.unpack_from("<HHI", data, 40)
    integrity = data[124:148]

    assert (magic, size, version, flags, chunk) == (b"MSWIM\0\0\0", 208, 0x10D00, 0x20082, 32768)
    assert (part, parts, images, integrity) == (1, 1, 1, bytes(24))
    assert len(data) == build().size and hashlib.sha256(data).hexdigest() == build().sha256


def test_the_same_gives_the_same_bytes(tmp_path):
    paths = {}
    for name, content in FILES.items():
        paths[name] = tmp_path / name.rpartition("/")[2]
        paths[name].write_bytes(content)
    path = tmp_path / "template.ppkg"
    path.write_bytes(TEMPLATE)

    assert written(build()) == written(build(template=path, files=paths)) == written(build(template=str(path)))
    assert build().catalogue == build().catalogue


def test_times_and_attributes_are_those_of_the_template():
    old, new = TEMPLATE, written(build())
    stamp = wim.FILETIME.to_bytes(8, "little")

    assert old.count(stamp) == new.count(stamp) > 30


def test_wimlib_and_7zip_take_it(tmp_path, wimlib, seven_zip, save):
    path = save(written(build()))
    expected = wim.read(path.read_bytes())[0]

    assert "successfully verified" in wimlib("verify", path)
    assert "Größe <&> 新" in wimlib("info", path)
    wimlib("apply", path, "1", tmp_path / "applied")
    assert contents_of(tmp_path / "applied") == expected
    assert "Everything is Ok" in seven_zip("t", path)
    seven_zip("x", path, f"-o{tmp_path / 'extracted'}")
    extracted = contents_of(tmp_path / "extracted")
    assert extracted == expected and not [each for each in extracted if "DELETED" in each]


def contents_of(folder):
    return {path.relative_to(folder).as_posix(): path.read_bytes() for path in folder.rglob("*") if path.is_file()}


@pytest.fixture
def seven_zip():
    """Run 7z: ``seven_zip("t", path) -> its output``."""
    program = shutil.which("7z")
    if not program:
        pytest.skip("7z is not installed (package 7zip)")

    def run(*arguments: object) -> str:
        done = subprocess.run([program, *map(str, arguments)], capture_output=True, text=True, timeout=60, check=False)
        assert done.returncode == 0, done.stdout
        return done.stdout

    return run


@pytest.mark.parametrize("name", ["join-xpress.ppkg", "join-lzx.ppkg"])
def test_a_template_that_another_program_compressed(name, save, wimlib):
    """What has not changed is copied as it is compressed, where it is XPRESS; the WIM file's id is its own."""
    template = FIXTURES / name
    old = read_package(template)
    data = {
        "name": "Neu",
        "id": old.id,
        "version": "1.4",
        "bulk_token": NEW_TOKEN,
        "computer_name": "CT-%SERIAL%",
        "security_keys": True,
        "local_users": [{"name": "rescue", "password": NEW_PASSWORD, "group": "administrators"}],
        "certificates": [{"kind": "root", "name": "Contoso Root", "file": "files/Contoso Root.cer"}],
        "device_command": {"files": ["files/setup.cmd"], "line": "cmd /c setup.cmd"},
    }
    certificate = b"0" * 40_000
    built = compose(template, checked(data), {"files/setup.cmd": b"echo", "files/Contoso Root.cer": certificate})
    path = save(written(built))

    assert "successfully verified" in wimlib("verify", path)
    package = read_package(path)
    assert compare_with_document(package.forms, checked(data).document) == []
    compiled = {each.steps[-2]: each.value for each in package.forms.compiled if each.steps[-1] == "EncodedCertificate"}
    assert compiled == {hashlib.sha1(certificate).hexdigest().upper(): base64.b64encode(certificate).decode()}
    assert template.read_bytes()[24:40] != path.read_bytes()[24:40]


LARGE = 100_000_000


def test_a_file_of_100_mb_takes_little_memory(tmp_path, save):
    large = tmp_path / "setup.cmd"
    piece = random.Random(19).randbytes(LARGE // 100)
    with large.open("wb") as file:
        for _each in range(100):
            file.write(piece)
    out = tmp_path / "large.ppkg"

    tracemalloc.start()
    built = build(files={**FILES, "files/setup.cmd": large})
    with out.open("wb") as stream:
        built.write(stream)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()

    assert peak < 20 << 20
    assert out.stat().st_size == built.size > LARGE
    package = read_package(out)
    assert package.sha256 == built.sha256 and {each["size"] for each in package.files} == {0, LARGE}
    out.unlink()


def test_a_file_that_changes_meanwhile_is_noticed(tmp_path):
    path = tmp_path / "setup.cmd"
    path.write_bytes(b"one")
    built = build(files={**FILES, "files/setup.cmd": path})
    path.write_bytes(b"two")

    with pytest.raises(ChangedFile) as refusal:
        built.write(io.BytesIO())
    assert refusal.value.error["name"] == "package_file_changed"
    path.unlink()
    with pytest.raises(MissingFile):
        built.write(io.BytesIO())


# ---- the id -------------------------------------------------------------------------------------------------------

OTHERS = [
    {"name": "Other"},
    {"version": "1.4.3"},
    {"rank": 8},
    {"notes": "other"},
    {"bulk_token": "FAKE-other-token-9"},
    {"computer_name": "XX-%SERIAL%"},
    {"local_users": [{"name": "rescue", "password": "FAKE-other-9", "group": "standard_users"}]},
    {"revision": 1},
    {"revision": 2},
]


def test_whatever_changes_gives_another_id():
    ids = [build().package_id, *(build(DATA | other).package_id for other in OTHERS)]
    ids.append(build(files=FILES | {"files/setup.cmd": b"echo newer"}).package_id)
    ids.append(build(template=templates.build(ROWS, "Alt2", notes="n", assets=ASSETS)).package_id)

    assert len(set(ids)) == len(ids)
    for each in map(uuid.UUID, ids):
        assert (each.variant, each.int >> 76 & 0xF) == (uuid.RFC_4122, 8)
    assert build().package_id == ids[0]


def test_secrets_that_swap_their_places_or_get_a_space_give_another_id():
    other = templates.Row(
        (*element("Accounts/Users/User", "other", "UserName"), ("Password", "", None)),
        "FAKE-other-old",
        ("Accounts", "Users", "other", "Password"),
    )
    template = templates.build([*ROWS, other], "Alt", notes="n", assets=ASSETS)
    ids = set()
    for one, two in (("FAKE-1-a", "FAKE-2-b"), ("FAKE-2-b", "FAKE-1-a"), ("FAKE-1-a ", "FAKE-2-b")):
        users = [{**DATA["local_users"][0], "password": one}, {"name": "other", "password": two}]
        ids.add(build(DATA | {"local_users": users}, template).package_id)

    assert len(ids) == 3


def test_an_id_of_the_description_is_taken():
    own = "0f8fad5b-d9cb-469f-a165-70867728950e"

    assert build(DATA | {"id": own}).package_id == own


def test_where_the_files_lie_makes_no_difference():
    moved = {f"/srv/else/{name}": content for name, content in FILES.items()}
    data = DATA | {"device_command": {**DATA["device_command"], "files": list(moved)}}

    assert written(build(data, files=moved)) == written(build())


def test_a_secret_cannot_be_guessed_from_the_id_at_the_speed_of_a_hash(monkeypatch):
    asked = []
    real = hashlib.scrypt

    def counted(secrets, **how):
        asked.append((secrets, how))
        return real(secrets, **how)

    monkeypatch.setattr(package_id, "_COST", COST)
    monkeypatch.setattr(hashlib, "scrypt", counted)
    one, other = (
        build(),
        build(DATA | {"local_users": [{"name": "rescue", "password": "FAKE-9", "group": "standard_users"}]}),
    )

    assert len(asked) == 2 and all(how["n"] * how["r"] * 128 >= 32 << 20 for _secrets, how in asked)
    assert NEW_TOKEN.encode() in asked[0][0] and b"FAKE-9" in asked[1][0]
    # The WIM file's own id is the other half of what scrypt gives, so no hash of the whole file is a way around.
    assert written(one)[24:40] != written(other)[24:40]
    assert one.package_id != other.package_id


# ---- the catalogue ------------------------------------------------------------------------------------------------


def test_the_catalogue_has_the_hashes_of_the_package():
    data = written(build())
    made = build().catalogue

    assert len(made) == 306
    assert made.count(hashlib.sha256(data).digest()) == 2 and made.count(hashlib.sha1(data).digest()) == 1
    # The template's own time; 0x17 0x0d: a UTCTime of 13 letters.
    assert b"\x17\x0d250425" in made or b"\x17\x0d250424" in made


@pytest.mark.parametrize("swapped", [False, True])
def test_the_members_of_a_catalogue_are_sorted(swapped):
    sha256, sha1 = bytes([0xF0 if swapped else 0x10]) * 32, bytes([0x80]) * 20
    made = catalogue(sha256, sha1, datetime(2026, 1, 2, 3, 4, 5))

    assert len(made) == 306 and b"260102030405Z" in made
    assert (made.index(sha1) < made.index(sha256)) is swapped


def test_openssl_can_read_a_catalogue(tmp_path):
    program = shutil.which("openssl")
    if not program:
        pytest.skip("openssl is not installed")
    path = tmp_path / "some.cat"
    path.write_bytes(build().catalogue)
    command = [program, "asn1parse", "-inform", "DER", "-in", str(path)]
    done = subprocess.run(command, capture_output=True, text=True, timeout=60, check=True)
    oids = [line.rpartition(":")[2].strip() for line in done.stdout.splitlines() if " OBJECT " in line]

    assert oids[:4] == ["pkcs7-signedData", "1.3.6.1.4.1.311.10.1", "1.3.6.1.4.1.311.12.1.1", "1.3.6.1.4.1.311.12.1.3"]
    assert sorted(oids[4:]) == sorted(
        ["1.3.6.1.4.1.311.12.2.3"] * 2 + ["1.3.6.1.4.1.311.2.1.4", "1.3.6.1.4.1.311.2.1.25", "sha256"]
    )
