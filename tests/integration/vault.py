# Copyright (c) 2026, winops.entra contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A file encrypted with Ansible Vault."""

from __future__ import annotations

import subprocess
import sys
import typing as t
from pathlib import Path

PASSWORD = "a password of the vault, long and unlike words: 8f2c1d"


class Vaulted(t.NamedTuple):
    """Paths of the encrypted file and of the file with its password."""

    file: str
    password_file: str


def encrypt(source: Path, directory: Path) -> Vaulted:
    """Encrypt a copy of a file into a directory."""
    vaulted = Vaulted(str(directory / f"vaulted-{source.name}"), str(directory / "vault-password"))
    Path(vaulted.password_file).write_text(PASSWORD + "\n", encoding="utf-8")
    program = str(Path(sys.executable).with_name("ansible-vault"))
    options = ["--vault-password-file", vaulted.password_file, "--output", vaulted.file]
    subprocess.run([program, "encrypt", *options, str(source)], check=True, capture_output=True, cwd=directory)
    return vaulted
