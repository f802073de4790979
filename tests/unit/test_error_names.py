# Copyright (c) 2026, winops.entra contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Every failure has a name of ours or of Microsoft's, and docs/errors.md lists it."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from tests.collection import ROOT
from tests.integration import promised
from tests.tools import errors
from tests.tools.error_sites import Site, sites

OURS = re.compile(r"[a-z][a-z0-9]*(?:_[a-z0-9]+)+|unreachable|unfinished|timeout|forbidden|begun|conflict|gone|locked")
OURS_IN_ONE_WORD = {"throttled", "unexplained", "unsupported", "refused"}
# Places that hand on a name which another place has given, or put one together of parts: the page has these by the
# lists from which they come. A new place belongs here only if errors.py then lists what it can give.
HANDED_ON = {
    ("device/codes/catalogue.py", "f'http_{status}'"),
    ("device/codes/catalogue.py", "name"),
    ("device/diagnosis/downloads.py", "f\"download_{error['type']}\""),
    ("device/diagnosis/ranking.py", "f'event_{event}'"),
    ("device/diagnosis/state_clues.py", "refusal.name"),
    ("device/joining/removal.py", "policy.name"),
    ("device/joining/taking_back.py", "f'{name}_taken_by_removal'"),
    ("device/requirements.py", "self.name"),
    ("device/side.py", "block.name"),
    ("device/side.py", "exc.name"),
    ("findings.py", "f'{prefix}_{first.id}'"),
    # Those of winops.entra.security_key_sign_in.
    ("report/security_keys.py", "f\"security_key_{first.get('id')}\""),
    # Those of docs/verify.md.
    ("report/verify.py", "f\"verify_{first['id']}\""),
    ("tenant/bulk.py", "name"),
    ("tenant/devices/unread.py", "str(error['name'])"),
    ("tenant/graph/refused_requests.py", "row.name"),
    ("tenant/graph/sign_in.py", "name"),
    ("tenant/graph/sign_in.py", "found.name"),
    ("tenant/resources/directory.py", "f'{kind.noun}_{why}'"),
    ("tenant/resources/refused.py", "name"),
    # Another Obstacle: a policy of Conditional Access, by its name in the tenant.
    ("tenant/readiness/access_policies.py", "str(policy.get('displayName'))"),
}


@pytest.fixture(scope="module")
def found() -> list[Site]:
    return sites(ROOT / "plugins")


def test_the_page_is_what_the_code_says():
    assert errors.PAGE.read_text(encoding="utf-8") == errors.page(), "run make pages"


def test_each_place_that_makes_a_failure_names_it(found):
    computed = {(site.file.removeprefix("plugin_utils/"), how) for site in found for how in site.computed}
    assert computed == HANDED_ON


def test_the_walk_finds_a_failure_without_a_name(tmp_path: Path):
    (tmp_path / "one.py").write_text(
        "def work(task):\n"
        "    if task.bad:\n"
        "        raise Failure('no', side='device', name=error['type'], cause='c', fix='f')\n"
        "    raise Failure('no', side='device', cause='c', fix='f')\n"
    )
    assert [(site.names, site.computed) for site in sites(tmp_path)] == [((), ("error['type']",)), ((), ("",))]


def test_the_walk_reads_what_stands_in_the_text(tmp_path: Path):
    (tmp_path / "one.py").write_text(
        "FIX = 'run it again'\n"
        "def _no(name, cause, side='tenant'):\n"
        "    return Failure(cause, side=side, name=name, cause=cause, fix=FIX)\n"
        "def work(task):\n"
        "    if task.old:\n"
        "        name, cause = 'too_old', f'build {task.build} is old'\n"
        "    else:\n"
        "        name, cause = 'too_new', 'it is new'\n"
        "    raise _no(name, cause)\n"
    )
    assert sites(tmp_path) == [
        Site(
            "one.py",
            9,
            ("too_old", "too_new"),
            (),
            "tenant",
            "build *build* is old; or: it is new",
            "run it again",
        )
    ]


def test_names_given_in_the_code_are_ours(found):
    given = {name for site in found for name in site.names}
    assert [name for name in given if not OURS.fullmatch(name) and name not in OURS_IN_ONE_WORD] == []


def test_names_on_the_page_are_ours_or_microsofts():
    ours = {row.name for rows in errors.rows().values() for row in rows}
    assert [name for name in ours if not OURS.fullmatch(name) and name not in OURS_IN_ONE_WORD] == []
    assert len(ours) > 200


@pytest.mark.parametrize(
    ("name", "is_listed"),
    [
        ("home_edition", True),
        ("DSREG_E_DEVICE_AUTHORIZATION_ERROR", True),
        ("ERROR_SHARING_VIOLATION", True),
        ("http_418", True),
        ("event_304", True),
        ("preflight_endpoint_of_ours", True),
        ("preflight_edition", True),
        ("diagnosis_InvalidGrant", True),
        ("user_unknown", True),
        ("System.UnauthorizedAccessException", False),
        ("NoAnswer", False),
        (None, False),
    ],
)
def test_the_page_has_each_name_and_no_other(name, is_listed):
    assert promised.is_listed(name) == is_listed


def line(module: str, **result) -> dict:
    return {"host": "pc-1", "task": "t", "action": f"winops.entra.{module}", "status": "failed", "result": result}


@pytest.mark.parametrize(
    ("module", "result", "problem"),
    [
        ("join", {"changes": [], "outcome": "failed", "error": {"name": "System.IO.IOException"}}, "docs/errors.md"),
        ("group", {"changes": [], "error": {"name": None}}, "docs/errors.md"),
        ("mdm", {"changes": []}, "no outcome"),
        ("join", {"changes": [], "outcome": "failed", "error": {"name": "bad_option"}}, "refused"),
        ("join", {"changes": [], "outcome": "refused", "error": {"name": "bad_option"}}, None),
        ("join", {"results": [{"changes": []}]}, "no outcome"),
        ("join", {"msg": "Ansible's own"}, None),
    ],
)
def test_what_is_promised_of_every_result_is_held(module, result, problem):
    found = promised.broken([line(module, **result)])
    assert found == [] if problem is None else problem in found[0]
