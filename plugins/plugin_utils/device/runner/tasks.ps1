# needs: errors task_service
# Copyright (c) 2026, winops.entra contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
#
# Observing: scheduled tasks.

$Observing += 'scheduled_tasks'

$TaskStates = @('Unknown', 'Disabled', 'Queued', 'Ready', 'Running')

function scheduled_tasks($Ask) {
    $folders = New-List
    $tasks = New-List
    try {
        $folder = (Connect-TaskService).GetFolder([string]$Ask['folder'])
    }
    catch {
        if (Test-NotFound $_) { return @{ exists = $false; folders = $folders; tasks = $tasks } }
        throw
    }
    foreach ($child in $folder.GetFolders(0)) {
        [void]$folders.Add($child.Name)
    }
    # 1: hidden ones too
    foreach ($task in $folder.GetTasks(1)) {
        $state = $TaskStates[[int]$task.State]
        $next = $task.NextRunTime
        # COM's zero, in 1899: no time is set for it. The Task Scheduler's times are local.
        if ($next.Year -lt 1900) { $next = $null }
        [void]$tasks.Add(@{ name = $task.Name; state = $state; last_result = $task.LastTaskResult; next_run = $next })
    }
    return @{ exists = $true; folders = $folders; tasks = $tasks }
}
