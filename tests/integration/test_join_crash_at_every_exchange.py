# Copyright (c) 2026, winops.entra contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""ansible-playbook is killed after each exchange of a join in turn; one run more ends every join.

As in test_crash_at_every_exchange: device N loses its controller with its N-th command, and one that nobody disturbs is
what the others must equal.
"""

from __future__ import annotations

import typing as t

import pytest

from tests.integration import inspection, joins
from tests.integration.conftest import StartFleet
from tests.integration.crashes import Crash, Moment, Said, crash
from tests.integration.play import Play, Player
from tests.lab.process import RunningLab
from tests.lasting import lasting

# Windows waits for a restart, before which the join works all the same. The enrollment comes when the test says so, and
# two real seconds later to a device that is not disturbed.
FRESH: dict[str, t.Any] = {"pending_reboot": ["servicing"], "mdm_delay": 86400}
UNDISTURBED = "undisturbed"
# Look, directory, copy, check, start, look, verify, list, delete; boot time, restart, boot time, verify, remove job;
# look for the enrollment. How many more of the looks there are hangs on the machine.
EXCHANGES, SPARE = 15, 4
COUNTS = {f"fresh-{count:02d}": count for count in range(1, EXCHANGES + SPARE + 1)}
AT_LAST = "enrolling"
DEVICES: dict[str, Moment] = {**COUNTS, AT_LAST: Said(f"[{AT_LAST}] waiting for the MDM enrollment"), UNDISTURBED: None}


class Crashed(t.NamedTuple):
    """A killed run, the states that it left once all that it had begun was over, a look in check mode, and two more
    runs."""

    lab: RunningLab
    crash: Crash
    found: dict[str, inspection.State]
    checked: Play
    after_check: dict[str, str]
    again: Play
    after: dict[str, inspection.State]
    third: Play

    def stage(self, name: str) -> str:
        """How far the join was when the next run came."""
        found = self.found[name]
        if found["join"]["type"] == "none":
            copied = inspection.copies(found, inspection.package_file(self.lab, "fleet"))
            return "copied" if copied else "nothing"
        if inspection.ours(found):
            return "restarted" if _is_restarted(found) else "joined"
        return "over" if _is_restarted(found) else "restart forgotten"


def _is_restarted(dump: inspection.State) -> bool:
    return not any("RebootPending" in key for key in dump["registry"]["HKLM"])


@pytest.fixture(scope="module")
def crashed(start_fleet: StartFleet, player: Player) -> Crashed:
    """The runs."""
    lab = start_fleet(
        {
            "description": "A device for each exchange of a join.",
            "devices": [
                {"kind": "unjoined_pro", "name": name, "device": FRESH | ({"mdm_delay": 120} if moment is None else {})}
                for name, moment in DEVICES.items()
            ],
        }
    )
    options = joins.options_of_scenario(lab)
    hosts = joins.wanted({name: given | {"reboot": True} for name, given in options.items()})
    task = joins.join_task()
    killed = crash(player, lab, task, DEVICES, hosts)
    found = joins.enrolled(lab)
    checked = player.tasks(lab, [task], "--check", host_variables=hosts)
    after_check = inspection.digests(lab)
    again = player.tasks(lab, [task], host_variables=hosts)
    after = joins.enrolled(lab)
    third = player.tasks(lab, [task], host_variables=hosts)
    return Crashed(lab, killed, found, checked, after_check, again, after, third)


def test_the_controller_died_after_every_exchange_of_a_join(crashed: Crashed) -> None:
    killed = crashed.crash.killed_after
    assert crashed.crash.play.exit_code == -9
    assert killed == COUNTS
    assert {crashed.stage(name) for name in killed} - {"over"} == {"nothing", "copied", "joined", "restarted"}


def test_the_controller_died_without_hearing_that_all_is_over(crashed: Crashed) -> None:
    assert crashed.stage(AT_LAST) == "over"


def test_an_undisturbed_join_restarts_where_it_is_due_and_leaves_nothing_of_ours(crashed: Crashed) -> None:
    assert crashed.crash.undisturbed == [UNDISTURBED]
    result, dump = crashed.crash.play.result(UNDISTURBED, "join"), crashed.after[UNDISTURBED]
    assert (result["outcome"], result["restarted"], result["reboot_required"]) == ("joined", True, False)
    assert (dump["join"]["type"], dump["join"]["mdm"]) == ("entra", True)
    assert _is_restarted(dump) and inspection.ours(dump) == []
    assert inspection.copies(dump, inspection.package_file(crashed.lab, "fleet")) == []


@pytest.mark.parametrize("name", DEVICES)
def test_the_next_run_ends_the_join_as_if_nothing_had_happened(crashed: Crashed, name: str) -> None:
    assert lasting(crashed.after[name]) == lasting(crashed.after[UNDISTURBED])
    assert crashed.after[name]["join"]["tenant_id"] == inspection.tenant_id(crashed.lab)


@pytest.mark.parametrize("name", DEVICES)
def test_the_package_is_applied_once_wherever_the_controller_died(crashed: Crashed, name: str) -> None:
    assert len(inspection.events(crashed.lab, name, inspection.PROVISIONING, inspection.INSTALLED)) == 1
    assert len(inspection.events(crashed.lab, name, inspection.REGISTRATION, inspection.REGISTERED)) == 1


@pytest.mark.parametrize("name", DEVICES)
def test_no_copy_of_the_token_outlives_the_restart_or_the_next_run(crashed: Crashed, name: str) -> None:
    package = inspection.package_file(crashed.lab, "fleet")
    assert inspection.copies(crashed.after[name], package) == []
    assert not (inspection.copies(crashed.found[name], package) and _is_restarted(crashed.found[name]))


@pytest.mark.parametrize("name", DEVICES)
def test_the_next_run_says_what_it_did_and_check_mode_foretells_it(crashed: Crashed, name: str) -> None:
    stage, checked = crashed.stage(name), crashed.checked.result(name, "join")
    result = crashed.again.result(name, "join")
    assert crashed.again.status(name, "join") == "ok", result
    joins_now = stage in ("nothing", "copied")
    assert (checked["outcome"], result["outcome"]) == (
        ("would_join", "joined") if joins_now else ("unchanged", "unchanged")
    )
    assert checked["changed"] is result["changed"] is (stage != "over")
    assert (result["restarted"], result["reboot_required"]) == (joins_now or stage == "joined", False)
    assert crashed.after_check[name] == crashed.found[name]["digest"]


def test_a_run_after_that_changes_nothing(crashed: Crashed) -> None:
    assert {name: counts["changed"] for name, counts in crashed.third.recap.items()} == dict.fromkeys(DEVICES, 0)
    assert {result["outcome"] for result in crashed.third.results("join").values()} == {"unchanged"}
    assert inspection.digests(crashed.lab) == {name: dump["digest"] for name, dump in crashed.after.items()}
