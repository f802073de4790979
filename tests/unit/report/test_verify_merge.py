# Copyright (c) 2026, winops.entra contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Where the device and the tenant speak of one thing there is one verdict, which says who decided it."""

from __future__ import annotations

import typing as t

import pytest

from ansible_collections.winops.entra.plugins.plugin_utils.device.posture.posture import POSTURE_IDS
from ansible_collections.winops.entra.plugins.plugin_utils.report.verified.halves import SAME, VERIFY_IDS, of_both
from ansible_collections.winops.entra.plugins.plugin_utils.report.verified.merge import verdicts
from ansible_collections.winops.entra.plugins.plugin_utils.tenant.posture.findings import DIRECTORY_POSTURE_IDS

from .both_halves import KEY, OTHER_KEY, TENANT, Row, finding, look, not_compliant, protector, row

NO_RECORD = finding("in_intune", "fail", "Intune has no record with this device id", side="tenant")
NOT_ALLOWED = finding("escrow", "unknown", "the permission is missing", side="tenant", permissions=["BitlockerKey"])


def judged(own: Row, theirs: Row | None = None, found: t.Sequence[Row] = (), refused: t.Sequence[Row] = ()) -> dict:
    """The verdicts by id."""
    told = verdicts(of_both(own, theirs or {}, list(found), list(refused)))
    assert [one["id"] for one in told] == sorted((one["id"] for one in told), key=VERIFY_IDS.index)
    return {one["id"]: one for one in told}


def said(verdict: Row) -> tuple[str, str]:
    return verdict["result"], verdict["decided_by"]


def test_every_finding_of_both_modules_has_its_place():
    told = {SAME.get(name, name) for name in (*POSTURE_IDS, *DIRECTORY_POSTURE_IDS)}
    assert told | {"in_intune"} == set(VERIFY_IDS) and len(VERIFY_IDS) == len(set(VERIFY_IDS))


def test_what_both_say_is_fine_is_said_by_both():
    told = judged(look(), row())
    assert {said(told[name]) for name in ("entra_object", "managed", "last_sync", "encryption", "escrow")} == {
        ("pass", "both")
    }
    assert said(told["compliance"]) == said(told["configuration"]) == ("pass", "tenant")
    assert "settings_catalog" not in told, "nobody has asked"


@pytest.mark.parametrize(
    ("events", "result", "held", "expected", "cause"),
    [
        ("stored", "pass", [KEY], ("pass", "both"), None),
        (None, "unknown", [KEY], ("pass", "tenant"), None),
        ("failed", "fail", [KEY], ("pass", "tenant"), None),
        ("stored", "pass", [], ("fail", "tenant"), "the device says that it was stored at 2026-11-29T08:00:00Z"),
        ("stored", "pass", [OTHER_KEY], ("fail", "tenant"), "went to another tenant or object"),
        ("failed", "fail", [OTHER_KEY], ("fail", "both"), "escrow matters"),
        (None, "unknown", [], ("fail", "tenant"), "no event of the device says that it was stored"),
        ("stored", "pass", None, ("unknown", "tenant"), "escrow matters; what the device says is not all of it"),
        ("failed", "fail", None, ("fail", "device"), "escrow matters"),
    ],
)
def test_a_key_counts_as_stored_if_entra_has_it(events, result, held, expected, cause):
    own = look(finding("escrow", result), protectors=[protector(escrow=events)])
    found = [] if held or held is None else [finding("escrow", "fail", "Entra holds no recovery key")]
    verdict = judged(own, row(escrow=held), found, [] if held is not None else [NOT_ALLOWED])["escrow"]
    assert said(verdict) == expected
    assert verdict["cause"] is None if cause is None else cause in verdict["cause"]
    assert verdict["device_says"].startswith(result)


def test_of_several_keys_the_one_that_is_missing_is_named_and_the_other_one_opens_the_drive():
    own = look(protectors=[protector(KEY), protector(OTHER_KEY, None)])
    verdict = judged(own, row(escrow=[KEY]))["escrow"]
    assert said(verdict) == ("warn", "tenant") and OTHER_KEY in verdict["observed"]
    assert KEY in verdict["cause"] and "nobody has it" not in verdict["cause"]
    assert said(judged(own, row(escrow=[OTHER_KEY, KEY]))["escrow"]) == ("pass", "both")
    assert said(judged(own, row(escrow=[]))["escrow"]) == ("fail", "tenant")


def test_of_several_missing_keys_the_one_that_failed_says_why():
    own = look(finding("escrow", "fail"), protectors=[protector(KEY, None), protector(OTHER_KEY, "failed")])
    verdict = judged(own, row(escrow=[]))["escrow"]
    assert said(verdict) == ("fail", "both") and OTHER_KEY in verdict["observed"]


@pytest.mark.parametrize("theirs", ["fail", "unknown"])
def test_a_windows_without_bitlocker_has_no_key_to_store(theirs):
    own = look(finding("encryption", "warn"))
    own["posture"]["encryption"] = {"available": False, "volumes": []}
    found = [finding("escrow", theirs)]
    assert said(judged(own, row(escrow=[] if theirs == "fail" else None), found)["escrow"]) == ("pass", "device")


def test_a_refused_question_about_keys_says_nothing_of_a_drive_that_has_none():
    own = look(protectors=[])
    own["posture"]["encryption"]["volumes"][0]["state"] = "decrypted"
    assert said(judged(own, row(escrow=None), [], [NOT_ALLOWED])["escrow"]) == ("pass", "device")


def test_a_device_that_does_not_say_who_manages_it_is_not_left_out_of_intunes_silence():
    told = judged(look(managed_by=None), row(), [finding("sync", "warn")])["last_sync"]
    assert said(told) == ("warn", "tenant")


def test_a_drive_without_a_recovery_password_is_not_taken_for_one_whose_key_is_stored():
    found = [finding("escrow", "fail", "Entra holds no recovery key")]
    verdict = judged(look(protectors=[]), row(escrow=[]), found)["escrow"]
    assert said(verdict) == ("fail", "both") and "has no recovery password" in verdict["cause"]
    bare = look(protectors=[])
    bare["posture"]["encryption"]["volumes"][0]["state"] = "decrypted"
    assert said(judged(bare, row(escrow=[]), found)["escrow"]) == ("pass", "device")


def test_what_neither_side_knows_has_both_reasons():
    own = look(finding("escrow", "unknown", "unknown", cause="the log was refused"))
    own["posture"]["encryption"]["volumes"] = None
    verdict = judged(own, row(escrow=None), (), [NOT_ALLOWED])["escrow"]
    assert said(verdict) == ("unknown", "both") and verdict["for_all"] is True
    assert "the device: the log was refused; the tenant: escrow matters" == verdict["cause"]
    assert verdict["permissions"] == ["BitlockerKey"] and verdict["device_says"] == "unknown: the log was refused"


@pytest.mark.parametrize("name", ["managed", "last_sync", "encryption"])
def test_what_the_device_refused_to_say_is_not_well_by_the_tenants_word(name):
    """A session may have failed, a protection may be off: Intune sees neither."""
    told = judged(look(finding(name, "unknown", cause="the log was refused")), row())
    assert said(told[name]) == ("unknown", "device") and told[name]["tenant_says"].startswith("pass")
    assert told[name]["cause"] == "the log was refused; what the tenant says is not all of it"


def test_what_is_wrong_by_the_tenants_word_is_wrong_although_the_device_refused_to_say_it():
    told = judged(look(finding("last_sync", "unknown")), row(), [finding("sync", "warn", "20 days ago")])
    assert said(told["last_sync"]) == ("warn", "tenant")


@pytest.mark.parametrize("name", ["entra_object", "sync"])
def test_what_the_tenant_refused_to_say_is_not_well_by_the_devices_word(name):
    """An object may be disabled, a sync may not have arrived: the device does not hear of it."""
    empty = {"entra_object": {"in_entra": None, "entra": None}}
    told = judged(
        look(), row(**empty.get(name, {"intune": {}})), [finding(name, "unknown", "the permission is missing")]
    )
    verdict = told[SAME.get(name, name)]
    assert said(verdict) == ("unknown", "tenant") and verdict["device_says"].startswith("pass")


def test_a_device_that_is_off_has_the_word_of_the_tenant():
    found = [finding("sync", "warn", "the last contact was 20 days ago"), finding("compliance", "fail")]
    told = judged({}, row(), found)
    assert said(told["last_sync"]) == ("warn", "tenant") and said(told["compliance"]) == ("fail", "tenant")
    assert said(told["managed"]) == said(told["escrow"]) == ("pass", "tenant") and "hello" not in told
    assert said(judged({}, row(intune={"encrypted": False}))["encryption"]) == ("warn", "tenant")


@pytest.mark.parametrize(
    ("own", "by", "found", "expected", "cause"),
    [
        ("pass", ["intune"], NO_RECORD, ("fail", "tenant"), "the device is enrolled, and Intune has no record"),
        ("pass", ["intune"], finding("in_intune", "warn"), ("warn", "tenant"), "Intune manages it; in_intune matters"),
        ("warn", ["configuration_manager"], NO_RECORD, ("warn", "device"), "managed matters"),
        ("warn", ["configuration_manager"], None, ("warn", "device"), "managed matters"),
        ("fail", [], NO_RECORD, ("fail", "both"), "managed matters"),
        ("fail", [], None, ("fail", "device"), "left over from an earlier enrollment"),
    ],
)
def test_who_manages_it_the_device_knows_and_whether_it_is_still_known_intune(own, by, found, expected, cause):
    theirs = row(in_intune=found is None, **({} if found is None else {"intune": None}))
    verdict = judged(look(finding("managed", own), managed_by=by), theirs, [found] if found else [])["managed"]
    assert said(verdict) == expected and cause in verdict["cause"]


@pytest.mark.parametrize(
    ("own", "at", "theirs", "arrived", "expected"),
    [
        ("fail", "2026-11-30T17:00:00Z", "pass", "2026-11-30T18:00:00.123Z", ("pass", "tenant")),
        ("fail", "2026-11-30T19:00:00Z", "pass", "2026-11-30T18:00:00Z", ("fail", "device")),
        ("warn", "2026-11-01T19:00:00Z", "pass", "2026-11-30T18:00:00Z", ("pass", "tenant")),
        ("pass", "2026-11-30T17:00:00Z", "warn", "2026-11-10T18:00:00Z", ("warn", "tenant")),
        ("fail", "2026-11-30T17:00:00Z", "warn", "2026-11-10T18:00:00Z", ("fail", "both")),
        ("warn", "2026-11-10T17:00:00Z", "warn", "2026-11-10T18:00:00Z", ("warn", "both")),
    ],
)
def test_the_newer_word_about_the_last_sync_counts(own, at, theirs, arrived, expected):
    ended = {"at": at, "ok": own == "pass", "code": None, "channel": "Sync"}
    found = [finding("sync", theirs)] if theirs != "pass" else []
    told = judged(look(finding("last_sync", own), last_sync=ended), row(intune={"last_sync": arrived}), found)
    assert said(told["last_sync"]) == expected and "sync" not in told


def test_a_device_that_intune_does_not_manage_has_not_to_be_in_contact_with_it():
    own = look(finding("last_sync"), managed_by=["configuration_manager"])
    assert said(judged(own, row(), [finding("sync", "warn")])["last_sync"]) == ("pass", "device")


@pytest.mark.parametrize(
    ("drive", "encrypted", "expected"),
    [
        ("pass", False, ("pass", "device")),
        ("fail", True, ("fail", "device")),
        ("fail", False, ("fail", "both")),
        ("warn", None, ("warn", "device")),
    ],
)
def test_the_device_knows_its_drive(drive, encrypted, expected):
    told = judged(look(finding("encryption", drive)), row(intune={"encrypted": encrypted}))
    assert said(told["encryption"]) == expected


def test_compliance_that_misses_encryption_has_the_reason_of_the_device():
    found = [finding("compliance", "fail", "not compliant: BitLocker must be on", side="tenant")]
    theirs = row(compliance=not_compliant("BitLockerEnabled"))
    own = look(finding("encryption", "warn", "C: is protected, since 18:00", cause="it waits", fix="restart it"))
    verdict = judged(own, theirs, found)["compliance"]
    assert said(verdict) == ("fail", "both") and (verdict["fix"], verdict["side"]) == ("restart it", "device")
    assert verdict["cause"] == (
        "not compliant: BitLocker must be on; the device says: C: is protected, since 18:00: it waits"
    )
    verdict = judged(look(), theirs, found)["compliance"]
    assert said(verdict) == ("fail", "tenant") and "attests at its start" in verdict["fix"]
    for other in (row(compliance=not_compliant("TpmRequired")), row(compliance=None)):
        verdict = judged(own, other, found)["compliance"]
        assert said(verdict) == ("fail", "tenant") and verdict["device_says"] is None


@pytest.mark.parametrize(
    ("join", "expected"),
    [
        ({"type": "none", "device_id": None}, ("fail", "device")),
        ({"type": "domain", "device_id": None}, ("fail", "device")),
        ({"type": None, "device_id": None}, ("unknown", "device")),
        ({"type": "hybrid", "device_id": None}, ("unknown", "device")),
        ({"type": "hybrid", "device_id": "x"}, ("pass", "device")),
    ],
)
def test_without_the_tenant_the_device_says_whether_it_is_joined(join, expected):
    own = look()
    own["posture"]["join"] = join
    assert said(judged(own)["entra_object"]) == expected


def test_an_object_that_is_gone_is_found_although_the_device_says_that_it_is_joined():
    found = [finding("entra_object", "fail", "Entra has no object with this device id", side="tenant")]
    verdict = judged(look(), row(in_entra=False, entra=None), found)["entra_object"]
    assert said(verdict) == ("fail", "tenant") and "the device is joined, with the device id" in verdict["cause"]


OTHER_TENANT = TENANT.replace("d10f", "ffff")


@pytest.mark.parametrize(
    ("asked", "expected"),
    [(OTHER_TENANT, True), (TENANT.upper(), False), ("contoso.example", False), (None, False)],
)
def test_an_object_that_another_tenant_has_is_told_from_one_that_is_gone(asked, expected):
    missing = [finding("entra_object", "fail", "Entra has no object with this device id", side="tenant")]
    halves = of_both(look(), row(in_entra=False, in_intune=False, intune=None, entra=None), missing, [], asked)
    [told] = [one for one in verdicts(halves) if one["id"] == "entra_object"]
    assert said(told) == ("fail", "both" if expected else "tenant")
    assert (f"the tenant {TENANT}, and {asked} was asked" in told["cause"]) is expected


def test_a_join_says_nothing_about_an_object_that_could_not_be_read():
    found = [finding("entra_object", "unknown", "its object in Entra: unknown, because it timed out", side="tenant")]
    assert said(judged(look(), row(in_entra=None, entra=None), found)["entra_object"]) == ("unknown", "tenant")
    own = look()
    own["posture"]["join"] = {"type": None}
    assert said(judged(own, row())["entra_object"]) == ("pass", "tenant")


def test_a_question_that_the_tenant_refuses_for_all_is_unknown_for_each_that_it_is_about():
    refused = [finding("settings_catalog", "unknown"), finding("in_intune", "unknown")]
    told = judged(look(), row(settings_catalog=None, in_intune=None, intune=None), (), refused)
    assert said(told["settings_catalog"]) == ("unknown", "tenant") and told["settings_catalog"]["for_all"]
    assert said(told["managed"]) == ("pass", "device"), "the device knows that much"
    assert said(told["in_intune"]) == ("unknown", "tenant"), "and nobody what Intune says of it"
    absent = judged(look(), row(in_intune=False, intune=None), [NO_RECORD], refused)
    assert "settings_catalog" not in absent, "what Intune does not have has no policies"


def test_a_finding_for_each_application_stays_one():
    found = [finding("access", "fail", "Office365: blocked"), finding("access", "unknown", "All: unknown")]
    told = verdicts(of_both({}, row(access=[]), found, []))
    assert [one["observed"] for one in told if one["id"] == "access"] == ["Office365: blocked", "All: unknown"]
