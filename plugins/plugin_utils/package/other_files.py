# Copyright (c) 2026, winops.entra contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What a file is that does not begin like a provisioning package.

Internal to winops.entra: may change in any release.
"""

from __future__ import annotations

from .errors import EncryptedPackage, NotAPackage, PackageError, UnsupportedPackage

# First bytes of what people hand over by mistake, and the sentence that helps them on.
KNOWN = (
    (b"WLPWM\0\0\0", UnsupportedPackage, "the file is a pipable WIM of wimlib, which Windows does not read"),
    (b"$ANSIBLE_VAULT;", NotAPackage, "the file is still encrypted with Ansible Vault"),
    (b"version https://git-lfs", NotAPackage, "the file is a Git LFS pointer, its content was never fetched"),
    (b"PK\3\4", NotAPackage, "the file is a ZIP archive, not a provisioning package"),
    (b"7z\xbc\xaf\x27\x1c", NotAPackage, "the file is a 7-Zip archive, not a provisioning package"),
    (b"MSCF", NotAPackage, "the file is a cabinet (.cab), not a provisioning package"),
    (b"\x1f\x8b", NotAPackage, "the file is compressed with gzip, not a provisioning package"),
    (b"MZ", NotAPackage, "the file is a Windows program, not a provisioning package"),
    (b"\xd0\xcf\x11\xe0", NotAPackage, "the file is an OLE document or .msi, not a provisioning package"),
    (b"%PDF", NotAPackage, "the file is a PDF document, not a provisioning package"),
    (b"<", NotAPackage, "the file is XML or HTML: a project or customizations file, not the package built from it"),
    (b"\xef\xbb\xbf<", NotAPackage, "the file is XML: a project or customizations file, not the package built from it"),
    (b"\xff\xfe<\0", NotAPackage, "the file is XML: a project or customizations file, not the package built from it"),
)

# Windows protects a package with a password by writing a random 16-byte vector, the WIM in zero-padded pieces of
# 160 bytes under AES-128-CBC, and a 32-byte HMAC-SHA256 (public decompilation of provpackageapidll.dll,
# PackageSecurity::CryptWrapper). There is no magic number: the size and the randomness are all there is to see.
VECTOR_AND_HMAC, PIECE, SMALLEST_WIM = 16 + 32, 160, 208


def no_package(start: bytes, size: int) -> PackageError:
    """The error for a file of ``size`` bytes that starts with these bytes (up to 4096) and is no WIM."""
    if not size:
        return NotAPackage("the file is empty")
    for magic, kind, cause in KNOWN:
        if start.startswith(magic):
            return kind(cause)
    if looks_encrypted(start, size):
        return EncryptedPackage("the file has the shape of a package that is encrypted with a password")
    return NotAPackage("the file is not a provisioning package: it does not begin as a WIM")


def looks_encrypted(start: bytes, size: int) -> bool:
    """Whether the size fits an encrypted package exactly and the bytes look random.

    A false alarm needs random bytes of a matching size, 1 in 160; the sentence told is then nearly as useful.
    """
    body = size - VECTOR_AND_HMAC
    if body < SMALLEST_WIM or body % PIECE:
        return False
    expected = 256 * (1 - (255 / 256) ** len(start))  # different values among as many random bytes
    return len(set(start)) > 0.85 * expected
