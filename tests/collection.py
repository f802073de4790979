# Copyright (c) 2026, winops.entra contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Makes ``ansible_collections.winops.entra`` importable, as it is in a playbook run."""

from __future__ import annotations

from pathlib import Path

from ansible.plugins.loader import init_plugin_loader

ROOT = Path(__file__).resolve().parents[1]
COLLECTIONS = ROOT / "build" / "collections"


def link_collection() -> None:
    """Link the repository as ansible_collections/winops/entra, as `make link` does, so that plain pytest works too."""
    link = COLLECTIONS / "ansible_collections" / "winops" / "entra"
    link.parent.mkdir(parents=True, exist_ok=True)
    if not link.is_symlink():
        link.symlink_to(Path("../../../.."), target_is_directory=True)


def make_importable() -> None:
    """By Ansible's own importer: relative imports inside plugins/ resolve exactly as they do under
    ansible-playbook."""
    link_collection()
    init_plugin_loader([str(COLLECTIONS)])
