# Copyright (c) 2026, winops.entra contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""From the traces on a device to findings: grouping, ranking, evidence."""

from __future__ import annotations

import pytest

from ansible_collections.winops.entra.plugins.plugin_utils.device.codes.hresult import signed
from ansible_collections.winops.entra.plugins.plugin_utils.device.diagnosis import causes, clues, device_diagnosis, logs
from ansible_collections.winops.entra.plugins.plugin_utils.device.diagnosis.device_diagnosis import DiagnosisScope

from . import scripted
from .fit import SECURITY, FitDevice, skewed
from .scripted import key

NOW = "2026-11-21T08:00:00.000Z"
RESULTS = r"SOFTWARE\Microsoft\Provisioning\Results"
CLOUD_JOIN = r"SYSTEM\CurrentControlSet\Control\CloudDomainJoin"
REQUEST = "4f0e9d0b-7a55-4f0e-9d0b-0a52f3a7c111"
EXPIRED = f"AADSTS700082: The refresh token has expired. Trace ID: {REQUEST} Correlation ID: {REQUEST}"
GENERIC = str(signed(0xCAA20003))
ALL = dict.fromkeys((log for log, _ids in logs.FAILURE_EVENTS.values()), 0)
LOGS = {log: name for name, (log, _ids) in logs.FAILURE_EVENTS.items()}


class Troubled(FitDevice):
    """A device whose logs hold what it is told."""

    def __init__(self) -> None:
        super().__init__()
        self.logged: list[tuple[str, dict]] = []
        self.handlers["events"] = self._read_events

    def log(self, log: str, event: int, *data: str, utc: str | None = None, level: int = 2) -> None:
        utc = utc or self.identity["utc"]
        self.logged.append(
            (
                log,
                {
                    "id": event,
                    "level": level,
                    "record": len(self.logged),
                    "utc": utc,
                    "provider": "x",
                    "data": list(data),
                    "message": "Eine Meldung, die niemand liest: AADSTS50126",
                },
            )
        )

    def _read_events(self, params: dict) -> dict:
        found = [
            event
            for log, event in self.logged
            if log == params["log"]
            and (event["id"] in params["ids"] or event["level"] in params.get("levels", []))
            and event["utc"] >= params.get("since", "")
        ]
        return {"log_exists": True, "events": found[: params["limit"]]}

    def findings(self, **scope) -> list[dict]:
        asked = DiagnosisScope(**scope)
        answer = self.session(True).run(device_diagnosis.observations(asked))
        found, _facts = device_diagnosis.diagnose(answer, asked)
        return [finding.as_dict() for finding in found]

    def join(self, tenant: str = scripted.TENANT) -> None:
        self.registry[CLOUD_JOIN] = scripted.joined_registry(tenant)[CLOUD_JOIN]
        self.machine_certificates.append(scripted.join_certificate())
        self.handlers["dsregcmd_status"] = scripted.dsregcmd(True)


def expired_token(device: Troubled, utc: str | None = None) -> None:
    """What an expired package leaves."""
    device.log(logs.PROVISIONING_LOG, 12, "AADJ", GENERIC, "AADJ/BPRT", "", utc=utc)
    device.log(logs.PROVISIONING_LOG, 22, "Join", GENERIC, utc=utc)
    device.log(logs.REGISTRATION_LOG, 305, GENERIC, EXPIRED, "Managed", "common", utc=utc)
    device.log(logs.SIGN_IN_LOG, 1081, "AADSTS700082", EXPIRED, REQUEST, utc=utc)


def test_a_healthy_device_has_no_findings():
    assert Troubled().findings() == []


def test_the_traces_of_one_failure_are_one_finding_with_the_most_telling_code():
    device = Troubled()
    expired_token(device)
    first, *rest = device.findings(topics=("join",))
    assert rest == []
    assert (first["code"], first["subject"], first["side"], first["weight"]) == (
        "AADSTS700082",
        "join",
        "tenant",
        clues.AADSTS,
    )
    assert {(item["log"], item["event"]) for item in first["evidence"]} == {
        (logs.PROVISIONING_LOG, 12),
        (logs.PROVISIONING_LOG, 22),
        (logs.REGISTRATION_LOG, 305),
    }


def test_evidence_has_every_form_of_a_code_and_the_request_id():
    device = Troubled()
    expired_token(device)
    evidence = next(item for item in device.findings()[0]["evidence"] if item["event"] == 305)
    assert (evidence["hresult_hex"], evidence["hresult_signed"]) == ("0xcaa20003", int(GENERIC))
    assert (evidence["aadsts"], evidence["request_id"]) == ("AADSTS700082", REQUEST)
    assert evidence["device_utc"] == device.identity["utc"]


def test_the_activity_of_a_refused_registration_is_its_request_id():
    device = Troubled()
    device.log(logs.REGISTRATION_LOG, 204, str(signed(0x801C0003)), REQUEST, "403", "not allowed")
    assert device.findings()[0]["evidence"][0]["request_id"] == REQUEST


def test_localised_messages_are_not_read():
    device = Troubled()
    device.log(logs.PROVISIONING_LOG, 22, "Join", str(signed(0x801C0003)))
    assert [finding["code"] for finding in device.findings()] == ["0x801c0003"]


def test_two_failures_that_share_a_wrapper_keep_their_own_traces():
    device = Troubled()
    for utc, code in (("2026-11-21T07:00:00.000Z", "AADSTS50126"), ("2026-11-21T07:30:00.000Z", "AADSTS700082")):
        device.log(logs.PROVISIONING_LOG, 22, "Join", GENERIC, utc=utc)
        device.log(logs.REGISTRATION_LOG, 305, GENERIC, f"{code}: no", "Managed", "common", utc=utc)
    findings = device.findings()
    assert [finding["code"] for finding in findings] == ["AADSTS700082", "AADSTS50126"]
    assert [{item["device_utc"] for item in finding["evidence"]} for finding in findings] == [
        {"2026-11-21T07:30:00.000Z"},
        {"2026-11-21T07:00:00.000Z"},
    ]


def test_a_wrapper_yields_to_what_it_wraps():
    device = Troubled()
    wrapper, fault = str(signed(0x801C0021)), str(signed(0x80072EE2))
    device.log(logs.PROVISIONING_LOG, 22, "Join", wrapper)
    device.log(logs.REGISTRATION_LOG, 304, wrapper, "", "Undefined", "Azure AD", "discover: host: 0x80072ee2")
    device.log(logs.REGISTRATION_LOG, 201, fault, "0", "The operation timed out")
    assert [(finding["code"], len(finding["evidence"])) for finding in device.findings()] == [("0x80072ee2", 3)]


@pytest.mark.parametrize(
    ("code", "weight"),
    [
        ("AADSTS700082", clues.AADSTS),
        ("AADSTS9999999", clues.UNKNOWN_AADSTS),
        ("0x801c0003", clues.FAULT),
        ("0xcaa20003", clues.WRAPPER),
        ("0x8abcdef1", clues.UNKNOWN_CODE),
        (None, clues.UNKNOWN_CODE),
    ],
)
def test_a_code_weighs_by_what_it_tells(code, weight):
    assert clues.weight(code) == weight


def test_findings_come_by_weight():
    device = Troubled()
    device.log(logs.ENROLLMENT_LOG, 76, "2", str(signed(0x80180001)))
    device.log(logs.PROVISIONING_LOG, 22, "Join", str(0x0ABCDEF1))
    expired_token(device)
    weights = [finding["weight"] for finding in device.findings()]
    assert weights == sorted(weights, reverse=True) and weights[0] == clues.AADSTS


@pytest.mark.parametrize(("topics", "whats"), [(("join",), {"join"}), (("mdm",), {"mdm"}), (("sign_in",), {"sign_in"})])
def test_only_the_topics_that_are_asked_are_looked_into(topics, whats):
    device = Troubled()
    device.log(logs.ENROLLMENT_LOG, 76, "2", str(signed(0x8018000A)))
    expired_token(device)
    assert {finding["subject"] for finding in device.findings(topics=topics)} == whats


def test_old_evidence_does_not_count():
    device = Troubled()
    skewed(device, 0)
    expired_token(device, utc="2024-01-01T00:00:00.000Z")
    assert device.findings(hours=72) == []
    assert device.findings(since="2024-06-01T00:00:00.000Z") == []
    assert device.findings(since="2023-06-01T00:00:00.000Z") != []


def test_hours_are_counted_on_the_devices_clock():
    device = Troubled()
    skewed(device, -17280000)
    expired_token(device)
    assert device.findings(hours=1)[0]["code"] == "AADSTS700082"


def test_what_has_been_overcome_weighs_little():
    device = Troubled()
    expired_token(device)
    device.join()
    device.registry[CLOUD_JOIN]["keys"]["TenantInfo"]["keys"][scripted.TENANT]["values"]["MdmEnrollmentUrl"] = (
        "https://mdm"
    )
    findings = device.findings(topics=("join", "mdm"))
    assert [finding["weight"] for finding in findings] == [clues.OVER]


def test_what_the_engine_recorded_is_evidence():
    device = Troubled()
    device.registry[RESULTS] = key(
        {},
        **{
            scripted.PACKAGE: key(
                {"PackageFileName": "x.ppkg"},
                DeviceContext=key(
                    {},
                    AADJ=key(
                        {},
                        **{
                            "0.provxml": key(
                                {
                                    "LastResult": 0x801C0003,
                                    "FailingNodePath": "AADJ/BPRT",
                                    "Message": "HRESULT -2145648637",
                                }
                            )
                        },
                    ),
                ),
            )
        },
    )
    finding = device.findings()[0]
    assert finding["code"] == "0x801c0003"
    assert scripted.PACKAGE in finding["evidence"][0]["log"] and "AADJ/BPRT" in finding["evidence"][0]["data"]


def test_results_of_success_are_no_evidence():
    device = Troubled()
    device.registry[RESULTS] = key({}, **{scripted.PACKAGE: key({}, A=key({}, B=key({"LastResult": 0})))})
    assert device.findings() == []


def test_a_domain_that_dsregcmd_does_not_find_is_a_finding():
    device = Troubled()
    text = scripted.dsregcmd_text(False) + (
        "+---------------------+\r\n| Diagnostic Data |\r\n+---------------------+\r\n\r\n"
        "      AD Connectivity Test : FAIL [0x54b]\r\n     AD Configuration Test : PASS\r\n"
    )
    device.handlers["dsregcmd_status"] = lambda _p: {"present": True, "exit_code": 0, "text": text}
    found = [finding for finding in device.findings() if finding["code"] == "0x8007054b"]
    assert found and found[0]["side"] == "network" and "AD Connectivity Test" in str(found[0]["evidence"])


def test_the_diagnostic_part_of_dsregcmd_is_evidence():
    device = Troubled()
    text = scripted.dsregcmd_text(False) + (
        "+---------------------+\r\n| Diagnostic Data |\r\n+---------------------+\r\n\r\n"
        "        DRS Discovery Test : FAIL [0x801c0021/0x801c000c]\r\n"
        "      AD Connectivity Test : PASS\r\n               Error Phase : discover\r\n          Client "
        "ErrorCode : 0x801c001d\r\n"
    )
    device.handlers["dsregcmd_status"] = lambda _p: {"present": True, "exit_code": 0, "text": text}
    finding = device.findings()[0]
    assert finding["code"] == "0x801c001d"
    assert finding["evidence"][0]["data"] == [
        "DRS Discovery Test: FAIL [0x801c0021/0x801c000c]",
        "Error Phase: discover",
        "Client ErrorCode: 0x801c001d",
    ]


def test_a_failed_sign_in_of_the_caller_is_evidence():
    device = Troubled()
    text = scripted.dsregcmd_text(False) + (
        "+---------------------+\r\n| SSO State |\r\n+---------------------+\r\n\r\n                AzureAdPrt : NO\r\n"
        "            Attempt Status : 0xc000006d\r\n         Server Error Code : invalid_grant\r\n"
        "  Server Error Description : AADSTS50126: Error validating credentials.\r\n"
    )
    device.handlers["dsregcmd_status"] = lambda _p: {"present": True, "exit_code": 0, "text": text}
    finding = device.findings()[0]
    assert (finding["subject"], finding["code"], finding["evidence"][0]["aadsts"]) == (
        "sign_in",
        "AADSTS50126",
        "AADSTS50126",
    )


def test_the_state_of_the_device_tells_what_a_code_only_hints_at():
    device = Troubled()
    skewed(device, -17280000)
    device.log(logs.PROVISIONING_LOG, 22, "Join", str(signed(0x80072F8F)))
    first = device.findings()[0]
    assert first["code"] == "0x80072f8f" and "200 days behind" in first["cause"]
    assert first["weight"] > clues.FAULT and first["evidence"][-1]["log"] == "check clock"


def test_the_state_of_the_device_is_a_finding_of_its_own_where_no_event_tells():
    device = Troubled()
    device.registry[SECURITY] = key({"AllowAddProvisioningPackage": 0})
    first = device.findings()[0]
    assert (first["id"], first["code"], first["subject"]) == ("package_policy", None, "join")
    assert first["weight"] == 85 and first["cause"] and first["fix"]


def test_a_join_to_another_tenant_is_a_finding_where_the_tenant_is_told():
    device = Troubled()
    device.join("11111111-2222-3333-4444-555555555555")
    assert "join_state" in [finding["id"] for finding in device.findings(tenant_id=scripted.TENANT)]
    assert "join_state" not in [finding["id"] for finding in device.findings()]


def test_a_device_object_that_was_disabled_is_a_finding():
    device = Troubled()
    device.join()
    text = scripted.dsregcmd_text(True) + (
        "+---------------------+\r\n| Device Details |\r\n+---------------------+\r\n\r\n"
        "          DeviceAuthStatus : FAILED. Device is either disabled or deleted\r\n"
    )
    device.handlers["dsregcmd_status"] = lambda _p: {"present": True, "exit_code": 0, "text": text}
    first = device.findings()[0]
    assert (first["id"], first["side"], first["weight"]) == ("device_disabled_or_deleted", "tenant", 90)


def test_a_certificate_that_has_expired_is_a_finding():
    device = Troubled()
    device.join()
    device.machine_certificates[-1]["not_after"] = "2020-01-01T00:00:00.000Z"
    assert "device_certificate_expired" in [finding["id"] for finding in device.findings()]


def test_a_half_join_is_a_finding():
    device = Troubled()
    device.machine_certificates.append(scripted.join_certificate())
    assert "half_joined" in [finding["id"] for finding in device.findings()]


def test_a_tenant_that_offers_no_mdm_is_a_finding_of_a_joined_device():
    device = Troubled()
    device.join()
    first = device.findings()[0]
    assert (first["id"], first["subject"], first["side"]) == ("mdm_not_offered", "mdm", "tenant")


def test_clues_of_others_are_ranked_among_the_devices():
    device = Troubled()
    device.log(logs.PROVISIONING_LOG, 22, "Join", GENERIC)
    answer = device.session(True).run(device_diagnosis.observations(DiagnosisScope()))
    theirs = clues.clue(
        "join", {"log": "tenant sign-in log", "data": [f"0xcaa20003 AADSTS50076 Request Id: {REQUEST}"]}
    )
    findings, _facts = device_diagnosis.diagnose(answer, DiagnosisScope(), [theirs])
    assert [(finding.explanation["code"], len(finding.evidence)) for finding in findings] == [("AADSTS50076", 2)]
    assert findings[0].as_error()["request_id"] == REQUEST


def test_a_joins_error_holds_all_that_was_seen():
    device = Troubled()
    expired_token(device)
    device.log(logs.PROVISIONING_LOG, 12, "Other", str(signed(0x801C0003)), "", "")
    answer = device.session(True).run(logs.observations(ALL))
    found = causes.find_causes(answer, {"type": "E", "message": "failed", "hresult": signed(0xCAA20003)})
    assert found.explanation["code"] == "AADSTS700082" and found.hopeless
    assert len(found.evidence) == 5 and found.evidence[-1]["hresult_hex"] == "0x801c0003"
    assert causes.find_causes(Troubled().session(True).run(logs.observations(ALL))) is None


@pytest.mark.parametrize(("code", "found"), [(0x800704EC, ["0x800704ec"]), (0x800700B7, [])])
def test_a_package_that_is_refused_is_a_failure_and_one_that_is_there_already_is_none(code, found):
    device = Troubled()
    device.log(logs.PROVISIONING_LOG, 62, str(signed(code)))
    assert [finding["code"] for finding in device.findings()] == found


# --- every failure event --------------------------------------------------------------------------------------------

PLUG_IN_CALL = ("Get token", str(signed(0xC000023C)))
LOOKUP = ("400", "https://login.microsoftonline.com/common/sidtoname", REQUEST)


def test_calls_of_the_sign_in_plug_in_that_failed_are_findings_and_an_http_status_is_evidence_of_them():
    device = Troubled()
    device.join()
    device.log(logs.SIGN_IN_LOG, 1104, *PLUG_IN_CALL)
    device.log(logs.SIGN_IN_LOG, 1097, "Error: 0xCAA82EE7 The server name or address could not be resolved.", level=3)
    device.log(logs.SIGN_IN_LOG, 1025, *LOOKUP)
    findings = device.findings(topics=("sign_in",))
    assert [(finding["code"], finding["side"], finding["result"]) for finding in findings] == [
        ("0xc000023c", "network", "fail"),
        ("0xcaa82ee7", "network", "fail"),
    ]
    assert [item["event"] for item in findings[0]["evidence"]] == [1104, 1025]


@pytest.mark.parametrize(
    ("log", "event", "subject"),
    [
        (logs.SIGN_IN_LOG, 1118, "sign_in"),
        (logs.PROVISIONING_LOG, 65, "join"),
        (logs.REGISTRATION_LOG, 226, "join"),
        (logs.ENROLLMENT_LOG, 455, "mdm"),
    ],
)
def test_a_failure_event_that_nobody_has_listed_is_a_finding_by_its_level(log, event, subject):
    device = Troubled()
    device.log(log, event, "x", str(signed(0x80072EE2)))
    device.log(log, event + 1, "y", str(signed(0x801C0003)), level=4)
    assert [(finding["code"], finding["subject"]) for finding in device.findings()] == [("0x80072ee2", subject)]


def test_each_log_is_asked_once_and_for_so_many_events_of_one_id():
    asked = [op for op in device_diagnosis.observations(DiagnosisScope()).values() if op["op"] == "events"]
    assert len(asked) == len({op["log"] for op in asked}) == 4
    assert all({1, 2} <= set(op["levels"]) and 0 < op["each"] < op["limit"] <= 50 for op in asked)


def test_a_join_is_explained_by_failures_that_are_known_to_be_its_own():
    assert not any("levels" in op for op in logs.observations(ALL).values())


def test_an_event_without_a_code_is_a_finding_with_its_sentence():
    device = Troubled()
    device.log(logs.REGISTRATION_LOG, 226, "The target of the registration could not be verified.")
    device.log(logs.REGISTRATION_LOG, 226, "The target of the registration could not be verified.")
    (finding,) = device.findings()
    assert finding["code"] is None and finding["id"] == "event_226" and finding["weight"] == clues.UNKNOWN_CODE
    assert "could not be verified" in finding["cause"] and "no error code" not in finding["cause"].lower()
    assert len(finding["evidence"]) == 2 and finding["fix"]


def test_an_event_without_a_code_and_without_fields_is_told_by_its_message():
    device = Troubled()
    device.log(logs.SIGN_IN_LOG, 1118)
    assert "Eine Meldung" in device.findings()[0]["cause"]
    assert device.findings()[0]["code"] is None


def test_an_event_without_a_code_is_evidence_of_a_failure_of_its_time_and_no_other():
    device = Troubled()
    device.log(logs.SIGN_IN_LOG, 1104, *PLUG_IN_CALL, utc="2026-11-21T07:00:00.000Z")
    device.log(logs.SIGN_IN_LOG, 1025, *LOOKUP, utc="2026-11-21T07:00:09.000Z")
    device.log(logs.SIGN_IN_LOG, 1025, *LOOKUP, utc="2026-11-21T07:30:00.000Z")
    first, second = device.findings()
    assert [item["event"] for item in first["evidence"]] == [1104, 1025]
    assert second["id"] == "event_1025" and len(second["evidence"]) == 1


@pytest.mark.parametrize(
    ("data", "result"),
    [(("Error: 0xCAA10001 Need user interface to continue.",), "warn"), (("Something went on.",), "warn")],
)
def test_what_windows_calls_a_warning_and_names_no_fault_is_a_warning(data, result):
    device = Troubled()
    device.log(logs.SIGN_IN_LOG, 1097, *data, level=3)
    assert [finding["result"] for finding in device.findings()] == [result]


def test_the_services_own_sentence_tells_where_the_code_does_not():
    device = Troubled()
    device.log(logs.REGISTRATION_LOG, 304, str(signed(0x801C0099)), '{"message":"The plan is full."}', "")
    (finding,) = device.findings()
    assert finding["code"] == "0x801c0099" and "The plan is full." in finding["cause"]
    assert "device registration" in finding["cause"]


@pytest.mark.parametrize("code", [0x801C0083, 0x801C0099])
def test_a_host_name_that_is_taken_is_found_by_code_or_by_sentence(code):
    device = Troubled()
    said = '{"odata.error":{"message":{"value":"Another object with the same value for property hostnames exists."}}}'
    device.log(logs.REGISTRATION_LOG, 304, str(signed(code)), said, "Undefined", "Azure AD", "join")
    (finding,) = device.findings()
    assert (finding["code"], finding["side"]) == ("0x801c0083", "tenant")
    assert "host name belongs to another device" in finding["cause"]


# --- what dsregcmd says of the device's own health ------------------------------------------------------------------


def health(device: Troubled, title: str, *rows: str) -> None:
    text = (
        scripted.dsregcmd_text(True)
        + f"+-------+\r\n| {title} |\r\n+-------+\r\n\r\n"
        + "".join(f"          {row}\r\n" for row in rows)
    )
    device.join()
    device.handlers["dsregcmd_status"] = lambda _p: {"present": True, "exit_code": 0, "text": text}


@pytest.mark.parametrize(
    ("said", "code"),
    [
        ("FAILED. Error: 0x80072ee7", "0x80072ee7"),
        ("FAILED. Error:0xD000023C", "0xd000023c"),
        ("FAILED. Error: 0x80072f8f", "0x80072f8f"),
        ("FAILED. ERROR: 0x80190193", "0x80190193"),
    ],
)
def test_a_device_that_cannot_prove_itself_is_found_with_the_code(said, code):
    device = Troubled()
    health(device, "Device Details", f"DeviceAuthStatus : {said}")
    (finding,) = device.findings(topics=("sign_in",))
    assert (finding["code"], finding["subject"]) == (code, "sign_in")
    assert f"DeviceAuthStatus: {said}" in finding["evidence"][0]["data"]


def test_a_device_that_cannot_prove_itself_is_found_without_a_code_too():
    device = Troubled()
    health(device, "Device Details", "DeviceAuthStatus : FAILED. Something else")
    (finding,) = device.findings(topics=("sign_in",))
    assert finding["id"] == "device_authentication_failed" and "Something else" in finding["cause"]


@pytest.mark.parametrize("said", ["SUCCESS", "UNKNOWN", ""])
def test_a_device_that_proves_itself_or_was_not_asked_is_no_finding(said):
    device = Troubled()
    health(device, "Device Details", f"DeviceAuthStatus : {said}")
    assert device.findings(topics=("sign_in",)) == []


def test_what_the_log_and_dsregcmd_say_with_one_code_is_one_finding():
    device = Troubled()
    health(device, "Device Details", "DeviceAuthStatus : FAILED. Error: 0x80072ee7")
    device.log(logs.SIGN_IN_LOG, 1118, "0x80072EE7")
    (finding,) = device.findings(topics=("sign_in",))
    assert len(finding["evidence"]) == 2


@pytest.mark.parametrize(
    "rows",
    [
        ("KeySignTest : FAILED",),
        ("KeySignTest: : FAILED. 0x80090016",),
        ("AadRecoveryEnabled : YES",),
        ("AadRecoveryNeeded : YES", "KeySignTest : FAILED"),
    ],
)
def test_keys_of_the_join_that_cannot_be_used_are_a_finding(rows):
    device = Troubled()
    health(device, "Diagnostic Data", *rows)
    (finding,) = device.findings(topics=("sign_in",))
    assert (finding["id"], finding["side"], finding["result"]) == ("device_keys_unusable", "device", "fail")
    assert len(finding["evidence"][0]["data"]) == len(rows)


@pytest.mark.parametrize(
    "row", ["KeySignTest : PASSED", "KeySignTest : MUST Run elevated to test.", "AadRecoveryEnabled : NO"]
)
def test_keys_that_work_or_were_not_tried_are_no_finding(row):
    device = Troubled()
    health(device, "Diagnostic Data", row)
    assert device.findings(topics=("sign_in",)) == []


def test_the_weights_are_those_of_the_guide():
    assert (clues.WRAPPER, clues.UNKNOWN_CODE, clues.UNKNOWN_AADSTS, clues.AADSTS) == (40, 30, 60, 90)
    assert (clues.FAULT, clues.REPORTED, clues.HARMLESS) == (80, 70, 20) and clues.OVER <= clues.HARMLESS
