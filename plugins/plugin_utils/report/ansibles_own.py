# Copyright (c) 2026, winops.entra contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What Ansible itself makes of a task before, or instead of, the module: such a result has no ``error`` of ours.

Internal to winops.entra: may change in any release.
"""

from __future__ import annotations

import re
import typing as t
from collections.abc import Mapping

from ..keywords import BAD_KEYWORD
from ..options import BAD_OPTION

SKIPPED = "skipped"
UNREACHABLE = {
    "name": "unreachable",
    "side": "network",
    "cause": "the device does not answer, or refuses the account",
    "fix": "check that it is on, its address, port 5986 or 5985, its WinRM listener and the local account",
}
#: The names of failures by which nothing was asked of the device: an option, a keyword, a variable of the environment
#: or a file on the controller was wrong from the start.
REFUSED_AT_THE_DOOR = (BAD_OPTION, BAD_KEYWORD, "bad_environment", "not_decrypted", "damaged_bundle")
# Up to ansible-core 2.18 the keyword's time-out leaves only this sentence (task_executor.py).
_TIMED_OUT = re.compile(r"failed to execute in the expected time frame")
# ActionBase.run, of ansible-core 2.16 and of later ones.
_NO_ASYNC = re.compile(r"async is not supported|does not support async")


def said_of(result: Mapping[str, t.Any]) -> dict[str, t.Any]:
    """The fields of a record in which such a result differs, none for one that the module has made.

    A module's own time-out (task.py) has an error, and needs none of this.
    """
    if result.get("skipped"):
        reason = result.get("skip_reason") or result.get("skipped_reason") or result.get("msg")
        condition = result.get("false_condition")
        cause = f"its condition is false: {condition}" if condition is not None else reason
        return {"outcome": SKIPPED, "msg": reason, "cause": cause}
    error = result.get("error")
    if isinstance(error, Mapping) and error.get("name") == BAD_KEYWORD:
        return {"outcome": "refused"}
    if not result.get("failed") or error:
        return {}
    msg = str(result.get("msg"))
    if "timedout" in result or _TIMED_OUT.search(msg):
        return {
            "name": "task_timed_out",
            "side": "controller",
            "cause": "the keyword timeout of the task ended it; what it had done by then is not known",
            "fix": "leave the keyword timeout out, or raise it above the module's option timeout, and run it again",
        }
    if _NO_ASYNC.search(msg):
        return {
            "outcome": "refused",
            "name": "async_refused",
            "side": "controller",
            "cause": "the modules of this collection do not work with the keyword async: nothing was done",
            "fix": "leave async and poll out; to work on many devices at once, raise forks or use the strategy free",
        }
    return {}
