# needs: errors folders json paths task_service
# Copyright (c) 2026, winops.entra contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
#
# Observing: SYSTEM jobs.

$Observing += 'job_status'

function Get-StateRoot {
    return [IO.Path]::Combine((Get-ProgramData), 'winops.entra')
}

function Get-JobId($Ask) {
    # The id goes into a path and a task name.
    $job = [string]$Ask['job']
    if ($job -cnotmatch '\A[0-9A-Fa-f]{8}(-[0-9A-Fa-f]{4}){3}-[0-9A-Fa-f]{12}\z') {
        Stop-Operation ArgumentException 'A job id is a GUID.'
    }
    return $job.ToLowerInvariant()
}

function Get-JobDirectory([string]$Job) {
    return [IO.Path]::Combine((Get-StateRoot), 'jobs', $Job)
}

function Get-JobTask([string]$Job) {
    try {
        return (Connect-TaskService).GetFolder('\').GetTask("winops.entra-$Job")
    }
    catch {
        if (Test-NotFound $_) { return $null }
        throw
    }
}

function job_status($Ask) {
    $job = Get-JobId $Ask
    $directory = Get-JobDirectory $job
    $status = @{ state = 'absent'; started = $null; last_task_result = $null; answer = $null }
    if ($null -eq (Get-PathAttribute $directory)) { return $status }
    $status['started'] = [IO.Directory]::GetCreationTimeUtc($directory)
    # The task first, then the answer: the other way round, a job that ends in between would seem lost.
    $task = Get-JobTask $job
    $running = $false
    if ($null -ne $task) {
        $status['last_task_result'] = $task.LastTaskResult
        # 2 queued, 4 running; 267009 running, 267045 queued
        $running = @(2, 4) -contains $task.State -or @(267009, 267045) -contains $task.LastTaskResult
    }
    $result = [IO.Path]::Combine($directory, 'result.json')
    if ($null -ne (Get-PathAttribute $result)) {
        $status['state'] = 'done'
        $status['answer'] = ConvertFrom-JsonText ([IO.File]::ReadAllText($result))
        return $status
    }
    # For a moment after its start a task still looks as if it had never run.
    $age = ([datetime]::UtcNow - $status['started']).TotalSeconds
    $status['state'] = 'lost'
    if ($running -or ($null -ne $task -and $task.LastTaskResult -eq 267011 -and [Math]::Abs($age) -lt 60)) {
        $status['state'] = 'running'
    }
    return $status
}
