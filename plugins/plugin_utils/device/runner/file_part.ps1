# needs: own_paths
# Copyright (c) 2026, winops.entra contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
#
# Observing: pieces of files of ours.

$Observing += 'file_part'

# In base64 it must fit into an answer.
$LargestPart = 720896

function file_part($Ask) {
    $path = Resolve-OwnPath ([string]$Ask['path'])
    $offset = [long]$Ask['offset']
    $length = [long]$Ask['length']
    if ($offset -lt 0 -or $length -lt 1 -or $length -gt $LargestPart) {
        Stop-Operation ArgumentException "No piece of a file: $length bytes from $offset on"
    }
    $file = [IO.File]::Open($path, [IO.FileMode]::Open, [IO.FileAccess]::Read, [IO.FileShare]::Read)
    try {
        $size = $file.Length
        [void]$file.Seek($offset, [IO.SeekOrigin]::Begin)
        $piece = [IO.BinaryReader]::new($file).ReadBytes([int]$length)
        return @{ size = $size; content = [Convert]::ToBase64String($piece) }
    }
    finally {
        $file.Dispose()
    }
}
