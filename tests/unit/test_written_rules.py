# Copyright (c) 2026, winops.entra contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Rules that stand in sentences of the documentation and not in a table: permissions, event ids, modes of files, and
names of errors in samples."""

from __future__ import annotations

import ast
import functools
import re
import typing as t

import pytest
import yaml

from tests.collection import ROOT
from tests.integration import promised

UTILS = ROOT / "plugins" / "plugin_utils"
TENANT = UTILS / "tenant"
PERMISSION = re.compile(r"[A-Z][A-Za-z0-9]+(?:\.[A-Z][A-Za-z]+){1,3}")
#: The files in which the requests of a module name the permissions that they need.
ASKING = {
    "autopilot_device": "autopilot/*.py devices/intune.py",
    "device_removal": "devices/removal*.py devices/leavers.py devices/places.py devices/intune.py",
    "corporate_identifier": "corporate/*.py",
    "device_association": "associations/*.py",
    "directory_device": "devices/directory_device.py devices/changes.py devices/look_up.py",
    "directory_device_info": "devices/look_up.py devices/views.py devices/intune.py devices/directory_device.py",
    "directory_diagnosis": "diagnosis/*.py",
    "directory_posture": "posture/*.py what_if/*.py devices/intune.py users/registration_details.py",
    "group": "resources/group*.py",
    "local_admin_role": "resources/local_admin_role.py",
    "mdm_scope": "resources/mdm_scope.py",
    "readiness_info": "readiness/*.py what_if/*.py users/registration_details.py",
    "registration_policy": "resources/registration_policy.py",
    "security_key_policy": (
        "resources/security_key_policy.py resources/method_policy.py users/registration_details.py users/passkeys.py"
    ),
    "temporary_access_pass": "users/passes.py users/people.py resources/method_policy.py",
    "user_method_info": "users/user_method_info.py users/people.py users/passkeys.py users/registration_details.py",
    "wait_for_management": (
        "arrival/*.py posture/records.py posture/compliance.py posture/policy_states.py posture/primary_user.py "
        "posture/settings_catalog.py posture/configuration.py devices/intune.py"
    ),
}
#: What a module's file has for another one, or what another permission that the notes name includes.
NOT_NEEDED = {
    "autopilot_device": {"DeviceManagementManagedDevices.Read.All"},  # of directory_device_info, in intune.py
    "directory_device": {"User.Read.All"},  # of directory_device_info, with owner
    "directory_device_info": {"Device.ReadWrite.All", "Directory.AccessAsUser.All"},  # of directory_device
    "directory_posture": {
        "DeviceManagementServiceConfig.Read.All",  # of Autopilot, in intune.py
    },
    "group": {"GroupMember.Read.All"},  # Group.Read.All includes it
    "wait_for_management": {"DeviceManagementServiceConfig.Read.All"},  # of Autopilot, in intune.py
    "readiness_info": {"Microsoft.SyncFabric"},  # an application
}


@functools.cache
def texts(place: str) -> set[str]:
    """The texts in the code of the files of the tenant's side at this place."""
    return {
        node.value
        for path in TENANT.glob(place)
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8")))
        if isinstance(node, ast.Constant) and isinstance(node.value, str)
    }


def permissions_of_notes(module: str) -> set[str]:
    text = (ROOT / "plugins" / "modules" / f"{module}.py").read_text(encoding="utf-8")
    return {name for name in re.findall(r"C\(([\w.]+)\)", text) if PERMISSION.fullmatch(name)}


@pytest.mark.parametrize("module", ASKING)
def test_the_notes_name_each_permission_that_a_request_needs(module):
    asked = {text for place in ASKING[module].split() for text in texts(place) if PERMISSION.fullmatch(text)}
    assert asked and asked - NOT_NEEDED.get(module, set()) <= permissions_of_notes(module)
    assert NOT_NEEDED.get(module, set()) <= asked, "an exception that nothing needs any more"


@pytest.mark.parametrize("module", ASKING)
def test_the_notes_name_no_permission_that_no_request_needs(module):
    assert permissions_of_notes(module) <= texts("**/*.py")


def test_event_ids_in_the_guides_are_in_code_or_lab():
    known = set()
    for path in [*(UTILS / "device").rglob("*.py"), *(ROOT / "tests" / "lab" / "device").rglob("*.py")]:
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.Constant) and isinstance(node.value, int):
                known.add(node.value)
    for guide in ("join", "diagnose", "disconnect", "reports", "lab"):
        text = " ".join((ROOT / "docs" / f"{guide}.md").read_text(encoding="utf-8").split())
        named = {
            int(number)
            for ids in re.findall(r"\bevents? (\d{2,4}(?:(?:,| and| to)? ?\d{2,4})*)", text)
            for number in re.findall(r"\d+", ids)
        }
        assert named - known == set(), guide


def test_files_that_are_made_on_the_controller_are_for_their_owner():
    """The guides say 0600 of the report, its journal, bundles, the token cache and what a controller remembers."""
    made = {
        path.relative_to(UTILS).as_posix(): path.read_text(encoding="utf-8")
        for path in UTILS.rglob("*.py")
        if re.search(r"O_CREAT|mkstemp", path.read_text(encoding="utf-8"))
    }
    assert set(made) == {"locks.py", "media/folder.py", "private_file.py", "report/journal.py", "report/writer.py"}
    assert all("0o600" in made[name] for name in set(made) - {"report/writer.py"})
    # mkstemp makes a file of mode 0600 (Python, "tempfile").
    assert "mkstemp(" in made["report/writer.py"]
    other_ways = re.compile(r"\bopen\([^)]*[\"'][wax]b?[\"']|\.write_(?:text|bytes)\(|\.touch\(")
    assert [path.name for path in UTILS.rglob("*.py") if other_ways.search(path.read_text(encoding="utf-8"))] == []


def samples(value: t.Any) -> t.Iterator[str]:
    """The names of errors in the samples of a documentation."""
    for name, field in (value or {}).items():
        sample = field.get("sample")
        if name == "error" and isinstance(sample, dict):
            yield sample["name"]
        yield from samples(field.get("contains"))


def test_samples_of_errors_have_names_of_errors():
    found = {}
    for path in sorted((ROOT / "plugins" / "modules").glob("*.py")):
        returned = re.search(r'RETURN = r"""(.*?)"""', path.read_text(encoding="utf-8"), re.DOTALL)
        found[path.stem] = list(samples(yaml.safe_load(returned[1]) if returned else {}))
    assert any(found.values())
    assert [names for names in found.values() if not all(map(promised.is_listed, names))] == []
