# Copyright (c) 2026, winops.entra contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The report of a rollout, of records, a directory and an earlier report that are anything."""

from __future__ import annotations

import json
import os
import random
import re
import tempfile
import typing as t
from pathlib import Path

from ansible.errors import AnsibleFilterError

from ansible_collections.winops.entra.plugins.filter.rollout_outcome import rollout_outcome
from ansible_collections.winops.entra.plugins.plugin_utils.report import rollout
from ansible_collections.winops.entra.plugins.plugin_utils.task import Task, perform

SAMPLE = 1000
WORKS = ("join", "disconnect", "preflight", "diagnose", "autopilot", "security_keys", "verify")
OF_STEPS = ("join", "autopilot", "security_keys", "verify")
WITH_SHEET = ("join", "autopilot", "security_keys")
FIELDS = (
    *("outcome", "changed", "seconds", "msg", "code", "name", "side", "cause", "fix", "phases", "device_id", "device"),
    *("tenant_id", "join_type", "serial_number", "join_state", "restarted", "reboot_required", "proof", "unreadable"),
    *("findings", "summary", "conclusion", "state", "removal", "directory", "administrators", "bitlocker", "record"),
    *("join", "mdm", "error", "failed", "unreachable", "healthy", "changes"),
    *("assigned_user", "manufacturer", "model", "mode", "profile", "reset_at", "deployment", "steps"),
    *("intune", "compliant", "policies", "let_in", "on_device", "account_domain", "gates"),
)
STEPS = (
    *("wanted", "before", "harvest", "registration", "listed", "findings", "reset", "status", "failed", "twin"),
    *("met", "package", "sign_in", "facts", "users", "rows", "passes", "policy", "check", "users_from"),
    *("look", "asks", "row", "found", "refused", "fail_on"),
    *("record", "expected", "waiting", "access", "access_failed", "asked_access", "posture"),
)
STEP_FIELDS = (
    *("outcome", "error", "failed", "unreachable", "skipped", "autopilot", "findings", "deployment", "assignment"),
    *("assigned", "registered", "record", "phases", "serial_number", "user", "id", "msg", "import_error", "waits_for"),
    *("enabled", "by", "ways", "build_ok", "ansible_facts", "package", "passkeys", "security_key_ready", "in_scope"),
    *("found", "mfa_capable", "unread", "policy", "valid", "start", "lifetime", "changed", "users", "takes_keys"),
    *("posture", "intune", "escrow", "compliance", "in_entra", "in_intune", "name", "entra"),
    *("compliant", "policies", "met", "reason", "said", "access", "verdict", "joined_by"),
)
#: What the hand-over sheet is made of, whatever stands in it.
TAGS = {"html", "head", "meta", "title", "style", "body", "p", "article", "h1", "h2", "ul", "ol", "li"}
ENTRY_FIELDS = ("device_id", "object_id", "enabled", "join_type", "intune")
TEXTS = (
    *("", "joined", "failed", "not_started", "left", "a", "6e4cbe68-588b-499c-8c04-dcfff140a1ca", "=cmd|' /C calc'!A0"),
    *(
        "x\r\npc-9  joined",
        "\x1b[2J\x1b]0;t\a",
        "a\u2028b\u2029c\x85d\x0be\x0cf",
        "\u202egpj\u2066\u200e\u061c",
        "\ud800",
    ),
    *("\u200b\ufeff\u2060\u00ad", "\U000e0041\ufe0f\u3164", "\0", "{{ 7 * 7 }}", "word " * 9000),
)


def one(source: random.Random) -> None:
    """Write and show one report."""
    hosts = [f"pc{number}" for number in range(source.randint(1, 4))]
    work = source.choice(WORKS)
    variables = {host: {f"{work}_outcome": _record(source, work)} for host in hosts}
    good = source.choice(hosts)
    variables[good] = {f"{work}_outcome": {"outcome": "unchanged", "seconds": 1.0}}
    with tempfile.TemporaryDirectory() as directory:
        dest = Path(directory, "report.json")
        earlier = _earlier(source, dest)
        args = {
            "work": work,
            "dest": os.fspath(dest),
            "hosts": None,
            "directory": [_object(source, ENTRY_FIELDS) for _entry in range(2)] if source.random() < 0.5 else None,
            "only_try": False,
            "not_started": [host for host in hosts if host != good][:1],
            "table_limit": source.choice((1, 50)),
            "write_in_check_mode": source.random() < 0.5,
            "hand_over": os.fspath(Path(directory, "sheet.html")) if work in WITH_SHEET else None,
            "hand_over_contact": source.choice((None, *TEXTS)),
            "hand_over_domain": source.choice((None, "contoso.com")),
            "gate": source.choice(([], ["managed"], ["compliant", "let_in"])) if work == "join" else [],
        }
        known = {"hostvars": variables, "ansible_play_hosts_all": hosts, "ansible_play_batch": hosts}
        shown: list[str] = []
        task = Task(args, source.random() < 0.3, variables=known, show_line=shown.append)
        result = perform(task, (), rollout.write_and_show, {})
        assert all(line.isprintable() and len(line) < 3000 for line in [*shown, *result.get("warnings", [])])
        check = task.check_mode
        report = Path(directory, "report.check.json") if check else dest
        sheet = Path(directory, "sheet.check.html" if check else "sheet.html")
        assert set(os.listdir(directory)) <= {dest.name, report.name, f"{dest.name}.journal", sheet.name}
        if result.get("failed"):
            assert result["error"]["name"] == "bad_option" and "dest" in result["msg"] and result["msg"].isprintable()
            assert earlier is not None and dest.read_bytes() == earlier
        elif not check or args["write_in_check_mode"]:
            text = report.read_text(encoding="utf-8")
            assert text.replace("\n", "").isprintable()
            made = json.loads(text)
            devices = {device["device"]: device for device in made["devices"]}
            assert sorted(devices) == sorted(hosts)
            assert devices[good]["outcome"] == "unchanged"
            if work in WITH_SHEET:
                page = sheet.read_text(encoding="utf-8")
                assert page.replace("\n", "").isprintable() and set(re.findall(r"</?(\w+)", page)) <= TAGS
            assert sum(made["totals"].get(name, 0) for name in rollout.totals.REPORT_OUTCOMES) == len(hosts)


def _record(source: random.Random, work: str) -> t.Any:
    value = _object(source, FIELDS) if source.random() < 0.8 else _value(source)
    if work in OF_STEPS and isinstance(value, dict) and source.random() < 0.7:
        value["steps"] = {
            name: _object(source, STEP_FIELDS) if source.random() < 0.8 else _value(source)
            for name in source.sample(STEPS, source.randint(0, len(STEPS)))
        }
    if isinstance(value, dict) and source.random() < 0.6:
        value["outcome"] = source.choice(rollout.totals.REPORT_OUTCOMES)
    if source.random() < 0.5:
        return value
    try:
        return rollout_outcome(value, work)
    except AnsibleFilterError:
        return None


def _earlier(source: random.Random, dest: Path) -> bytes | None:
    """What lies there already: nothing, a report, or anything; and perhaps a journal beside it."""
    if source.random() < 0.3:
        _journal(source, Path(f"{dest}.journal"))
    kind = source.random()
    if kind < 0.4:
        return None
    device = {"device": "pc0", **_object(source, FIELDS)} if kind < 0.8 else _value(source)
    if isinstance(device, dict) and source.random() < 0.7:
        device["outcome"] = source.choice(rollout.totals.REPORT_OUTCOMES)
    made = {"devices": [device] if source.random() < 0.8 else _value(source)}
    if source.random() < 0.5:
        made |= {"format": "winops.entra.rollout", "version": 2, "work": source.choice(WORKS)}
        made |= {"runs": source.choice(([], [{"id": "r"}], _value(source))), "runs_dropped": 0}
    text = json.dumps(made)
    if source.random() < 0.1:
        text = text[: source.randrange(len(text) + 1)]
    dest.write_bytes(text.encode())
    return text.encode()


def _journal(source: random.Random, path: Path) -> None:
    lines = [json.dumps({"format": "winops.entra.rollout_journal", "version": 1})]
    for _line in range(source.randint(0, 3)):
        entry = {"run": {"id": "r", "limit": _value(source)}, "device": "pc0", "at": source.choice(TEXTS)}
        entry["record"] = _object(source, FIELDS) if source.random() < 0.7 else _value(source)
        lines.append(json.dumps(entry if source.random() < 0.8 else _value(source)))
    text = "\n".join(lines) + "\n"
    path.write_bytes(text[: source.randrange(len(text))].encode() if source.random() < 0.2 else text.encode())


def _object(source: random.Random, names: tuple[str, ...]) -> dict:
    return {name: _value(source) for name in source.sample(names, source.randint(0, min(8, len(names))))}


def _value(source: random.Random, depth: int = 0) -> t.Any:
    kind = source.randrange(9 if depth < 3 else 6)
    if kind < 3:
        return source.choice(TEXTS)
    if kind < 6:
        return source.choice((None, True, False, 0, -1, 1.5, float("nan"), float("inf"), 1e308, 10**400, -(2**63)))
    if kind == 6:
        return [_value(source, depth + 1) for _item in range(source.randint(0, 3))]
    if kind == 7:
        deep: t.Any = 1
        for _level in range(source.choice((2, 99, 300))):
            deep = [deep]
        return deep
    names = (*source.sample(FIELDS, 2), *source.sample(TEXTS, 1), "id", "result", "problem", "seconds")
    return {name: _value(source, depth + 1) for name in source.sample(names, 3)}
