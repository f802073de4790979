# Copyright (c) 2026, winops.entra contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
#
# The Task Scheduler: folders with their tasks. A task that is run starts a PowerShell of its own, as SYSTEM; its process
# stands in the description, so that the next PowerShell finds it.

$TaskStateNames = @('Unknown', 'Disabled', 'Queued', 'Ready', 'Running')
$TaskStateNumbers = @{ Unknown = 0; Disabled = 1; Queued = 2; Ready = 3; Running = 4 }

function Connect-TaskService { return [ProofService]::new() }

class ProofService {
    [object] GetFolder([string]$Path) { return Get-ProofFolder $Path }
    [object] NewTask([int]$Flags) {
        return [PSCustomObject]@{
            RegistrationInfo = [PSCustomObject]@{ Description = '' }
            Principal = [PSCustomObject]@{ UserId = ''; LogonType = 0; RunLevel = 0 }
            Settings = [PSCustomObject]@{
                DisallowStartIfOnBatteries = $true; StopIfGoingOnBatteries = $true; ExecutionTimeLimit = 'PT72H'
                MultipleInstances = 0; Priority = 7
            }
            Actions = ([ProofActions]::new())
        }
    }
}

class ProofActions {
    [object]$Made = [PSCustomObject]@{ Path = ''; Arguments = ''; WorkingDirectory = '' }
    [object] Create([int]$Type) { return $this.Made }
}

class ProofFolder {
    [string]$Path
    [string]$Name
    [object[]] GetFolders([int]$Flags) { return Get-ProofSubfolder $this.Path }
    [object[]] GetTasks([int]$Flags) { return Get-ProofTask $this.Path $null }
    [object] GetTask([string]$Task) {
        $found = Get-ProofTask $this.Path $Task
        if ($found.Count -eq 0) { throw [IO.FileNotFoundException]::new('There is no such task') }
        return $found[0]
    }
    [void] DeleteTask([string]$Task, [int]$Flags) {
        if ($this.GetTask($Task).State -eq 4) { throw [InvalidOperationException]::new('It is running') }
        Set-ProofTask $this.Path $Task $null
    }
    [void] DeleteFolder([string]$Folder, [int]$Flags) {
        Remove-ProofFolder ($this.Path.TrimEnd([char]'\') + '\' + $Folder)
    }
    [object] RegisterTaskDefinition(
        [string]$Task, [object]$Definition, [int]$Flags, [object]$User, [object]$Password, [int]$Logon) {
        Assert-Open 'filtered'
        $settings = $Definition.Settings
        $as = $Definition.Principal
        if ($Flags -ne 6 -or $Logon -ne 5 -or $as.UserId -cne 'S-1-5-18' -or $as.LogonType -ne 5 -or
            $as.RunLevel -ne 1 -or $settings.DisallowStartIfOnBatteries -or $settings.StopIfGoingOnBatteries -or
            $settings.MultipleInstances -ne 2 -or $settings.Priority -ne 4 -or
            $settings.ExecutionTimeLimit -cnotmatch '\APT[1-9][0-9]*S\z' -or
            -not $Definition.RegistrationInfo.Description -or
            $Definition.Actions.Made.Path -cnotlike '*powershell.exe') {
            throw [ArgumentException]::new('The task is not what it should be')
        }
        Set-ProofTask $this.Path $Task @{ state = 'Ready'; last_result = 267011 }
        $made = $this.GetTask($Task)
        $made.Definition = $Definition
        return $made
    }
}

class ProofTask {
    [string]$Folder
    [string]$Name
    [int]$State
    [object]$LastTaskResult
    [datetime]$NextRunTime
    [int]$Process
    [bool]$On
    [object]$Definition
    [object] RunEx([object]$Arguments, [int]$Flags, [int]$Session, [string]$User) {
        if ($Flags -ne 2) { throw [ArgumentException]::new('Conditions of a policy would hold it up') }
        $limit = $this.Definition.Settings.ExecutionTimeLimit.Substring(2).TrimEnd([char]'S')
        $entry = @{ state = 'Running'; last_result = 267009; limit = [int]$limit }
        $entry['process'] = Start-ProofJob $this.Definition.Actions.Made
        Set-ProofTask $this.Folder $this.Name $entry
        return $null
    }
    [void] Stop([int]$Flags) {
        if ($this.Process) { Stop-ProofJob $this.Process }
        $this.State = 1 + 2 * [int]$this.On
        Set-ProofTask $this.Folder $this.Name @{ state = (Get-StateName $this.State); last_result = 267014 }
    }
}

function Get-StateName([int]$State) { return $TaskStateNames[$State] }

function Get-ProofFolder([string]$Path) {
    $folders = Get-Windows 'tasks'
    $spelled = Find-Name @($folders.get_Keys()) $Path
    if ($null -eq $spelled) { throw [IO.DirectoryNotFoundException]::new('There is no such folder') }
    Assert-Open $folders[$spelled]['closed']
    return New-ProofFolder $spelled
}

function New-ProofFolder([string]$Path) {
    $folder = [ProofFolder]::new()
    $folder.Path = $Path
    $folder.Name = $Path.Substring($Path.LastIndexOf([char]'\') + 1)
    return $folder
}

function Get-ProofSubfolder([string]$Path) {
    $start = $Path.TrimEnd([char]'\') + '\'
    return , @(foreach ($one in (Get-SortedName (Get-Windows 'tasks').get_Keys())) {
            if ($one.Length -gt $start.Length -and $one.StartsWith($start, [StringComparison]::OrdinalIgnoreCase) -and
                $one.IndexOf([char]'\', $start.Length) -lt 0) { New-ProofFolder $one }
        })
}

function Get-ProofTask([string]$Folder, $Name) {
    $tasks = (Get-Windows 'tasks')[$Folder]['tasks']
    return , @(foreach ($one in (Get-SortedName $tasks.get_Keys())) {
            if ($null -ne $Name -and $one -ne $Name) { continue }
            $task = [ProofTask]::new()
            $task.Folder = $Folder
            $task.Name = $one
            $task.State = $TaskStateNumbers[$tasks[$one]['state']]
            $task.LastTaskResult = $tasks[$one]['last_result']
            $task.NextRunTime = Get-NextRun $tasks[$one]
            $task.On = $task.State -ne 1 -and $tasks[$one]['enabled'] -ne $false
            if ($tasks[$one].ContainsKey('process')) {
                $task.Process = $tasks[$one]['process']
                if (-not (Test-ProofJob $task.Process)) {
                    $task.State = 3
                    $task.LastTaskResult = 0
                }
            }
            Add-EnabledProperty $task
        })
}

function Get-NextRun($Entry) {
    # As COM gives it: local, of no kind, and its zero where no time is set.
    if (-not $Entry['next_run']) { return [datetime]::FromOADate(0) }
    $style = [Globalization.DateTimeStyles]::AdjustToUniversal
    $utc = [datetime]::Parse($Entry['next_run'], [Globalization.CultureInfo]::InvariantCulture, $style)
    return [datetime]::SpecifyKind($utc.ToLocalTime(), [DateTimeKind]::Unspecified)
}

function Add-EnabledProperty($Task) {
    # It holds as soon as it is set. A task that is queued or running goes on.
    $get = { $this.On }
    $set = {
        param($Value)
        $this.On = [bool]$Value
        if ($this.State -eq 1 -or $this.State -eq 3) { $this.State = 1 + 2 * [int]$this.On }
        $entry = @{ state = (Get-StateName $this.State); last_result = $this.LastTaskResult }
        if ($this.State -ne 1 -and -not $this.On) { $entry['enabled'] = $false }
        Set-ProofTask $this.Folder $this.Name $entry
    }
    $Task.PSObject.Properties.Add([Management.Automation.PSScriptProperty]::new('Enabled', $get, $set))
    return $Task
}

function Set-ProofTask([string]$Folder, [string]$Name, $Entry) {
    Assert-Open 'filtered'
    Set-Windows 'tasks' {
        param($Folders, $Folder, $Name, $Entry)
        $tasks = $Folders[$Folder]['tasks']
        if ($null -eq $Entry) { $tasks.Remove((Find-Name @($tasks.get_Keys()) $Name)) }
        else { $tasks[$Name] = $Entry }
    } @($Folder, $Name, $Entry)
}

function Remove-ProofFolder([string]$Path) {
    Assert-Open 'filtered'
    $removes = (Get-Windows 'tasks')[(Find-Name @((Get-Windows 'tasks').get_Keys()) $Path)]['removes']
    Set-Windows 'tasks' {
        param($Folders, $Path)
        $spelled = Find-Name @($Folders.get_Keys()) $Path
        if ($null -eq $spelled) { throw [IO.DirectoryNotFoundException]::new('There is no such folder') }
        if ($Folders[$spelled]['closed'] -ceq 'removal') { throw [UnauthorizedAccessException]::new('No') }
        if ($Folders[$spelled]['tasks'].Count -gt 0) { throw [IO.IOException]::new('It is not empty') }
        $Folders.Remove($spelled)
    } @($Path)
    foreach ($gone in $removes) { Remove-Described $gone }
}

function Get-SortedName($Names) {
    $sorted = [string[]]@($Names)
    [Array]::Sort($sorted, [StringComparer]::OrdinalIgnoreCase)
    return , $sorted
}

function Start-ProofJob($Action) {
    if ($env:WINOPS_PROOF_CULTURE -or $env:WINOPS_PROOF_JOBS -ceq 'here') { return Invoke-ProofJob $Action }
    $line = $Action.Arguments
    if ([IO.Path]::DirectorySeparatorChar -cne '\') { $line = $line.Replace('-ExecutionPolicy Bypass ', '') }
    # Not the main module of this process: where PowerShell is a .NET tool, that is dotnet.
    $start = [Diagnostics.ProcessStartInfo]::new($env:WINOPS_PROOF_POWERSHELL, $line)
    $start.WorkingDirectory = $Action.WorkingDirectory
    $start.UseShellExecute = $false
    $start.EnvironmentVariables['WINOPS_PROOF_CALLER'] = 'SYSTEM'
    # Not our own pipes: they would stay open as long as the job lives.
    $start.RedirectStandardOutput = $true
    $start.RedirectStandardError = $true
    $start.RedirectStandardInput = $true
    $process = [Diagnostics.Process]::Start($start)
    $process.StandardInput.Close()
    return $process.Id
}

function Invoke-ProofJob($Action) {
    # In another culture it runs here, and to its end: a PowerShell of its own would begin in the usual one, and takes a
    # second to begin.
    $caller = $env:WINOPS_PROOF_CALLER
    $directory = [Environment]::CurrentDirectory
    $env:WINOPS_PROOF_CALLER = 'SYSTEM'
    [Environment]::CurrentDirectory = $Action.WorkingDirectory
    $shell = [PowerShell]::Create()
    try {
        $encoded = $Action.Arguments.Split([char]' ')[-1]
        [void]$shell.AddScript([Text.Encoding]::Unicode.GetString([Convert]::FromBase64String($encoded)))
        [void]$shell.Invoke()
    }
    finally {
        $shell.Dispose()
        [Environment]::CurrentDirectory = $directory
        $env:WINOPS_PROOF_CALLER = $caller
    }
    # There is no such process any more.
    return [int]::MaxValue
}

function Test-ProofJob([int]$Id) {
    try {
        return -not [Diagnostics.Process]::GetProcessById($Id).HasExited
    }
    catch [ArgumentException] {
        return $false
    }
}

function Stop-ProofJob([int]$Id) {
    if (Test-ProofJob $Id) { [Diagnostics.Process]::GetProcessById($Id).Kill() }
}
