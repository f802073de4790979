# Copyright (c) 2026, winops.entra contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Make a provisioning package on the controller: a package that Microsoft's tool built once, with other values.

    from ..plugin_utils.package.composing import compose

    built = compose("template.ppkg", description, {"files/setup.cmd": "/srv/site/files/setup.cmd"})
    built.package_id, built.sha256, built.catalogue     # GUID without braces, hexadecimal digits, bytes of the .cat
    built.changes                                       # what is not as in the template, without any secret
    built.write(stream)                                 # to a binary stream, the same bytes each time

``template`` is a path or bytes. ``description`` is what ``description.checked`` gives. ``files`` has the content, a
path or bytes, of each value of a setting of type file that the description has, by that value. Whoever calls has found
the files and bounded their number and size; a content of any size is copied in pieces.

What the description says replaces what the template says, at each place where that stands; nothing is added to a
template and nothing taken out. So the description has the settings of the template, each once, with their conditions,
lists and names (of accounts, commands, networks, files), and other values, name, version, owner, rank and id.

The time in the catalogue is that at which the template was built, as the template says it, so no clock goes in. The
package id is derived from the content (package_id.py).

Raises Failure and nothing else: PackageError (the template cannot be read: ``..errors``), UnfitTemplate (signed,
encrypted, several images, contradicts itself), NotLikeTemplate (one of the two has what the other lacks), UnclearPlace
(nobody can tell where a value stands, or an old secret would be left), MissingFile, ChangedFile (errors.py).

Documents are compressed with XPRESS, as Microsoft's tool does it, up to 1 MiB together; what is beyond that, and files,
are stored as they are. A content that the template has, too, may be copied as it is compressed there. The WIM file is
written by this folder alone, without wimlib or another program, so none can be absent. It is written whole: what no
file needs of the template is not in it. Nothing is written but to the stream that is given.

Not confirmed by Windows: the form is that of real packages, but no package of this folder has been applied by a real
Windows.

Internal to winops.entra: may change in any release.
"""

from __future__ import annotations

from .compose import Built, compose
from .errors import ChangedFile, MissingFile, NotLikeTemplate, UnclearPlace, UnfitTemplate

__all__ = [
    "Built",
    "ChangedFile",
    "MissingFile",
    "NotLikeTemplate",
    "UnclearPlace",
    "UnfitTemplate",
    "compose",
]
