# Copyright (c) 2026, winops.entra contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""How many requests a task is going to send, and about how long they take, said before it begins.

What fails on a device is asked for in detail, which nobody knows beforehand; Conditional Access says its own time.

Internal to winops.entra: may change in any release.
"""

from __future__ import annotations

from collections.abc import Collection

from ..devices.look_up import CLAUSES
from ..graph.batch import LARGEST

#: One batch of 20 reads, in seconds: what is said before the first one was measured.
SECONDS_A_REQUEST = 1.0
#: Nobody needs to be told of fewer.
TELL_REQUESTS = 20
#: Questions that are one request for all devices.
_ONE_FOR_ALL = ("domain",)


def requests(devices: int, questions: Collection[str], asks_users: bool) -> int:
    """The number of requests for so many devices. ``questions`` are those of the option; ``asks_users``: the primary
    users are read."""
    batches = -(-devices // LARGEST)
    each = [name for name in questions if name != "user" and name not in _ONE_FOR_ALL]
    once = len([name for name in questions if name in _ONE_FOR_ALL])
    # Intune's records come with a list, which costs at most as much as asking for each.
    return -(-devices // (LARGEST * CLAUSES)) + 1 + once + batches * (len(each) + asks_users)


def in_words(devices: int, count: int) -> str | None:
    """The sentence to show; None where it is soon over."""
    if count <= TELL_REQUESTS:
        return None
    return f"{devices} devices: about {count} requests, at a second each about {count * SECONDS_A_REQUEST:.0f} s"
