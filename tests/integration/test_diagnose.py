# Copyright (c) 2026, winops.entra contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""winops.entra.diagnose after joins that failed: the planted cause, its evidence, bundles; and the playbooks."""

from __future__ import annotations

import json
import os
import stat
import typing as t
from pathlib import Path

import pytest

from tests.integration import inspection, joins
from tests.integration.conftest import StartFleet
from tests.integration.play import ROOT, Play, Player
from tests.integration.test_preflight import LIBRARY
from tests.lab.process import RunningLab

# The engine refuses what it cannot do before it writes an event, or the leave itself is what fails.
PLANTED = {
    kind: options["expect"]["diagnose"]
    for kind, options in LIBRARY.items()
    if options["expect"].get("diagnose")
    and (
        options["expect"]["outcome"] in ("joined", "failed")
        or (options["expect"]["outcome"] == "unchanged" and "disconnect" not in options["expect"])
    )
}
# What the join refuses leaves no failure behind: the state itself tells.
REFUSED = {
    kind: options["expect"]["name"]
    for kind, options in LIBRARY.items()
    if options["expect"].get("outcome") == "refused"
}
HEALTHY = ("unjoined_pro", "joined", "crowded", "applied_before", "applied_before_listed", "applied_before_by_results")
# A joined device on which no enrollment is to be waited for, though nothing has failed.
LEFT = "joined_enrollment_expired"
KINDS = (*PLANTED, *REFUSED, *HEALTHY, LEFT)


def diagnose_task(name: str = "diagnose", **options: t.Any) -> dict[str, t.Any]:
    return {"name": name, "winops.entra.diagnose": options, "ignore_errors": True}


class Told(t.NamedTuple):
    """A fleet that was joined, and diagnosed: in check mode with bundles, and again with bundles, twice."""

    lab: RunningLab
    kinds: dict[str, str]
    joined: Play
    before: dict[str, str]
    commands: list[dict]
    checked: Play
    told: Play
    again: Play
    after: dict[str, str]
    bundles: Path

    def device(self, kind: str) -> str:
        return next(name for name, its_kind in self.kinds.items() if its_kind == kind)

    def result(self, kind: str) -> dict[str, t.Any]:
        return self.told.result(self.device(kind), "diagnose")


@pytest.fixture(scope="module")
def told(start_fleet: StartFleet, player: Player, tmp_path_factory: pytest.TempPathFactory) -> Told:
    """The runs."""
    lab = start_fleet({"devices": [joins.device_of(kind, LIBRARY) for kind in KINDS]})
    joined = player.tasks(lab, [joins.join_task()], host_variables=joins.wanted(joins.options_of_scenario(lab)))
    states = joins.settled(lab)
    bundles = tmp_path_factory.mktemp("bundles") / "saved"
    tasks = [
        diagnose_task(
            dest=f"{bundles}/{{{{ inventory_hostname }}}}.json",
            method="{{ join_method | default('provisioning_package') }}",
            tenant_id="{{ join_tenant_id }}",
        )
    ]
    checked = player.tasks(lab, tasks, "--check")
    assert not bundles.exists()
    before = {name: dump["digest"] for name, dump in states.items()}
    count = len(lab.commands())
    first = player.tasks(lab, tasks, "--diff")
    commands = lab.commands()[count:]
    again = player.tasks(lab, tasks)
    return Told(
        lab,
        {name: dump["kind"] for name, dump in states.items()},
        joined,
        before,
        commands,
        checked,
        first,
        again,
        inspection.digests(lab),
        bundles,
    )


@pytest.mark.parametrize("kind", PLANTED)
def test_the_planted_cause_is_the_weightiest_finding(told: Told, kind: str) -> None:
    result = told.result(kind)
    first = result["findings"][0]
    assert first["code"] == PLANTED[kind], [(f["weight"], f["code"], f["id"]) for f in result["findings"]]
    assert first["weight"] > 20 and not result["healthy"]
    assert first["cause"] and first["fix"] and first["side"] in ("device", "tenant", "network")
    assert first["cause"] in result["conclusion"] and PLANTED[kind] in result["conclusion"]


@pytest.mark.parametrize("kind", PLANTED)
def test_the_evidence_stands_in_the_devices_logs(told: Told, kind: str) -> None:
    events = [item for item in told.result(kind)["findings"][0]["evidence"] if item["event"]]
    assert events
    for item in events:
        assert set(item) >= {
            "log",
            "event",
            "device_utc",
            "data",
            "hresult_hex",
            "hresult_signed",
            "aadsts",
            "request_id",
        }
        logged = inspection.events(told.lab, told.device(kind), item["log"], item["event"])
        assert item["device_utc"] in [event["utc"] for event in logged]


@pytest.mark.parametrize(
    "kind",
    [kind for kind in PLANTED if LIBRARY[kind]["expect"]["outcome"] == "failed" and "code" in LIBRARY[kind]["expect"]],
)
def test_join_and_diagnose_say_the_same(told: Told, kind: str) -> None:
    error = told.joined.result(told.device(kind), "join")["error"]
    assert error["code"] == told.result(kind)["findings"][0]["code"]


@pytest.mark.parametrize("kind", REFUSED)
def test_what_the_join_refused_is_the_weightiest_finding(told: Told, kind: str) -> None:
    error, result = told.joined.result(told.device(kind), "join")["error"], told.result(kind)
    assert error["name"] == REFUSED[kind] and not result["healthy"]
    first = result["findings"][0]
    assert (first["cause"], first["fix"]) == (error["cause"], error["fix"]), first


def test_an_expired_enrollment_is_not_waited_for_and_join_and_diagnose_name_it(told: Told) -> None:
    joined, result = told.joined.result(told.device(LEFT), "join"), told.result(LEFT)
    assert (joined["outcome"], joined["changed"], joined["error"]["name"]) == ("failed", False, "mdm_not_enrolled")
    assert "and cannot be" in joined["msg"] and "expired on" in joined["error"]["cause"]
    first = result["findings"][0]
    assert first["id"] == "enrollment_leftovers" and "expired on" in first["cause"], first
    [enrollment] = [
        e["id"].lower() for e in inspection.state(told.lab, told.device(LEFT))["enrollments"] if not e["built_in"]
    ]
    assert enrollment in joined["error"]["fix"] and enrollment in first["fix"]


@pytest.mark.parametrize("kind", HEALTHY)
def test_a_healthy_device_has_nothing_that_weighs(told: Told, kind: str) -> None:
    result = told.result(kind)
    assert result["healthy"], result["findings"]


def test_a_tenants_refusal_comes_with_its_request_id(told: Told) -> None:
    for kind in ("expired_token", "join_blocked", "conditional_access"):
        evidence = told.result(kind)["findings"][0]["evidence"]
        assert any(item["request_id"] for item in evidence), evidence


def test_each_device_is_asked_once_and_nothing_changes_there(told: Told) -> None:
    assert sorted(line["device"] for line in told.commands) == sorted(told.kinds)
    assert [line for line in told.commands if line["changing"]] == []
    assert told.after == told.before


def test_a_bundle_is_saved_for_its_owner_and_again_only_when_it_says_something_else(told: Told) -> None:
    name = told.device("expired_token")
    file = told.bundles / f"{name}.json"
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    assert [(play.result(name, "diagnose")["changed"]) for play in (told.checked, told.told, told.again)] == [
        True,
        True,
        False,
    ]
    assert told.told.result(name, "diagnose")["diff"]["before"] == {"bundle": None}


def test_no_bundle_holds_a_token(told: Told) -> None:
    tokens = [package.read_bytes() for package in (told.lab.out / "packages").glob("*.ppkg")]
    assert tokens
    for file in told.bundles.iterdir():
        bundle = json.loads(file.read_text(encoding="utf-8"))
        assert (bundle["format"], bundle["version"], bundle["host"]) == ("winops.entra.diagnosis", 1, file.stem)
        text = file.read_text(encoding="utf-8")
        assert not any(
            word.encode("utf-16-le") in token for token in tokens for word in text.split('"') if len(word) > 100
        )


def test_a_bundle_tells_the_same_without_the_device(told: Told, player: Player) -> None:
    name = told.device("wrong_clock")
    file = told.bundles / f"{name}.json"
    damaged = told.bundles.parent / "damaged.json"
    damaged.write_text(file.read_text(encoding="utf-8")[:-400], encoding="utf-8")
    count = len(told.lab.commands())
    play = player.tasks(
        told.lab,
        [
            diagnose_task("read", src=str(file)),
            diagnose_task("damaged", src=str(damaged)),
            diagnose_task("none", src="nothing.json"),
            diagnose_task("both", src=str(file), dest="x.json"),
            diagnose_task("since", since="yesterday"),
        ],
        hosts=name,
    )
    assert len(told.lab.commands()) == count
    read = play.result(name, "read")
    assert read["findings"] == told.told.result(name, "diagnose")["findings"]
    assert (read["source"], read["bundle"]["host"]) == ("bundle", name)
    assert play.result(name, "damaged")["error"]["name"] == "damaged_bundle"
    assert "bad option src" in play.result(name, "none")["msg"]
    assert play.status(name, "both") == "ignored" and "mutually exclusive" in play.result(name, "both")["msg"]
    assert "bad option since" in play.result(name, "since")["msg"]


def test_the_playbooks_write_reports(told: Told, player: Player, tmp_path: Path) -> None:
    limit = ",".join(told.device(kind) for kind in ("expired_token", "packages_forbidden", "unjoined_pro"))
    tenant = inspection.tenant_id(told.lab)
    found = player.run(
        told.lab,
        ROOT / "playbooks/diagnose.yml",
        "--limit",
        limit,
        variables={
            "diagnose_report": os.path.relpath(tmp_path / "diagnose.json", ROOT),
            "diagnose_bundles": str(tmp_path / "bundles"),
        },
    )
    assert found.exit_code == 0, found.output[-3000:]
    report = json.loads((tmp_path / "diagnose.json").read_text(encoding="utf-8"))
    assert report["totals"] == {"devices": 3, "healthy": 1, "unhealthy": 2}
    records = {record["device"]: record for record in report["devices"]}
    expired = records[told.device("expired_token")]
    assert expired["code"] == expired["findings"][0]["code"] == "AADSTS700082"
    assert f"AADSTS700082: {expired['cause']} -> {expired['fix']}" in found.output
    assert len(list((tmp_path / "bundles").iterdir())) == 3
    looked = player.run(
        told.lab,
        ROOT / "playbooks/preflight.yml",
        "--limit",
        limit,
        variables={
            "preflight_report": os.path.relpath(tmp_path / "preflight.json", ROOT),
            "preflight_tenant_id": tenant,
        },
    )
    report = json.loads((tmp_path / "preflight.json").read_text(encoding="utf-8"))
    assert report["totals"] == {"devices": 3, "fit": 2, "unfit": 1}
    records = {record["device"]: record for record in report["devices"]}
    assert records[told.device("packages_forbidden")]["summary"]["fail"] == 1
    assert records[told.device("packages_forbidden")]["name"] == "preflight_package_policy"
    assert looked.exit_code != 0 and looked.recap[told.device("packages_forbidden")]["failures"] == 1
    assert looked.recap[told.device("unjoined_pro")]["failures"] == 0
