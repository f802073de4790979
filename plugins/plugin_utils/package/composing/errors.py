# Copyright (c) 2026, winops.entra contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Why a package cannot be made of a template and a description. No message has a value in it that may be secret.

Internal to winops.entra: may change in any release.
"""

from __future__ import annotations

from ...result import Failure

MOST_DIFFERENCES = 20


class BuildError(Failure):
    """A package cannot be made. ``cause`` is one sentence."""

    name = "package_not_built"
    fix = "correct the description, or give another template"

    def __init__(self, cause: str) -> None:
        self.cause = cause
        super().__init__(f"{cause}; {self.fix}", side="controller", name=self.name, cause=cause, fix=self.fix)


class UnfitTemplate(BuildError):
    """The template is a package that can be read, and of a kind that cannot be changed."""

    name = "template_unfit"
    fix = (
        "build the template again in Windows Configuration Designer, unsigned, not encrypted and with one image, "
        "or build with ICD.exe (method=icd)"
    )


class NotLikeTemplate(BuildError):
    """The description or the template has what the other one lacks. ``problems`` has a sentence for each."""

    name = "template_differs"
    fix = (
        "describe what the template has, or build a template with exactly these settings in Windows Configuration "
        "Designer; the values may be any"
    )

    def __init__(self, problems: list[str]) -> None:
        self.problems = problems
        told = problems[:MOST_DIFFERENCES]
        if len(problems) > MOST_DIFFERENCES:
            told.append(f"and {len(problems) - MOST_DIFFERENCES} more")
        super().__init__(f"the description does not fit the template: {'; '.join(told)}")


class UnclearPlace(BuildError):
    """Nobody can tell that a value was changed everywhere, so nothing is written."""

    name = "template_unclear"
    fix = (
        "build the template again with a value there that is long and stands nowhere else, or with the value that is "
        "wanted, or build with ICD.exe (method=icd)"
    )


class MissingFile(BuildError):
    """The content of a file that the description names was not given, or cannot be read."""

    name = "package_file_missing"
    fix = "give the path of an existing file that this user may read"


class ChangedFile(BuildError):
    """A file, or the template, is not what it was when the package was put together."""

    name = "package_file_changed"
    fix = "run the task again when nobody writes to the files"
