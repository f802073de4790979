# Copyright (c) 2026, winops.entra contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What Ansible keeps of a device while tasks read it in parts and change it: a fact is there with its time, or gone."""

from __future__ import annotations

import typing as t

import pytest

from tests.integration import inspection
from tests.integration.conftest import StartFleet
from tests.integration.joins import LONG
from tests.integration.play import Play, Player

SITE = {"title": "Contoso site", "version": "2.1", "token": "none", "security_key": True}
KINDS = {"joining": "unjoined_pro", "leaving": "joined", "packaged": "unjoined_pro", "named": "joined"}
ALL = {"join", "mdm", "packages", "os", "clock", "caller"}
ADDED = {"refused", "read", "device"}
#: A variable of an inventory that was there before this collection came.
OLDER = "Contoso, since 1996"


class Kept(t.NamedTuple):
    play: Play

    def facts(self, host: str, when: str) -> dict[str, t.Any]:
        """ansible_facts as a later task of the play sees them."""
        found = self.play.result(host, when)["msg"]
        assert isinstance(found, dict), found
        return found


def only(host: str) -> dict[str, str]:
    return {"when": f"inventory_hostname == {host!r}"}


def shown(name: str, *conditions: str) -> dict[str, t.Any]:
    return {
        "name": name,
        "ansible.builtin.debug": {"msg": "{{ ansible_facts.entra }}"},
        "when": ["inventory_hostname != 'named'", *conditions],
    }


@pytest.fixture(scope="module")
def kept(start_fleet: StartFleet, player: Player) -> Kept:
    devices = [{"kind": kind, "name": name} for name, kind in KINDS.items()]
    lab = start_fleet({"packages": {"site": SITE}, "devices": devices})
    waiting = {"poll_interval": 1, "timeout": LONG}
    join = {
        "src": str(inspection.package_file(lab, "fleet")),
        "tenant_id": inspection.tenant_id(lab),
        "expect_mdm": False,
        **waiting,
    }
    parts = {"join": ["join", "os"], "clock": ["clock", "caller"]}
    reads = [
        {
            "name": f"read {name}",
            "winops.entra.device_facts": {"gather_subset": subsets},
            "when": "inventory_hostname != 'named'",
        }
        for name, subsets in parts.items()
    ]
    renamed = {"gather_subset": ["join"], "fact_name": "entra_device"}
    package = str(inspection.package_file(lab, "site"))
    tasks = [
        reads[0],
        shown("part"),
        reads[1],
        shown("both"),
        {"name": "join", "winops.entra.join": join, **only("joining")},
        {"name": "leave", "winops.entra.disconnect": {"reboot": False, **waiting}, **only("leaving")},
        {"name": "package", "winops.entra.ppkg": {"src": package, **waiting}, **only("packaged")},
        shown("changed"),
        {"name": "again", "winops.entra.ppkg": {"src": package, **waiting}, **only("packaged")},
        shown("unchanged", "inventory_hostname == 'packaged'"),
        {"name": "read again", "winops.entra.device_facts": {"gather_subset": ["packages"]}, **only("packaged")},
        shown("read", "inventory_hostname == 'packaged'"),
        {"name": "renamed", "winops.entra.device_facts": renamed, **only("named")},
        {
            "name": "beside",
            "ansible.builtin.debug": {"msg": {"older": "{{ entra }}", "facts": "{{ ansible_facts.entra_device }}"}},
            **only("named"),
        },
    ]
    play = player.tasks(lab, tasks, host_variables={"named": {"entra": OLDER}})
    assert play.exit_code == 0, play.output
    return Kept(play)


CHANGED = ("joining", "leaving", "packaged")


@pytest.mark.parametrize("host", CHANGED)
def test_subsets_of_two_reads_stand_beside_each_other(kept: Kept, host: str) -> None:
    part, both = kept.facts(host, "part"), kept.facts(host, "both")
    assert set(part) - ADDED == {"join", "os"} and set(both) - ADDED == {"join", "os", "clock", "caller"}
    assert all(both[subset] == part[subset] for subset in ("join", "os"))
    assert {subset: both["read"][subset] for subset in part["read"]} == part["read"]
    assert both["device"] == host and both["refused"] == []


@pytest.mark.parametrize(("host", "task", "join_type"), [("joining", "join", "entra"), ("leaving", "leave", "none")])
def test_a_join_and_a_leave_give_all_facts_as_they_are_afterwards(
    kept: Kept, host: str, task: str, join_type: str
) -> None:
    before, after = kept.facts(host, "both"), kept.facts(host, "changed")
    assert kept.play.result(host, task)["changed"] is True
    assert before["join"]["type"] != join_type == after["join"]["type"]
    assert set(after) - ADDED == ALL == set(after["read"])
    assert all(after["read"][subset]["at"] >= before["read"][subset]["at"] for subset in before["read"])


def test_after_a_package_nothing_stays_that_may_not_be_so_any_more(kept: Kept) -> None:
    before, after = kept.facts("packaged", "both"), kept.facts("packaged", "changed")
    assert kept.play.result("packaged", "package")["changed"] is True
    assert set(after) - ADDED == {"clock", "caller"} == set(after["read"])
    assert after["clock"] == before["clock"]


def test_a_package_that_is_there_changes_no_fact(kept: Kept) -> None:
    assert kept.play.result("packaged", "again")["changed"] is False
    assert kept.facts("packaged", "unchanged") == kept.facts("packaged", "changed")


def test_what_is_read_again_is_there_again(kept: Kept) -> None:
    found = kept.facts("packaged", "read")
    assert set(found) - ADDED == {"packages", "clock", "caller"}
    # Windows lists a package no longer whose file the module has deleted.
    assert isinstance(found["packages"], list) and list(found["read"]) == ["packages", "clock", "caller"]


def test_another_name_leaves_a_variable_of_the_inventory_alone(kept: Kept) -> None:
    said = kept.play.result("named", "beside")["msg"]
    assert said["older"] == OLDER
    assert said["facts"]["join"]["type"] == "entra" and said["facts"]["device"] == "named"
