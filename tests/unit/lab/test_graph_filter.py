# Copyright (c) 2026, winops.entra contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""$filter: what parses, and which objects fit."""

from __future__ import annotations

import pytest

from tests.lab.graph import filter as grammar
from tests.lab.graph.answers import GraphError
from tests.lab.graph.evaluate import compile_test

PC = {
    "displayName": "O'Neil's PC",
    "accountEnabled": True,
    "deviceVersion": 2,
    "physicalIds": ["[ZTDID]:x", "[HWID]:y"],
    "approximateLastSignInDateTime": "2026-05-01T00:00:00Z",
    "model": None,
    "owner": {"name": "anna"},
    "assignedPlans": [{"servicePlanId": "41781fb2-bc02-4b7c-bd55-b576c07bb09d", "capabilityStatus": "Enabled"}],
}


@pytest.mark.parametrize(
    "text",
    [
        "displayName eq 'O''Neil''s PC'",
        "displayName eq 'o''neil''s pc'",
        "startswith(displayName,'O''N')",
        "startsWith(displayName, 'o')",
        "endsWith(displayName,'pc')",
        "contains(displayName,'''s P')",
        "accountEnabled eq true",
        "accountEnabled",
        "accountEnabled ne false",
        "not(accountEnabled eq false)",
        "not accountEnabled eq false",
        "deviceVersion gt 1 and deviceVersion le 2",
        "deviceVersion in (1, 2)",
        "displayName in ('a', 'O''Neil''s PC')",
        "model eq null",
        "displayName ne null",
        "approximateLastSignInDateTime le 2026-05-01T00:00:00Z",
        "approximateLastSignInDateTime lt 2026-05-01T02:00:01+02:00",
        "approximateLastSignInDateTime ge 2026-05-01",
        "physicalIds/any(p:startswith(p,'[ZTDID]'))",
        "physicalIds/any(p: p eq '[hwid]:y')",
        "physicalIds/all(p:contains(p,':'))",
        "physicalIds/$count eq 2",
        "owner/name eq 'anna'",
        "tolower(displayName) eq 'o''neil''s pc'",
        (
            "assignedPlans/any(x:x/servicePlanId eq 41781fb2-bc02-4b7c-bd55-b576c07bb09d"
            " and x/capabilityStatus eq 'Enabled')"
        ),
        "model eq 'x' or model eq null",
        "model eq null and (displayName eq 'x' or deviceVersion eq 2)",
        "displayName eq 'x' or displayName eq 'y' or deviceVersion eq 2",
    ],
)
def test_expressions_that_fit(text):
    assert compile_test(grammar.parse(text))(PC)


@pytest.mark.parametrize(
    "text",
    [
        "displayName eq 'O'",
        "displayName eq null",
        "deviceVersion gt 2",
        "model lt 'x'",
        "model gt 'x'",
        "approximateLastSignInDateTime gt 2026-05-01T00:00:00Z",
        "physicalIds/any(p:p eq 'x')",
        "physicalIds/$count eq 0",
        "displayName eq 'x' and accountEnabled eq true",
        "not(startswith(displayName,'O'))",
        "nothing/any()",
        # and binds closer than or
        "deviceVersion eq 1 and deviceVersion eq 2 or displayName eq 'x'",
    ],
)
def test_expressions_that_do_not_fit(text):
    assert not compile_test(grammar.parse(text))(PC)


@pytest.mark.parametrize(
    "text",
    [
        "",
        "displayName eq",
        "displayName eq 'O'Neil'",
        "displayName eq 'x' and",
        "displayName like 'x'",
        "(displayName eq 'x'",
        "startswith(displayName)",
        "substringof('x',displayName)",
        "displayName eq 'x')",
        "displayName in 'x'",
        'displayName eq "x"',
        "physicalIds/any(p:",
        "'x'",
        "1 eq",
    ],
)
def test_what_is_no_expression_is_400(text):
    with pytest.raises(GraphError) as refused:
        grammar.parse(text)
    assert (refused.value.status, refused.value.code) == (400, "BadRequest")


def test_paths_are_those_of_the_object():
    text = "a eq 1 and b/c eq 2 and contains(d,'x') and e/any(v:v/f eq 'x') and g/$count eq 0 and h in ('x')"
    assert grammar.paths(grammar.parse(text)) == {"a", "b", "d", "e", "g", "h"}
