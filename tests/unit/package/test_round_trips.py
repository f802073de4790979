# Copyright (c) 2026, winops.entra contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A description becomes customizations.xml and comes back, whatever settings it has and in whatever script."""

from __future__ import annotations

import random
import re

from hypothesis import HealthCheck, given
from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st

from ansible_collections.winops.entra.plugins.plugin_utils.package.description.customizations import (
    read_customizations,
)
from ansible_collections.winops.entra.plugins.plugin_utils.package.description.description import checked, described
from ansible_collections.winops.entra.plugins.plugin_utils.package.description.document import (
    Setting,
    Step,
    parse_path,
)
from ansible_collections.winops.entra.plugins.plugin_utils.package.description.table import ITEMS, KEYED_LIST, table
from ansible_collections.winops.entra.plugins.plugin_utils.package.description.writer import write_customizations

from . import fitting

MORE = hypothesis_settings(
    max_examples=60, deadline=None, suppress_health_check=[HealthCheck.too_slow, HealthCheck.filter_too_much]
)


def round_trip(data: dict) -> None:
    """What is read is what was written, and the description of it gives the same document again."""
    document = checked(data).document
    read = read_customizations(write_customizations(document))

    assert read.dropped == []
    assert (read.identity, read.targets) == (document.identity, document.targets)
    assert [block for block in read.blocks if block.settings or block.condition] == [
        block for block in document.blocks if block.settings or block.condition
    ]
    again = checked(described(read)).document
    for block, before in zip(again.blocks, document.blocks, strict=True):
        assert block.condition == before.condition
        assert sorted(map(said, block.settings)) == sorted(map(said, before.settings))


def said(setting: Setting) -> tuple[str, str]:
    """A setting in the one spelling of its value: the words of a section may be others than those that were given."""
    from ansible_collections.winops.entra.plugins.plugin_utils.package.description.values import same_value

    known = table().find(setting.bare)
    return setting.path, same_value(known, setting.value) if known and known.type != "string" else setting.value


def test_every_setting_of_the_table_goes_there_and_back():
    chance = random.Random(19)
    settings = []
    for known in fitting.LEAVES:
        steps = []
        for count, name in enumerate(known.path.split("/"), 1):
            step = table().find("/".join(known.path.split("/")[:count]))
            above = table().list_of(step)
            key = None
            if above is not None and above.type in (KEYED_LIST, ITEMS):
                key = (
                    chance.choice(fitting.FORMS[above.pattern]) if above.pattern else "Ключ <1> ]/"[: above.max_length]
                )
            steps.append(Step(name, key))
        settings.append({"path": Setting(tuple(steps), "").path, "value": value(known, chance)})

    assert len(settings) > 1300
    round_trip({"name": "All", "settings": settings})


def value(known, chance):
    """A value that fits the setting."""
    if known.path in fitting.OWN_RULES:
        return chance.choice(fitting.OWN_RULES[known.path])
    if known.pattern:
        return chance.choice(fitting.FORMS[known.pattern])
    if known.values:
        return chance.choice(chance.choice(known.values)) or known.values[0][0]
    if known.type == "integer":
        return known.minimum if known.minimum is not None else 5
    return {"boolean": True}.get(known.type, "Größe <&> 中文"[: known.max_length].ljust(known.min_length or 0, "x"))


@MORE
@given(st.lists(st.sampled_from(fitting.LEAVES).flatmap(fitting.settings), max_size=6, unique_by=lambda s: s["path"]))
def test_any_settings_with_any_names(settings):
    paths = [setting["path"].lower() for setting in settings]
    if len(set(paths)) == len(paths):
        round_trip({"name": "Some", "settings": settings})


@MORE
@given(
    fitting.TEXTS,
    st.lists(
        st.tuples(fitting.TEXTS, fitting.TEXTS, st.sampled_from(["administrators", "standard_users"])), max_size=3
    ),
    st.lists(st.tuples(fitting.TEXTS, fitting.TEXTS), max_size=3),
    st.lists(st.tuples(fitting.TEXTS, fitting.TEXTS), max_size=3),
    st.booleans(),
)
def test_any_names_in_the_sections(name, users, networks, commands, on):
    round_trip(
        {
            "name": name,
            "local_users": [{"name": each, "password": secret, "group": group} for each, secret, group in users],
            "wifi": [{"ssid": each, "security": "wpa2_personal", "key": key} for each, key in networks],
            "commands": [
                {"name": each, "line": line, "more_files": [{"name": name, "file": line}]} for each, line in commands
            ],
            "security_keys": on,
            "targets": [{"id": name, "states": [{name: name}]}],
            "conditional": [{"targets": [name], "name": name, "computer_name": "PC-%RAND:3%"}],
        }
    )


@given(fitting.TEXTS, st.integers(1, 3))
def test_a_path_is_read_as_it_is_written(key, nth):
    steps = (Step("Accounts"), Step("User", key, None, nth), Step("Foo", key, "Id"), Step("@Name"))

    assert parse_path(Setting(steps, "").path) == steps


def test_two_of_one_name_keep_their_order():
    commands = [{"name": "same", "line": line} for line in ("first", "second", "third")]

    back = described(read_customizations(write_customizations(checked({"name": "n", "commands": commands}).document)))

    assert back["commands"] == commands
    assert re.findall("CommandConfig", str(back.get("settings", ""))) == []
