# Copyright (c) 2026, winops.entra contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The work of the module autopilot_hash: one exchange, the findings, one row of a CSV file.

Internal to winops.entra: may change in any release.
"""

from __future__ import annotations

import contextlib
import os
import typing as t

from ...autopilot import csv_files, csv_keep, serials
from ...autopilot.hardware_hash import HardwareHash
from ...findings import require_known, summary, verdict
from ...locks import NotHeld, held, patience
from ...options import bad_option
from ...report import writer
from ...result import Failure
from ...task import Task
from ...untrusted import visible
from ..reading import facts_of
from . import fitness
from .firmware import Firmware, ask

LOCK_SECONDS = 120.0
"""How long a task waits for those of other hosts that write to the same file."""


def harvest(task: Task) -> dict:
    """The hash and the findings. Failure where there is one that ``fail_on`` names; then no file is written."""
    args = task.args
    require_known(args["fail_on"], tuple(fitness.FITNESS_CHECKS))
    dest = None if args["dest"] is None else os.path.abspath(args["dest"])
    if dest is not None:
        writer.require_writable(dest)
        _try_out(dest, args)
        task.learned |= {"dest": dest, "rows": None}
    firmware = ask(task.session, task.check_mode, args["timeout"])
    look = fitness.look_at(firmware, args["mode"])
    found = fitness.findings(look)
    facts = facts_about(firmware, look.decoded)
    device = entry(facts, look.decoded, args)
    task.learned |= {
        "autopilot": facts,
        "device": device,
        "findings": [one.as_dict() for one in found],
        "summary": summary(found),
    }
    failure = verdict(found, args["fail_on"], "the device is not fit for Windows Autopilot", "autopilot")
    if failure:
        raise failure
    if dest is not None and device is not None and look.decoded is not None:
        rows = task.learned["rows"] = _keep(task, dest, _row(device, facts, look.decoded))
        if rows > csv_keep.PORTAL_ROWS:
            # Without the number: Ansible shows a warning once that several hosts have.
            return {"warnings": [f"{dest} has more than the {csv_keep.PORTAL_ROWS} devices that the portal takes"]}
    return {}


def facts_about(firmware: Firmware, decoded: HardwareHash | None) -> dict[str, t.Any]:
    """What is known of the firmware and the hash; null for what was refused or is not there."""
    told = facts_of(
        {
            "serial_number": firmware.serial_number,
            "manufacturer": firmware.manufacturer,
            "model": firmware.model,
            "smbios_uuid": firmware.smbios_uuid,
            "tpm": firmware.tpm,
            "virtual_machine": firmware.virtual_machine,
        }
    )
    chip = told.pop("tpm")
    return {
        "serial_number": told["serial_number"],
        "product_id": None,
        "hardware_hash": decoded.text if decoded else None,
        "manufacturer": told["manufacturer"],
        "model": told["model"],
        "smbios_uuid": told["smbios_uuid"],
        "tpm_version": (chip.version or None) if chip else None,
        "tpm_ek": decoded.ek if decoded else None,
        "virtual_machine": told["virtual_machine"],
        "hash_serial_number": (decoded.serial_number or None) if decoded else None,
        "hash_size": decoded.size if decoded else None,
        "read_as": firmware.read_as,
    }


def entry(facts: t.Mapping[str, t.Any], decoded: HardwareHash | None, args: t.Mapping[str, t.Any]) -> dict | None:
    """The device as a task that registers it takes it; None where there is no hash of this very device."""
    serial = facts["serial_number"] or (decoded.serial_number if decoded else None)
    if decoded is None or not serial:
        return None
    if decoded.serial_number and serials.key(decoded.serial_number) != serials.key(serial):
        return None
    values = {"serial_number": serial, "product_id": None, "hardware_hash": decoded.text}
    return values | {"group_tag": args["group_tag"], "assigned_user": args["assigned_user"]}


def _row(device: t.Mapping[str, t.Any], facts: t.Mapping[str, t.Any], decoded: HardwareHash) -> csv_keep.Entry:
    return csv_keep.Entry(
        decoded,
        device["serial_number"],
        group_tag=device["group_tag"],
        assigned_user=device["assigned_user"],
        manufacturer=facts["manufacturer"],
        model=facts["model"],
    )


def _try_out(dest: str, args: t.Mapping[str, t.Any]) -> None:
    """The file is one into which a row can be written, before the device is asked. Raises Failure."""
    wanted = {name: args[name] for name in ("group_tag", "assigned_user") if args[name] is not None}
    with _refusing(dest):
        csv_keep.try_out(_content(dest), wanted)


def _keep(task: Task, dest: str, row: csv_keep.Entry) -> int:
    """Put the row into the file; how many devices it then has. In check mode it only says what would change."""
    what = f"the row of {visible(row.serial_number)} in {dest}"
    with _refusing(dest):
        if task.check_mode:
            kept = _kept(dest, row)
            task.changes.add(what, kept.before, kept.after)
            return kept.rows
        with writer.directory_of(dest), held(f"{dest}.lock", patience(LOCK_SECONDS)):
            kept = _kept(dest, row)
            if kept.before != kept.after:
                with task.changes.attempt([(what, kept.before, kept.after)]):
                    writer.replace(dest, kept.data)
            task.changes.add(what, kept.before, kept.after)
            return kept.rows


def _kept(dest: str, row: csv_keep.Entry) -> csv_keep.Kept:
    """The file with the row. Raises Failure for a row that has no place in it; the device has been asked by then."""
    data = _content(dest)
    try:
        return csv_keep.keep(data, row)
    except csv_files.CsvError as exc:
        raise Failure(
            f"the row of {visible(row.serial_number)} cannot be put into {visible(dest)}: {visible(str(exc))}; mend the"
            " file, or leave dest out and register the device from the result",
            side="controller",
            name="csv_row_not_written",
            cause=visible(str(exc)),
            fix="mend the file, or leave dest out and register the device from the result",
        ) from exc


@contextlib.contextmanager
def _refusing(dest: str) -> t.Iterator[None]:
    """What makes a file unfit, said as the refusal of the option dest."""
    try:
        yield
    except csv_files.CsvError as exc:
        cause = f"{visible(dest)} cannot be kept: {visible(str(exc))}"
        raise bad_option("dest", cause, "mend the file, or give the path of a new one") from exc
    except NotHeld as exc:
        cause = f"other tasks have held the lock of {visible(dest)} for {LOCK_SECONDS:.0f} s"
        fix = "run the task again once they are done"
        raise Failure(f"{cause}; {fix}", side="controller", name="csv_file_locked", cause=cause, fix=fix) from exc
    except OSError as exc:
        raise writer.unwritable(dest, exc) from exc


def _content(dest: str) -> bytes | None:
    try:
        return csv_files.content(dest)
    except FileNotFoundError:
        return None
