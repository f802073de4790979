# Copyright (c) 2026, winops.entra contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Package files on the controller, as options of tasks name them. Knows no device.

Internal to winops.entra: may change in any release.
"""

from __future__ import annotations

from ansible.errors import AnsibleError

from ..options import bad_option
from ..package import Package, PackageError, read_package
from ..task import Task


def found_file(task: Task, src: str, option: str) -> str:
    """The path of a package file that the option names. Raises Failure."""
    try:
        return task.find_file(src)
    except AnsibleError as exc:
        raise unreadable(src, option, exc) from exc


def read_file(task: Task, src: str, option: str = "src") -> tuple[Package, str]:
    """The package and the path of its file. A vaulted one is on the disk in clear only while it is read. What is secret
    in it is masked in the task's result from now on. Raises Failure."""
    path = found_file(task, src, option)
    try:
        with task.in_clear(path) as readable:
            package = read_package(readable)
    except PackageError as exc:
        raise exc.at(path) from None  # What was read may have been Ansible's decrypted copy, which is gone.
    except AnsibleError as exc:
        raise unreadable(src, option, exc) from exc
    task.secrets.append(package.secrets.texts)
    return package, path


def unreadable(src: str, option: str, exc: Exception) -> Exception:
    """The refusal of a file that is not there, or that nobody can decrypt."""
    return bad_option(
        option,
        f"there is no readable package {src} on the controller ({exc})",
        "give the path of a .ppkg file, and the vault's password if it is encrypted",
    )
