# Copyright (c) 2026, winops.entra contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What Graph says of an object that it does not know yet, and of a write that was done before."""

from __future__ import annotations

import datetime

import pytest

from ansible_collections.winops.entra.plugins.plugin_utils.tenant.graph import consistency
from ansible_collections.winops.entra.plugins.plugin_utils.tenant.graph.errors import GraphFailure

NOW = datetime.datetime(2026, 3, 1, 12, tzinfo=datetime.timezone.utc).timestamp()


def refused(status, code, message):
    return GraphFailure("could not do it", "tenant", status, code, message)


@pytest.mark.parametrize(
    ("status", "code", "message", "expected"),
    [
        (404, "Request_ResourceNotFound", "Resource 'x' does not exist or one of its queried ...", True),
        (404, "", "", True),
        (400, "PrincipalNotFound", "Principal 1 does not exist in the directory 2.", True),
        (400, "Request_BadRequest", "One of its queried reference-property objects are not present.", True),
        (400, "Request_BadRequest", "The property 'x' does not exist on type 'microsoft.graph.group'.", False),
        (403, "Request_ResourceNotFound", "does not exist in the directory", False),
    ],
)
def test_what_says_that_an_object_is_not_known(status, code, message, expected):
    assert consistency.says_not_known(refused(status, code, message)) is expected


@pytest.mark.parametrize(
    ("status", "code", "message", "expected"),
    [
        (400, "Request_BadRequest", "One or more added object references already exist for ...: 'members'.", True),
        (400, "Request_BadRequest", "One or more removed object references do not exist for ...: 'members'.", True),
        (409, "Conflict", "A conflicting object with one or more of the specified property values is present", True),
        (400, "Request_BadRequest", "Another object with the same value for property uniqueName already exists.", True),
        (400, "RoleAssignmentExists", "The Role assignment already is there.", True),
        (409, "RoleAssignmentExists", "", True),
        (409, "Request_MultipleObjectsWithSameKeyValue", "", True),
        (409, "Conflict", "A change is under way.", False),
        (403, "RoleAssignmentExists", "", False),
        (400, "Request_BadRequest", "An approval request already exists for this object.", False),
    ],
)
def test_what_says_that_a_write_was_done_before(status, code, message, expected):
    assert consistency.says_done_before(refused(status, code, message)) is expected


@pytest.mark.parametrize(
    ("created", "young"),
    [
        ("2026-03-01T11:59:30Z", True),
        ("2026-03-01T11:59:30.1234567Z", True),
        ("2026-03-01T11:59:30+00:00", True),
        ("2026-03-01T12:03:00Z", True),  # the controller's clock is behind
        ("2026-03-01T11:40:00Z", False),
        ("0001-01-01T00:00:00Z", False),
        ("2026-02-31T11:59:30Z", None),
        ("yesterday", None),
        ("", None),
        (None, None),
    ],
)
def test_the_age_of_an_object(created, young):
    assert consistency.is_young(created, lambda: NOW) is young
