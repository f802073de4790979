# Copyright (c) 2026, winops.entra contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The policy of the method Temporary Access Pass.

Source: Microsoft Graph, "temporaryAccessPassAuthenticationMethodConfiguration resource type" (lifetimes of 10 to 43,200
minutes, lengths of 8 to 48 characters).

Internal to winops.entra: may change in any release.
"""

from __future__ import annotations

import copy
import typing as t
from collections.abc import Mapping

from ...options import bad_option
from ..graph.fields import FLAG, NUMBER, object_of
from .method_policy import METHOD_FIELDS, Groups, Method, lay_targets, shown_ids, shown_include

#: Graph's properties by the options of ``policy``.
PASS_SETTINGS = {
    "state": "state",
    "minimum_lifetime": "minimumLifetimeInMinutes",
    "maximum_lifetime": "maximumLifetimeInMinutes",
    "default_lifetime": "defaultLifetimeInMinutes",
    "default_length": "defaultLength",
    "usable_once": "isUsableOnce",
}
_LIFETIMES = ("minimum_lifetime", "default_lifetime", "maximum_lifetime")
_KIND = object_of(
    {
        **METHOD_FIELDS,
        "minimumLifetimeInMinutes": NUMBER,
        "maximumLifetimeInMinutes": NUMBER,
        "defaultLifetimeInMinutes": NUMBER,
        "defaultLength": NUMBER,
        "isUsableOnce": FLAG,
    }
)


def shown(policy: Mapping[str, t.Any]) -> dict[str, t.Any]:
    """The policy as the module's options would say it."""
    return {
        **{option: policy.get(name) for option, name in PASS_SETTINGS.items()},
        "include": shown_include(policy.get("includeTargets")),
        "excluded_groups": shown_ids(policy.get("excludeTargets")),
    }


PASSES = Method(
    "temporaryAccessPass",
    "Temporary Access Pass policy",
    _KIND,
    shown,
    {
        "state": "state of the Temporary Access Pass",
        "minimum_lifetime": "shortest lifetime of a pass",
        "maximum_lifetime": "longest lifetime of a pass",
        "default_lifetime": "default lifetime of a pass",
        "default_length": "length of a pass",
        "usable_once": "passes that work only once",
        "include": "users who may have a pass",
        "excluded_groups": "groups that may not have a pass",
    },
)


def wanted(current: Mapping[str, t.Any], given: Mapping[str, t.Any], groups: Groups) -> dict[str, t.Any]:
    """A copy of the policy with what the task says. Failure where its lifetimes contradict each other."""
    policy = copy.deepcopy(dict(current))
    for option, name in PASS_SETTINGS.items():
        if given.get(option) is not None:
            policy[name] = given[option]
    lay_targets(policy, given, groups)
    now = shown(policy)
    known = [(option, now[option]) for option in _LIFETIMES if now[option] is not None]
    for (shorter, less), (longer, more) in zip(known, known[1:]):
        if less > more and (given.get(shorter) is not None or given.get(longer) is not None):
            raise bad_option(
                "policy",
                f"{shorter} would be {less} minutes and {longer} {more}",
                "give minimum_lifetime, default_lifetime and maximum_lifetime that fit",
            )
    return policy
