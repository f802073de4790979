# Copyright (c) 2026, winops.entra contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The work of the module rollout_report: the records of all devices become a file and a table.

Internal to winops.entra: may change in any release.
"""

from __future__ import annotations

import json
import os

from ansible.utils.display import Display

from ..options import bad_option
from ..task import Task
from . import records, table, totals, writer


def write_and_show(task: Task) -> dict:
    """Write the report and show it as a table. Raises Failure that names the option."""
    args, variables = task.args, task.variables
    work = args["work"]
    dest = os.path.abspath(args["dest"] if args["dest"] is not None else f"{work}-report.json")
    if args["keep_ids"] and work != "disconnect":
        raise bad_option("keep_ids", f"a {work} does not make a device forget its ids", "leave it out")
    hostvars = variables["hostvars"]
    hosts = args["hosts"] if args["hosts"] is not None else variables["ansible_play_hosts_all"]
    unknown = [host for host in hosts if host not in hostvars]
    if unknown:
        raise bad_option("hosts", f"{', '.join(unknown)} is not in the inventory", "give names of the inventory")
    found = {host: hostvars[host].get(records.fact(work)) for host in hosts}
    if args["keep_ids"]:
        found = totals.with_earlier_ids(found, _earlier(dest))
    made = totals.report(found, writer.now(), args["directory"])
    # Within a rollout the wave, elsewhere all that were asked for.
    batch = set(hosts if args["hosts"] is not None else variables["ansible_play_batch"])
    lines = table.table([d for d in made["devices"] if d["device"] in batch], args["table_limit"])
    for line in [*lines, table.summary(made["totals"])]:
        Display().display(line)
    if not task.check_mode or args["write_in_check_mode"]:
        writer.write(dest, made)
        Display().display(f"report: {dest}")
    return {"totals": made["totals"], "dest": dest}


def _earlier(path: str) -> dict:
    """The report that is there; empty where there is none, or another file."""
    try:
        with open(path, encoding="utf-8") as stream:
            found = json.load(stream)
    except (FileNotFoundError, ValueError):
        return {}
    except OSError as exc:
        raise bad_option(
            "dest", f"{path} cannot be read: {exc.strerror or exc}", "give a path on the controller that can be"
        ) from exc
    devices = found.get("devices") if isinstance(found, dict) else None
    return found if isinstance(devices, list) and all(isinstance(device, dict) for device in devices) else {}
