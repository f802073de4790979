# Copyright (c) 2026, winops.entra contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Removals of the MDM enrollments of the lab's devices: what goes, what stays, and what is said of it."""

from __future__ import annotations

import pytest

from ansible_collections.winops.entra.plugins.plugin_utils.device.leaving import leave
from ansible_collections.winops.entra.plugins.plugin_utils.device.mdm import mdm_state
from ansible_collections.winops.entra.plugins.plugin_utils.result import Failure
from tests.lab.device import enrollment, mdm, own_keys
from tests.lab.device.dump import dump

from .plans import leave_plan as plan
from .played import Played
from .test_leaving import whats

INTUNE, MMPC = "MS DM Server", "Microsoft Device Management"
ABSENT = {
    "state": "absent",
    "provider": INTUNE,
    "enrollment_id": None,
    "credential": "user",
    "allow_account_loss": False,
    "timeout": 600,
    "poll_interval": 5,
}


def removal(**changes) -> mdm_state.MdmPlan:
    return mdm_state.MdmPlan(**ABSENT | changes)


def managing(played: Played) -> list[str]:
    """The providers of what is neither a key of Windows' own nor a package's."""
    return [item["provider"] for item in dump(played.device)["enrollments"] if not item["built_in"]]


def policies(played: Played) -> bool:
    return played.device.registry.exists(rf"{mdm.CURRENT_POLICIES}\{mdm.POLICY_AREA}")


@pytest.mark.parametrize("kind", ["joined_both_channels", "joined_unregistration_hangs", "joined_state_13", "joined"])
def test_a_removal_is_judged_by_what_is_left_and_takes_the_child_along(tmp_path, monkeypatch, kind):
    with Played(tmp_path, kind) as played:
        if kind == "joined":
            played.device.mdm.unregistration = "returns_code"
        before, own = managing(played), own_keys.of_windows(played.device.image.build)
        checked, _result = played.run(mdm_state.Mdm, removal(), monkeypatch, check_mode=True)
        real, result = played.run(mdm_state.Mdm, removal(), monkeypatch)
        assert real.learned["outcome"] == "removed", result
        assert managing(played) == [] and len(whats(real)) == len(before)
        assert checked.changes.as_result(True) == real.changes.as_result(True)
        assert set(own) <= set(played.device.registry.subkeys(own_keys.ENROLLMENTS))
        hangs = played.device.mdm.unregistration == "hangs"
        assert policies(played) is hangs
        assert (played.now > enrollment.LONGEST_UNREGISTRATION * len(before)) is hangs
        told = " ".join(real.learned.get("warnings", []))
        assert told.count("policies that it had set may still apply") == (
            0 if played.device.mdm.unregistration == "works" else len(before)
        )
        assert ("TimeoutException" in told, "0x80004005" in told) == (
            hangs,
            played.device.mdm.unregistration == "returns_code",
        )


@pytest.mark.parametrize("kind", ["joined_both_channels", "joined_unregistration_hangs", "joined_state_6"])
def test_a_leave_removes_the_enrollment_with_its_child_and_goes_on_where_windows_hangs(tmp_path, monkeypatch, kind):
    with Played(tmp_path, kind) as played:
        real, result = played.run(leave.Leave, plan(remove_mdm=True, timeout=1800), monkeypatch)
        assert real.learned["outcome"] == "disconnected", result
        assert managing(played) == [] and not any(dump(played.device)["join_parts"].values())
        told = [text for text in real.learned["warnings"] if "unregistration" in text]
        assert len(told) == (2 if kind == "joined_unregistration_hangs" else 0)


def test_the_child_of_an_enrollment_may_be_removed_alone(tmp_path, monkeypatch):
    with Played(tmp_path, "joined_both_channels") as played:
        real, result = played.run(mdm_state.Mdm, removal(provider=MMPC), monkeypatch)
        assert real.learned["outcome"] == "removed" and managing(played) == [INTUNE], result


@pytest.mark.parametrize("provider", ["Local Authority", "WMI_Bridge_Server"])
def test_nothing_of_windows_itself_is_removed(tmp_path, monkeypatch, provider):
    with Played(tmp_path, "joined") as played:
        before = dump(played.device)["digest"]
        real, failure = played.run(mdm_state.Mdm, removal(provider=provider), monkeypatch)
        assert isinstance(failure, Failure) and failure.error["name"] == "not_an_mdm", failure
        assert real.learned["outcome"] == "refused" and dump(played.device)["digest"] == before
