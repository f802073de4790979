# Copyright (c) 2026, winops.entra contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Read a provisioning package file, and say what it would do to a device.

A package holds credentials in plain text: the bulk token (BPRT), passwords of accounts and certificates, keys. They are
looked at in here and go no further: neither results nor errors nor ``repr`` hold them, only a fingerprint of the token.

Internal to winops.entra: may change in any release.
"""

from __future__ import annotations

import dataclasses
import os
import re
import stat
import uuid
from dataclasses import dataclass, field
from datetime import datetime, timezone
from typing import BinaryIO

from .conditions import built_with, told_conditions, without_conditional
from .description.compare import Forms
from .errors import DamagedPackage, PackageError, UnreadablePackage
from .found import ASSET, Found
from .issues import Facts, Issue, issues_of
from .package_secrets import PackageSecrets
from .plain_files import sha256_of
from .reverted import reverted_by_removal
from .safe_xml import UnsafeXml, parse
from .secret import BulkToken, bulk_token_of
from .settings import PackageSettings
from .wim import NO_SENSE, File, Wim, not_provisioning


@dataclass(frozen=True)
class Package:
    """A provisioning package. Texts are as the package has them, except ``id``; what it does not set is None or empty.

    ``id``: GUID in lower case without braces, the spelling in which ids are compared (Windows prints either).
    ``files``: embedded files as {path, size in bytes, image}; ``commands``: command lines, run as SYSTEM;
    ``settings``: names of the setting areas (or CSPs, where only compiled settings are in the package);
    ``reverted_by_removal``: what of it Windows takes back when it removes the package;
    ``conditional``: what is only for devices that meet a condition, and in no other field but ``settings``,
    ``reverted_by_removal`` and ``bulk_token`` (conditions.py); ``dead_streams``: contents that belong to no file;
    ``sha256`` and ``size`` (bytes) are of the package file; ``secrets`` are what must not be seen of it, and is in no
    other field but ``forms``, the settings one by one, which no result has as they are. ``digests`` are the SHA-1 of
    the embedded files, with their names in lower case.
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
    conditional: list[dict]
    built_with: dict | None
    dead_streams: dict
    sha256: str
    size: int
    encrypted: bool = False
    issues: list[Issue] = field(default_factory=list)
    secrets: PackageSecrets = field(default_factory=PackageSecrets, repr=False)
    forms: Forms = field(default_factory=Forms, repr=False)
    digests: frozenset[tuple[str, bytes]] = field(default=frozenset(), repr=False)

    @property
    def join_blockers(self) -> list[Issue]:
        """Why this package cannot join a device; empty where it can."""
        return [issue for issue in self.issues if issue.blocks_join]


def describe(package: Package) -> dict:
    """The package as a module returns it: JSON-safe, without any secret, with ``can_join`` added."""
    shown = dataclasses.asdict(dataclasses.replace(package, secrets=PackageSecrets(), forms=Forms()))
    del shown["secrets"], shown["forms"], shown["digests"]
    return {**shown, "can_join": not package.join_blockers}


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
            return read_open_package(file, shown, now)
    except PackageError as exc:
        raise exc.at(shown) from None
    except OSError as exc:
        raise UnreadablePackage(f"the file cannot be read ({exc.strerror or type(exc).__name__})", shown) from None


def read_open_package(file: BinaryIO, shown: str, now: datetime | None = None) -> Package:
    """Read the package in an open file, of which errors speak as ``shown``. Raises as ``read_package``."""
    try:
        return _read(file, now or datetime.now(timezone.utc))
    except PackageError as exc:
        raise exc.at(shown) from None
    except NO_SENSE:
        raise DamagedPackage("the file is damaged: its contents make no sense", shown) from None


def _read(file: BinaryIO, now: datetime) -> Package:
    size = file.seek(0, os.SEEK_END)
    wim = Wim(file, size)
    properties = _image_properties(wim.xml)
    named = [(entry.path.lower(), entry) for entry in wim.files]
    found = Found(wim)
    found.read(named)
    told, compiled = found.told or PackageSettings(), found.compiled
    if found.told is None and not any(key.startswith(("multivariant/", "commonsettings/")) for key, _entry in named):
        raise not_provisioning()
    conditional = [settings for _condition, settings in found.conditional]
    without_conditional(compiled, told, conditional)
    ids = [_guid(text) for text in (properties.get("PACKAGEID"), told.id)]
    tokens = [each.token for each in (compiled, told, *conditional) if each.token]
    bulk_token = bulk_token_of(tokens[0] if tokens else None)
    documents = found.documents
    package = Package(
        # Where the image has something else than an id, Windows has none.
        id=ids[0] if "PACKAGEID" in properties else ids[1],
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
        settings=sorted({*told.areas, *(area for each in conditional for area in each.areas)} or compiled.areas),
        reverted_by_removal=reverted_by_removal(
            [*told.areas, *compiled.areas, *(area for each in conditional for area in each.areas)]
        ),
        files=_embedded(named),
        digests=frozenset((match["name"], entry.digest) for match, entry in _assets(named)),
        images=wim.images,
        conditional=told_conditions(found.conditional, found.targets),
        built_with=built_with(properties),
        dead_streams=documents.dead_streams(),
        sha256=sha256_of(file).hex(),
        size=size,
        secrets=documents.secrets,
        forms=found.forms,
    )
    facts = Facts(
        package_ids=(properties.get("PACKAGEID"), told.id),
        ids=tuple(ids),
        told=found.told,
        compiled=compiled,
        conditional=conditional,
        token=tokens[0] if tokens else None,
        now=now,
    )
    package = dataclasses.replace(package, issues=issues_of(package, facts))
    return dataclasses.replace(package, **documents.secrets.masked_fields(package))


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


def _embedded(named: list[tuple[str, File]]) -> list[dict]:
    """Files that the package brings along; their folder names (number and hash) are left out."""
    return [
        {"path": entry.path[match.start("name") :], "size": entry.size, "image": entry.image}
        for match, entry in _assets(named)
    ]


def _assets(named: list[tuple[str, File]]) -> list[tuple[re.Match[str], File]]:
    found = []
    for key, entry in sorted(named, key=lambda item: (item[1].image, item[0])):
        match = ASSET.fullmatch(key)
        if match and key != "dataasset/dataasset.xml":
            found.append((match, entry))
    return found
