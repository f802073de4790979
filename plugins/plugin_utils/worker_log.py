# Copyright (c) 2026, winops.entra contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A worker does not write to the file of ANSIBLE_LOG_PATH: it could wait for ever.

Ansible forks a worker while a thread of its own may be writing a result to that file. The worker then has a copy of
the file's buffer, locked by a thread which it has not (CPython renews the locks of ``logging`` in a child, not those of
``io``). Ansible sends what a worker displays to the parent, so that only libraries would write there: HTTP clients, SSH
clients, credentials.

Internal to winops.entra: may change in any release.
"""

from __future__ import annotations

import logging
import multiprocessing


def leave_alone() -> None:
    """In a worker, for the rest of its task: what libraries log goes nowhere. Nothing changes in the parent."""
    if multiprocessing.parent_process() is None:
        return
    root = logging.getLogger()
    for handler in [each for each in root.handlers if isinstance(each, logging.StreamHandler)]:
        root.removeHandler(handler)
    if not root.handlers:  # else Python prints warnings on standard error
        root.addHandler(logging.NullHandler())
