# needs: folders native own_directories
# Copyright (c) 2026, winops.entra contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
#
# Changing: the CSV files of an Autopilot diagnostics cabinet. The cabinet is written into a directory of its own, which
# is gone in the end.

$Changing += 'device_link'

# A DeviceLink has about five thousand letters. What is larger is not one.
$LargestLink = 262144

# A cabinet has a handful of CSV files.
$MostLinks = 20

function device_link($Ask) {
    $tool = [IO.Path]::Combine((Get-NativeFolder), 'MdmDiagnosticsTool.exe')
    $files = New-List
    if (-not [IO.File]::Exists($tool)) { return @{ present = $false; exit_code = $null; cabinet = $false; files = $files } }
    $folder = [IO.Path]::Combine((Get-StateRoot), 'device_link')
    # What a harvest has left that was ended before it could clean up.
    [void](path_remove @{ path = $folder })
    [void](directory_create @{ path = $folder })
    try {
        $cabinet = [IO.Path]::Combine($folder, 'autopilot.cab')
        $run = Invoke-Native $tool ('-area Autopilot -cab "{0}"' -f $cabinet) ([int]$Ask['timeout'])
        $written = [IO.File]::Exists($cabinet)
        if ($written) {
            $expand = [IO.Path]::Combine((Get-NativeFolder), 'expand.exe')
            [void](Invoke-Native $expand ('"{0}" -F:*.csv "{1}"' -f $cabinet, $folder) 60)
        }
        foreach ($file in [IO.Directory]::GetFiles($folder, '*.csv')) {
            $size = [IO.FileInfo]::new($file).Length
            if ($files.Count -ge $MostLinks) { break }
            $content = $null
            if ($size -le $LargestLink) { $content = [Convert]::ToBase64String([IO.File]::ReadAllBytes($file)) }
            [void]$files.Add(@{ name = [IO.Path]::GetFileName($file); size = $size; content = $content })
        }
        return @{ present = $true; exit_code = $run['exit_code']; cabinet = $written; files = $files }
    }
    finally {
        [void](path_remove @{ path = $folder })
    }
}
