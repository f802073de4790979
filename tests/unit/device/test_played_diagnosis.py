# Copyright (c) 2026, winops.entra contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Every failed join by a package in both readings of the event log: with the events of dsregcmd, and without them.

The integration tests play each kind in the one reading of its scenario; here it is played in both.
"""

from __future__ import annotations

import pytest

from tests.lab.device.events import AAD, REGISTRATION
from tests.lab.device.provisioning import aadj

from .played import LIBRARY, Played
from .test_played_refusals import join_by

FAILED = {
    kind: options["expect"]["code"]
    for kind, options in LIBRARY.items()
    if options["expect"].get("outcome") == "failed"
    and options.get("method") != "azure_vm"
    and options["expect"].get("code", "").startswith(("0x801c", "0x8007", "0xcaa", "0x8028", "AADSTS"))
}
#: What the sign-in service said, and what is left of it where no event has it.
UNTOLD = {"AADSTS700082": "0xcaa20003", "AADSTS50034": "0x801c0024", "AADSTS50076": "0xcaa2000c"}
OF_DSREGCMD = (304, 305, 335)
MISSING, TENANT_HAS_IT = "own code (AADSTS...) is not on the device", "sign-in log"


def play(tmp_path, monkeypatch, kind: str, join_events: bool):
    """The error of the join, the first finding of a diagnosis, and the events of dsregcmd and the plug-in."""
    label = LIBRARY[kind]["package"]
    with Played(tmp_path, kind) as played:
        played.device.engine.join_events = join_events
        for log in (REGISTRATION, AAD):
            played.device.events.read(log).clear()
        _made, failure = join_by(played, monkeypatch, label)
        events = [event for event in played.device.events.read(REGISTRATION) if event.id in OF_DSREGCMD]
        events += [event for event in played.device.events.read(AAD) if event.id == 1081]
        return failure.error, played.diagnose(hours=72.0)[0], events


@pytest.mark.parametrize("join_events", [True, False], ids=["told", "untold"])
@pytest.mark.parametrize("kind", [kind for kind in FAILED if not kind.endswith("_untold")])
def test_join_and_diagnosis_find_the_cause_with_these_events_and_without(tmp_path, monkeypatch, kind, join_events):
    expected = FAILED[kind] if join_events else UNTOLD.get(FAILED[kind], FAILED[kind])
    error, first, events = play(tmp_path, monkeypatch, kind, join_events)
    assert bool(events) <= join_events
    assert (error["code"], first["code"]) == (expected, expected), (error, first)
    assert first["weight"] > 20 and any(item["event"] for item in first["evidence"])
    says_so = [MISSING in said["cause"] and TENANT_HAS_IT in said["fix"] for said in (error, first)]
    assert says_so == [expected in UNTOLD.values()] * 2, (error, first)


def test_the_codes_without_these_events_are_those_of_the_untold_kinds():
    assert {FAILED[kind.removesuffix("_untold")]: FAILED[kind] for kind in FAILED if kind.endswith("_untold")} == UNTOLD


def test_a_join_looks_for_the_service_s_code_where_the_plug_in_may_have_it(tmp_path, monkeypatch):
    of_dsregcmd = aadj._of_dsregcmd

    def only_1081(device, log, event_id, data):
        if log == AAD:
            of_dsregcmd(device, log, event_id, data)

    monkeypatch.setattr(aadj, "_of_dsregcmd", only_1081)
    error, first, events = play(tmp_path, monkeypatch, "expired_token", True)
    assert {event.id for event in events} == {1081}
    assert (error["code"], first["code"]) == ("AADSTS700082", "AADSTS700082")
    assert MISSING not in error["cause"] + first["cause"]


def test_a_log_that_was_not_read_is_not_said_to_hold_nothing(tmp_path, monkeypatch):
    with Played(tmp_path, "expired_token_untold") as played:
        join_by(played, monkeypatch, "expired")
        first = played.diagnose(topics=("join",), hours=72.0)[0]
    assert MISSING not in first["cause"] and "was not read" in first["cause"]
