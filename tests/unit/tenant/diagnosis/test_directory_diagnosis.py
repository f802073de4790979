# Copyright (c) 2026, winops.entra contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""directory_diagnosis: what of the logs belongs to a device, and the one cause that both sides come down to."""

from __future__ import annotations

import dataclasses
import typing as t

from ansible_collections.winops.entra.plugins.plugin_utils.tenant.diagnosis import findings, settings
from ansible_collections.winops.entra.plugins.plugin_utils.tenant.readiness.findings import READINESS_IDS

from ..diagnosis_graph import DiagnosisBench, DiagnosisGraph, applied, device, finding, said
from ..fake_graph import guid
from ..readiness.readiness_graph import ADA, PACKAGE

OTHER_PACKAGE = "package_aaaaaaaa-4f89-11d3-9a0c-0305e82c3301@contoso.com"
REQUEST, DEVICE_ID = guid("request 0"), guid("a device")


def one(bench: DiagnosisBench, told: dict[str, t.Any], **options: t.Any) -> dict[str, t.Any]:
    """What is said of one device."""
    result = bench.play(told, **{"log_wait": 0, **options})
    assert not result.get("failed"), result["msg"]
    return result["devices"][0]


def test_a_sign_in_with_the_devices_own_request_id_names_the_policy_and_what_it_demanded(
    bench: DiagnosisBench, graph: DiagnosisGraph
) -> None:
    graph.sign_in(PACKAGE, 50076, appliedConditionalAccessPolicies=[applied("MFA for all", "failure", "Mfa")])
    graph.sign_in(PACKAGE, 53003, appliedConditionalAccessPolicies=[applied("Another", "failure", "Block")])
    told = one(bench, device("PC-1", said(finding("0xcaa2000c", weight=80, request_id=REQUEST))))
    cause = told["cause"]
    assert (cause["id"], cause["said_by"], cause["matched_by"]) == ("conditional_access", "both", "request_id")
    assert "'MFA for all' demands MFA, and nobody is there" in cause["cause"] and cause["code"] == "AADSTS50076"
    assert cause["weight"] == 100 and {one["source"] for one in cause["evidence"]} == {"tenant", "device"}
    assert "MFA for all" in told["conclusion"] and "0xcaa2000c" in told["conclusion"]
    assert told["sign_ins"][0]["matched_by"] == "request_id"
    assert "Another" not in told["conclusion"]


def test_a_correlation_id_in_a_text_of_the_device_is_one_of_its_ids(
    bench: DiagnosisBench, graph: DiagnosisGraph
) -> None:
    graph.sign_in(PACKAGE, 50034)
    text = f"AADSTS50034: no user. Trace ID: {guid('x')} Correlation ID: {guid('attempt 0').upper()}"
    told = one(bench, device("PC-1", said(finding("AADSTS50034", data=[text], weight=90))))
    assert told["cause"]["matched_by"] == "request_id" and told["cause"]["said_by"] == "both"


def test_a_sign_in_of_a_shared_user_is_said_to_be_one_of_that_users(
    bench: DiagnosisBench, graph: DiagnosisGraph
) -> None:
    graph.sign_in(PACKAGE, 50034)
    told = one(bench, device("PC-1", said(finding("0xcaa20003", weight=40)), user=PACKAGE))
    assert told["cause"]["matched_by"] == "user" and "one of the sign-ins of package_" in told["cause"]["cause"]
    assert told["cause"]["weight"] < 80


def test_an_entry_of_another_device_or_user_or_time_is_not_this_ones(
    bench: DiagnosisBench, graph: DiagnosisGraph
) -> None:
    graph.sign_in(PACKAGE, 50034, deviceDetail={"deviceId": guid("another"), "displayName": "PC-9"})
    graph.sign_in(OTHER_PACKAGE, 50057)
    graph.sign_in(PACKAGE, 53003, minutes=600)
    graph.audit("PC-9", failed=True)
    graph.failure("authorization", deviceId=guid("another"))
    told = one(bench, device("PC-1", said(finding("0xcaa20003", weight=80)), user=PACKAGE))
    assert told["sign_ins"] == told["audits"] == told["enrollment_failures"] == []
    assert told["cause"]["said_by"] == "device"


def test_a_request_id_of_one_device_is_no_evidence_of_the_others_that_share_its_user(
    bench: DiagnosisBench, graph: DiagnosisGraph
) -> None:
    graph.sign_in(PACKAGE, 50034)
    result = bench.play(
        device("PC-1", said(finding("0xcaa20003", request_id=REQUEST)), user=PACKAGE),
        device("PC-2", said(finding("0xcaa20003")), user=PACKAGE),
        log_wait=0,
    )
    assert [one["cause"]["said_by"] for one in result["devices"]] == ["both", "device"]


def test_policies_that_are_null_or_missing_beside_a_refusal_are_unknown_with_the_reason(
    bench: DiagnosisBench, graph: DiagnosisGraph
) -> None:
    for policies in (None, []):
        graph.sign_ins.clear()
        graph.sign_in(PACKAGE, 53003, appliedConditionalAccessPolicies=policies, conditionalAccessStatus="failure")
        told = one(bench, device("PC-1", said(finding("0xcaa2000c", request_id=REQUEST))))
        assert "unknown, because" in told["cause"]["cause"] and "Policy.Read" in told["cause"]["fix"]
        assert told["sign_ins"][0]["policies"] is None and told["sign_ins"][0]["policies_unknown"]
        assert any("the policies of its sign-ins" in one for one in told["unread"])


def test_report_only_and_not_enabled_policies_have_stopped_nobody(bench: DiagnosisBench, graph: DiagnosisGraph) -> None:
    graph.sign_in(
        PACKAGE,
        53003,
        appliedConditionalAccessPolicies=[
            applied("Soon", "reportOnlyFailure", "Block"),
            applied("Off", "notEnabled", "Block"),
            applied("Now", "failure", "Block"),
        ],
    )
    told = one(bench, device("PC-1", said(finding("0xcaa2000c", request_id=REQUEST))))
    assert "'Now' blocks the sign-in" in told["cause"]["cause"] and "Soon" not in told["cause"]["cause"]
    shown = {one["policy"]: one["enforced"] for one in told["sign_ins"][0]["policies"]}
    assert shown == {"Soon": False, "Now": True}


def test_a_sign_in_without_a_device_does_not_say_that_the_device_is_not_compliant(
    bench: DiagnosisBench, graph: DiagnosisGraph
) -> None:
    for number in range(3):
        graph.sign_in(
            ADA,
            53000,
            appId=guid("app"),
            resourceId=guid("SharePoint"),
            minutes=30 + number,
            appliedConditionalAccessPolicies=[applied("Compliant", "failure", "RequireCompliantDevice")],
        )
    seen = finding("AADSTS53000", subject="sign_in", weight=60, minutes=31)
    told = one(bench, device("PC-1", said(seen, joined=True, enrolled=True), user=ADA))
    assert "'Compliant' demands a compliant device" in told["cause"]["cause"]
    assert "did not carry the device, which does not say that the device is not compliant" in told["cause"]["cause"]
    assert told["sign_ins"][0]["device_compliant"] is None and told["cause"]["subject"] == "sign_in"


def test_one_refused_sign_in_of_a_person_that_carried_no_device_is_a_warning(
    bench: DiagnosisBench, graph: DiagnosisGraph
) -> None:
    graph.sign_in(ADA, 50076, resourceId=guid("SharePoint"), appId=guid("app"))
    graph.sign_in(ADA, 50126, resourceId=guid("SharePoint"), appId=guid("app"))
    told = one(bench, device("PC-1", said(joined=True, enrolled=True), user=ADA))
    assert [one["result"] for one in told["findings"]] == ["warn"] and told["cause"]["result"] == "warn"


def test_a_refusal_that_the_same_attempt_got_over_is_none(bench: DiagnosisBench, graph: DiagnosisGraph) -> None:
    attempt = guid("one attempt")
    asked = applied("MFA for all", "failure", "Mfa")
    graph.sign_in(ADA, 50074, minutes=60, correlationId=attempt, appliedConditionalAccessPolicies=[asked])
    graph.sign_in(ADA, 0, minutes=57, correlationId=attempt)
    told = one(bench, device("PC-1", said(finding("0x80070001", weight=30)), user=ADA))
    assert told["cause"]["said_by"] == "device"
    assert [(one["id"], one["result"]) for one in told["findings"]] == [("conditional_access", "warn")]


def test_permission_of_the_user_is_the_tenants_cause(bench: DiagnosisBench, graph: DiagnosisGraph) -> None:
    graph.policy["azureADJoin"]["allowedToJoin"] = {
        "@odata.type": "#microsoft.graph.enumeratedDeviceRegistrationMembership",
        "users": [],
        "groups": [],
    }
    told = one(bench, device("PC-1", said(finding("0x801c0003", weight=80)), user=ADA))
    cause = told["cause"]
    assert (cause["id"], cause["said_by"], cause["matched_by"]) == ("join_scope", "both", "setting")
    assert "names neither the user nor a group" in told["conclusion"] and cause["code"] == "0x801c0003"


def test_the_quota_behind_a_registration_that_failed_is_named(bench: DiagnosisBench, graph: DiagnosisGraph) -> None:
    graph.policy["userDeviceQuota"] = 1
    for number in range(2):
        graph.owners[ADA].append(graph.add(f"OLD-{number}")["id"])
    graph.audit("PC-1", failed=True, initiatedBy={"user": {"userPrincipalName": ADA.upper(), "id": guid(ADA)}})
    told = one(bench, device("PC-1", user=ADA))
    cause = told["cause"]
    assert (cause["id"], cause["said_by"], cause["matched_by"]) == ("device_quota", "tenant", "hostname")
    assert "of 1 devices" in cause["cause"] and "The quota is exceeded." in cause["cause"]
    assert "the device did not answer" in told["conclusion"]


def test_the_registration_policys_own_mfa_is_named_where_no_policy_asked(
    bench: DiagnosisBench, graph: DiagnosisGraph
) -> None:
    graph.policy["multiFactorAuthConfiguration"] = "required"
    graph.sign_in(PACKAGE, 50076)
    told = one(bench, device("PC-1", said(finding("0xcaa2000c", request_id=REQUEST))))
    assert told["cause"]["id"] == "mfa_at_join" and "nobody can confirm" in told["cause"]["cause"]


def test_intune_names_licence_scope_restriction_or_limit(bench: DiagnosisBench, graph: DiagnosisGraph) -> None:
    graph.person("new@contoso.com")
    graph.failure("userValidation", "UserNotLicensed", deviceId=DEVICE_ID)
    told = one(
        bench,
        device(
            "PC-1",
            said(finding("0x80180018", subject="mdm"), joined=True, device_id=DEVICE_ID, joined_by="new@contoso.com"),
        ),
    )
    cause = told["cause"]
    assert (cause["id"], cause["said_by"], cause["matched_by"]) == ("licence", "both", "device_id")
    assert "no Intune service plan" in cause["cause"]
    graph.mdm["appliesTo"] = "none"
    told = one(bench, device("PC-2", said(finding(None, subject="mdm", weight=55), joined=True), user=ADA))
    assert told["cause"]["id"] == "mdm_scope" and "nobody is in the MDM scope" in told["cause"]["cause"]


def test_a_device_that_is_not_joined_and_shows_nothing_gets_the_tenants_word(
    bench: DiagnosisBench, graph: DiagnosisGraph
) -> None:
    graph.sign_in(ADA, 50057)
    told = one(bench, device("PC-1", said(), user=ADA))
    assert told["cause"]["said_by"] == "tenant" and "disabled" in told["cause"]["cause"]
    assert "the device itself shows no failure" in told["conclusion"]
    graph.sign_in(PACKAGE, 700082)
    told = one(bench, device("PC-1", said(), user=PACKAGE))
    assert told["cause"]["result"] == "warn" and "may be of another device" in told["cause"]["cause"]
    graph.sign_ins.clear()
    told = one(bench, device("PC-1", said(), user=PACKAGE))
    assert told["cause"] is None and "the tenant has seen no attempt" in told["conclusion"]
    assert [one["id"] for one in told["findings"]] == ["no_trace"]


def test_a_registration_that_the_device_has_lost_is_told(bench: DiagnosisBench, graph: DiagnosisGraph) -> None:
    graph.audit("pc-1", additionalDetails=[{"key": "Device Id", "value": guid("lost")}])
    told = one(bench, device("PC-1", said(), user=PACKAGE))
    assert told["cause"]["id"] == "registration" and "it has lost its join" in told["cause"]["cause"]
    assert told["audits"][0]["device_id"] == guid("lost")


def test_the_devices_specific_cause_stays_where_the_tenant_adds_nothing(
    bench: DiagnosisBench, graph: DiagnosisGraph
) -> None:
    graph.sign_in(PACKAGE, 0)
    told = one(bench, device("PC-1", said(finding("0x80070032", "Home cannot join", weight=95)), user=PACKAGE))
    assert told["cause"]["cause"] == "Home cannot join" and told["cause"]["said_by"] == "device"
    assert told["contradiction"] is None and told["conclusion"] == "join: Home cannot join (0x80070032)"


def test_sides_that_do_not_fit_together_are_both_told(bench: DiagnosisBench, graph: DiagnosisGraph) -> None:
    told = one(bench, device("PC-1", said(finding("0x80180018", "No licence", subject="mdm"), joined=True), user=ADA))
    assert told["cause"]["cause"] == "No licence"
    assert "the user has Intune" in told["contradiction"] and told["contradiction"] in told["conclusion"]
    assert [one["id"] for one in told["findings"]] == ["contradiction"]
    row = graph.sign_in(PACKAGE, 0)
    told = one(bench, device("PC-1", said(finding("0xcaa20003", request_id=row["id"]))))
    assert "went well" in told["contradiction"]


def test_an_object_that_is_gone_or_disabled_is_told_apart(bench: DiagnosisBench, graph: DiagnosisGraph) -> None:
    seen = finding(None, "disabled or deleted", id="device_disabled_or_deleted", subject="sign_in", weight=90)
    there = graph.add("PC-1", accountEnabled=False)
    told = one(bench, device("PC-1", said(seen, joined=True, enrolled=True, device_id=there["deviceId"])))
    assert (told["cause"]["id"], told["cause"]["said_by"]) == ("device_object", "both")
    assert "is disabled" in told["cause"]["cause"]
    gone = guid("gone")
    graph.sign_in(ADA, 0, minutes=600, deviceDetail={"deviceId": gone, "displayName": "WINDOWS-NAME"})
    graph.audit("WINDOWS-NAME", activityDisplayName="Delete device")
    told = one(bench, device("PC-2", said(seen, joined=True, enrolled=True, device_id=gone), user=ADA))
    assert "Entra has no object" in told["cause"]["cause"] and f"{PACKAGE} has deleted one" in told["cause"]["cause"]
    graph.devices[there["id"]]["accountEnabled"] = True
    told = one(bench, device("PC-1", said(joined=True, enrolled=True, device_id=there["deviceId"])))
    assert told["cause"] is None and told["findings"] == []


def test_the_scope_is_found_by_elimination_where_it_cannot_be_read(
    bench: DiagnosisBench, graph: DiagnosisGraph
) -> None:
    bench.settings = dataclasses.replace(bench.settings, kind="client_secret")
    offered = finding(None, "no MDM", id="mdm_not_offered", subject="mdm", weight=55)
    told = one(bench, device("PC-1", said(offered, joined=True), user=ADA))
    assert told["cause"]["id"] == "mdm_scope" and "who has the license" in told["cause"]["cause"]
    assert any("signed-in user" in text for text in told["unread"])
    graph.person("new@contoso.com")
    told = one(bench, device("PC-1", said(offered, joined=True), user="new@contoso.com"))
    assert told["cause"]["id"] == "licence"


def test_settings_about_some_packages_say_nothing_of_a_package_that_nobody_knows(
    bench: DiagnosisBench, graph: DiagnosisGraph
) -> None:
    graph.person(OTHER_PACKAGE)
    graph.policy["azureADJoin"]["allowedToJoin"] = {
        "@odata.type": "#microsoft.graph.enumeratedDeviceRegistrationMembership",
        "users": [guid(PACKAGE)],
        "groups": [],
    }
    told = one(bench, device("PC-1", said(finding("0x801c0003"))))
    assert told["cause"]["said_by"] == "device"
    graph.policy["azureADJoin"]["allowedToJoin"]["users"] = [guid(ADA)]
    told = one(bench, device("PC-1", said(finding("0x801c0003"))))
    assert told["cause"]["id"] == "join_scope"


def test_devices_that_are_well_are_not_asked_about_settings(bench: DiagnosisBench, graph: DiagnosisGraph) -> None:
    one(bench, device("PC-1", said(joined=True, enrolled=True)))
    assert not any("deviceRegistrationPolicy" in str(body) for _method, _path, body in graph.requests)


def test_each_setting_that_can_be_why_is_one_of_a_readiness_check() -> None:
    assert tuple(settings.OF_EACH_SETTING) == findings.SETTING_IDS
    assert set(findings.SETTING_IDS) <= set(READINESS_IDS)
