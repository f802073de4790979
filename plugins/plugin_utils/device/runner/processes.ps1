# needs: _head
# Copyright (c) 2026, winops.entra contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
#
# Observing: processes.

$Observing += 'processes'

function Get-NamedProcess([string]$Name) {
    return , [Diagnostics.Process]::GetProcessesByName($Name)
}

function processes($Ask) {
    $found = New-List
    foreach ($name in $Ask['names']) {
        foreach ($process in (Get-NamedProcess ($name -creplace '\.[Ee][Xx][Ee]\z', ''))) {
            [void]$found.Add(@{ name = $process.ProcessName + '.exe'; pid = $process.Id })
            $process.Dispose()
        }
    }
    return @{ processes = $found }
}
