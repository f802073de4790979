# Copyright (c) 2026, winops.entra contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Whose registered keys a change of the key restrictions locks out: looked for before the change.

Internal to winops.entra: may change in any release.
"""

from __future__ import annotations

import typing as t
from collections.abc import Sequence

from ..graph.client import GraphClient
from ..graph.failures import RequestFailure
from ..resources.passkey_rules import Rules
from . import passkeys, registration_details

#: Keys that a warning names.
SHOWN = 20
_UNREAD = "it is not known whose keys are locked out, because"


def find(client: GraphClient, before: Rules, after: Rules) -> tuple[list[dict[str, t.Any]] | None, str | None]:
    """The keys that ``before`` takes and ``after`` does not, and why some or all could not be read.

    None in place of the list where nothing could be read.
    """
    if before == after or after.takes_all:
        return [], None
    try:
        users = registration_details.with_passkeys(client)
    except RequestFailure as failed:
        return None, f"{_UNREAD} the report of registered methods could not be read: {failed.error['cause']}"
    names = {one.id: one.user_principal_name or one.id for one in users}
    registered = passkeys.of_users(client, names)
    failures = [one for one in registered.values() if isinstance(one, RequestFailure) and not one.says_absent]
    why = None
    if failures:
        cause = failures[0].error["cause"]
        why = f"{_UNREAD} the passkeys of {len(failures)} of {len(names)} users could not be read: {cause}"
    if failures and len(failures) == len(names):
        return None, why
    return [
        {
            "user": names[identity],
            "name": row.get("displayName") or None,
            "model": row.get("model") or None,
            "aaguid": passkeys.aaguid_of(row),
        }
        for identity, rows in registered.items()
        if not isinstance(rows, RequestFailure)
        for row in rows
        if _taken(after, row) is False and _taken(before, row) is not False
    ], why


def warnings(found: Sequence[dict[str, t.Any]] | None, why: str | None, more_profiles: bool) -> list[str]:
    """What the task warns of."""
    told = [] if why is None else [why]
    if found:
        keys = [f"{one['user']} ({one['model'] or one['name'] or one['aaguid']})" for one in found]
        more = f" and {len(keys) - SHOWN} more, see shut_out" if keys[SHOWN:] else ""
        unless = ", unless another passkey profile takes them" if more_profiles else ""
        told.append(
            f"the key restrictions lock out {len(keys)} registered keys{unless}: {', '.join(keys[:SHOWN])}{more}"
        )
    return told


def _taken(rules: Rules, row: dict[str, t.Any]) -> bool | None:
    return rules.takes(passkeys.aaguid_of(row), row.get("passkeyType"))
