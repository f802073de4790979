# Copyright (c) 2026, winops.entra contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The options of any module, as a playbook, a template or the environment may hand them over."""

from __future__ import annotations

import functools
import importlib
import random
import typing as t
from pathlib import Path

from ansible.module_utils.common.arg_spec import ArgumentSpecValidator

from ansible_collections.winops.entra.plugins.plugin_utils import option_door, task
from ansible_collections.winops.entra.plugins.plugin_utils.result import Failure

SAMPLE = 3000
MODULES = sorted(path.stem for path in (Path(__file__).parents[3] / "plugins" / "modules").glob("*.py"))
_TEXTS = (
    *(
        "",
        " ",
        "\n",
        "\t",
        ".",
        "..",
        "../..",
        "~",
        "~\0",
        "$HOME",
        "-",
        "a" * 5000,
        "a,b",
        ",",
        "a=b",
        "{}",
        "[]",
        "[x",
    ),
    *("true", "no", "none", "None", "null", "0", "-1", "1e9", "1e400", "inf", "nan", "0x10", "\u0661", "9" * 5000),
    *("0c1a2b3c-4d5e-6f70-8192-a3b4c5d6e7f8", "{0C1A2B3C-4D5E-6F70-8192-A3B4C5D6E7F8}", "https://host", "https://[x"),
    *("https://host:99999", "http://", "//", "file:///etc/passwd", "sha256:" + "0" * 64, "C:\\a.ppkg", "2026-11-21"),
    *(
        "a\0b",
        "a\x1b[2J",
        "\ud800",
        "\udfff",
        "a\u2028b",
        "a\u202eb",
        "\ufeff",
        "\U0001f600",
        "{{ x }}",
        "'",
        '"',
        "%00",
    ),
)
_LETTERS = "aB0-_./\\:{}[]=,'\" \n\0\x7f\u00e9\u2028\u202e\ud800\U0001f600"
_NUMBERS = (0, 1, -1, 2, 5, 2**31, 2**63, 10**30, 10**5000, 0.5, 1.0, 1e308, float("inf"), float("-inf"), float("nan"))


def one(chance: random.Random) -> None:
    spec = _spec(chance.choice(MODULES))
    names = chance.sample(sorted(spec), chance.randint(1, min(4, len(spec))))
    given = {name: _value(chance, spec[name]) for name in names}
    try:
        option_door.refuse_odd_values(given, spec)
        checked = ArgumentSpecValidator(option_door.ansible_spec(spec)).validate(given)
        if checked.errors:
            assert str(checked.error_messages)
            return
        option_door.refuse_odd_values(checked.validated_parameters, spec)
        _judge(option_door.understood(checked.validated_parameters, spec), spec)
    except Failure as failure:
        assert failure.error["name"] == "bad_option" and failure.msg.isprintable() and len(failure.msg) < 5000
        assert any(failure.msg.startswith(f"bad option {name}") for name in names), failure.msg


@functools.cache
def _spec(module: str) -> dict[str, dict]:
    plugin = importlib.import_module(f"ansible_collections.winops.entra.plugins.action.{module}").ActionModule
    found = {**task.spec_of_sides(plugin.sides), **plugin.spec}
    return {name: {**option, "required": False, "environment": []} for name, option in found.items()}


def _judge(args: t.Mapping[str, t.Any], spec: t.Mapping[str, dict]) -> None:
    """What the work gets is what it may believe."""
    for name, option in spec.items():
        value = args.get(name)
        for item in value if isinstance(value, list) else [value]:
            if isinstance(item, str):
                assert item.strip() or option.get("empty"), name
                assert len(item) <= option_door.kind_of(option).longest and "\0" not in item, name
                item.encode()
            elif isinstance(item, int) and not isinstance(item, bool):
                assert option.get("least", 1) <= item <= option.get("most", option_door.MOST), name
            elif isinstance(item, dict) and option.get("options"):
                _judge(item, option["options"])


def _value(chance: random.Random, option: dict, depth: int = 0) -> t.Any:
    """Of the option's type as a rule, and then mostly odd."""
    kind = option.get("type", "str") if chance.random() < 0.7 else chance.choice(("str", "int", "bool", "list", "dict"))
    if kind == "list" and depth < 4:
        element = {**option, "type": option.get("elements", "str")}
        return [_value(chance, element, depth + 1) for _each in range(chance.choice((0, 1, 1, 2, 5)))]
    if kind == "dict" and depth < 4:
        below = option.get("options") or {}
        keys = [*below, *chance.choices(("", " ", "a", "a\0", 5, None, True, 1.5, "\ud800"), k=1)]
        return {key: _value(chance, below.get(key, {}), depth + 1) for key in chance.sample(keys, min(3, len(keys)))}
    if kind == "int":
        return chance.choice(_NUMBERS) if chance.random() < 0.8 else str(chance.randint(-10, 10**7))
    if kind == "bool":
        return chance.choice((True, False, "yes", "off", 0, 1, 2, "maybe", ""))
    if option.get("choices") and chance.random() < 0.3:
        return chance.choice(option["choices"])
    if chance.random() < 0.2:
        return "".join(chance.choices(_LETTERS, k=chance.randint(0, 40)))
    return chance.choice((*_TEXTS, None)) if chance.random() < 0.9 else chance.choice(_NUMBERS)
