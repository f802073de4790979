# Copyright (c) 2026, winops.entra contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The work of the module ppkg_build: a package from a description, on the controller or on a Windows host.

Internal to winops.entra: may change in any release.
"""

from __future__ import annotations

import hashlib
import io
import os
import typing as t

from ..options import bad_option
from ..package import Package, contents, describe, read_open_package
from ..package.changes import settings_changed, settings_foretold
from ..package.judged import missing_files
from ..result import Failure
from ..task import Task
from ..untrusted import visible
from . import by_icd, by_template
from .description import Source, source_of
from .place import Before, Made, Place

WITH_ICD = {"icd_path": None, "store_file": None, "encrypt": False, "password_dest": None}
WITH_TEMPLATE = {"template": None}
NEW, OF_ANOTHER = "new", "of another package"
SAME_ID = (
    "the package has another content than the one that was there, and the same id, because its description gives one; "
    "a device that has applied the earlier one does not apply it by itself; leave the id out of the description"
)
EXPIRY = ("token_expires_soon", "token_expired")
MOST_LISTED = 10


def build(task: Task) -> dict:
    """The work of the module. Raises Failure."""
    args = task.args
    _check(args)
    place = Place.of(args["dest"], args["password_dest"])
    source = source_of(task)
    if not task.check_mode:
        place.tidy()
    before = place.look()
    task.secrets.append(lambda: [text for name, text in before.password.items() if name == "password"])
    if before.package is not None:
        task.secrets.append(before.package.secrets.texts)
    if args["method"] == "template":
        return _finish(task, place, before, source, by_template.made(task, source, place))
    order = by_icd.order_of(task, source)
    if by_icd.is_built(order, before, source):
        _keep_private(task, place)
        return _shown(task, place, before.package, source, order.package_id, before.catalog)
    if task.check_mode:
        by_icd.require_host(task, order)
        _foretell(task, place, before, source, order.package_id)
        return _shown(task, place, None, source, order.package_id, None)
    return _finish(task, place, before, source, by_icd.made(task, order))


def _check(args: dict) -> None:
    """Refuse options that are given and not used, or that nobody can fulfil. Raises Failure."""
    if args["sign"]:
        raise bad_option(
            "sign",
            "ICD.exe has no switch that signs a package, and a package changed on the controller has no signature",
            "leave sign out, and sign the package in the graphical Windows Configuration Designer",
        )
    method = args["method"]
    for name, unused in (WITH_ICD if method == "template" else WITH_TEMPLATE).items():
        if args[name] != unused:
            raise bad_option(name, f"method {method} does not take it", "leave it out")
    if args["password_dest"] is not None and not args["encrypt"]:
        raise bad_option("password_dest", "the package is not encrypted", "give encrypt: true, or leave it out")


def _finish(task: Task, place: Place, before: Before, source: Source, made: Made) -> dict:
    """Judge what was built by reading it, and put it in its place where it is another one."""
    task.secrets.append(lambda: [made.password or ""])
    known = (before.sha256, before.catalog, before.password.get("password"))
    if known == (made.sha256, made.catalog, made.password):
        _keep_private(task, place)
        return _shown(task, place, before.package, source, made.package_id, made.catalog, made)
    if task.check_mode:
        stream = io.BytesIO()
        made.write(stream)
        package = _judged(task, place, before, source, made, stream)
    else:
        with place.writing(made) as writing:
            package = _judged(task, place, before, source, made, writing.stream)
            with task.changes.attempt():
                writing.put()
    return _shown(task, place, package, source, made.package_id, made.catalog, made)


def _judged(task: Task, place: Place, before: Before, source: Source, made: Made, stream: t.BinaryIO) -> Package | None:
    """The package that was built, once it is what it has to be, and the changes that it makes are noted."""
    shown = os.path.basename(place.dest)
    readable = io.BytesIO(made.plain) if made.plain is not None else stream
    package = read_open_package(readable, shown)
    task.secrets.append(package.secrets.texts)
    _require_as_described(task, package, source, made.package_id)
    seen = None if made.plain is not None else package
    _note_changes(task, place, before, made, seen)
    return seen


def _require_as_described(task: Task, package: Package, source: Source, package_id: str) -> None:
    """Raise the Failure of a package that is not what its description says."""
    wrong = [
        f"setting {row['path']} ({row['form']})"
        for row in contents.compared_with_description(package, source.description)
    ]
    wrong += [f"file {visible(path, 300)}" for path in missing_files(package, source.files)]
    if package.id != package_id:
        wrong.append("the package id")
    if not wrong:
        return
    told = ", ".join(wrong[:MOST_LISTED]) + (
        f" and {len(wrong) - MOST_LISTED} more" if len(wrong) > MOST_LISTED else ""
    )
    raise Failure(
        f"the package that was built is not as its description says, and was not written: {told}; "
        "compare the description with what the tool that builds it knows",
        side="device" if task.args["method"] == "icd" else "controller",
        name="built_otherwise",
        cause=f"the package that was built has something else, or lacks it: {told}",
        fix="compare the description with what the tool that builds it knows",
        evidence=wrong[:1000],
    )


def _note_changes(task: Task, place: Place, before: Before, made: Made, package: Package | None) -> None:
    if before.sha256 != made.sha256:
        name, version = (package.name, package.version) if package else (None, None)
        there = _identity(made.package_id, name, version, made.sha256)
        _warn_of_id(task, before, made.package_id)
        task.changes.add(f"package {place.dest}", _known(before), there)
        if package is not None:
            for what, was, becomes in settings_changed(package, before.package):
                task.changes.add(what, was, becomes)
    task.changes.add(f"catalogue {place.catalog}", _digest(before.catalog), _digest(made.catalog))
    _note_password(task, place, before)


def _foretell(task: Task, place: Place, before: Before, source: Source, package_id: str) -> None:
    """Note what would change, of a package that nobody has built yet."""
    identity = source.description.document.identity
    there = _identity(package_id, identity.name, identity.version, None)
    _warn_of_id(task, before, package_id)
    task.changes.add(f"package {place.dest}", _known(before), there)
    for what, was, becomes in settings_foretold(source.description, before.package):
        task.changes.add(what, was, becomes)
    task.changes.add(f"catalogue {place.catalog}", _digest(before.catalog), NEW)
    _note_password(task, place, before)


def _note_password(task: Task, place: Place, before: Before) -> None:
    if place.password_dest is not None:
        task.changes.add(f"password in {place.password_dest}", OF_ANOTHER if before.password else None, NEW)


def _keep_private(task: Task, place: Place) -> None:
    loose = list(place.loose_modes())
    for path, mode in loose:
        task.changes.add(f"mode of {path}", f"{mode:04o}", "0600")
    if not task.check_mode:
        place.tighten([path for path, _mode in loose])


def _shown(
    task: Task,
    place: Place,
    package: Package | None,
    source: Source,
    package_id: str,
    catalog: bytes | None,
    made: Made | None = None,
) -> dict:
    """The module's own fields of the result."""
    expires = source.description.token_expires
    package = package and contents.with_expiry(package, expires)
    shown: dict[str, t.Any] = {
        "package": package and describe(package),
        "package_id": package_id,
        "settings": package and contents.settings_of(package),
        "dest": place.dest,
        "catalog": place.catalog,
        "catalog_sha256": catalog and hashlib.sha256(catalog).hexdigest(),
        "password_dest": place.password_dest,
        "method": task.args["method"],
        "tool": made and made.tool,
        "unconfirmed": made.unconfirmed if made else [],
    }
    for issue in package.issues if package else ():
        if issue.name in EXPIRY:
            _warn(task, f"{issue.message}; {issue.fix}")
    return shown


def _warn(task: Task, sentence: str) -> None:
    task.learned.setdefault("warnings", []).append(sentence)


def _warn_of_id(task: Task, before: Before, package_id: str) -> None:
    """Where a description gives the id, nothing but that tells Windows that it is another package."""
    if before.package is not None and before.package.id == package_id:
        _warn(task, SAME_ID)


def _identity(package_id: str | None, name: str | None, version: str | None, sha256: str | None) -> dict:
    return {"id": package_id, "name": name, "version": version, "sha256": sha256}


def _known(before: Before) -> dict | None:
    """What is told of the package that was there: of one that nobody can read, only the hash."""
    package = before.package
    if package is not None:
        return _identity(package.id, package.name, package.version, package.sha256)
    return {"sha256": before.sha256} if before.sha256 else None


def _digest(content: bytes | None) -> str | None:
    return None if content is None else f"SHA-256 {hashlib.sha256(content).hexdigest()}"
