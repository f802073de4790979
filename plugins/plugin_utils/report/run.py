# Copyright (c) 2026, winops.entra contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Which run of Ansible this is: a report holds several, and says of each device in which one it was last asked.

Ansible imports an action plugin in its own process, before it forks a worker for each host, so that what is made here
at the import is the same in all workers of a run, whatever its first task is.

Internal to winops.entra: may change in any release.
"""

from __future__ import annotations

import datetime
import os
import typing as t
import uuid
from collections.abc import Mapping

from ansible import context

MAX_RUN_TEXT = 500
"""Letters of what a run was limited to: a command line may hold thousands of names."""


def moment() -> str:
    """The controller's time: UTC to the millisecond, such as ``2026-11-30T08:00:00.123Z``. Moments are ordered as their
    texts are."""
    return datetime.datetime.now(datetime.timezone.utc).isoformat(timespec="milliseconds").replace("+00:00", "Z")


_STARTED = moment()
_ID = f"{_STARTED[:19].replace('-', '').replace(':', '')}Z-{uuid.uuid4().hex[:8]}"


def this_run(variables: Mapping[str, t.Any], check_mode: bool) -> dict[str, t.Any]:
    """The run as a report holds it: ``{id, started, playbook, play, limit, check}``. What is not known is null.

    ``playbook`` is the name of the file on the command line, ``limit`` what ``--limit`` says.
    """
    playbooks = context.CLIARGS.get("args") if context.CLIARGS else None
    named = [os.path.basename(str(name)) for name in playbooks] if isinstance(playbooks, (list, tuple)) else []
    return {
        "id": _ID,
        "started": _STARTED,
        "playbook": _said(", ".join(named)),
        "play": _said(variables.get("ansible_play_name")),
        "limit": _said(variables.get("ansible_limit")),
        "check": check_mode,
    }


def _said(text: t.Any) -> str | None:
    if not isinstance(text, str) or not text:
        return None
    return text if len(text) <= MAX_RUN_TEXT else f"{text[: MAX_RUN_TEXT - 1]}\u2026"
