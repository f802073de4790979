# Copyright (c) 2026, winops.entra contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Failures as the runner reports them: the .NET exception type, its message and Windows' own code.

What .NET itself throws (SecurityException, FormatException, NotSupportedException, ...) has none.
"""

from __future__ import annotations

E_FAIL = 0x80004005
E_ACCESSDENIED = 0x80070005
E_FILE_NOT_FOUND = 0x80070002
E_PATH_NOT_FOUND = 0x80070003
E_DISK_FULL = 0x80070070
E_ALREADY_EXISTS = 0x800700B7
E_NOT_SUPPORTED = 0x80070032
WBEM_E_INVALID_CLASS = 0x80041010
WBEM_E_INVALID_NAMESPACE = 0x8004100E
WBEM_E_INVALID_QUERY = 0x80041017
WBEM_E_ACCESS_DENIED = 0x80041003
COR_E_ARGUMENT = 0x80070057


def signed(code: int) -> int:
    """A 32-bit HRESULT as the signed integer that .NET and exit codes print."""
    return code - 0x1_0000_0000 if code & 0x8000_0000 else code


def hexadecimal(code: int) -> str:
    """A HRESULT as Windows texts print it: 0x and eight lower-case digits."""
    return f"0x{code & 0xFFFFFFFF:08x}"


class WindowsError(Exception):
    """An operation that Windows refused or that failed. ``hresult`` is the unsigned HRESULT, None for .NET's own."""

    def __init__(self, type_name: str, message: str, hresult: int | None = None) -> None:
        super().__init__(message)
        self.type = type_name
        self.message = message
        self.hresult = hresult

    def as_answer(self) -> dict:
        """The error shape of vocabulary.json."""
        code = None if self.hresult is None else signed(self.hresult)
        return {"type": self.type, "message": self.message, "hresult": code}


def access_denied(message: str = "Access is denied.") -> WindowsError:
    return WindowsError("System.UnauthorizedAccessException", message, E_ACCESSDENIED)


def path_denied(path: str) -> WindowsError:
    return access_denied(f"Access to the path '{path}' is denied.")


def file_not_found(path: str) -> WindowsError:
    return WindowsError("System.IO.FileNotFoundException", f"Could not find file '{path}'.", E_FILE_NOT_FOUND)


def bad_argument(message: str) -> WindowsError:
    return WindowsError("System.ArgumentException", message, COR_E_ARGUMENT)


def registry_denied() -> WindowsError:
    return WindowsError("System.Security.SecurityException", "Requested registry access is not allowed.")


def not_supported(message: str) -> WindowsError:
    return WindowsError("System.NotSupportedException", message)


def cim_error(message: str, hresult: int | None) -> WindowsError:
    return WindowsError("Microsoft.Management.Infrastructure.CimException", message, hresult)
