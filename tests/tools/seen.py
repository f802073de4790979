# Copyright (c) 2026, winops.entra contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Writes docs/seen.md: what of the PowerShell has been seen where, from the reports in docs/reports and nothing else.

    .venv/bin/python tests/tools/seen.py            # writes it
    .venv/bin/python tests/tools/seen.py --check    # fails where it is not what the reports say

A report is what ``tests/powershell/run.py --report`` or ``playbooks/accept.yml`` has written. An operation of which no
report says anything has been read only; one of which anything failed has failed, whatever else is known of it. Standard
library only.
"""

from __future__ import annotations

import hashlib
import importlib.util
import json
import sys
import typing as t
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
REPORTS = ROOT / "docs" / "reports"
PAGE = ROOT / "docs" / "seen.md"
DEVICE = ROOT / "plugins" / "plugin_utils" / "device"
PROOF, ACCEPTANCE = "winops.entra.powershell_proof", "winops.entra.acceptance"
READ, STAND_INS, REAL, FAILED = "by reading", "with stand-ins", "ran for real", "**failed**"
#: From the least to what counts most where there are several.
RANKS = (READ, STAND_INS, REAL, FAILED)
HEAD = """\
# What has been seen where

Which operations of `plugins/plugin_utils/device/vocabulary.json` are known to work on a device? `make pages` generates
this page from the reports in [reports](reports), and a test compares the two. Do not edit it by hand.

| word | means |
| --- | --- |
| ran for real | the unchanged runner has executed it on a real Windows, and the answers were right |
| with stand-ins | a real PowerShell has executed it; `tests/powershell/stubs.ps1` replaces what only Windows has |
| by reading | it has not been seen there; the code was only read |
| **failed** | a part of it failed there, whatever else is known about it |

"""
TAIL = """
To add one: run the proof on a system of your own (`python tests/powershell/run.py --report FILE`), or the acceptance
run on a disposable Windows ([acceptance.md](acceptance.md)), put the file into `docs/reports` and run `make pages`.
"""


#: Bytes. That of Windows has more than ten times as many.
SMALLEST_KERNEL = 2**16


class BadReport(Exception):
    """A file in docs/reports that is no report."""


class Column(t.NamedTuple):
    """One system with one PowerShell: its title, and what is known there of operations."""

    title: str
    seen: dict[str, str]


def page(reports: t.Mapping[str, dict], operations: t.Sequence[str]) -> str:
    """The page of reports by file name. Raises BadReport."""
    columns = merged([column for name, report in reports.items() for column in columns_of(name, report)])
    lines = ["| operation | seen | " + "".join(f"{column.title} | " for column in columns)]
    lines.append("| --- " * (len(columns) + 2) + "|")
    for operation in operations:
        cells = [column.seen.get(operation, READ) for column in columns]
        lines.append(f"| `{operation}` | " + " | ".join([best(cells), *cells]) + " |")
    best_of_all = [best([column.seen.get(operation, READ) for column in columns]) for operation in operations]
    counts = ", ".join(f"{best_of_all.count(rank)} {rank}" for rank in reversed(RANKS) if rank in best_of_all)
    listing = ["| report | made | what | runner | verdict |", "| --- | --- | --- | --- | --- |"]
    listing += [line for name, report in reports.items() for line in lines_of(name, report)]
    text = [f"Of {len(operations)} operations: {counts}.", "", *[line.rstrip() for line in lines], "", "## The reports"]
    return HEAD + "\n".join([*text, "", *listing]) + "\n" + TAIL


def best(cells: t.Sequence[str]) -> str:
    """What the cells of one operation come to: any failure is one."""
    return max(cells, key=RANKS.index, default=READ)


def merged(columns: t.Sequence[Column]) -> list[Column]:
    """Columns of the same title as one."""
    titles = dict.fromkeys(column.title for column in columns)
    return [
        Column(
            title,
            {
                name: best([column.seen[name] for column in columns if column.title == title and name in column.seen])
                for column in columns
                if column.title == title
                for name in column.seen
            },
        )
        for title in titles
    ]


def columns_of(name: str, report: dict) -> list[Column]:
    """The columns of one file. Raises BadReport."""
    try:
        if report["format"] == PROOF:
            return [_proved(report, shell) for shell in report["shells"]]
        if report["format"] == ACCEPTANCE:
            return [_accepted(name, one) for one in report["reports"]]
    except (KeyError, TypeError, AttributeError) as exc:
        raise BadReport(f"{name} is no whole report: {exc!r}") from exc
    raise BadReport(f"{name} is no report of {PROOF} or {ACCEPTANCE}")


def lines_of(name: str, report: dict) -> list[str]:
    """What the list of reports says of one file."""
    if report["format"] == PROOF:
        shells = " and ".join(_powershell(shell) for shell in report["shells"])
        return [_line(name, report, f"the proof on {report['system']}, {shells}")]
    return [
        _line(name, one, f"the acceptance run on {_system(one)} over {one['connection']}") for one in report["reports"]
    ]


def _line(name: str, report: dict, what: str) -> str:
    made = report["generated"][:10]
    return f"| [{name}](reports/{name}) | {made} | {what} | `{report['runner']}` | {report['verdict']} |"


def _proved(report: dict, shell: dict) -> Column:
    seen = {}
    for operation, ways in shell["operations"].items():
        if any(counts["failed"] for counts in ways.values()):
            seen[operation] = FAILED
        elif ways.get("real", {}).get("passed"):
            seen[operation] = REAL
        elif ways.get("stand_ins", {}).get("passed"):
            seen[operation] = STAND_INS
    return Column(f"{report['system']}, {_powershell(shell)}", seen)


def _accepted(name: str, report: dict) -> Column:
    # The lab's devices answer like Windows, but for the size of their files.
    size = report["operations"]["path_info"]["seen"].get("kernel_bytes")
    if size is not None and size < SMALLEST_KERNEL:
        raise BadReport(f"{name} is of a simulated device: its kernel32.dll has {size} bytes")
    words = {"ran": REAL, "failed": FAILED, "not_possible": READ}
    seen = {name: words[entry["status"]] for name, entry in report["operations"].items()}
    return Column(f"{_system(report)}, {_powershell(report['system'])}", seen)


def _system(report: dict) -> str:
    system = report["system"]
    edition, build, revision = (system[name] or "?" for name in ("edition", "build", "revision"))
    return f"Windows {edition} {build}.{revision}"


def _powershell(shell: dict) -> str:
    version = ".".join((shell["powershell"] or "?").split(".")[:2])
    return f"{'Windows PowerShell' if version == '5.1' else 'PowerShell'} {version}"


def read(folder: Path = REPORTS) -> dict[str, dict]:
    """Every report by file name. Raises BadReport."""
    found = {}
    for path in sorted(folder.glob("*.json")):
        try:
            found[path.name] = json.loads(path.read_text(encoding="utf-8"))
        except ValueError as exc:
            raise BadReport(f"{path.name} is no JSON: {exc}") from exc
        if not isinstance(found[path.name], dict):
            raise BadReport(f"{path.name} is no report")
    return found


def operations() -> list[str]:
    """The names of all operations."""
    return list(json.loads((DEVICE / "vocabulary.json").read_text(encoding="utf-8"))["operations"])


def present_runner() -> str:
    """What a report made now would say of the runner."""
    spec = importlib.util.spec_from_file_location("wire", DEVICE / "wire.py")
    wire = importlib.util.module_from_spec(spec)
    sys.modules[spec.name] = wire
    spec.loader.exec_module(wire)
    return hashlib.sha256(wire.runner_text(operations()).encode("ascii")).hexdigest()[:16]


def main(arguments: list[str]) -> int:
    """Exit code: 0 where the page is (now) what the reports say."""
    try:
        reports = read()
        text = page(reports, operations())
    except BadReport as exc:
        print(exc)
        return 1
    if arguments == ["--check"]:
        if PAGE.exists() and PAGE.read_text(encoding="utf-8") == text:
            return 0
        print(f"{PAGE.relative_to(ROOT)} is not what the reports say: run make pages")
        return 1
    PAGE.write_text(text, encoding="utf-8")
    now = present_runner()
    old = [name for name, report in reports.items() if now not in json.dumps(report)]
    print(f"{PAGE.relative_to(ROOT)} written; the runner is {now}, reports of another one: {', '.join(old) or 'none'}")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
