# Copyright (c) 2026, winops.entra contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A part of `make foretold`, always the same: every kind of device with default options, and each option on a kind that
it matters to."""

from __future__ import annotations

import copy

import pytest

from tests.foretold import cases, exceptions, runs
from tests.foretold.compare import compared, foretold
from tests.foretold.story import Case, Story
from tests.lab.device.dump import dump

from .played import LIBRARY, Played

#: By module and variant: the kinds on which it comes to something else than the defaults do.
MATTERS = {
    "join": {
        "expect_mdm": ["joined", "joined_no_mdm_address", "joined_mdm_offered", "azure_vm", "no_mdm"],
        "without expect_mdm": ["joined_enrolled_elsewhere"],
        "reboot": ["pending_reboot", "renamed", "reboot_required", "joined"],
        "keep_copy": ["unjoined_pro"],
        "apply_again: false": ["applied_before"],
        "remove_package": ["unjoined_pro"],
        "on_failure: keep": ["expired_token"],
        "path": ["unjoined_pro", "applied_before_by_results"],
        "path, reboot": ["self_restart"],
        "path that is not there": ["unjoined_pro", "applied_before", "joined", "home"],
        "url": ["unjoined_pro"],
        "url that is not there": ["unjoined_pro"],
        "package of another tenant": ["unjoined_pro"],
        "method: azure_vm": ["unjoined_pro", "multi_session"],
        "mdm_id": ["multi_session", "azure_vm_mdm_unknown"],
        "method: provisioning_package": ["azure_vm"],
        "another tenant_id": ["joined", "azure_vm"],
    },
    "ppkg": {
        "a package that joins": ["joined", "already_installed", "applied_before_listed"],
        "a package that joins, force": ["already_installed"],
        "a package that joins, apply_again: false": ["applied_before_used_up"],
        "a package that joins, state: absent": ["already_installed", "applied_before_listed"],
        "force": ["unjoined_pro"],
        "keep_copy": ["unjoined_pro"],
        "apply_again: false": ["unjoined_pro"],
        "force, apply_again: false": ["unjoined_pro"],
        "path": ["unjoined_pro"],
        "path that is not there": ["unjoined_pro", "server"],
        "url": ["unjoined_pro"],
        "url that is not there": ["unjoined_pro"],
        "state: absent": ["unjoined_pro"],
        "state: absent by package_id": ["unjoined_pro"],
    },
    "disconnect": {
        "tenant_id": ["joined_elsewhere"],
        "another tenant_id": ["joined"],
        "device_id": ["joined"],
        "another device_id": ["joined"],
        "remove_mdm": ["joined", "joined_both_channels"],
        "mdm_provider": ["joined_other_mdm"],
        "mdm_enrollment_id": ["joined_twice_enrolled"],
        "stop_hybrid_autojoin": ["hybrid"],
        "allow_account_loss": ["joined_by_entra_account"],
        "reboot": ["joined", "unjoined_pro"],
        "everything": ["joined", "hybrid_by_domain_account", "joined_without_administrator"],
    },
    "mdm": {
        "credential: device": ["joined_multi_session"],
        "provider": ["joined_other_mdm"],
        "state: absent": ["joined", "joined_twice_enrolled", "enrollment_leftovers"],
        "state: absent, provider": ["joined_other_mdm"],
        "state: absent, enrollment_id": ["joined_twice_enrolled"],
        "state: absent, allow_account_loss": ["joined_by_entra_account"],
    },
    "device_reset": {
        "confirm_uuid": ["joined"],
        "another serial number": ["joined"],
        "keep: user_data": ["joined"],
        "protected": ["joined"],
        "require_profile: false": ["unjoined_pro"],
        "profile_assigned: false": ["joined"],
        "deployment_mode: self_deploying": ["joined"],
        "unblocked": ["joined"],
        "recovery_keys_recorded": ["joined"],
        "allow_battery": ["joined"],
        "installed since": ["joined"],
        "wait: false": ["joined"],
    },
}
DEFAULTS = [Case(module, "defaults", kind) for module in cases.VARIANTS for kind in LIBRARY]
OPTIONS = [
    Case(module, variant, kind)
    for module, variants in MATTERS.items()
    for variant, kinds in variants.items()
    for kind in kinds
]


#: Each of them once, at one exchange after the other.
CUT_OFF = [
    *cases.cut_off()[:: cases.LAST_CUT - cases.FIRST_CUT + 2],
    # The removal has ended when the next run comes, and its job is still there.
    Case("ppkg", "a package that joins, state: absent", "already_installed", 6),
]


@pytest.mark.parametrize("case", [*DEFAULTS, *OPTIONS, *CUT_OFF], ids=str)
def test_check_mode_foretells_the_run_and_a_third_one_changes_nothing(case):
    assert compared(case, runs.play(case)).problem is None


def test_each_option_is_among_the_cases_or_said_to_be_indifferent():
    for module, variants in cases.VARIANTS.items():
        given = {name for options in variants.values() for name in options}
        assert given | set(exceptions.INDIFFERENT) >= set(runs.spec_of(module)) >= given, module
    assert {module: ["defaults", *variants] for module, variants in MATTERS.items()} == {
        module: sorted(variants, key=["defaults", *MATTERS[module]].index)
        for module, variants in cases.VARIANTS.items()
    }


def test_each_exception_has_a_reason_and_is_about_kinds_and_variants_that_there_are():
    rows = (*exceptions.RUN_ONLY, *exceptions.OTHERWISE)
    assert all(len(row.reason) > 20 and set(row.kinds) <= set(LIBRARY) for row in rows)
    assert all(row.variants <= set(cases.VARIANTS[row.module]) for row in exceptions.OTHERWISE)
    for module, variant, kind in exceptions.NOT_AT_REST:
        assert variant in cases.VARIANTS[module] and kind in ("", *LIBRARY)


# --- modules that only read -------------------------------------------------------------------------------------------

#: What a run asks as SYSTEM, and check mode as the connecting account, which may have another proxy or firewall rule.
AS_SYSTEM = ("endpoint_", "proxy", "tls", "name_resolution", "azure_identity", "clock")
SAME = ["unjoined_pro", "home", "tpm_fips", "disk_full", "packages_forbidden", "endpoint_blocked", "wrong_clock"]


def preflight(kind, folder):
    with Played(folder, kind) as played:
        before, given = dump(played.device)["digest"], {"tenant_id": played.lab.world.tenant.id}
        checked = runs.run("preflight", given, played, check_mode=True)
        assert dump(played.device)["digest"] == before
        return checked, runs.run("preflight", given, played)


@pytest.mark.parametrize("kind", SAME)
def test_preflight_says_the_same_in_check_mode(kind, tmp_path):
    checked, real = preflight(kind, tmp_path)
    assert results(checked) == results(real)
    assert {checked["changed"], real["changed"]} == {False} and checked.get("failed") == real.get("failed")


@pytest.mark.parametrize("kind", ["blocked_for_system", "blocked_for_user", "proxy_not_set"])
def test_preflight_differs_in_check_mode_where_system_has_another_way_out(kind, tmp_path):
    checked, real = map(results, preflight(kind, tmp_path))
    others = {name for name in real if checked[name] != real[name]}
    assert others and all(name.startswith(AS_SYSTEM) for name in others)


def results(result):
    return {finding["id"]: finding["result"] for finding in result["findings"]}


# --- what is not foretold is seen -------------------------------------------------------------------------------------

JOINS = Case("join", "reboot", "pending_reboot")


@pytest.fixture(scope="module")
def story():
    found = runs.play(JOINS)
    assert [change["what"] for change in found.real["changes"]] == ["join", "package", "restart"]
    return found


@pytest.mark.parametrize(
    ("says", "change"),
    [
        ("check mode has changed the device", lambda told: told._replace(untouched=False)),
        ("the third run changes", lambda told: told._replace(again=told.real)),
        ("the third run fails", lambda told: told._replace(again={"failed": True, "msg": "no"})),
        ("the outcome is joined", lambda told: _with(told, "checked", outcome="unchanged")),
        ("changes are", lambda told: _with(told, "checked", changes=told.checked["changes"][:1])),
        ("changed is True", lambda told: _with(told, "checked", changed=False)),
        ("diff.before", lambda told: _with(told, "checked", diff={"before": {}, "after": told.real["diff"]["after"]})),
        ("check mode fails", lambda told: _with(told, "checked", failed=True, msg="no", error=_error("odd"))),
        ("check mode does not foretell", lambda told: _with(told, "real", failed=True, msg="no", error=_error("odd"))),
    ],
)
def test_a_run_that_was_not_foretold_is_a_problem(story, says, change):
    assert compared(JOINS, story).problem is None
    assert says in str(compared(JOINS, change(story)).problem)


@pytest.mark.parametrize("field", ["name", "cause"])
def test_a_failure_in_other_words_is_a_problem(field):
    told = {"failed": True, "msg": "no", "changed": False, "changes": [], "outcome": "refused", "error": _error("odd")}
    met = copy.deepcopy(told)
    assert foretold(JOINS, told, met).problem is None
    met["error"][field] = "another"
    assert f"error.{field}" in str(foretold(JOINS, told, met).problem)


def test_an_exception_of_one_kind_is_none_of_another():
    error = _error("mdm_not_enrolled")
    row = next(row for row in exceptions.RUN_ONLY if row.checked == "unchanged")
    unchanged = {"outcome": "unchanged"}
    assert row.holds(Case("join", "expect_mdm", "joined_mdm_offered"), unchanged, error)
    assert not row.holds(Case("join", "expect_mdm", "joined_enrollment_expired"), unchanged, error)
    assert not row.holds(Case("join", "expect_mdm", "joined_mdm_offered"), {"outcome": "would_join"}, error)


def _error(name: str) -> dict:
    return {"code": None, "name": name, "side": "device", "cause": "odd", "fix": "none"}


def _with(told: Story, which: str, **fields) -> Story:
    return told._replace(**{which: {**getattr(told, which), **fields}})
