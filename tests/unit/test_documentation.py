# Copyright (c) 2026, winops.entra contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What ansible-doc shows of a module is what its action plugin takes, and of a filter what it returns.

`ansible-test sanity` cannot see this: it compares documentation with the call of an AnsibleModule, and here is none.
"""

from __future__ import annotations

import ast
import importlib
import json
from pathlib import Path

import pytest
import yaml
from ansible.plugins.loader import fragment_loader
from ansible.utils.plugin_docs import get_docstring

from ansible_collections.winops.entra.plugins.filter import rollout_outcome
from ansible_collections.winops.entra.plugins.modules import rollout_report
from ansible_collections.winops.entra.plugins.plugin_utils import task
from ansible_collections.winops.entra.plugins.plugin_utils.report import records

PLUGINS = Path(task.__file__).resolve().parents[1]
MODULES = sorted(path.stem for path in (PLUGINS / "modules").glob("*.py"))
FRAGMENTS = sorted(path.stem for path in (PLUGINS / "doc_fragments").glob("*.py"))
# What an option says of itself, and what it is when it says nothing.
COMPARED = {"type": "str", "elements": None, "choices": None, "default": None, "required": False}
RECORDS = {
    "empty": {},
    "joined": {"outcome": "joined", "join": {"device_id": "d1"}, "phases": [{"name": "look", "seconds": 1.5}]},
    "left": {"outcome": "disconnected", "record": {"device_id": "d1", "enrollments": [{}]}, "administrators": [{}]},
    "unfit": {"failed": True, "findings": [{"id": "clock"}], "summary": {"pass": 1, "fail": 1}},
    "unhealthy": {"healthy": False, "findings": [{"code": "0x1"}], "conclusion": "join: no", "state": {"join": {}}},
    "unreachable": {"unreachable": True, "msg": "connection refused"},
}
PYTHON_TYPES = {"str": str, "int": int, "float": (int, float), "bool": bool, "list": list, "dict": dict}


def documented(module: str) -> dict:
    """A module's documentation with its fragments, as ansible-doc reads it."""
    path = PLUGINS / "modules" / f"{module}.py"
    return get_docstring(str(path), fragment_loader, collection_name="winops.entra", plugin_type="module")[0]


def taken(module: str) -> tuple[dict, dict]:
    """The spec and the constraints by which a module's action plugin judges the options."""
    action = importlib.import_module(f"ansible_collections.winops.entra.plugins.action.{module}").ActionModule
    return {**task.spec_of_sides(action.sides), **action.spec}, action.constraints


@pytest.mark.parametrize("module", MODULES)
def test_a_module_takes_the_options_that_it_documents(module):
    spec, _constraints = taken(module)
    assert described(documented(module)["options"], "suboptions") == described(spec, "options")


@pytest.mark.parametrize("module", MODULES)
def test_the_constraints_of_a_module_are_about_its_options(module):
    spec, constraints = taken(module)
    for kind, rules in constraints.items():
        for name in named(kind, rules):
            assert name in spec, f"{kind}: {name}"


@pytest.mark.parametrize("module", ["join", "ppkg"])
def test_a_package_is_named_in_one_way_and_with_its_id_where_the_controller_cannot_read_it(module):
    _spec, constraints = taken(module)
    assert constraints["mutually_exclusive"] == [("src", "path", "url")]
    assert constraints["required_by"] == {"path": "package_id", "url": ("package_id", "checksum")}
    assert constraints["required_if"]


@pytest.mark.parametrize("module", MODULES)
def test_every_option_is_described(module):
    for name, option in documented(module)["options"].items():
        assert option.get("description"), name


@pytest.mark.parametrize("module", MODULES)
def test_a_module_is_said_to_show_a_difference_where_it_may_change_something(module):
    attribute = documented(module)["attributes"]["diff_mode"]
    changes = yaml.safe_load(loaded(module).RETURN)["changes"]["description"]
    assert (attribute["support"] == "none") == str(changes).startswith("Always empty.")
    assert attribute["support"] == "full" or attribute["details"]


@pytest.mark.parametrize("module", MODULES)
def test_an_attribute_that_is_not_full_says_what_is_so(module):
    for name, attribute in documented(module)["attributes"].items():
        assert attribute["support"] in ("full", "partial", "none"), name
        assert attribute["support"] == "full" or attribute.get("details"), name


@pytest.mark.parametrize("module", MODULES)
def test_a_module_returns_facts_where_it_says_so(module):
    says = "facts" in documented(module)["attributes"]
    assert says == ("ansible_facts" in yaml.safe_load(loaded(module).RETURN))


def test_every_fragment_is_used():
    extended = {
        name.split(".")[2]
        for module in MODULES
        for name in yaml.safe_load(loaded(module).DOCUMENTATION)["extends_documentation_fragment"]
    }
    assert extended == set(FRAGMENTS)


def test_no_two_modules_describe_an_option_in_the_same_words():
    seen: dict[str, str] = {}
    for module in MODULES:
        for name, option in yaml.safe_load(loaded(module).DOCUMENTATION).get("options", {}).items():
            if len(option) > 1:  # not only another default or text for a fragment's option
                key = json.dumps([name, option], sort_keys=True)
                assert key not in seen, f"{name} of {seen.get(key)} and {module} wants a doc fragment"
                seen[key] = module


@pytest.mark.parametrize("work", records.WORKS)
@pytest.mark.parametrize("result", RECORDS.values(), ids=RECORDS)
def test_the_fields_of_a_record_are_documented_with_their_types(result, work):
    fields = yaml.safe_load(rollout_outcome.RETURN)["_value"]["contains"]
    of_this = {name: field for name, field in fields.items() if work in field["returned"].split(", ")}
    of_all = {name: field for name, field in fields.items() if field["returned"] == "always"}
    assert_fields(records.record(result, work), of_all | of_this)


def test_module_and_filter_of_a_report_know_the_same_works():
    choices = yaml.safe_load(rollout_outcome.DOCUMENTATION)["options"]["work"]["choices"]
    assert choices == list(records.WORKS) == rollout_report.ARGUMENT_SPEC["work"]["choices"]


def assert_fields(record: dict, fields: dict) -> None:
    assert set(record) == set(fields)
    for name, value in record.items():
        assert value is None or isinstance(value, PYTHON_TYPES[fields[name]["type"]]), name


def described(options: dict, below: str) -> dict:
    """What documentation and spec must agree on, an option: ``below`` is the key of its suboptions."""
    return {
        name: {
            **{key: option.get(key, missing) for key, missing in COMPARED.items()},
            "options": described(option.get(below) or {}, below),
        }
        for name, option in options.items()
    }


def named(kind: str, rules) -> list[str]:
    """The names of options in one of AnsibleModule's constraints."""
    if kind == "required_by":
        wanted = [[name] if isinstance(name, str) else name for name in rules.values()]
        return [*rules, *(name for group in wanted for name in group)]
    if kind == "required_if":
        return [name for rule in rules for name in (rule[0], *rule[2])]
    return [name for group in rules for name in group]


def loaded(module: str):
    return importlib.import_module(f"ansible_collections.winops.entra.plugins.modules.{module}")


@pytest.mark.parametrize("module", MODULES)
def test_a_module_is_documentation_only_as_ansible_test_understands_it(module):
    """Its validate-modules executes a file with anything else in it, an annotated name for one, and wants a module."""
    tree = ast.parse((PLUGINS / "modules" / f"{module}.py").read_text(encoding="utf-8"))
    wanted = (ast.Assign, ast.ImportFrom, ast.Expr)
    assert [ast.unparse(node)[:40] for node in tree.body if not isinstance(node, wanted)] == []
