# Copyright (c) 2026, winops.entra contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What a release needs and nobody sees missing before: versions, the changelog's fragments, READMEs, names in lists."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest
import yaml

from ansible_collections.winops.entra.plugins.plugin_utils import result
from tests.tools import importer

from .roles import NAMES as ROLES
from .roles import argument_specs

ROOT = Path(result.__file__).resolve().parents[2]
CHANGELOGS = ROOT / "changelogs"
FRAGMENTS = {path.name: yaml.safe_load(path.read_text(encoding="utf-8")) for path in CHANGELOGS.glob("fragments/*")}
MODULES = sorted(path.stem for path in (ROOT / "plugins" / "modules").glob("*.py"))
# The doc fragments whose options module_defaults can set for all of an action group at once, and the group's name.
GROUPS = {"winops.entra.tenant": "tenant"}
# What a role does not pass on of its module's options, and why not.
LEFT_OUT: dict[str, dict[str, str]] = {
    "join": {},
    "preflight": {},
    "disconnect": {},
    # It has a variable for each of its modules, and takes each one's options as they are.
    "tenant": {},
}
# The role's variables that hold options of a module of another name.
DICTS_OF_OPTIONS = {
    "tenant_groups": "group",
    "tenant_registration_policy": "registration_policy",
    "tenant_mdm_scope": "mdm_scope",
    "tenant_local_admins": "local_admin_role",
}


def released() -> list[str]:
    """The versions of the changelog, oldest first; none before the first release."""
    releases = yaml.safe_load((CHANGELOGS / "changelog.yaml").read_text(encoding="utf-8"))["releases"]
    return sorted(releases, key=lambda version: [int(part) for part in version.split(".")])


def documentation(module: str) -> dict:
    text = (ROOT / "plugins" / "modules" / f"{module}.py").read_text(encoding="utf-8")
    return yaml.safe_load(re.search(r'^DOCUMENTATION = r"""\n(.*?)^"""', text, re.DOTALL | re.MULTILINE)[1])


def test_nothing_claims_to_be_of_a_version_that_is_neither_released_nor_next():
    next_one = yaml.safe_load((ROOT / "galaxy.yml").read_text(encoding="utf-8"))["version"]
    found = {}
    for path in [*(ROOT / "plugins").rglob("*.py"), *(ROOT / "roles").rglob("*.yml")]:
        for version in re.findall(r"version_added: *[\"']?([\w.]+)", path.read_text(encoding="utf-8")):
            found[f"{path.relative_to(ROOT)} {version}"] = version
    assert found
    assert [where for where, version in found.items() if version not in {*released(), next_one}] == []


def test_a_fragment_is_named_after_what_it_says():
    assert [name for name in FRAGMENTS if not re.fullmatch(r"[a-z]+(-[a-z]+)+\.yml", name)] == []


def test_no_fragment_is_named_like_a_playbook_as_galaxys_ansible_lint_would_take_it_for_one():
    assert [name for name in FRAGMENTS if "playbook" in name] == []


def test_a_fragment_announces_no_new_module_as_the_changelog_lists_them_itself():
    lines = [line for fragment in FRAGMENTS.values() for lines in fragment.values() for line in lines]
    assert [line for line in lines if isinstance(line, str) and re.search(r" - new (module|filter|plugin)", line)] == []


def test_fragments_are_restructured_text_and_not_the_markup_of_modules():
    texts = {name: json.dumps(fragment) for name, fragment in FRAGMENTS.items()}
    assert [name for name, text in texts.items() if re.search(r"\b[CVOMPEI]\(", text)] == []


@pytest.mark.parametrize("kind, names", [("role", ROLES), ("playbook", ["*"])])
def test_the_changelog_announces_every_role_and_playbook_once(kind, names):
    names = sorted(path.stem for path in (ROOT / "playbooks").glob("*.yml")) if kind == "playbook" else names
    announced = [entry["name"] for fragment in FRAGMENTS.values() for entry in fragment.get(f"add object.{kind}", [])]
    for release in yaml.safe_load((CHANGELOGS / "changelog.yaml").read_text(encoding="utf-8"))["releases"].values():
        announced += [entry["name"] for entry in release.get("objects", {}).get(kind, [])]
    assert sorted(announced) == names


@pytest.mark.parametrize("role", ROLES)
def test_a_role_has_a_readme_that_names_its_entry_points(role):
    # Galaxy refuses an archive with a role that has none.
    text = (ROOT / "roles" / role / "README.md").read_text(encoding="utf-8")
    entry_points = argument_specs(role)
    assert [name for name in entry_points if len(entry_points) > 1 and f"| `{name}` |" not in text] == []
    assert f"ansible-doc -t role winops.entra.{role}" in text


@pytest.mark.parametrize("fragment, group", GROUPS.items())
def test_an_action_group_names_exactly_the_modules_with_its_options(fragment, group):
    groups = yaml.safe_load((ROOT / "meta" / "runtime.yml").read_text(encoding="utf-8"))["action_groups"]
    wanted = [name for name in MODULES if fragment in documentation(name)["extends_documentation_fragment"]]
    assert wanted
    assert groups[group] == wanted
    assert set(groups) == set(GROUPS.values())


@pytest.mark.parametrize("role", [role for role in ROLES if role in MODULES])
def test_a_role_passes_on_every_option_of_its_module(role):
    options, known = all_options(role), set(argument_specs(role)["main"]["options"])
    missing = [name for name in options if f"{role}_{name}" not in known and name not in LEFT_OUT[role]]
    assert missing == []
    assert [name for name in LEFT_OUT[role] if name not in options or f"{role}_{name}" in known] == []
    assert [name for name in options if name not in LEFT_OUT[role] and name not in passed(role)[role]] == []


@pytest.mark.parametrize("variable, module", DICTS_OF_OPTIONS.items())
def test_the_tenant_role_passes_on_every_option_of_its_modules(variable, module):
    assert variable in argument_specs("tenant")["main"]["options"]
    own = set(documentation(module)["options"])
    assert own - passed("tenant")[module] == set()


def passed(role: str) -> dict[str, set[str]]:
    """The options that a role's tasks give, by module."""
    found: dict[str, set[str]] = {}
    for path in (ROOT / "roles" / role / "tasks").glob("*.yml"):
        for task in yaml.safe_load(path.read_text(encoding="utf-8")):
            for action, options in task.items():
                if action.startswith("winops.entra."):
                    found.setdefault(action.rsplit(".", 1)[1], set()).update(options)
    return found


def all_options(module: str) -> list[str]:
    """A module's options with those of its doc fragments."""
    found = dict(documentation(module)["options"])
    for name in documentation(module)["extends_documentation_fragment"]:
        stem, _dot, part = name.removeprefix("winops.entra.").partition(".")
        text = (ROOT / "plugins" / "doc_fragments" / f"{stem}.py").read_text(encoding="utf-8")
        wanted = part.upper() or "DOCUMENTATION"
        found |= yaml.safe_load(re.search(rf'{wanted} = r"""\n(.*?)"""', text, re.DOTALL)[1]).get("options", {})
    return sorted(found)


@pytest.mark.parametrize(
    "output, complaints",
    [
        ("Loading role join\nImporter processing completed successfully", []),
        ("WARNING: no changelog\nLoading role join", ["WARNING: no changelog"]),
        ("Loading role join\nERROR: No role readme found.", ["ERROR: No role readme found."]),
    ],
)
def test_a_warning_of_galaxys_importer_counts(output, complaints):
    assert importer.complaints(output) == complaints
