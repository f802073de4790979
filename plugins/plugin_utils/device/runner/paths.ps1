# needs: errors
# Copyright (c) 2026, winops.entra contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
#
# Paths that come from outside.

function Get-PathAttribute([string]$Path) {
    # File.Exists and Directory.Exists say false where access is denied; this one fails.
    try {
        return [IO.File]::GetAttributes($Path)
    }
    catch {
        if (Test-NotFound $_) { return $null }
        throw
    }
}

function Resolve-AnyPath([string]$Path) {
    $text = [Environment]::ExpandEnvironmentVariables($Path)
    if (-not [IO.Path]::IsPathRooted($text)) { Stop-Operation ArgumentException "Not an absolute path: $Path" }
    return [IO.Path]::GetFullPath($text)
}
