# Copyright (c) 2026, winops.entra contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Action plugin of winops.entra.join_report."""

from __future__ import annotations

import datetime
import json
import os
import tempfile

from ansible.utils.display import Display

from ..modules.join_report import ARGUMENT_SPEC
from ..plugin_utils import report
from ..plugin_utils.action import Action
from ..plugin_utils.task import Task


def write_and_show(task: Task) -> dict:
    """The work of the module: the report is written, and shown as a table."""
    args, variables = task.args, task.variables
    hosts = args["hosts"] if args["hosts"] is not None else variables["ansible_play_hosts_all"]
    records = {host: variables["hostvars"][host].get(args["fact"]) for host in hosts}
    if args["keep_ids"]:
        records = report.with_earlier_ids(records, _read(os.path.abspath(args["dest"])))
    now = datetime.datetime.now(datetime.timezone.utc).isoformat(timespec="seconds").replace("+00:00", "Z")
    made = report.report(records, now, args["directory"])
    # Within a rollout the wave, elsewhere all that were asked for.
    batch = set(hosts if args["hosts"] is not None else variables["ansible_play_batch"])
    lines = report.table([d for d in made["devices"] if d["device"] in batch], args["table_limit"])
    lines.append(report.summary(made["totals"]))
    for line in lines:
        Display().display(line)
    if not task.check_mode or args["write_in_check_mode"]:
        _write(os.path.abspath(args["dest"]), made)
        Display().display(f"report: {os.path.abspath(args['dest'])}")
    return {"totals": made["totals"], "dest": os.path.abspath(args["dest"])}


def _read(path: str) -> dict:
    """The report that is there; empty where there is none, or another file."""
    try:
        with open(path, encoding="utf-8") as stream:
            found = json.load(stream)
    except (FileNotFoundError, ValueError):
        return {}
    return found if isinstance(found, dict) else {}


def _write(path: str, made: dict) -> None:
    """Write the file whole or not at all: a rollout that is stopped leaves the last good report."""
    os.makedirs(os.path.dirname(path), exist_ok=True)
    handle, temporary = tempfile.mkstemp(dir=os.path.dirname(path), suffix=".tmp")
    with os.fdopen(handle, "w", encoding="utf-8") as stream:
        json.dump(made, stream, indent=2, ensure_ascii=False)
        stream.write("\n")
    os.replace(temporary, path)


class ActionModule(Action):
    _requires_connection = False
    spec = ARGUMENT_SPEC
    work = staticmethod(write_and_show)
