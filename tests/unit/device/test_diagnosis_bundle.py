# Copyright (c) 2026, winops.entra contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Saved bundles: what is in them, what is not, and what happens to damaged ones."""

from __future__ import annotations

import copy
import json
import stat

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ansible_collections.winops.entra.plugins.plugin_utils.device import redaction
from ansible_collections.winops.entra.plugins.plugin_utils.device.diagnosis import (
    bundles,
    device_diagnosis,
    diagnose,
    logs,
)
from ansible_collections.winops.entra.plugins.plugin_utils.device.diagnosis.device_diagnosis import DiagnosisScope
from ansible_collections.winops.entra.plugins.plugin_utils.report import writer
from ansible_collections.winops.entra.plugins.plugin_utils.result import Failure

from .scripted import key
from .test_diagnosis import Troubled, expired_token

COLLECTED = "2026-11-21T09:00:00Z"
JWT = "eyJ0eXAiOiJKV1QiLCJhbGciOiJSUzI1NiJ9.eyJhdWQiOiJ1cm46bXMifQ.c2lnbmF0dXJl"
BULK = "0.AXoAQ" + "f3Kz9_-" * 20 + ".AgABAAEAAAAmoFfGtYxvRrNriQdPKIZ-AgDs_wUA9P"


def saved() -> tuple[dict, list]:
    """A bundle of a device whose token has expired, and the findings on the device itself."""
    device = Troubled()
    device.join()
    expired_token(device)
    device.registry[r"SYSTEM\CurrentControlSet\Control\CloudDomainJoin"] = key()
    answer = device.session(True).run(device_diagnosis.observations(DiagnosisScope()))
    findings, _facts = device_diagnosis.diagnose(answer, DiagnosisScope())
    return bundles.pack(answer, DiagnosisScope(), "PC-1", COLLECTED), [finding.as_dict() for finding in findings]


BUNDLE, FINDINGS = saved()
ARGS = {"src": "bundle.json", "limit": 50}


def report(bundle: dict) -> dict:
    return diagnose._report_of_bundle(bundle, DiagnosisScope(), ARGS)[0]


def test_a_bundle_keeps_rows_of_dsregcmd_that_nobody_knows_yet():
    device = Troubled()
    device.join()
    text = device.handlers["dsregcmd_status"]({})["text"] + "         Passkey(s) : 2\r\n"
    device.handlers["dsregcmd_status"] = lambda _p: {"present": True, "exit_code": 0, "text": text}
    answer = device.session(True).run(device_diagnosis.observations(DiagnosisScope()))
    told = report(json.loads(json.dumps(bundles.pack(answer, DiagnosisScope(), "PC-1", COLLECTED))))
    assert told["state"]["join"]["unknown_rows"] == {"Device State": {"Passkey(s)": "2"}}


def test_a_bundle_tells_the_same_as_the_device(tmp_path):
    file = tmp_path / "new" / "bundle.json"
    writer.write(str(file), BUNDLE)
    told = report(bundles.read_bundle(str(file)))
    assert told["findings"] == FINDINGS and told["findings"][0]["code"] == "AADSTS700082"
    assert told["source"] == "bundle" and told["bundle"] == {"host": "PC-1", "collected": COLLECTED}
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    assert [path.name for path in file.parent.iterdir()] == ["bundle.json"]


def test_a_bundle_is_one_json_object_with_a_version(tmp_path):
    file = tmp_path / "bundle.json"
    writer.write(str(file), BUNDLE)
    content = json.loads(file.read_text(encoding="utf-8"))
    assert (content["format"], content["version"]) == ("winops.entra.diagnosis", 1)
    assert set(content["results"]) == set(device_diagnosis.observations(DiagnosisScope()))


@pytest.mark.parametrize("secret", [JWT, BULK, "Zm9v" * 60])
def test_tokens_are_taken_out_wherever_they_stand(secret):
    device = Troubled()
    device.log(next(iter(logs.FAILURE_EVENTS.values()))[0], 12, "AADJ", "5", f"token={secret} end", "")
    device.registry[r"SOFTWARE\Microsoft\Enrollments"] = key({}, X=key({"Note": secret, "Blob": {"base64": secret}}))
    answer = device.session(True).run(device_diagnosis.observations(DiagnosisScope()))
    text = json.dumps(bundles.pack(answer, DiagnosisScope(), "PC-1", COLLECTED))
    assert secret not in text and secret[10:60] not in text and redaction.REMOVED in text


@pytest.mark.parametrize(
    ("value", "redacted"),
    [
        ({"DefaultPassword": "hunter2"}, {"DefaultPassword": redaction.REMOVED}),
        (
            {"AADOpaqueID": "abc", "UPN": "me@contoso.example"},
            {"AADOpaqueID": redaction.REMOVED, "UPN": "me@contoso.example"},
        ),
        ("https://me:hunter2@proxy.example.com:8080", f"https://{redaction.REMOVED}@proxy.example.com:8080"),
        ("client_secret=hunter2&x=1", f"client_secret={redaction.REMOVED}&x=1"),
        ('{"refresh_token": "hunter2"}', f'{{"refresh_token": "{redaction.REMOVED}"}}'),
        ([{"base64": "AAAA"}, 5, None, True], [redaction.REMOVED, 5, None, True]),
        ("AADSTS700082: expired. Trace ID: 4f0e9d0b-7a55-4f0e-9d0b-0a52f3a7c111", None),
    ],
)
def test_what_looks_like_a_credential_is_taken_out_and_nothing_else(value, redacted):
    assert redaction.redact(value) == (value if redacted is None else redacted)


def changed(path: list, value) -> dict:
    bundle = copy.deepcopy(BUNDLE)
    place = bundle
    for step in path[:-1]:
        place = place[step]
    if value is ...:
        del place[path[-1]]
    else:
        place[path[-1]] = value
    return bundle


@pytest.mark.parametrize(
    ("bundle", "says"),
    [
        ([], "no bundle"),
        ({}, "no bundle"),
        (changed(["format"], "other"), "no bundle"),
        (changed(["version"], 2), "version 2"),
        (changed(["version"], None), "version"),
        (changed(["device", "utc"], "yesterday"), "device.utc"),
        (changed(["device"], ...), "lacks device"),
        (changed(["asked_at"], "now"), "asked_at"),
        (changed(["results", "provisioning_events", "value", "events"], {}), "events is not a list"),
        (changed(["results", "provisioning_events", "value", "events", 0, "data"], [5]), "data[0] is no str"),
        (changed(["results", "cloud_join", "value", "key"], {"values": {}}), "lacks keys"),
        (changed(["results", "unknown"], {"ok": True, "value": {}, "error": None}), "nothing that a diagnosis reads"),
        (changed(["results", "system", "ok"], "yes"), "ok is no bool"),
        (changed(["results", "cloud_join"], {"ok": False, "value": {}, "error": None}), "error is not an object"),
    ],
)
def test_a_damaged_bundle_is_refused_with_the_place(tmp_path, bundle, says):
    file = tmp_path / "bundle.json"
    file.write_text(json.dumps(bundle), encoding="utf-8")
    with pytest.raises(Failure) as caught:
        bundles.read_bundle(str(file))
    assert says in caught.value.msg and str(file) in caught.value.msg
    assert (caught.value.error["name"], caught.value.error["side"]) == ("damaged_bundle", "controller")


@pytest.mark.parametrize("content", [b"", b"{", b"\xff\xfe\x00", b"[" * 100000, json.dumps(BUNDLE).encode()[:-50]])
def test_a_file_that_is_no_whole_json_is_refused(tmp_path, content):
    file = tmp_path / "bundle.json"
    file.write_bytes(content)
    with pytest.raises(Failure) as caught:
        bundles.read_bundle(str(file))
    assert caught.value.error["name"] == "damaged_bundle"


def test_a_file_that_is_not_there_is_a_bad_option(tmp_path):
    with pytest.raises(Failure) as caught:
        bundles.read_bundle(str(tmp_path / "nothing.json"))
    assert "bad option src" in caught.value.msg


@st.composite
def damaged(draw) -> dict:
    """A bundle with something else in one of its places."""
    bundle = copy.deepcopy(BUNDLE)
    place = bundle["results"]
    for _depth in range(draw(st.integers(1, 7))):
        steps = list(place) if isinstance(place, dict) else range(len(place)) if isinstance(place, list) else []
        if not steps:
            break
        step = draw(st.sampled_from(steps))
        if not isinstance(place[step], (dict, list)) or not place[step] or draw(st.booleans()) and _depth > 1:
            place[step] = draw(st.sampled_from([None, "", "x", -1, 1.5, [], {}, True, {"values": {}, "keys": {}}]))
            break
        place = place[step]
    return bundle


@given(damaged())
def test_whatever_is_damaged_ends_in_a_report_or_a_failure(bundle):
    try:
        report(bundles._checked("bundle.json", bundle))
    except Failure as failure:
        assert failure.error["name"] == "damaged_bundle"


def test_the_same_evidence_is_the_same_whenever_it_was_collected():
    later = changed(["collected"], "2027-01-01T00:00:00Z")
    later["device"]["utc"], later["asked_at"] = "2027-01-01T00:00:00.000Z", 5.0
    assert bundles.same_evidence(BUNDLE, later)
    assert not bundles.same_evidence(BUNDLE, changed(["results", "provisioning_events", "value", "events"], []))


def test_a_bundle_of_an_earlier_release_without_levels_is_read():
    earlier = copy.deepcopy(BUNDLE)
    for result in earlier["results"].values():
        for event in result["value"].get("events", []) if result["ok"] else []:
            event.pop("level", None)
    assert report(bundles._checked("bundle.json", earlier)) == report(BUNDLE)


@pytest.mark.parametrize(
    ("host", "name"),
    [
        ("pc-0001.branch.example.com", "pc-0001.branch.example.com.json"),
        ("PC_1", "PC_1.json"),
        ("a/b", "a%2Fb.json"),
        ("a%2Fb", "a%252Fb.json"),
        ("..", "%2E..json"),
        ("../../etc/passwd", "%2E.%2F..%2Fetc%2Fpasswd.json"),
        (".hidden", "%2Ehidden.json"),
        ("M\u00fcnchen \u202e", "M%C3%BCnchen%20%E2%80%AE.json"),
        ("10.0.0.1:5986", "10.0.0.1%3A5986.json"),
    ],
)
def test_the_file_of_a_device_is_named_after_it_and_lies_in_its_directory(host, name):
    assert bundles.file_name(host) == name


def test_names_that_are_too_long_for_a_file_stay_different():
    names = {bundles.file_name("x" * 5000 + end) for end in ("a", "b")}
    assert len(names) == 2 and all(len(name) < 255 for name in names)
