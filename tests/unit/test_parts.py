# Copyright (c) 2026, winops.entra contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""make test runs its parts beside each other: none is left out, none hides another, a red one is read last."""

from __future__ import annotations

import os
import re
import select

import pytest

from tests.tools import parts

# Says its target, or waits for another one that is to run beside it.
MAKE = """\
#!/bin/sh
meet() {{
    : > "{here}/$1"
    tries=0
    until [ -e "{here}/$2" ]; do
        tries=$((tries + 1)); [ $tries -lt 6000 ] || exit 3
        sleep 0.01
    done
}}
echo "$2 speaks"
case $2 in
    red*) echo "$2 is broken" >&2; exit 2 ;;
    long) sleep 1000 > "{here}/alive"; exit 4 ;;
    left) meet left right ;;
    right) meet right left ;;
esac
"""


@pytest.fixture
def run(tmp_path, capfdbinary):
    """Runs targets with a stand-in for make; gives the exit code and what was printed."""
    make = tmp_path / "ma ke"
    make.write_text(MAKE.format(here=tmp_path), encoding="ascii")
    make.chmod(0o755)

    def run(at_once: int, *targets: str) -> tuple[int, str]:
        code = parts.main([str(at_once), str(make), *targets], tmp_path / "ü outputs")
        return code, capfdbinary.readouterr().out.decode()

    return run


pytestmark = pytest.mark.skipif(os.name == "nt", reason="the stand-in is a script with a first line")


def test_all_green_is_green(run):
    code, said = run(2, "one", "two", "three")
    assert code == 0
    assert all(f"{target} speaks" in said for target in ("one", "two", "three"))
    assert said.count("  ok\n") == 3 and "FAILED" not in said


def test_a_red_part_fails_stops_no_other_and_is_shown_after_all_of_them(run):
    code, said = run(1, "one", "red", "three")
    assert code == 1
    assert said.index("three speaks") < said.index("red speaks") < said.index("red is broken")
    assert re.findall(r"^(\S+) +\d+ s  (.*)$", said, re.MULTILINE) == [
        ("one", "ok"),
        ("red", "FAILED (2)"),
        ("three", "ok"),
    ]


def test_parts_run_beside_each_other(run):
    """Each of the two ends only when the other has started."""
    assert run(2, "left", "right")[0] == 0


def test_what_a_part_has_started_ends_with_an_interrupted_run(run, tmp_path, monkeypatch):
    os.mkfifo(tmp_path / "alive")
    readers = []

    def interrupted(_ends):
        # Opens when the part's own program has opened it, and is at its end when that program has ended.
        readers.append((tmp_path / "alive").open("rb"))
        raise KeyboardInterrupt

    monkeypatch.setattr(parts.concurrent.futures, "as_completed", interrupted)
    with pytest.raises(KeyboardInterrupt):
        run(1, "long")
    with readers[0] as reader:
        assert select.select([reader], [], [], 60)[0] and reader.read() == b""


def test_every_check_is_a_part_of_make_test():
    """What docs/contributing.md says that make test runs, and what it does not."""
    text = (parts.ROOT / "Makefile").read_text(encoding="utf-8")
    named = re.search(r"^PARTS +:= (.*)$", text, re.MULTILINE)[1].split()
    assert set(named) == {"lint", "sanity", "unit", "integration", "molecule", "powershell"}
