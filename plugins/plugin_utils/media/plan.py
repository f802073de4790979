# Copyright (c) 2026, winops.entra contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What a task wants on its media, read and judged before anything is written.

Internal to winops.entra: may change in any release.
"""

from __future__ import annotations

import dataclasses
import datetime
import os
import re
import typing as t
from collections.abc import Iterable, Mapping

from ansible.errors import AnsibleError

from ..options import bad_option
from ..package import EncryptedPackage, Issue, Package
from ..package.contents import with_expiry
from ..package.issues import ISSUES, of_expiry
from ..package_tasks.files import found_file, read_file, unreadable
from ..task import Task
from ..untrusted import visible
from . import checklist, folder, iso, names
from .content import AT_ONCE, Content, belongs, of_bytes, of_file

MOST_MEDIA = 1000
SUMS = "SHA256SUMS"
ISO = ".iso"
_DAY = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}")
_RIGHT_CATALOG = "give the .cat file that was written with the package"
_FOLLOWED = ("contact", "token_expires")


@dataclasses.dataclass(frozen=True)
class Medium:
    """One medium: ``root`` is its folder, or the ISO; ``files`` what is in its root, ``package`` first; ``sheet`` is
    among them. ``read`` is the package, None where it is encrypted."""

    name: str
    root: str
    is_iso: bool
    package: Content
    files: tuple[Content, ...]
    sheet: Content | None
    read: Package | None
    issues: tuple[Issue, ...]
    expires: str | None
    foreign_catalog: bool = False

    @property
    def secret(self) -> bool:
        """Whether whoever has the medium has a credential."""
        if self.read is None:
            return False
        return self.read.bulk_token.present or bool(list(self.read.secrets.texts()))

    @property
    def joins(self) -> bool | None:
        """Whether it is there to join devices, None where nobody can read it."""
        return None if self.read is None else self.read.bulk_token.present


def media_of(task: Task) -> list[Medium]:
    """The media of a task. Raises Failure naming the option, before anything was written."""
    args = task.args
    names.refuse_share(args["dest"])
    for name in args["fail_on"]:
        if name not in ISSUES:
            raise bad_option("fail_on", f"there is no issue {name!r}", f"use {', '.join(ISSUES)}")
    is_iso = args["format"] == "iso"
    if is_iso:
        iso.require_library()
    dest = os.path.abspath(args["dest"])
    if args["media"] is None:
        if is_iso and not dest.lower().endswith(ISO):
            raise bad_option("dest", f"{visible(dest)} does not end in {ISO}", "give the path of the ISO")
        folder.require_root(os.path.dirname(dest) if is_iso else dest)
        return [_medium(task, args, dest, "src")]
    folder.require_root(dest)
    return [_medium(task, row, _root(dest, row["name"], is_iso), "media") for row in _rows(args)]


def _rows(args: Mapping[str, t.Any]) -> list[dict[str, t.Any]]:
    rows = args["media"]
    if not rows:
        raise bad_option("media", "it is empty", "name at least one medium, or leave the task out")
    if len(rows) > MOST_MEDIA:
        raise bad_option("media", f"it has {len(rows)} entries", f"give at most {MOST_MEDIA} to a task")
    seen: dict[str, str] = {}
    for number, row in enumerate(rows):
        # With the longest ending that a name gets.
        names.require_name(row["name"], "media", len(".iso.sha256"))
        earlier = seen.setdefault(names.without_form(row["name"]), row["name"])
        if len(seen) <= number:
            raise bad_option("media", f"{earlier!r} and {row['name']!r} are the same name", "give each name once")
    return [row | {name: args[name] for name in _FOLLOWED if row[name] is None} for row in rows]


def _root(dest: str, name: str, is_iso: bool) -> str:
    return os.path.join(dest, name + ISO if is_iso else name)


def _medium(task: Task, row: Mapping[str, t.Any], root: str, option: str) -> Medium:
    src, is_iso = row["src"], task.args["format"] == "iso"
    day = _day(row["token_expires"], option)
    read, path = _read(task, src, option)
    if read is not None:
        read = with_expiry(read, day)
    package = _file(task, names.package_name(path), path, src, option)
    for name in (package.name, *((os.path.basename(root),) if is_iso else ())):
        names.require_name(name, "src" if option == "src" else "media")
    if is_iso:
        iso.require_name(package.name, option)
    catalog = _catalog(task, row, path, package, option)
    # The day is known of a package that nobody can read, too.
    of_day = of_expiry(day, datetime.datetime.now(datetime.timezone.utc)) if day and read is None else None
    issues = tuple(read.issues) if read is not None else (of_day,) if of_day else ()
    for issue in issues:
        if issue.name in task.args["fail_on"]:
            raise bad_option(option, f"{visible(src)}: {issue.message}", f"{issue.fix}, or take it out of fail_on")
    joins = read is None or read.bulk_token.present
    expires = day.isoformat() if day and joins else None
    medium = Medium(
        name=row["name"] or (read.name if read is not None else None) or package.name,
        root=root,
        is_iso=is_iso,
        package=package,
        files=(),
        sheet=None,
        read=read,
        issues=issues,
        foreign_catalog=catalog is not None and not belongs(catalog, package),
        expires=(read.bulk_token.expires if read is not None else None) or expires,
    )
    listed = [package, *([catalog] if catalog else [])]
    sums = "".join(f"{each.sha256}  {each.name}\n" for each in listed)
    sheet = _sheet(task, medium, row["contact"])
    files = [*listed, of_bytes(SUMS, sums.encode("utf-8")), *([sheet] if sheet else [])]
    return dataclasses.replace(medium, files=tuple(files), sheet=sheet)


def _sheet(task: Task, medium: Medium, contact: str | None) -> Content | None:
    form, read = task.args["checklist"], medium.read
    if form == "none":
        return None
    about = checklist.About(
        # Masked alone, not the whole page: a secret may look like a word of its own, or a part of a checksum.
        name=task.masked(medium.name),
        file=task.masked(medium.package.name),
        sha256=medium.package.sha256,
        is_iso=medium.is_iso,
        contact=contact and task.masked(contact),
        expires=medium.expires,
        encrypted=read is None,
        joins=medium.joins,
        signed=signed(read),
        **{}
        if read is None
        else {
            "package_name": read.name,
            "package_id": read.id,
            "computer_name": read.computer_name,
        },
    )
    return of_bytes(checklist.FILES[form], checklist.sheet(about, form))


def signed(read: Package | None) -> bool | None:
    """Whether the package notes that it was signed, None where it notes nothing."""
    return None if read is None or read.built_with is None else read.built_with["signed"]


def _read(task: Task, src: str, option: str) -> tuple[Package | None, str]:
    """The package, None where it is encrypted and the task takes that, and its path."""
    try:
        return read_file(task, src, option)
    except EncryptedPackage:
        if not task.args["encrypted"]:
            raise
        return None, found_file(task, src, option)


def _file(task: Task, name: str, path: str, src: str, option: str) -> Content:
    try:
        return of_file(task, name, path)
    except (AnsibleError, OSError) as exc:
        raise unreadable(src, option, exc) from exc


def _catalog(task: Task, row: Mapping[str, t.Any], path: str, package: Content, option: str) -> Content | None:
    """The catalogue of a package, under the package's name."""
    src = row["catalog"]
    if src is None:
        stem = os.path.splitext(path)[0]
        found = [stem + ending for ending in (folder.CATALOG, folder.CATALOG.upper()) if os.path.isfile(stem + ending)]
        if not found:
            return None
        src = found[0]
    option = "catalog" if option == "src" else option
    try:
        at = task.find_file(src)
        if not os.path.isfile(at):  # A pipe or a device would be waited for.
            raise OSError(f"{visible(src)} is not a regular file")
        catalog = of_file(task, os.path.splitext(package.name)[0] + folder.CATALOG, at)
    except (AnsibleError, OSError) as exc:
        raise bad_option(option, f"there is no readable catalogue {visible(src)} ({exc})", _RIGHT_CATALOG) from exc
    if catalog.size > AT_ONCE:
        raise bad_option(option, f"{visible(src)} has {catalog.size} bytes, as no catalogue has", _RIGHT_CATALOG)
    return catalog


def _day(text: str | None, option: str) -> datetime.date | None:
    if text is None:
        return None
    try:
        # Newer Pythons take other forms as well.
        return datetime.date.fromisoformat(text.strip() if _DAY.fullmatch(text.strip()) else "")
    except ValueError:
        name = "token_expires" if option == "src" else option
        raise bad_option(name, f"{visible(text)!r} is not a day", "give it as 2027-03-31") from None


def encrypted_warning(media: Iterable[Medium]) -> list[str]:
    """What is to be said of packages that nobody can read."""
    return [
        f"{visible(medium.root)}: the package is encrypted, and the device asks for its password; nothing else of it "
        "was checked"
        for medium in media
        if medium.read is None
    ]
