# Copyright (c) 2026, winops.entra contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The work of ppkg_media: look at each medium, refuse what must not be, write what is missing.

Internal to winops.entra: may change in any release.
"""

from __future__ import annotations

import contextlib
import dataclasses
import os
import typing as t
from collections.abc import Sequence

from ..options import bad_option
from ..task import Task
from ..untrusted import visible
from . import folder, iso
from .content import Content, of_bytes
from .folder import Look
from .plan import Medium, encrypted_warning, media_of, signed

MOST_LEFT_ALONE = 100
#: Where sticks are mounted on a controller: a folder there that is none is one whose stick was forgotten.
MOUNTS = ("/media/", "/run/media/", "/mnt/", "/Volumes/")
MOST_WARNED = 3
#: Said of the medium as a whole, or of no concern to it.
NOT_WARNED = ("token_in_plain_text", "no_bulk_token")


def lay_out(task: Task) -> dict:
    """Lay out the media of a task. Raises Failure; then ``media`` of the result are those that were done."""
    media = media_of(task)
    task.learned["warnings"] = _warnings(media)
    _require_apart(media)
    with folder.alone(_folder_of_all(task, media), task.progress):
        return _lay_out(task, media)


def _folder_of_all(task: Task, media: Sequence[Medium]) -> str:
    """The folder that ``dest`` names, or that of the ISO."""
    alone = task.args["media"] is None and not media[0].is_iso
    return media[0].root if alone else os.path.dirname(media[0].root)


def _lay_out(task: Task, media: Sequence[Medium]) -> dict:
    looks = [None if medium.is_iso else _look(task, medium) for medium in media]
    _require_room(media, looks)
    done: list[dict[str, t.Any]] = []
    task.learned["media"] = done
    for medium, look in zip(media, looks):
        done.append(_iso(task, medium) if look is None else _folder(task, medium, look))
    return {}


def _look(task: Task, medium: Medium) -> Look:
    """What is in the folder of a medium, if that may be."""
    if os.path.lexists(medium.root):
        folder.require_root(medium.root)
    found = folder.look(medium.root, {content.name for content in medium.files})
    if found.packages and task.args["other_packages"] == "refuse":
        named = ", ".join(map(visible, found.packages[:MOST_WARNED]))
        more = f" and {len(found.packages) - MOST_WARNED} more" if len(found.packages) > MOST_WARNED else ""
        raise bad_option(
            "dest",
            f"the root of {visible(medium.root)} holds {named}{more}, and Windows takes a package by itself only if it "
            "is the only one",
            "remove the other packages, or have them removed with other_packages remove",
        )
    return found


def _require_apart(media: Sequence[Medium]) -> None:
    """Raises Failure where two media are one folder: links may lead to it."""
    seen: dict[str, str] = {}
    for medium in media:
        earlier = seen.setdefault(os.path.realpath(medium.root), medium.root)
        if earlier != medium.root:
            cause = f"{visible(earlier)} and {visible(medium.root)} are the same folder"
            raise bad_option("dest", cause, "remove the link: each medium needs a folder of its own")


def _require_room(media: Sequence[Medium], looks: Sequence[Look | None]) -> None:
    """For all media of a task together, which may lie on one file system. An ISO that is there counts when it is known
    whether it has to be written again."""
    roots: dict[int, tuple[str, list[Content]]] = {}
    for medium, look in zip(media, looks):
        if look is None and os.path.lexists(medium.root):
            continue
        directory = os.path.dirname(medium.root) if look is None or not look.is_there else medium.root
        contents = list(medium.files) if look is None else _missing(medium.files, look)
        roots.setdefault(folder.file_system(directory), (directory, []))[1].extend(contents)
    for directory, contents in roots.values():
        folder.require_room(directory, contents)


def _folder(task: Task, medium: Medium, look: Look) -> dict[str, t.Any]:
    removed = [*look.packages, *look.stale]
    _write(task, medium.root, medium.files, look, removed)
    # Names on a stick are texts of others, and need not even be texts.
    left = [visible(name) for name in look.others[:MOST_LEFT_ALONE]]
    gone = [visible(name) for name in look.packages]
    mounted = os.path.ismount(os.path.realpath(medium.root))
    return _told(medium, medium.files, look) | {"mounted": mounted, "removed": gone, "left_alone": left}


def _iso(task: Task, medium: Medium) -> dict[str, t.Any]:
    """The ISO, its checksum, and its checklist once more, since nobody reads it in the ISO."""
    directory, name = os.path.split(medium.root)
    with contextlib.ExitStack() as opened:
        image = opened.enter_context(iso.mastered(name, medium.files))
        files = [image, of_bytes(f"{name}.sha256", f"{image.sha256}  {name}\n".encode())]
        if medium.sheet is not None:
            page = os.path.splitext(name)[0] + os.path.splitext(medium.sheet.name)[1]
            with medium.sheet.open() as stream:
                files.append(of_bytes(page, stream.read()))
        look = folder.look_at_files(directory, [content.name for content in files])
        folder.require_room(directory, _missing(files, look))
        _write(task, directory, files, look, look.stale)
        return _told(medium, files, look) | {"mounted": None, "removed": [], "left_alone": []}


def _write(task: Task, root: str, files: Sequence[Content], look: Look, removed: Sequence[str]) -> None:
    missing = _missing(files, look)
    if not missing and not removed:
        return
    changes: dict[str, tuple[str, str | None, str | None]] = {
        name: (visible(os.path.join(root, name)), "there", None) for name in removed
    }
    for content in missing:
        before = look.hashes.get(content.name)
        changes[content.name] = (
            visible(os.path.join(root, content.name)),
            before and f"sha256:{before}",
            content.told,
        )
    if task.check_mode:
        for change in changes.values():
            task.changes.add(*change)
        return
    with task.changes.attempt(changes.values()):
        folder.write(root, missing, removed, lambda name: task.changes.add(*changes[name]))


def _missing(files: Sequence[Content], look: Look) -> list[Content]:
    return [content for content in files if look.hashes.get(content.name) != content.sha256]


def _told(medium: Medium, files: Sequence[Content], look: Look) -> dict[str, t.Any]:
    read = medium.read
    missing = {content.name for content in _missing(files, look)}
    return {
        "name": medium.name,
        "dest": medium.root,
        "format": "iso" if medium.is_iso else "folder",
        "package_id": read.id if read else None,
        "package_name": read.name if read else None,
        "computer_name": read.computer_name if read else None,
        "sha256": medium.package.sha256,
        "signed": signed(read),
        "encrypted": read is None,
        "secret": medium.secret,
        "token_expires": medium.expires,
        "issues": [dataclasses.asdict(issue) for issue in medium.issues],
        "files": [
            {
                "path": content.name,
                "size": content.size,
                "sha256": content.sha256,
                "state": "written" if content.name in missing else "unchanged",
            }
            for content in files
        ],
    }


def _warnings(media: Sequence[Medium]) -> list[str]:
    """Each issue once, with the media that have it; and that media are secrets."""
    by_issue: dict[tuple[str, str], list[str]] = {}
    for medium in media:
        for issue in medium.issues:
            if issue.name not in NOT_WARNED:
                by_issue.setdefault((issue.message, issue.fix), []).append(medium.root)
    told = [f"{_named(roots)}: {message}; {fix}" for (message, fix), roots in by_issue.items()]
    secret = [medium.root for medium in media if medium.secret]
    if secret:
        told.append(
            f"{_named(secret)}: whoever has the medium has the credentials of its package; keep it as a secret, and "
            "destroy its contents after the rollout"
        )
    foreign = [medium.root for medium in media if medium.foreign_catalog]
    if foreign:
        told.append(
            f"{_named(foreign)}: the catalogue has no hash of the package, so it is another one's; give the one that "
            "was written with the package, or take it away"
        )
    return [*told, *encrypted_warning(media), *_not_mounted(media)]


def _not_mounted(media: Sequence[Medium]) -> list[str]:
    roots = {medium.root: os.path.realpath(medium.root) for medium in media if not medium.is_iso}
    forgotten = [root for root, real in roots.items() if real.startswith(MOUNTS) and not _is_on_a_mount(real)]
    if not forgotten:
        return []
    return [f"{_named(forgotten)}: nothing is mounted there, so the files are on the controller's own disk"]


def _is_on_a_mount(root: str) -> bool:
    """Whether the folder, or one above it but below the usual places, is where something is mounted."""
    while root.startswith(MOUNTS):
        if os.path.ismount(root):
            return True
        root = os.path.dirname(root)
    return False


def _named(roots: Sequence[str]) -> str:
    more = f" and {len(roots) - MOST_WARNED} more" if len(roots) > MOST_WARNED else ""
    return ", ".join(map(visible, roots[:MOST_WARNED])) + more
