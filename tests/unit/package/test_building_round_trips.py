# Copyright (c) 2026, winops.entra contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A template gets other values, and the description comes back from the package: for every setting of the table."""

from __future__ import annotations

import random
import sys
from collections import Counter

import pytest
from hypothesis import HealthCheck, given
from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st

from ansible_collections.winops.entra.plugins.plugin_utils.package.composing import UnclearPlace, compose, package_id
from ansible_collections.winops.entra.plugins.plugin_utils.package.description.compare import compare_with_document
from ansible_collections.winops.entra.plugins.plugin_utils.package.description.document import Setting, Step
from ansible_collections.winops.entra.plugins.plugin_utils.package.description.table import ITEMS, KEYED_LIST, table
from ansible_collections.winops.entra.plugins.plugin_utils.package.description.values import same_value, text_of
from tests.lab import wim

from . import building, fitting
from .building import Case

MORE = hypothesis_settings(
    max_examples=60,
    deadline=None,
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.filter_too_much, HealthCheck.function_scoped_fixture],
)


@pytest.fixture(autouse=True)
def cheap_ids(monkeypatch):
    """scrypt as it is costs 0.1 s a package, and two readers in Python take longer for what is compressed."""
    monkeypatch.setattr(package_id, "_COST", 2)
    monkeypatch.setattr(sys.modules[compose.__module__], "MOST_COMPRESSED", 0)


def check(cases, save, **more):
    """The package says what the description says, in each form, and has nothing of the template's values."""
    description = building.description(cases, **more)
    built = compose(building.template(cases), description, building.files(cases))
    package = building.read(built, save)

    assert compare_with_document(package.forms, description.document) == []
    assert package.id == built.package_id and package.sha256 == built.sha256 and package.size == built.size
    assert not [issue.name for issue in package.issues if "differ" in issue.name]
    no_rest(building.written(built), cases)
    return built


def no_rest(data, cases):
    """No old secret stands in the bytes, in a content, in a name or in the WIM's XML."""
    contents, properties = wim.read(data)
    texts = [
        data,
        *contents.values(),
        *(path.encode() for path in contents),
        *(v.encode() for v in properties.values()),
    ]
    new = {case.new for case in cases}
    for case in cases:
        old = Setting(case.steps, case.old)
        if old.secret and len(case.old) >= 4 and not any(case.old in each for each in new):
            for text in texts:
                for encoding in ("utf-8", "utf-16-le"):
                    assert case.old.encode(encoding) not in text


def steps_of(known):
    steps = []
    names = known.path.split("/")
    for count, name in enumerate(names, 1):
        above = table().list_of(table().find("/".join(names[:count])))
        key = None
        if above is not None and above.type in (KEYED_LIST, ITEMS):
            key = fitting.FORMS[above.pattern][0] if above.pattern else "Ключ <1>&"[: above.max_length]
        steps.append(Step(name, key))
    return tuple(steps)


def case_of(known, chance, number=0):
    """Two values of a setting that are not the same, where it has two."""
    old, new = (value(known, chance, f"{word}{number}") for word in ("alt", "neu"))
    for _try in range(20):
        if same_value(known, old) != same_value(known, new):
            break
        new = value(known, chance, f"neu{number}")
    return Case(steps_of(known), known, old, new)


def value(known, chance, word):
    if known.path in fitting.OWN_RULES:
        return f"{word}-%SERIAL%" if "DNS" in known.path else f"0.{word}-token"
    if known.pattern:
        return chance.choice(fitting.FORMS[known.pattern])
    if known.values:
        return chance.choice([each for pair in known.values for each in pair if each])
    if known.type == "integer":
        low = known.minimum if known.minimum is not None else 0
        high = known.maximum if known.maximum is not None else low + 90_000
        return str(chance.randint(low, min(high, low + 90_000)))
    if known.type == "boolean":
        return chance.choice(["True", "False", "yes", "no", "0", "1"])
    if known.type == "file":
        return (
            f"C:\\alt\\{known.path.replace('/', '_')}.bin"
            if word.startswith("alt")
            else f"site/{known.path.replace('/', '_')}.bin"
        )
    return f"{word} Größe <&> \"中'"[: known.max_length].ljust(known.min_length or 0, "x")


def test_every_setting_of_the_table_can_be_given_another_value(save):
    chance, groups, alone = random.Random(19), [], []
    for number, known in enumerate(fitting.LEAVES):
        case = case_of(known, chance, number)
        name = known.path.rpartition("/")[2].lower()
        group = next((each for each in groups if name not in each and len(each) < 60), None)
        if group is None:
            groups.append(group := {})
        group[name] = case
    played = 0
    for group in groups:
        cases = list(group.values())
        try:
            check(cases, save)
            played += len(cases)
        except UnclearPlace as exc:
            alone.append(exc.cause)

    assert alone == [], "\n".join(alone)
    assert played == len(fitting.LEAVES) > 1300


@st.composite
def cases(draw):
    known = draw(st.sampled_from(fitting.LEAVES))
    steps = draw(fitting.steps_of(known))
    if known.type == "file":
        return Case(steps, known, "C:\\x\\some.bin", "files/some.bin")
    old, new = (text_of(draw(fitting.values_of(known)), known) for _each in range(2))
    return Case(steps, known, old, new)


@MORE
@given(st.lists(cases(), max_size=5, unique_by=lambda case: case.known.path))
def test_any_settings_with_any_values(save, some):
    paths = Counter(case.path.lower() for case in some)
    files = [case for case in some if case.known.type == "file"]
    if max(paths.values(), default=1) == 1 and len(files) <= 1:
        # A template without anything compiled is refused, and a file is not compiled.
        name = table().find("DevDetail/DNSComputerName")
        some = [*some, *([] if any(case.known == name for case in some) else [case_of(name, random.Random(1))])]
        try:
            check(some, save)
        except UnclearPlace as exc:
            unclear(some, exc)


def unclear(some, exc):
    """It may be so where a value is short, or the table does not say where it is compiled, or one is in another."""
    texts = [case.old for case in some]
    surely = all(case.known.csp and not set("@#") & set(case.known.csp) and texts.count(case.old) == 1 for case in some)
    within = any(one != other and one in other for one in texts for other in texts + [case.new for case in some])
    assert not surely or within or "still stands" in exc.cause or "contradicts" in exc.cause, exc.cause
