# Copyright (c) 2026, winops.entra contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A package that Microsoft's tool builds on a Windows host: what is ordered, and whether it is there already.

Internal to winops.entra: may change in any release.
"""

from __future__ import annotations

import dataclasses
import functools
import hashlib
import json
import uuid
from collections.abc import Mapping

from .description_source import Source, file_of
from .device.packages.build_order import BuildOrder
from .package import contents
from .package.description.document import Document
from .package.description.writer import write_customizations
from .package.judged import missing_files
from .package_place import Before, Made
from .task import Task

_OF_PACKAGES = uuid.UUID("6f6b1a3e-6c1c-5d0e-9f7a-3b0e0b9f2f11")
"""The name space of ids that are made of what a package holds (RFC 9562, version 5)."""


def order_of(task: Task, source: Source) -> BuildOrder:
    """What the host is to build."""
    args = task.args
    document = source.description.document
    package_id = (document.identity.id or "").strip("{}").lower() or _derived_id(task, source)
    identity = dataclasses.replace(document.identity, id=f"{{{package_id}}}")
    return BuildOrder(
        name=document.identity.name or "package",
        package_id=package_id,
        customizations=functools.partial(_customizations, dataclasses.replace(document, identity=identity)),
        files=source.files,
        icd_path=args["icd_path"],
        store_file=args["store_file"],
        encrypt=args["encrypt"],
        timeout=args["timeout"],
    )


def is_built(order: BuildOrder, before: Before, source: Source) -> bool:
    """Whether the package that is there is the one that is ordered. Another build of it would have other times."""
    if before.sha256 is None or before.catalog is None or bytes.fromhex(before.sha256) not in before.catalog:
        return False
    if order.encrypt:
        said = before.password
        return before.package is None and (said.get("package_id"), said.get("sha256")) == (
            order.package_id,
            before.sha256,
        )
    return (
        before.package is not None
        and before.package.id == order.package_id
        and not contents.compared_with_description(before.package, source.description)
        and not missing_files(before.package, source.files)
    )


def made(task: Task, order: BuildOrder) -> Made:
    """Have it built. Raises Failure."""
    raise NotImplementedError


def _derived_id(task: Task, source: Source) -> str:
    """The id of what is in a package: another one where anything is another, and the same where all is the same."""
    said = json.dumps(
        [
            write_customizations(source.description.document).decode(),
            {name: hashlib.sha256(content).hexdigest() for name, content in sorted(source.files.items())},
            source.description.revision,
            task.args["encrypt"],
            task.args["store_file"],
        ],
        sort_keys=True,
    )
    return str(uuid.uuid5(_OF_PACKAGES, hashlib.sha256(said.encode()).hexdigest()))


def _customizations(document: Document, paths: Mapping[str, str]) -> bytes:
    """The document with the host's paths of its files."""
    blocks = [
        dataclasses.replace(
            block,
            settings=[
                setting if (name := file_of(setting)) is None else dataclasses.replace(setting, value=paths[name])
                for setting in block.settings
            ],
        )
        for block in document.blocks
    ]
    return write_customizations(dataclasses.replace(document, blocks=blocks))
