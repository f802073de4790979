# Copyright (c) 2026, winops.entra contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Registrations are removed: users first, never too many, and gone means not listed."""

from __future__ import annotations

import httpx

from .registering import DOMAIN, names, outcomes

ADA = f"ada@{DOMAIN}"


def test_the_user_is_unassigned_before_the_registration_is_deleted(office):
    office.known("SN-1", userPrincipalName=ADA)
    office.known("SN-2")
    checked = office.register({"serial_number": "SN-1"}, {"serial_number": "SN-2"}, state="absent", check_mode=True)
    assert office.writes == []
    done = office.register({"serial_number": "SN-1"}, {"serial_number": "SN-2"}, state="absent")
    assert (checked["diff"], outcomes(checked)) == (done["diff"], outcomes(done))
    assert [label.partition(" ")[0] for label in office.writes] == ["POST", "DELETE", "DELETE"]
    assert office.tenant.autopilot_devices == {} and not done.get("failed")
    again = office.register({"serial_number": "SN-1"}, {"serial_number": "SN-2"}, state="absent")
    assert again["changed"] is False and {one["registered"] for one in again["devices"]} == {False}


def test_more_than_may_go_do_not(office):
    office.known("SN-1")
    office.known("SN-2")
    result = office.register({"serial_number": "SN-1"}, {"serial_number": "SN-2"}, state="absent", max_deletions=1)
    assert result["error"]["name"] == "too_many_deletions" and office.writes == []
    assert outcomes(result) == ["skipped", "skipped"]


def test_what_stays_listed_is_waited_for(office):
    office.tenant.autopilot_service["removal_seconds"] = 100.0
    office.known("SN-1")
    began = office.lab.clock.elapsed()
    result = office.register({"serial_number": "SN-1"}, state="absent")
    assert outcomes(result) == ["changed"] and not result.get("failed")
    assert office.lab.clock.elapsed() - began >= 100


def test_what_does_not_go_in_time_is_told(office):
    office.tenant.autopilot_service["removal_seconds"] = 5000.0
    office.known("SN-1")
    result = office.register({"serial_number": "SN-1"}, state="absent", listing_timeout=30)
    assert result["error"]["name"] == "not_shown" and names(result) == ["not_shown"]
    assert result["devices"][0]["registered"] is None


def test_a_device_whose_user_stays_is_not_removed(office):
    office.known("SN-1", userPrincipalName=ADA)
    office.known("SN-2")
    service = office._handle

    async def refuses(request: httpx.Request) -> httpx.Response:
        if request.url.path.endswith("unassignUserFromDevice"):
            return httpx.Response(400, json={"error": {"code": "BadRequest", "message": "no"}})
        return await service(request)

    office._handle = refuses
    result = office.register({"serial_number": "SN-1"}, {"serial_number": "SN-2"}, state="absent")
    assert outcomes(result) == ["failed", "changed"] and len(office.tenant.autopilot_devices) == 1


def test_a_placeholder_selects_nothing(office):
    office.known("Default string")
    result = office.register({"serial_number": "Default string"}, state="absent")
    assert names(result) == ["placeholder_serial"] and office.writes == []
