# Copyright (c) 2026, winops.entra contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The last word on a package that was not applied: what is worth another exchange with the device only then.

Internal to winops.entra: may change in any release.
"""

from __future__ import annotations

import dataclasses
import typing as t

from . import causes, package_refusals, sign_in_code

if t.TYPE_CHECKING:
    from ..answers import Answer
    from ..waiting import Waiter
    from .clues import Diagnosis
    from .logs import Start


def completed(waiter: Waiter, answer: Answer, error: dict | None, since: Start) -> Diagnosis | None:
    """As causes.find_causes(), with the policy that forbids packages as the cause where the device has one, and with
    the sign-in service's own code, or a word that the device does not have it. ``since`` is where the task began."""
    found = causes.find_causes(answer, error)
    if found is None:
        return None
    if sign_in_code.is_missing(found):
        answer = dataclasses.replace(answer, results=answer.results | sign_in_code.look_for(waiter, since))
        [found] = sign_in_code.say_what_is_missing([causes.find_causes(answer, error) or found], answer)
    return package_refusals.by_policy(waiter, found)
