# Copyright (c) 2026, winops.entra contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Each operation of the vocabulary has its constructor, which makes what the vocabulary says."""

from __future__ import annotations

import inspect

import pytest

from ansible_collections.winops.entra.plugins.plugin_utils.device import operations as op

KNOWN = op.VOCABULARY["operations"]
CONSTRUCTORS = {
    name: function
    for name, function in inspect.getmembers(op, inspect.isfunction)
    if function.__module__ == op.__name__ and not name.startswith("_")
}


def test_there_is_one_constructor_for_each_operation():
    assert set(CONSTRUCTORS) == set(KNOWN)


@pytest.mark.parametrize("name", KNOWN)
def test_a_constructor_gives_the_parameters_that_the_vocabulary_has(name):
    required = [
        parameter
        for parameter in inspect.signature(CONSTRUCTORS[name]).parameters.values()
        if parameter.default is parameter.empty and parameter.kind is parameter.POSITIONAL_OR_KEYWORD
    ]
    made = CONSTRUCTORS[name](*("x" for _parameter in required))
    allowed = {key.rstrip("?") for key in KNOWN[name]["params"]}
    needed = {key for key in KNOWN[name]["params"] if not key.endswith("?")}
    assert made.pop("op") == name
    assert needed <= set(made) <= allowed
