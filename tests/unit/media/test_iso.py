# Copyright (c) 2026, winops.entra contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""An ISO has the names that Windows reads, and the same bytes each time."""

from __future__ import annotations

import io
import os
import shutil
import subprocess
import sys
import types

import pytest

from ansible_collections.winops.entra.plugins.plugin_utils.media import content, folder, iso
from ansible_collections.winops.entra.plugins.plugin_utils.result import Failure


def contents_of(path) -> dict[str, bytes]:
    import pycdlib

    image, found = pycdlib.PyCdlib(), {}
    image.open(str(path))
    for record in image.list_children(joliet_path="/"):
        if record.is_file():
            name, data = record.file_identifier().decode("utf-16-be"), io.BytesIO()
            image.get_file_from_iso_fp(data, joliet_path=f"/{name}")
            found[name] = data.getvalue()
    image.close()
    return found


def test_an_iso_holds_one_package_and_lies_beside_its_checklist(lay, package, stick):
    src = package("Büro 日本.ppkg")
    laid = lay(src=src, dest=stick / "join.iso", format="iso", name="Berlin")
    assert sorted(os.listdir(stick)) == ["join.html", "join.iso", "join.iso.sha256"]
    found = contents_of(stick / "join.iso")
    assert set(found) == {"Büro 日本.ppkg", "CHECKLIST.html", "SHA256SUMS"}
    assert found["Büro 日本.ppkg"] == src.read_bytes()
    assert found["CHECKLIST.html"] == (stick / "join.html").read_bytes()
    assert (laid.media[0]["format"], laid.media[0]["mounted"]) == ("iso", None)
    again = lay(src=src, dest=stick / "join.iso", format="iso", name="Berlin")
    assert again.changes == []


def test_an_iso_that_is_there_needs_no_room(lay, package, stick, monkeypatch):
    src = package()
    lay(src=src, dest=stick / "a.iso", format="iso")
    real = os.statvfs(stick)
    fields = {name: getattr(real, name) for name in dir(real) if name.startswith("f_")} | {"f_bavail": 0, "f_bfree": 0}
    monkeypatch.setattr(os, "statvfs", lambda _path: types.SimpleNamespace(**fields))
    assert lay(src=src, dest=stick / "a.iso", format="iso").changes == []
    with pytest.raises(Failure) as caught:
        lay(src=package(version="2.0"), dest=stick / "a.iso", format="iso")
    assert caught.value.error["name"] == "medium_full"


def test_what_a_killed_run_has_left_beside_an_iso_goes_with_the_next(lay, package, stick):
    (stick / f"{folder.TEMPORARY}4711-0.tmp").write_bytes(b"a token")
    src = package()
    assert lay(src=src, dest=stick / "a.iso", format="iso").changes
    assert sorted(os.listdir(stick)) == ["a.html", "a.iso", "a.iso.sha256"]
    assert lay(src=src, dest=stick / "a.iso", format="iso").changes == []


def test_the_same_files_give_the_same_bytes_at_any_time_in_any_zone(monkeypatch):
    files = [content.of_bytes("a.ppkg", b"x" * 5000), content.of_bytes("SHA256SUMS", b"sums")]
    hashes = set()
    for zone, now in (("UTC", 1.8e9), ("Asia/Kolkata", 1.9e9)):
        monkeypatch.setenv("TZ", zone)
        monkeypatch.setattr("time.time", lambda now=now: now)
        with iso.mastered("a.iso", files) as image:
            hashes.add(image.sha256)
    assert len(hashes) == 1


def test_another_program_reads_it(tmp_path, lay, package, stick):
    seven = shutil.which("7z")
    if seven is None:
        pytest.skip("7z is not installed")
    src = package("join.ppkg")
    lay(media=[{"name": "Berlin", "src": str(src)}], dest=stick, format="iso")
    subprocess.run([seven, "x", f"-o{tmp_path / 'out'}", stick / "Berlin.iso"], check=True, capture_output=True)
    assert (tmp_path / "out" / "join.ppkg").read_bytes() == src.read_bytes()


def test_check_mode_writes_no_iso(lay, package, stick):
    foretold = lay(check_mode=True, src=package(), dest=stick / "a.iso", format="iso")
    assert os.listdir(stick) == []
    assert [change["what"] for change in foretold.changes] == [
        str(stick / name) for name in ("a.iso", "a.iso.sha256", "a.html")
    ]


def test_without_the_library_the_option_is_refused_by_name(lay, package, stick, monkeypatch):
    monkeypatch.setitem(sys.modules, "pycdlib", None)
    with pytest.raises(Failure, match="pip install pycdlib") as caught:
        lay(src=package(), dest=stick / "a.iso", format="iso")
    assert caught.value.error["name"] == "bad_option"
    assert lay(src=package(), dest=stick).media


def test_a_name_that_the_library_does_not_take_is_refused_before_anything_is_written(lay, package, stick):
    media = [
        {"name": "a", "src": str(package())},
        {"name": "b", "src": str(package("\u65e5" * 20 + ".ppkg"))},
    ]
    with pytest.raises(Failure, match="longer than 64 bytes") as caught:
        lay(media=media, dest=stick, format="iso")
    assert caught.value.error["name"] == "bad_option" and os.listdir(stick) == []
    lay(media=[{"name": "b", "src": str(package("\u65e5" * 19 + ".ppkg"))}], dest=stick, format="iso")


def test_an_iso_ends_in_iso(lay, package, stick):
    with pytest.raises(Failure, match=r"does not end in \.iso"):
        lay(src=package(), dest=stick / "a.img", format="iso")


@pytest.mark.parametrize("data", [b"two", b"twos", b"t", b""])
def test_a_source_that_changes_meanwhile_makes_no_iso(data):
    first = content.of_bytes("a.ppkg", b"one")
    moving = content.Content("a.ppkg", 3, first.sha256, content.of_bytes("a.ppkg", data).open)
    with pytest.raises(Failure) as caught, iso.mastered("a.iso", [moving, content.of_bytes("SHA256SUMS", b"x")]):
        pass
    assert caught.value.error["name"] == "source_changed"


def test_a_full_disk_under_the_making_of_an_iso_is_named(lay, package, stick, monkeypatch):
    def full(*_arguments):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(iso, "_without_times", full)
    with pytest.raises(Failure, match="TMPDIR") as caught:
        lay(src=package(), dest=stick / "a.iso", format="iso")
    assert caught.value.error["name"] == "iso_not_made" and os.listdir(stick) == []


def test_a_name_that_joliet_cannot_hold_makes_no_iso(tmp_path):
    files = [content.of_bytes("x" * 200, b"")]
    with pytest.raises(Failure) as caught, iso.mastered("a.iso", files):
        pass
    assert caught.value.error["name"] == "iso_not_made"
