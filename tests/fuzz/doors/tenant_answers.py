# Copyright (c) 2026, winops.entra contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Answers of Microsoft Graph: a whole run of each module of the tenant, with one to three values that are odd."""

from __future__ import annotations

import functools
import random
import typing as t

from tests.unit.tenant import odd_answers

SAMPLE = 600

_told = functools.cache(odd_answers.told)


def inputs(chance: random.Random) -> tuple[str, list[tuple[str, odd_answers.Path, t.Any]]]:
    """A run, and (request, path, value) of what is odd in its answers."""
    name = chance.choice(list(odd_answers.RUNS))
    odd = []
    for _number in range(chance.choice((1, 1, 2, 3))):
        label, path = chance.choice(_told(name))
        odd.append((label, path, chance.choice(odd_answers.ODD)))
    return name, odd


def one(chance: random.Random) -> None:
    name, odd = inputs(chance)
    changes = [odd_answers.changing(label, path, value) for label, path, value in odd]
    odd_answers.play(
        name, lambda label, body: functools.reduce(lambda told, change: change(label, told), changes, body)
    )
