# Copyright (c) 2026, winops.entra contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Read a provisioning package file, and say what it would do to a device.

The bulk token (BPRT) inside a package is a credential in plain text. It is looked at in here and goes no further:
neither results nor errors nor ``repr`` hold it, only a fingerprint.

Internal to winops.entra: may change in any release.
"""

from __future__ import annotations

import dataclasses
import hashlib
import os
import re
import stat
import struct
import uuid
from dataclasses import dataclass, field
from datetime import datetime, timezone
from typing import BinaryIO
from xml.etree.ElementTree import Element

from .errors import DamagedPackage, PackageError, UnreadablePackage
from .reverted import reverted_by_removal
from .safe_xml import UnsafeXml, parse
from .secret import Secret
from .settings import PackageSettings, add_customizations, add_provxml
from .wim import File, Wim, not_provisioning

CUSTOMIZATIONS = re.compile(r"multivariant/[^/]+/customizations\.xml")
ANSWER_FILE = re.compile(r"commonsettings/[^/]+/answerfile\.xml")
PROVXML = re.compile(r"multivariant/.+\.provxml")
ASSET = re.compile(r"dataasset/[^/]+/(?P<place>[^/]+/)?(?P<name>[^/]+)")


@dataclass(frozen=True)
class BulkToken:
    """The join credential of a package. ``expires`` is UTC text or None: a real bulk token does not tell its end."""

    present: bool
    fingerprint: str | None = None
    expires: str | None = None


@dataclass(frozen=True)
class Issue:
    """Something about a package that its user should know; ``blocks_join`` where no join can come of it."""

    name: str
    message: str
    fix: str
    blocks_join: bool


@dataclass(frozen=True)
class Package:
    """A provisioning package. Texts are as the package has them, except ``id``; what it does not set is None or empty.

    ``id``: GUID in lower case without braces, the spelling in which ids are compared (Windows prints either).
    ``files``: embedded files as {path, size in bytes, image}; ``commands``: command lines, run as SYSTEM;
    ``settings``: names of the setting areas (or CSPs, where only compiled settings are in the package);
    ``reverted_by_removal``: what of it Windows takes back when it removes the package;
    ``sha256`` and ``size`` (bytes) are of the package file.
    """

    id: str | None
    name: str | None
    version: str | None
    owner: str | None
    rank: int | None
    bulk_token: BulkToken
    authority: str | None
    computer_name: str | None
    security_key_signin: bool | None
    commands: list[str]
    certificates: list[dict]
    accounts: list[dict]
    mdm: dict | None
    settings: list[str]
    reverted_by_removal: list[str]
    files: list[dict]
    images: int
    sha256: str
    size: int
    encrypted: bool = False
    issues: list[Issue] = field(default_factory=list)

    @property
    def join_blockers(self) -> list[Issue]:
        """Why this package cannot join a device; empty where it can."""
        return [issue for issue in self.issues if issue.blocks_join]


def describe(package: Package) -> dict:
    """The package as a module returns it: JSON-safe, without any secret, with ``can_join`` added."""
    return {**dataclasses.asdict(package), "can_join": not package.join_blockers}


def read_package(path: str | os.PathLike, now: datetime | None = None) -> Package:
    """Read the package file at ``path``; ``now`` (UTC, default: the clock) judges an expiry that the token tells.

    Raises PackageError, and nothing else, whatever the file holds: UnreadablePackage, NotAPackage, DamagedPackage,
    EncryptedPackage, UnsupportedPackage.
    """
    shown = os.fsdecode(path)
    if "\0" in shown:
        raise UnreadablePackage("no file can have this name", shown.replace("\0", "\\0"))
    try:
        if not stat.S_ISREG(os.stat(shown).st_mode):  # a pipe or a device would be waited for
            raise UnreadablePackage("this is not a regular file")
        with open(shown, "rb") as file:
            return _read(file, now or datetime.now(timezone.utc))
    except PackageError as exc:
        raise exc.at(shown) from None
    except OSError as exc:
        raise UnreadablePackage(f"the file cannot be read ({exc.strerror or type(exc).__name__})", shown) from None
    except (struct.error, ValueError, IndexError):  # what unpacking and decoding raise where bytes make no sense
        raise DamagedPackage("the file is damaged: its contents make no sense", shown) from None


def _read(file: BinaryIO, now: datetime) -> Package:
    size = file.seek(0, os.SEEK_END)
    wim = Wim(file, size)
    properties = _image_properties(wim.xml)
    named = [(entry.path.lower(), entry) for entry in wim.files]
    told = _told(wim, named)
    compiled = PackageSettings()
    for key, entry in sorted(named, key=lambda item: _provxml_order(item[0])):
        if PROVXML.fullmatch(key):
            add_provxml(compiled, _parse(wim, entry))
    if told is None and not any(key.startswith(("multivariant/", "commonsettings/")) for key, _entry in named):
        raise not_provisioning()
    told = told or PackageSettings()
    token = compiled.token or told.token
    ids = [_guid(text) for text in (properties.get("PACKAGEID"), told.id)]
    bulk_token = _bulk_token(token)
    package = Package(
        id=ids[0] or ids[1],
        name=told.name or properties.get("NAME"),
        version=told.version or properties.get("VERSION"),
        owner=told.owner,
        rank=told.rank,
        bulk_token=bulk_token,
        authority=compiled.authority or told.authority,
        computer_name=compiled.computer_name or told.computer_name,
        security_key_signin=(
            told.security_key_signin if compiled.security_key_signin is None else compiled.security_key_signin
        ),
        commands=list(dict.fromkeys(told.commands + compiled.commands)),
        certificates=told.certificates or compiled.certificates,
        accounts=told.accounts or compiled.accounts,
        mdm=compiled.mdm or told.mdm,
        settings=sorted(told.areas or compiled.areas),
        reverted_by_removal=reverted_by_removal([*told.areas, *compiled.areas]),
        files=_embedded(named),
        images=wim.images,
        sha256=_sha256(file),
        size=size,
        issues=_issues(ids, told, compiled, wim.images, bulk_token, now),
    )
    return _masked(package, token) if token else package


def _told(wim: Wim, named: list[tuple[str, File]]) -> PackageSettings | None:
    """What customizations.xml says, or its copy where it is absent; None where both are."""
    for pattern in (CUSTOMIZATIONS, ANSWER_FILE):
        found = [entry for key, entry in sorted(named, key=lambda item: item[0]) if pattern.fullmatch(key)]
        if found:
            settings = PackageSettings()
            for entry in found:
                add_customizations(settings, _parse(wim, entry))
            return settings
    return None


def _parse(wim: Wim, entry: File) -> Element:
    try:
        return parse(wim.read(entry))
    except UnsafeXml as exc:
        raise DamagedPackage(f"{entry.path} inside the package is not usable XML: {exc}") from None


def _image_properties(xml: bytes) -> dict[str, str]:
    """Properties of the first image, by name."""
    try:
        root = parse(xml)
    except UnsafeXml as exc:
        raise DamagedPackage(f"the XML data at the end of the package are damaged: {exc}") from None
    image = root.find("IMAGE")
    texts = [] if image is None else [(child.tag, (child.text or "").strip()) for child in image]
    return {tag: text for tag, text in texts if text}


def _guid(text: str | None) -> str | None:
    bare = (text or "").strip().strip("{}").lower()
    return bare if re.fullmatch(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}", bare) and uuid.UUID(bare).int else None


def _provxml_order(path: str) -> tuple[int, str]:
    number = path.rpartition("/")[2].partition("__")[0]
    return (int(number), path) if number.isdecimal() and len(number) < 9 else (1 << 30, path)


def _embedded(named: list[tuple[str, File]]) -> list[dict]:
    """Files that the package brings along; their folder names (number and hash) are left out."""
    files = []
    for key, entry in sorted(named, key=lambda item: (item[1].image, item[0])):
        match = ASSET.fullmatch(key)
        if match and key != "dataasset/dataasset.xml":
            files.append({"path": entry.path[match.start("name") :], "size": entry.size, "image": entry.image})
    return files


def _sha256(file: BinaryIO) -> str:
    digest = hashlib.sha256()
    file.seek(0)
    while piece := file.read(1 << 20):
        digest.update(piece)
    return digest.hexdigest()


def _bulk_token(token: Secret | None) -> BulkToken:
    if token is None:
        return BulkToken(present=False)
    end = token.expires()
    return BulkToken(present=True, fingerprint=token.fingerprint(), expires=_utc(end) if end else None)


def _utc(moment: datetime) -> str:
    return moment.astimezone(timezone.utc).strftime("%Y-%m-%dT%H:%M:%S.000Z")


def _issues(
    ids: list, told: PackageSettings, compiled: PackageSettings, images: int, token: BulkToken, now: datetime
) -> list[Issue]:
    issues = []

    def add(name: str, message: str, fix: str, blocks_join: bool = False) -> None:
        issues.append(Issue(name, message, fix, blocks_join))

    rebuild = "build the package again with Windows Configuration Designer"
    if not token.present:
        add(
            "no_bulk_token",
            "the package carries no bulk token, so it cannot join a device to a tenant",
            "add a bulk token (Accounts > Azure, or 'Set up device management') and build the package again",
            True,
        )
    elif not (compiled.authority or told.authority):
        add("no_authority", "the package has a bulk token but does not say which authority it is for", rebuild)
    if token.expires and token.expires <= _utc(now):
        add(
            "token_expired",
            f"the bulk token expired at {token.expires}",
            "get a new bulk token and build the package again",
            True,
        )
    if not any(ids):
        add("no_package_id", "the package has no id, so nobody can tell whether a device has it already", rebuild, True)
    elif all(ids) and ids[0] != ids[1]:
        add("two_package_ids", f"the package calls itself {ids[0]} and {ids[1]}; Windows goes by the first", rebuild)
    if not compiled.areas:
        add(
            "no_compiled_settings",
            "the package has no compiled settings (.provxml), which are what a device applies",
            rebuild,
        )
    elif told.token and told.token != compiled.token:
        add(
            "settings_differ",
            "the bulk token of customizations.xml is not the one in the compiled settings, "
            "which are what a device applies",
            rebuild,
        )
    if images > 1:
        add("several_images", f"the package holds {images} images; the settings of all are listed", rebuild)
    return issues


def _masked(package: Package, token: Secret) -> Package:
    """The package without the token, should it occur in some other text, such as a command line."""

    def mask(value):
        if isinstance(value, str):
            return token.mask(value)
        if isinstance(value, list):
            return [mask(item) for item in value]
        if isinstance(value, dict):
            return {key: mask(item) for key, item in value.items()}
        return value

    texts = {
        each.name: mask(getattr(package, each.name))
        for each in dataclasses.fields(package)
        if each.name not in ("id", "sha256", "bulk_token", "issues")
    }
    return dataclasses.replace(package, **texts)
