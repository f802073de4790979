# Copyright (c) 2026, winops.entra contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The work of the module rollout_report: the records of all devices become a file and a table.

Internal to winops.entra: may change in any release.
"""

from __future__ import annotations

import os

from ..options import bad_option
from ..task import Task
from ..untrusted import visible
from . import loops, records, table, totals, writer
from .door import read_earlier

NAMED = 10
"""Devices that a warning names; the report has all."""


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
    writer.require_writable(dest)
    earlier = read_earlier(dest) if args["keep_ids"] else None
    if args["only_try"]:
        return {"dest": dest}
    found = loops.by_device({host: hostvars[host].get(records.fact(work)) for host in hosts}, hostvars)
    made = totals.report(found, writer.now(), args["directory"], earlier)
    # Within a rollout the wave, elsewhere all that were asked for.
    batch = set(hosts if args["hosts"] is not None else variables["ansible_play_batch"])
    batch |= set(found) - set(hosts)  # Items of loops: who looped them is of this batch.
    lines = table.table([d for d in made["devices"] if d["device"] in batch], args["table_limit"])
    for line in [*lines, table.summary(made["totals"])]:
        task.show_line(line)
    if not task.check_mode or args["write_in_check_mode"]:
        writer.write(dest, made)
        task.show_line(f"report: {visible(dest)}")
    warnings = [*made.get("problems", []), *_not_understood(made["devices"])]
    return {"totals": made["totals"], "dest": dest} | ({"warnings": warnings} if warnings else {})


def _not_understood(devices: list[dict]) -> list[str]:
    names = [device["device"] for device in devices if device.get("unreadable")]
    named = ", ".join(names[:NAMED]) + (f" and {len(names) - NAMED} more" if len(names) > NAMED else "")
    return [f"not everything in the records of these devices is understood, see unreadable: {named}"] if names else []
