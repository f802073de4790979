# needs: job_state paths
# Copyright (c) 2026, winops.entra contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
#
# Where our own files are.

function Test-Link([string]$Path) {
    $attributes = Get-PathAttribute $Path
    return ($null -ne $attributes) -and $attributes.HasFlag([IO.FileAttributes]::ReparsePoint)
}

function Get-OwnPathChain([string]$Path) {
    # The root and every directory below it down to the path itself.
    $chain = New-List
    $root = Get-StateRoot
    for ($part = $Path; $part.Length -ge $root.Length; $part = [IO.Path]::GetDirectoryName($part)) {
        $chain.Insert(0, $part)
    }
    return , $chain
}

function Resolve-OwnPath([string]$Path) {
    # A path strictly below the root, spelled out, with no link on the way.
    $text = [Environment]::ExpandEnvironmentVariables($Path)
    $full = (Resolve-AnyPath $text).TrimEnd('\', '/')
    $root = (Get-StateRoot) + [IO.Path]::DirectorySeparatorChar
    $below = $full.StartsWith($root, [StringComparison]::OrdinalIgnoreCase)
    if (-not $below -or ($text.Split([char[]]'\/')) -contains '..' -or $full.IndexOf([char]':', $root.Length) -ge 0) {
        Stop-Operation UnauthorizedAccessException ('Refused, not below {0}: {1}' -f $root, $Path)
    }
    foreach ($part in (Get-OwnPathChain $full)) {
        if (Test-Link $part) { Stop-Operation UnauthorizedAccessException "Refused, $part is a link" }
    }
    return $full
}
