# Copyright (c) 2026, winops.entra contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What the files of settings in a package say, in each of the forms in which it says them.

Internal to winops.entra: may change in any release.
"""

from __future__ import annotations

import re
from xml.etree.ElementTree import Element

from .blocks import ROOT, Condition, Target, targets_of
from .description.compare import Forms
from .description.compiled import Compiled
from .description.customizations import document_of
from .documents import Documents
from .errors import DamagedPackage
from .settings import PackageSettings, add_customizations, add_provxml, parms
from .wim import File, Wim

CUSTOMIZATIONS = re.compile(r"multivariant/[^/]+/customizations\.xml")
ANSWER_FILE = re.compile(r"commonsettings/[^/]+/answerfile\.xml")
PROVXML = re.compile(r"multivariant/.+\.provxml")
OF_USERS = re.compile(r"/user_runtime/")
LARGEST_PROFILE = 1 << 16
ASSET = re.compile(r"dataasset/[^/]+/(?P<place>[^/]+/)?(?P<name>[^/]+)")


class Found:
    """What the documents of a package say, in each of their forms."""

    def __init__(self, wim: Wim) -> None:
        self.documents = Documents(wim)
        self.told: PackageSettings | None = None
        self.compiled = PackageSettings()
        self.conditional: list[tuple[Condition, PackageSettings]] = []
        self.targets: list[Target] = []
        self.forms = Forms()

    def read(self, named: list[tuple[str, File]]) -> None:
        """Read all files of settings. ``named``: all files, by their paths in lower case. Raises PackageError."""
        entries = sorted(named, key=lambda item: item[0])
        told = [entry for key, entry in entries if CUSTOMIZATIONS.fullmatch(key)]
        answers = [entry for key, entry in entries if ANSWER_FILE.fullmatch(key)]
        for entry in told:
            root = self._customizations(entry)
            self._tell(root)
            self.forms.customizations = self.forms.customizations or document_of(root)
        for entry in answers:
            answer = self.documents.parse_or_search(entry) if told else self.documents.parse(entry)
            if answer is None:
                continue
            if not told:
                self._tell(answer)
            self.forms.answer_file = self.forms.answer_file or document_of(answer)
        for key, entry in sorted(named, key=lambda item: _provxml_order(item[0])):
            if PROVXML.fullmatch(key):
                self._compile(key, self.documents.parse(entry))
            elif _may_be_a_profile(key, entry):
                self.documents.search(entry)

    def _customizations(self, entry: File) -> Element:
        root = self.documents.parse(entry)
        if root.tag != ROOT:
            raise DamagedPackage(f"{entry.path} inside the package does not begin with <{ROOT}>")
        return root

    def _tell(self, root: Element) -> None:
        self.told = self.told or PackageSettings()
        add_customizations(self.told, root, self.conditional)
        self.targets += targets_of(root)

    def _compile(self, key: str, root: Element) -> None:
        add_provxml(self.compiled, root)
        scope = "user" if OF_USERS.search(key) else "device"
        self.forms.compiled += [Compiled((*path, name), value, scope) for path, name, value in parms(root)]


def _may_be_a_profile(key: str, entry: File) -> bool:
    """Whether an embedded file may be the profile of a Wi-Fi or VPN, which holds its key."""
    return bool(ASSET.fullmatch(key)) and key.endswith(".xml") and entry.size <= LARGEST_PROFILE


def _provxml_order(path: str) -> tuple[int, str]:
    number = path.rpartition("/")[2].partition("__")[0]
    return (int(number), path) if number.isdecimal() and len(number) < 9 else (1 << 30, path)
