# Copyright (c) 2026, winops.entra contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Writes docs/errors.md: every name that ``error.name`` can have, from the code that gives it.

.venv/bin/python -m tests.tools.errors            # writes it
.venv/bin/python -m tests.tools.errors --check    # fails where it is not what the code says
"""

from __future__ import annotations

import dataclasses
import importlib
import re
import sys
import typing as t

from tests.collection import ROOT, make_importable
from tests.tools import refusals
from tests.tools.error_sites import sites
from tests.tools.generated import written

PAGE = ROOT / "docs" / "errors.md"
UTILS = "ansible_collections.winops.entra.plugins.plugin_utils"
HEAD = """\
# The names of errors

A failed task has a name for programs in `error.name`, such as `home_edition`. A report has it in `name`. Each name is
stable: a rule in a playbook should test it, and not a sentence. This page lists every name with its side, its cause and
its fix. `make pages` generates it from the code, and a test compares the two. Do not edit it by hand.

    - name: Join
      winops.entra.join:
        src: contoso-join.ppkg
        tenant_id: "{{ tenant_id }}"
      register: attempt
      failed_when: attempt is failed and (attempt.error | default({})).name | default('') != 'home_edition'

- Names of the collection are in small letters with underscores, such as `joined_wrong_tenant`.
- [Codes of Windows and Entra](#codes-of-windows-and-entra) have the name that Microsoft has published, such as
  `DSREG_E_DEVICE_AUTHORIZATION_ERROR` or `InvalidGrant`. If Microsoft has published none, the name is the collection's.
- What is put in when it fails is *in italics*. A row with "or" has several forms.
- A name can stand in several rows: the cause says which of them it was.

`side` says where the cause is: `device`, `tenant`, `network` (between the two and the controller) or `controller`.
"""
#: What is not of a place in the code that says side, cause and fix itself.
TOLD = "as the message says"
#: Files whose names the page has by another way: by the table of refusals, and among the codes.
TOLD_ELSEWHERE = (
    "tenant/graph/refusal_reasons.py",
    "tenant/graph/refusal_statuses.py",
    "device/codes/explain.py",
    "device/diagnosis/ranking.py",
)
CONNECTION = ("side", "contact", "obstacles", "blocked", "waiting", "kept_connection")
SIGN_IN = ("sign_in", "sign_in_codes", "sign_in_proofs", "tokens", "token_transport", "credentials")
COLUMNS = ("Name", "Side", "Cause", "Fix")
TITLES = (
    "Options, keywords and reports",
    "The connection to a device",
    "The device",
    "Provisioning packages on the controller",
    "The sign-in to a tenant",
    "The tenant",
)


#: The side of what does not say it.
USUAL = {TITLES[2]: "device", TITLES[5]: "tenant"}


@dataclasses.dataclass(frozen=True, order=True)
class Row:
    """One row of the page."""

    name: str
    side: str
    cause: str
    fix: str


def _module(name: str) -> t.Any:
    return importlib.import_module(f"{UTILS}.{name}")


def area(file: str) -> str:
    """The heading under which the names of a file stand."""
    folder, _slash, stem = file.removeprefix("plugin_utils/").removesuffix(".py").rpartition("/")
    if folder == "device" and stem in CONNECTION:
        return TITLES[1]
    if folder.startswith("device"):
        return TITLES[2]
    if folder.startswith(("package", "media")):
        return TITLES[3]
    if folder == "tenant/graph" and stem in SIGN_IN:
        return TITLES[4]
    return TITLES[5] if folder.startswith("tenant") else TITLES[0]


def rows() -> dict[str, list[Row]]:
    """The rows of the collection's own names by their headings."""
    found: dict[str, set[Row]] = {title: set() for title in TITLES}
    for site in sites(ROOT / "plugins"):
        if site.file.removeprefix("plugin_utils/") in TOLD_ELSEWHERE:
            continue
        for name in site.names:
            title = area(site.file)
            found[title].add(_row(name, site.side or USUAL.get(title, ""), site.cause or "", site.fix or ""))
    for title, more in (*_computed(), *_of_graph()):
        found[title].add(more)
    return {title: sorted(found[title]) for title in TITLES}


def _row(name: str, side: str, cause: str, fix: str) -> Row:
    return Row(name, _told(side), _told(cause), _told(fix))


def _told(text: str) -> str:
    """The text, or that only the message has it."""
    return text if re.search(r"[A-Za-z]{2}", re.sub(r"\*[^*]*\*|; or: ", "", text)) else TOLD


def _computed() -> t.Iterator[tuple[str, Row]]:
    """Names that are put together: by the lists from which they are."""
    downloads, wire, side = (_module(f"device.{name}") for name in ("diagnosis.downloads", "wire", "side"))
    for kind, told in downloads.DOWNLOAD_FAILURES.items():
        yield TITLES[2], _row(f"download_{kind}", *told)
    for kind in subclasses(wire.WireError):
        error = side.unreadable_answer(kind("*what was wrong*")).error
        yield TITLES[1], _row(kind.name, error["side"], f"{_meaning(kind)} {error['cause']}", error["fix"])
    errors = _module("package.errors")
    described = (
        _module("package.description.problems").BadDescription,
        _module("package.description.customizations").NotCustomizations,
    )
    built = subclasses(_module("package.composing.errors").BuildError)
    for kind in (*subclasses(errors.PackageError), *described, *built):
        yield TITLES[3], _row(kind.name, "controller", _meaning(kind), kind.fix)
    for thing in ("join", "mdm"):
        yield (
            TITLES[2],
            _row(
                f"{thing}_taken_by_removal",
                "device",
                "Windows removed the package, as requested by remove_package, and with it the result of the package",
                "run the task again without remove_package",
            ),
        )
    directory = _module("tenant.resources.directory")
    for kind in (directory.USER, directory.GROUP, directory.DEVICE):
        for made in (directory.unknown(kind, "*name*"), *_ambiguous(directory, kind)):
            yield TITLES[5], _row(made.error["name"], made.error["side"], made.error["cause"], made.error["fix"])
    for file, constant in (("autopilot_profile", "NAMED_PROFILE"), ("enrollment_status_page", "NAMED_PAGE")):
        for made in _ambiguous(directory, getattr(_module(f"tenant.resources.{file}"), constant)):
            yield TITLES[5], _row(made.error["name"], made.error["side"], made.error["cause"], made.error["fix"])
    for name, cause, fix in (
        *_module("tenant.graph.sign_in")._UNAVAILABLE.values(),
        ("credential_unavailable", "the credential is not available", "check auth"),
    ):
        yield TITLES[4], _row(name, "controller", cause, fix)
    for name, cause, fix in network_reasons():
        yield TITLES[5], _row(name, "network", cause, fix)


def network_reasons() -> set[tuple[str, str, str]]:
    """What network.py says of a request that nothing answered: a text or a type of exception for each of its rules."""
    network, httpx = _module("tenant.graph.network"), _module("tenant.graph.libraries").httpx
    said = ("proxy", "CERTIFICATE_VERIFY_FAILED", "timed out", "getaddrinfo failed", "no route")
    return {network._explain(httpx.ConnectError(text)) for text in said} | {network._explain(httpx.ReadError("cut"))}


def _meaning(kind: type) -> str:
    """The first sentences of a class, which say what it stands for."""
    return " ".join(str(kind.__doc__).partition("\n\n")[0].split())


def _ambiguous(directory: t.Any, kind: t.Any) -> t.Iterator[t.Any]:
    rows = [{"id": "*id*", kind.name: "*name*"}] * 2
    others = [{"id": "*id*", kind.name: "*NAME*"}] if kind.exact_case else []
    for given in (rows, others):
        try:
            directory.at_most_one(kind, "*name*", given)
        except Exception as exc:  # noqa: BLE001 - a Failure, of the collection that is imported late
            yield exc


def subclasses(kind: type) -> list[type]:
    """All classes below one."""
    return [inner for one in kind.__subclasses__() for inner in (one, *subclasses(one))]


def _of_graph() -> t.Iterator[tuple[str, Row]]:
    for known in (row for section in refusals.sections().values() for row in section):
        words = refusals.WORDS
        yield TITLES[5], _row(known.name, known.side, known.cause.format_map(words), known.fix.format_map(words))


def checks() -> dict[str, tuple[str, ...]]:
    """The names of checks and findings by the prefix that error.name puts before them."""
    return {
        "preflight": tuple(
            _module("device.preflight.checklist").known_ids(_module("device.preflight.check").PreflightPlan())
        ),
        "directory_diagnosis": tuple(_module("tenant.diagnosis.findings").DIRECTORY_DIAGNOSIS_IDS),
        "directory_posture": tuple(_module("tenant.posture.findings").DIRECTORY_POSTURE_IDS),
        "wait_for_management": tuple(_module("tenant.arrival.reasons").ARRIVAL_IDS),
        "readiness": tuple(_module("tenant.readiness.findings").READINESS_IDS),
        "autopilot": tuple(
            # Both know the serial number.
            dict.fromkeys(
                (
                    *_module("device.autopilot.fitness").FITNESS_CHECKS,
                    *_module("tenant.autopilot.view_findings").VIEW_IDS,
                )
            )
        ),
        "deployment_status": tuple(_module("device.deployment.judged").IDS),
        "device_posture": tuple(_module("device.posture.posture").POSTURE_IDS),
        "first_contact": tuple(_module("device.meeting.expectations").EXPECTATIONS),
        "security_key": tuple(_module("device.sign_in.key_findings").FINDING_IDS),
        "association": tuple(_module("device.autopilot.device_link").EXPECTED_OF_LINK),
    }


def codes() -> list[tuple[str, Row]]:
    """(code, row) of every code that the catalogue or a family of codes knows."""
    catalogue = _module("device.codes.catalogue")
    known = list(catalogue.entries().values())
    for family, form in (("network", "{}"), ("win32", "0x8007{:04x}")):
        for number in catalogue.families()[family]:
            entry = catalogue.entry(form.format(int(number)))
            if entry["code"] not in catalogue.entries() and entry["name"] not in {one["name"] for one in known}:
                known.append(entry)
    return [(entry["code"], Row(entry["name"], entry["side"], entry["cause"], entry["fix"])) for entry in known]


def page() -> str:
    """The whole page."""
    parts = [HEAD]
    for title, found in rows().items():
        parts.append(f"## {title}\n\n{_table(COLUMNS, [_cells(row) for row in found])}")
    listed = [
        (f"`{prefix}_` and a check", ", ".join(f"`{prefix}_{name}`" for name in names))
        for prefix, names in checks().items()
    ]
    parts.append(CHECKS + _table(("Name", "All of them"), listed))
    parts.append(CODES + _table(("Code", *COLUMNS), [(f"`{code}`", *_cells(row)) for code, row in codes()]))
    return "\n".join(parts)


CHECKS = """\
## Checks and findings

With `fail_on`, a task fails if a check or a finding has the named result. Its name is that of the first one; side,
cause and fix are those of the finding. The names in `extra_endpoints` follow `preflight_endpoint_`, and the id of a
finding of `diagnose`, which is a name of this page, follows `diagnosis_`.

"""
CODES = """\
## Codes of Windows and Entra

The catalogue of the filter `winops.entra.join_error`. The same Win32 error or failure of the network has a code in each
component that passes it on, such as 0x80072ee7, 0x80192ee7 and 0xcaa82ee7 for 12007; it keeps its name. A status of
HTTP that has no name of Microsoft's is called `http_` and the status. `unknown_code` is a code that nobody knows here,
`no_code` a failure that has none, and `event_` with a number is an event that tells of a failure without a code.

"""


def _cells(row: Row) -> tuple[str, ...]:
    return (f"`{row.name}`", row.side, row.cause, row.fix)


def _table(columns: t.Sequence[str], lines: t.Iterable[t.Sequence[str]]) -> str:
    return "".join(f"{line}\n" for line in map(_line, (columns, ["---"] * len(columns), *lines)))


def _line(cells: t.Sequence[str]) -> str:
    return "| " + " | ".join(cell.replace("|", "\\|").replace("<", "\\<") for cell in cells) + " |"


def main(arguments: list[str]) -> int:
    """Exit code: 0 where the page is (now) what the code says."""
    return written(PAGE, page(), arguments)


if __name__ == "__main__":
    make_importable()
    sys.exit(main(sys.argv[1:]))
