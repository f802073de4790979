# Copyright (c) 2026, winops.entra contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A package that is made of one that Microsoft's tool has built once.

Internal to winops.entra: may change in any release.
"""

from __future__ import annotations

from ansible.errors import AnsibleError

from ..options import bad_option
from ..package import PackageError
from ..package.composing import NotLikeTemplate, compose
from ..task import Task
from ..untrusted import visible
from .description import Source
from .place import Made, Place

LARGEST_TEMPLATE = 512 << 20
MOST_EVIDENCE = 1_000
UNCONFIRMED = "Windows has not confirmed that it applies packages that are made from a template on the controller"


def made(task: Task, source: Source, place: Place) -> Made:
    """The package, which is not written yet. Raises Failure."""
    src = task.args["template"]
    try:
        path = task.find_file(src)
        place.require_other_than(path, "template")
        template = task.content(path, LARGEST_TEMPLATE)
    except AnsibleError as exc:
        raise bad_option(
            "template",
            f"there is no readable package {visible(src)} on the controller ({visible(str(exc))})",
            "give the path of a .ppkg file, and the vault's password if it is encrypted",
        ) from exc
    try:
        built = compose(template, source.description, source.files)
    except PackageError as exc:
        raise exc.at(path) from None
    except NotLikeTemplate as exc:
        exc.error["evidence"] = exc.problems[:MOST_EVIDENCE]
        raise
    return Made(
        package_id=built.package_id,
        sha256=built.sha256,
        write=built.write,
        catalog=built.catalogue,
        unconfirmed=[UNCONFIRMED, *built.notes],
    )
