# needs: paths
# Copyright (c) 2026, winops.entra contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
#
# Observing: files.

$Observing += 'path_info'

function Get-FileSha256([string]$Path) {
    $sha = [Security.Cryptography.SHA256]::Create()
    $stream = [IO.File]::Open($Path, [IO.FileMode]::Open, [IO.FileAccess]::Read, [IO.FileShare]'ReadWrite, Delete')
    try {
        return [BitConverter]::ToString($sha.ComputeHash($stream)).Replace('-', '').ToLowerInvariant()
    }
    finally {
        $stream.Dispose()
        $sha.Dispose()
    }
}

function path_info($Ask) {
    $path = Resolve-AnyPath ([string]$Ask['path'])
    $attributes = Get-PathAttribute $path
    $info = @{ path = $path; exists = ($null -ne $attributes); directory = $false; size = $null; sha256 = $null }
    if ($null -ne $attributes) {
        $info['directory'] = $attributes.HasFlag([IO.FileAttributes]::Directory)
        if (-not $info['directory']) {
            $info['size'] = [IO.FileInfo]::new($path).Length
            if ($Ask['hash']) { $info['sha256'] = Get-FileSha256 $path }
        }
    }
    return $info
}
