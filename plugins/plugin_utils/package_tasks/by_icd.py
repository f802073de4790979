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
import os
import platform
import typing as t
import uuid
from collections.abc import Mapping

from ..device.packages import icd
from ..device.packages.build_order import BuildOrder
from ..package import contents
from ..package.composing.package_id import derived_ids
from ..package.description.document import Document
from ..package.description.writer import write_customizations
from ..package.judged import missing_files
from ..task import Task
from .description import Source, file_of
from .place import Before, Made


def order_of(task: Task, source: Source) -> BuildOrder:
    """What the host is to build."""
    args = task.args
    document = source.description.document
    package_id = (document.identity.id or "").strip("{}").lower() or _derived_id(task, source)
    identity = dataclasses.replace(document.identity, id=f"{{{package_id}}}")
    return BuildOrder(
        name=document.identity.name or "package",
        package_id=package_id,
        place=str(uuid.uuid5(uuid.NAMESPACE_URL, f"file://{platform.node()}{os.path.abspath(args['dest'])}")),
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


def require_host(task: Task, order: BuildOrder) -> None:
    """Raise the Failure of a host that cannot build it."""
    icd.require_host(task, order)


def made(task: Task, order: BuildOrder) -> Made:
    """Have it built. Raises Failure."""
    built = icd.build(task, order)

    def write(stream: t.BinaryIO) -> None:
        stream.write(built.ppkg)

    return Made(
        package_id=order.package_id,
        sha256=hashlib.sha256(built.ppkg).hexdigest(),
        write=write,
        catalog=built.catalog,
        password=built.password,
        plain=built.plain,
        tool=built.tool,
    )


def _derived_id(task: Task, source: Source) -> str:
    """The id of what is in a package: another one where anything is another, and the same where all is the same."""
    how = json.dumps(["icd", task.args["encrypt"], task.args["store_file"]])
    files = {name: hashlib.sha256(content).digest() for name, content in source.files.items()}
    return str(derived_ids(source.description, hashlib.sha256(how.encode()).digest(), files)[0])


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
