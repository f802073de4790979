# Copyright (c) 2026, winops.entra contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""No bulk token gets out of its package: not into output, results, reports, logs, temporary files, or onto a device."""

from __future__ import annotations

import base64
import json
import typing as t
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import quote

import pytest

from tests.integration import inspection, vault
from tests.integration.conftest import StartFleet
from tests.integration.play import ROOT, Play, Player, Tasks
from tests.lab import ppkg, wim
from tests.lab.process import RunningLab

FLEET = {
    "devices": [
        {"kind": "unjoined_pro", "name": "joins"},
        {"kind": "expired_token", "name": "expired"},
        {"kind": "join_blocked", "name": "blocked"},
        {"kind": "unjoined_pro", "name": "packages"},
        {"kind": "unjoined_enterprise", "name": "by-playbook"},
        {"kind": "home", "name": "refused"},
    ]
}
LOGS = (inspection.PROVISIONING, inspection.REGISTRATION, "Microsoft-Windows-AAD/Operational", "System")
PASSWORD = "fK7-quartz&ladder%91-orbit-umbrella"
BROKEN_TOKEN = "0.Aof-a-package-whose-settings-are-no-whole-XML-document"
PIECE = 32


class Traces(t.NamedTuple):
    """What runs have left on the controller and on the devices."""

    lab: RunningLab
    verbose: Play
    playbook: Play
    tokens: dict[str, str]
    dumps: dict[str, inspection.State]
    events: list[dict]

    def texts(self) -> Iterator[tuple[str, bytes]]:
        """Everything there is to search, by name."""
        for run in (self.verbose, self.playbook):
            yield from ((str(file), file.read_bytes()) for file in run.directory.rglob("*") if file.is_file())
        yield from (
            (str(file), file.read_bytes())
            for file in self.lab.out.rglob("*")
            if file.is_file() and file.suffix != ".ppkg"
        )
        for name, dump in self.dumps.items():
            yield f"state of {name}", json.dumps(dump).encode()
        yield "events", json.dumps(self.events).encode()


@pytest.fixture(scope="module")
def traces(start_fleet: StartFleet, player: Player, tmp_path_factory: pytest.TempPathFactory) -> Traces:
    """Every module with every kind of package, as talkative as it gets, and the playbook with a vaulted package."""
    lab = start_fleet(FLEET)
    directory = tmp_path_factory.mktemp("secrets")
    fleet = inspection.package_file(lab, "fleet")
    files = {"good": fleet, "broken": directory / "broken.ppkg", "cut": directory / "cut.ppkg"}
    files["broken"].write_bytes(_broken_package())
    files["spoken"] = directory / "spoken.ppkg"
    files["spoken"].write_bytes(_spoken_package())
    files["cut"].write_bytes(fleet.read_bytes()[:-600])
    vaulted = vault.encrypt(fleet, directory)
    verbose = player.tasks(lab, _tasks(files), "-vvvvv", "--diff", hosts="joins,expired,blocked,packages,refused")
    playbook = player.run(
        lab,
        ROOT / "playbooks" / "join.yml",
        "-vvvvv",
        "--diff",
        "--limit",
        "by-playbook,refused",
        "--vault-password-file",
        vaulted.password_file,
        variables={
            "join_src": vaulted.file,
            "join_serial": "100%",
            "join_poll_interval": 1,
            "join_timeout": 60,
            "join_report": "{{ run_directory }}/join-report.json",
        },
    )
    tokens = {
        label: ppkg.inspect(inspection.package_file(lab, label).read_bytes())["token"]
        for label in ("fleet", "expired", "join_blocked")
    }
    dumps = inspection.states(lab)
    events = [
        event
        for name in dumps
        for log in LOGS
        for event in lab.get(f"/devices/{name}/events?log={log.replace(' ', '%20')}")
    ]
    return Traces(lab, verbose, playbook, tokens | {"broken": BROKEN_TOKEN, "spoken": PASSWORD}, dumps, events)


def _tasks(files: dict[str, Path]) -> Tasks:
    tenant, src = "{{ join_tenant_id }}", "{{ join_src }}"
    join = {"tenant_id": tenant, "src": src, "poll_interval": 1, "timeout": 8}
    package = {"src": src, "poll_interval": 1, "timeout": 8}
    tasks: Tasks = [
        {"name": "describe", "winops.entra.ppkg_info": {"src": src, "installed": True}, "register": "described"},
        {"name": "join", "winops.entra.join": join, "register": "joined"},
        {"name": "kept", "winops.entra.join": {**join, "on_failure": "keep"}, "register": "kept"},
        {"name": "facts", "winops.entra.device_facts": {}, "register": "facts"},
        {"name": "apply", "winops.entra.ppkg": package, "register": "applied"},
        {"name": "remove", "winops.entra.ppkg": {**package, "state": "absent"}, "register": "removed"},
    ]
    for name in ("broken", "cut"):
        tasks += [
            {"name": f"{module} {name}", f"winops.entra.{module}": {"src": str(files[name]), **options}}
            for module, options in (("ppkg_info", {}), ("ppkg", {}), ("join", {"tenant_id": tenant}))
        ]
    for module, options in (("ppkg_info", {}), ("ppkg", {}), ("join", {"tenant_id": tenant})):
        spoken = {f"winops.entra.{module}": {"src": str(files["spoken"]), **options}}
        tasks.append({"name": f"{module} spoken", **spoken, "register": f"spoken_{module}", "check_mode": True})
    tasks = [task | {"ignore_errors": True} for task in tasks]
    shown = [task["register"] for task in tasks if "register" in task]
    return [*tasks, {"name": "show", "ansible.builtin.debug": {"msg": [f"{{{{ {name} }}}}" for name in shown]}}]


def _broken_package() -> bytes:
    settings = f"<?xml version='1.0'?><WindowsCustomizations><BPRT>{BROKEN_TOKEN}</BPRT><Broken"
    return wim.write(
        {
            "Multivariant/0/customizations.xml": settings.encode(),
            "Multivariant/0/Prov/RunTime/0__Accounts_Azure.provxml": settings.encode(),
        },
        "Broken",
    )


def _spoken_package() -> bytes:
    """A password that stands a second time in command lines, as it is and encoded."""
    encoded = base64.b64encode(f"net user rescue '{PASSWORD}'".encode("utf-16-le")).decode()
    return ppkg.build(
        "Spoken",
        "7a1f9e0c-7a55-4f0e-9d0b-0a52f3a7c222",
        token="0.Aof-a-package-whose-commands-hold-a-password",
        accounts=[{"name": "rescue", "password": PASSWORD}],
        commands=[
            f"net user rescue {PASSWORD} /add",
            f"powershell -EncodedCommand {encoded}",
            f"curl x?p={quote(PASSWORD)}",
        ],
    )


def needles(token: str) -> list[bytes]:
    """Each piece of a token in two encodings, and the part of its base64 that does not depend on its surroundings."""
    found = []
    cut = (token[start : start + PIECE] for start in range(0, len(token), PIECE))
    pieces = [piece for piece in cut if len(piece) > PIECE // 2]
    for raw in [piece.encode(encoding) for piece in pieces for encoding in ("utf-8", "utf-16-le")]:
        found.append(raw)
        for shift in range(3):
            text = base64.b64encode(bytes(shift) + raw).rstrip(b"=")
            found.append(text[4 if shift else 0 : len(text) // 4 * 4 - 4])
    return found


def test_the_search_finds_a_token_in_every_form(traces: Traces) -> None:
    package = inspection.package_file(traces.lab, "fleet").read_bytes()
    for content in (package, *(base64.b64encode(bytes(shift) + package) for shift in range(3))):
        assert any(needle in content for needle in needles(traces.tokens["fleet"]))
    assert BROKEN_TOKEN.encode() in _broken_package()


def test_the_runs_did_what_they_were_to_do(traces: Traces) -> None:
    assert traces.verbose.result("joins", "join")["outcome"] == "joined"
    assert traces.verbose.result("expired", "join")["error"]["code"] == "AADSTS700082"
    assert traces.verbose.result("blocked", "join")["outcome"] == "failed"
    assert traces.verbose.status("packages", "ppkg_info broken") == "ignored"
    assert traces.dumps["by-playbook"]["join"]["type"] == "entra"
    assert "EXEC" in traces.verbose.output and "WINRM PUT" in traces.verbose.output
    names = {Path(name).name for name, _content in traces.texts()}
    assert {"output.txt", "results.jsonl", "ansible.log", "join-report.json", "winrm.jsonl"} <= names


def test_what_the_lab_writes_is_for_its_owner_only(traces: Traces) -> None:
    files = [path for path in traces.lab.out.rglob("*") if path.is_file() and path.name != "ca.pem"]
    assert {"winrm.jsonl", "graph.jsonl", "inventory.yml", "tenant.json"} <= {path.name for path in files}
    assert [path.name for path in files if path.stat().st_mode & 0o077] == []


def test_no_token_is_found_anywhere(traces: Traces) -> None:
    searched = 0
    for name, content in traces.texts():
        searched += len(content)
        for label, token in traces.tokens.items():
            assert not any(needle in content for needle in needles(token)), f"the token of {label} is in {name}"
    assert searched > 1_000_000


def test_no_copy_of_a_package_is_found_on_the_controller(traces: Traces) -> None:
    packages = [inspection.package_file(traces.lab, label).read_bytes() for label in ("fleet", "expired")]
    assert [name for name, content in traces.texts() if content in packages] == []


def test_no_copy_of_a_package_is_found_on_a_device(traces: Traces) -> None:
    packages = [inspection.package_file(traces.lab, label) for label in ("fleet", "expired", "join_blocked")]
    assert {
        name: inspection.copies(dump, *packages)
        for name, dump in traces.dumps.items()
        if inspection.copies(dump, *packages)
    } == {}


def test_a_password_in_command_lines_is_masked(traces: Traces) -> None:
    for module in ("ppkg_info", "ppkg", "join"):
        package = traces.verbose.result("packages", f"{module} spoken")["package"]
        shown = ["net user rescue ******** /add", "powershell -EncodedCommand ********", "curl x?p=********"]
        assert package["commands"] == shown
        assert package["accounts"] == [{"name": "rescue", "group": "Administrators"}]


def test_tokens_are_told_apart_by_a_fingerprint(traces: Traces) -> None:
    shown = {name: traces.verbose.result(name, "describe")["package"]["bulk_token"] for name in ("joins", "expired")}
    assert all(token["present"] for token in shown.values())
    assert shown["joins"]["fingerprint"] != shown["expired"]["fingerprint"]
