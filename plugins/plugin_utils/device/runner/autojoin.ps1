# needs: errors hive task_service
# Copyright (c) 2026, winops.entra contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
#
# Changing: the automatic hybrid join.

$Changing += 'hybrid_autojoin_stop'

function Get-AutoJoinTask {
    try {
        return (Connect-TaskService).GetFolder('\Microsoft\Windows\Workplace Join').GetTask('Automatic-Device-Join')
    }
    catch {
        if (Test-NotFound $_) { return $null }
        throw
    }
}

function hybrid_autojoin_stop($Ask) {
    $disabled = $false
    $hive = Open-RegistryHive 'LocalMachine'
    $path = 'SOFTWARE\Policies\Microsoft\Windows\WorkplaceJoin'
    $key = $hive.OpenSubKey($path)
    $value = $null
    if ($null -ne $key) {
        $value = $key.GetValue('autoWorkplaceJoin')
        $key.Close()
    }
    if ($value -isnot [int] -or $value -ne 0) {
        $key = $hive.CreateSubKey($path)
        $key.SetValue('autoWorkplaceJoin', 0, [Microsoft.Win32.RegistryValueKind]::DWord)
        $key.Close()
        $disabled = $true
    }
    $task = Get-AutoJoinTask
    if ($null -ne $task) {
        if ($task.Enabled) {
            $task.Enabled = $false
            $disabled = $true
        }
        # 2 queued, 4 running: it would join again when we are gone.
        if (@(2, 4) -contains $task.State) { [void]$task.Stop(0) }
    }
    return @{ disabled = $disabled }
}
