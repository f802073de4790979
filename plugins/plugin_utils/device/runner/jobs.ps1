# needs: own_directories
# Copyright (c) 2026, winops.entra contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
#
# Changing: SYSTEM jobs.

$Changing += 'job_start', 'job_remove'

# What the task of a job runs. The working directory is the job's own; constant, so nothing is put into a command line.
$JobBootstrap = @'
$ErrorActionPreference='Stop'
$d=[Environment]::CurrentDirectory
$b=[IO.File]::ReadAllText([IO.Path]::Combine($d,'self.b64'))
$r=[IO.File]::ReadAllText([IO.Path]::Combine($d,'request.b64'))
$m=[IO.MemoryStream]::new([Convert]::FromBase64String($b))
$z=[IO.Compression.GZipStream]::new($m,[IO.Compression.CompressionMode]::Decompress)
$s=[IO.StreamReader]::new($z,[Text.Encoding]::UTF8).ReadToEnd()
& ([ScriptBlock]::Create($s)) $r $b ([IO.Path]::Combine($d,'result.json'))
'@

function job_start($Ask) {
    $job = Get-JobId $Ask
    if (@('running', 'done') -contains (job_status $Ask)['state']) { return @{ started = $false; already = $true } }
    # What a lost job left behind
    [void](job_remove $Ask)
    $directory = Get-JobDirectory $job
    try {
        [void](Confirm-OwnDirectory (Resolve-OwnPath $directory))
        $asked = ConvertTo-JsonText @{ v = 1; id = $job; ops = $Ask['ops'] }
        [IO.File]::WriteAllText([IO.Path]::Combine($directory, 'request.b64'), (Compress-Text $asked))
        [IO.File]::WriteAllText([IO.Path]::Combine($directory, 'self.b64'), $Self)
        Start-JobTask $job $directory ([int]$Ask['time_limit'])
    }
    catch {
        $failure = $_
        [void](job_remove $Ask)
        throw $failure
    }
    return @{ started = $true; already = $false }
}

function Start-JobTask([string]$Job, [string]$Directory, [int]$Seconds) {
    $service = Connect-TaskService
    $definition = $service.NewTask(0)
    $definition.RegistrationInfo.Description = 'One-shot job of winops.entra'
    $definition.Principal.UserId = $System
    # 5 service account, 1 highest privileges
    $definition.Principal.LogonType = 5
    $definition.Principal.RunLevel = 1
    # The defaults do not start a task on battery and stop it when the cable is pulled. A limit of 0 would be none.
    $definition.Settings.DisallowStartIfOnBatteries = $false
    $definition.Settings.StopIfGoingOnBatteries = $false
    $definition.Settings.ExecutionTimeLimit = 'PT{0}S' -f [Math]::Max(1, $Seconds)
    # 2: a second start is ignored. 4 is normal priority; the default is a background one.
    $definition.Settings.MultipleInstances = 2
    $definition.Settings.Priority = 4
    $action = $definition.Actions.Create(0)
    # The scheduler is a 64-bit program: here System32 is right in a 32-bit PowerShell, too.
    $windows = [Environment]::GetFolderPath('Windows')
    $action.Path = [IO.Path]::Combine($windows, 'System32\WindowsPowerShell\v1.0\powershell.exe')
    $action.Arguments = '-NoProfile -NonInteractive -ExecutionPolicy Bypass -EncodedCommand ' +
        [Convert]::ToBase64String([Text.Encoding]::Unicode.GetBytes($JobBootstrap))
    $action.WorkingDirectory = $Directory
    # 6: create or update; RunEx 2: whatever conditions somebody set by policy
    $task = $service.GetFolder('\').RegisterTaskDefinition("winops.entra-$Job", $definition, 6, $null, $null, 5)
    [void]$task.RunEx($null, 2, 0, '')
}

function job_remove($Ask) {
    $job = Get-JobId $Ask
    $directory = Get-JobDirectory $job
    $removed = $false
    $task = Get-JobTask $job
    if ($null -ne $task) {
        if (@(2, 4) -contains $task.State) { [void]$task.Stop(0) }
        [void](Connect-TaskService).GetFolder('\').DeleteTask("winops.entra-$job", 0)
        $removed = $true
    }
    # The process may be in its last moments; while it lives, nobody can remove its working directory.
    $clock = [Diagnostics.Stopwatch]::StartNew()
    while ($null -ne (Get-PathAttribute $directory)) {
        try {
            [void](path_remove @{ path = $directory })
            $removed = $true
        }
        catch {
            if ((Get-Cause $_) -isnot [IO.IOException] -or $clock.Elapsed.TotalSeconds -gt 15) { throw }
            [Threading.Thread]::Sleep(200)
        }
    }
    return @{ removed = $removed }
}
