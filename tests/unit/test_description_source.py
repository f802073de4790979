# Copyright (c) 2026, winops.entra contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A description in a file: its variables, its vaulted values, its files, and what is said where one is missing."""

from __future__ import annotations

import functools
import os
import textwrap
import types
from pathlib import Path

import pytest
from ansible.errors import AnsibleFileNotFound
from ansible.parsing.dataloader import DataLoader
from ansible.parsing.vault import VaultLib, VaultSecret
from ansible.template import Templar

from ansible_collections.winops.entra.plugins.plugin_utils import templates, vaulted
from ansible_collections.winops.entra.plugins.plugin_utils.masking import Masker
from ansible_collections.winops.entra.plugins.plugin_utils.package.description.problems import BadDescription
from ansible_collections.winops.entra.plugins.plugin_utils.package_tasks import description as description_source
from ansible_collections.winops.entra.plugins.plugin_utils.package_tasks.description import Source, source_of
from ansible_collections.winops.entra.plugins.plugin_utils.result import Failure
from ansible_collections.winops.entra.plugins.plugin_utils.task import Task

SECRET = "a-secret-of-the-vault"
VAULT = [("default", VaultSecret(b"a password"))]


def vault(text: str | bytes) -> str:
    return VaultLib(VAULT).encrypt(text).decode()


class World:
    """A folder of descriptions, a folder ``files``, and the task that reads them."""

    def __init__(self, folder: Path) -> None:
        self.folder, self.files = folder / "packages", folder / "files"
        self.folder.mkdir()
        self.files.mkdir()
        self.loader = DataLoader()
        self.loader.set_vault_secrets(VAULT)
        self.variables: dict[str, object] = {}
        self.task = Task({}, False)

    def find(self, src: str) -> str:
        for path in (Path(src), self.files / src, self.files.parent / src):
            if path.is_absolute() and path.exists():
                return str(path)
        raise AnsibleFileNotFound(f"Could not find or access '{src}'")

    def source(self, description: object) -> Source:
        """What a task makes of a description, in a file where it is a text."""
        action = types.SimpleNamespace(
            _loader=self.loader, _templar=Templar(loader=self.loader, variables=self.variables)
        )
        args: dict[str, object] = {"description": description, "description_file": None}
        if isinstance(description, (str, bytes)):
            path = self.folder / "berlin.yml"
            raw = description if isinstance(description, bytes) else textwrap.dedent(description).encode()
            path.write_bytes(raw)
            args = {"description": None, "description_file": str(path)}
        self.task = Task(
            args,
            False,
            find_file=self.find,
            content=functools.partial(vaulted.content, action),
            decrypted=functools.partial(vaulted.text, action),
            filled_in=functools.partial(templates.filled_in, action),
        )
        return source_of(self.task)

    def refused(self, description: object) -> str:
        with pytest.raises(BadDescription) as caught:
            self.source(description)
        assert SECRET not in str(caught.value.error)
        return "; ".join(caught.value.problems)


@pytest.fixture
def world(tmp_path: Path) -> World:
    return World(tmp_path)


def values(source: Source) -> dict[str, str]:
    return {setting.path: setting.value for setting in source.description.document.always()}


def test_variables_and_vaulted_values_of_a_file_are_filled_in(world: World):
    world.variables = {"token": SECRET, "site": "BE"}
    inline = textwrap.indent(vault("a password of an account"), " " * 16)
    source = world.source(
        """\
        name: Contoso {{ site }}
        bulk_token: "{{ token }}"
        computer_name: "{{ site }}-%SERIAL%"
        local_users:
          - name: rescue
            password: !vault |
"""
        + inline
    )
    found = values(source)
    assert found["Accounts/Azure/BPRT"] == SECRET
    assert found["Accounts/Users/User[rescue]/Password"] == "a password of an account"
    assert found["DevDetail/DNSComputerName"] == "BE-%SERIAL%"
    assert source.description.document.identity.name == "Contoso BE"


def test_a_whole_file_may_be_vaulted_and_is_decrypted_in_memory(world: World, monkeypatch):
    monkeypatch.setattr(world.loader, "get_real_file", lambda *_args: pytest.fail("decrypted on the disk"))
    source = world.source(vault(f"name: Contoso\nbulk_token: {SECRET}\n").encode())
    assert values(source)["Accounts/Azure/BPRT"] == SECRET


def test_what_is_vaulted_in_a_file_is_masked_wherever_it_stands(world: World):
    line = textwrap.indent(vault(f"cmd /c setup /key {SECRET}"), " " * 8)
    world.source(f"name: Contoso\ncommands:\n  - line: !vault |\n{line}")
    masker = Masker(text for secrets in world.task.secrets for text in secrets())
    assert masker.text(f"runs cmd /c setup /key {SECRET} now") == "runs *** now"


def test_a_text_that_is_no_template_stays_as_it_is(world: World):
    source = world.source("name: Contoso\nbulk_token: !unsafe '{{a_token_with_braces}}1'\n")
    assert values(source)["Accounts/Azure/BPRT"] == "{{a_token_with_braces}}1"


def test_a_value_of_any_kind_may_be_a_variable(world: World):
    world.variables = {"users": [{"name": "rescue", "password": SECRET}], "keys": True}
    source = world.source("name: Contoso\nlocal_users: '{{ users }}'\nsecurity_keys: '{{ keys }}'\n")
    assert values(source)["Accounts/Users/User[rescue]/Password"] == SECRET


def test_every_variable_that_is_missing_is_named_with_its_line(world: World):
    said = world.refused(
        """\
        name: Contoso
        bulk_token: "{{ vault_bulk_token }}"
        local_users:
          - name: rescue
            password: "{{ vault.rescue }}"
        """
    )
    assert "line 2: bulk_token needs the variable vault_bulk_token, which is not defined" in said
    assert "line 5: local_users[0].password needs the variable vault, which is not defined" in said


@pytest.mark.parametrize("template", ["{{ 'a-secret-of-the-vault' | nothing }}", "{{ 'a-secret-of-the-vault' ", "{% x"])
def test_a_template_that_is_wrong_is_named_and_not_repeated(world: World, template: str):
    said = world.refused(f'name: Contoso\nbulk_token: "{template}"\n')
    assert said.startswith("line 2: bulk_token has a template that cannot be filled in")


def test_a_value_that_no_password_opens_is_named(world: World):
    other = VaultLib([("default", VaultSecret(b"another"))]).encrypt(SECRET).decode()
    said = world.refused("name: Contoso\nbulk_token: !vault |\n" + textwrap.indent(other, "  "))
    assert said == "line 2: bulk_token is encrypted, and none of the vault's passwords that are given opens it"


@pytest.mark.parametrize("tag", ["!vault [a]", "!unsafe {a: b}"])
def test_a_tag_for_texts_takes_no_list(world: World, tag: str):
    assert "not YAML that can be read" in world.refused(f"name: {tag}")


def test_a_file_that_is_not_text_is_refused(world: World):
    assert world.refused(b"name: \xff\xfe") == "it is not in UTF-8"


def test_a_description_that_is_not_there_is_a_bad_option(world: World):
    world.task = Task({"description": None, "description_file": "none.yml"}, False, find_file=world.find)
    with pytest.raises(Failure, match="bad option description_file: there is no readable description none.yml"):
        source_of(world.task)


# ---- files ----------------------------------------------------------------------------------------------------------

COMMAND = "name: Contoso\ncommands:\n  - line: cmd /c a.cmd\n    file: {}\n"


def test_files_are_looked_for_beside_the_description_first(world: World):
    (world.folder / "a.cmd").write_bytes(b"beside")
    (world.files / "a.cmd").write_bytes(b"in files")
    (world.files / "b.cmd").write_bytes(b"in files")
    assert world.source(COMMAND.format("a.cmd")).files == {"a.cmd": b"beside"}
    assert world.source(COMMAND.format("b.cmd")).files == {"b.cmd": b"in files"}


def test_files_of_a_description_in_the_playbook_are_looked_for_as_ansible_does(world: World):
    (world.folder / "a.cmd").write_bytes(b"beside")
    (world.files / "a.cmd").write_bytes(b"in files")
    data = {"name": "Contoso", "commands": [{"line": "cmd /c a.cmd", "file": "a.cmd"}]}
    assert world.source(data).files == {"a.cmd": b"in files"}


def test_a_vaulted_file_is_decrypted_in_memory(world: World, monkeypatch):
    monkeypatch.setattr(world.loader, "get_real_file", lambda *_args: pytest.fail("decrypted on the disk"))
    (world.folder / "a.pfx").write_text(vault(bytes(range(256))))
    assert world.source(COMMAND.format("a.pfx")).files == {"a.pfx": bytes(range(256))}


def test_files_of_conditional_settings_are_read_too(world: World):
    (world.files / "a.cmd").write_bytes(b"a")
    data = {
        "name": "Contoso",
        "targets": [{"id": "laptops", "states": [{"PowerPlatformRole": "2"}]}],
        "conditional": [{"targets": ["laptops"], "commands": [{"line": "cmd /c a.cmd", "file": "a.cmd"}]}],
    }
    assert world.source(data).files == {"a.cmd": b"a"}


def test_every_file_that_is_missing_is_named_with_its_line(world: World):
    said = world.refused(COMMAND.format("a.cmd") + "    more_files: [b.cmd]\n")
    assert "line 4: commands[0].file names the file a.cmd, which is not beside the description, in files or" in said
    assert "line 5: commands[0].more_files[0] names the file b.cmd, which is not" in said


@pytest.mark.parametrize("make", [os.mkfifo, os.mkdir])
def test_a_file_that_is_none_is_not_waited_for(world: World, make):
    make(world.folder / "a.cmd")
    assert "which cannot be read: it is not a regular file" in world.refused(COMMAND.format("a.cmd"))


def test_files_are_bounded_together(world: World, monkeypatch):
    monkeypatch.setattr(description_source, "LARGEST_FILES", 10)
    (world.folder / "a.cmd").write_bytes(b"123456")
    (world.folder / "b.cmd").write_bytes(b"12345")
    said = world.refused(COMMAND.format("a.cmd") + "    more_files: [b.cmd]\n")
    assert "names the file b.cmd, and all files of a description may have" in said
    assert "a.cmd" not in said


def test_a_vaulted_file_is_bounded_by_what_it_holds(world: World, monkeypatch):
    monkeypatch.setattr(description_source, "LARGEST_FILES", 1000)
    (world.folder / "a.cmd").write_text(vault(b"x" * 1000))
    assert len(world.source(COMMAND.format("a.cmd")).files["a.cmd"]) == 1000
    (world.folder / "a.cmd").write_text(vault(b"x" * 1001))
    assert "all files of a description may have" in world.refused(COMMAND.format("a.cmd"))


def test_so_many_files_are_refused(world: World, monkeypatch):
    monkeypatch.setattr(description_source, "MOST_FILES", 1)
    said = world.refused(COMMAND.format("a.cmd") + "    more_files: [b.cmd]\n")
    assert said == "it names 2 files, more than 1"
