# Copyright (c) 2026, winops.entra contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
#
# Stands in for Windows under the runner: run.py puts this text between the runner's functions and its last lines.
# It replaces the thin functions that touch Windows and nothing else. WINOPS_PROOF is a scratch directory.

$Proof = $env:WINOPS_PROOF
$OnWindows = [IO.Path]::DirectorySeparatorChar -ceq '\'
$Then = New-Object datetime(2026, 1, 2, 3, 4, 5, [DateTimeKind]::Utc)
if ($env:WINOPS_PROOF_PATIENCE) { $CmdletPatience = [int]$env:WINOPS_PROOF_PATIENCE }

function Get-ProgramData { return [IO.Path]::Combine($Proof, 'ProgramData') }
function Get-NativeFolder { return [IO.Path]::Combine($Proof, 'System32') }
function New-PrivateDirectory([string]$Path) { [void][IO.Directory]::CreateDirectory($Path) }
function Assert-PrivateDirectory([string]$Path) {
    if ([IO.Path]::GetFileName($Path) -ceq 'foreign') { Stop-Operation UnauthorizedAccessException 'Not ours' }
}
function Import-ProvisioningModule { return $true }

function Get-DeviceFact {
    return @{
        name = 'PROOF'; utc = [datetime]::UtcNow; account = 'PROOF\me'
        powershell = $PSVersionTable['PSVersion'].ToString()
        sid = 'S-1-5-21-1-2-3-500'; system = $false; elevated = $true; wow64 = $false
    }
}

# ------------------------------------------------------------------------------------------------------------- registry

class ProofKey {
    # Classes, because their methods return arrays of one as arrays, like the real thing.
    [Collections.Hashtable]$Own = @{}
    [Collections.Hashtable]$Below = @{}
    [string[]] GetValueNames() { return [string[]]@($this.Own.get_Keys()) }
    [string[]] GetSubKeyNames() { return [string[]]@($this.Below.get_Keys()) }
    [object] GetValue([string]$Name, [object]$Missing, [object]$Options) { return $this.Own[$Name] }
    [object] GetValue([string]$Name) { return $this.Own[$Name] }
    [object] OpenSubKey([string]$Path) {
        $key = $this
        foreach ($name in $Path.Split([char]'\')) {
            $key = $key.Below[$name]
            if ($null -eq $key) { return $null }
        }
        return $key
    }
    [void] Close() { }
}

function New-ProofKey([string]$Path, [Collections.Hashtable]$Own) {
    # A key at the end of a path, and the keys on the way to it.
    $top = [ProofKey]::new()
    $key = $top
    foreach ($name in $Path.Split([char]'\')) {
        $child = [ProofKey]::new()
        $key.Below[$name] = $child
        $key = $child
    }
    $key.Own = $Own
    return $top
}

function Open-RegistryHive([string]$Hive) {
    if ($Hive -ceq 'Users') {
        $top = [ProofKey]::new()
        foreach ($sid in 'S-1-5-18', 'S-1-5-21-1-2-3-1001', 'S-1-5-21-1-2-3-1001_Classes', 'S-1-12-1-7-8-9-10') {
            $top.Below[$sid] = (New-ProofKey 'SOFTWARE\Proof' @{ Owner = $sid })
        }
        $top.Below['S-1-5-21-1-2-3-1002'] = [ProofKey]::new()
        return $top
    }
    $values = New-Object Collections.Hashtable ([StringComparer]::Ordinal)
    $values[''] = 'the default'
    $values['Dword'] = [int]-2147024891
    $values['Qword'] = [long]-1
    $values['Many'] = [string[]]@('one', 'two')
    $values['One'] = [string[]]@('one')
    $values['None'] = [string[]]@()
    $values['Binary'] = [byte[]]@(0, 1, 255)
    $values['Byte'] = [byte[]]@(7)
    $values['Nothing'] = [byte[]]@()
    $values['Text'] = 'a "quoted" \ text, ' + (-join [char[]](0xfc, 0x20ac, 0xd83d, 0xde00, 9, 0, 13, 10))
    foreach ($member in 'keys', 'values', 'count', 'Count', 'GetEnumerator') { $values[$member] = $member }
    $top = New-ProofKey 'SOFTWARE\Proof' $values
    $main = $top.OpenSubKey('SOFTWARE\Proof')
    $main.Below['Child'] = New-ProofKey 'Leaf' @{ Deep = 'yes' }
    $main.Below['count'] = [ProofKey]::new()
    $pages = New-ProofKey 'Control\Nls\CodePage' @{ OEMCP = '850' }
    $top.Below['SYSTEM'] = [ProofKey]::new()
    $top.Below['SYSTEM'].Below['CurrentControlSet'] = $pages
    return $top
}

# -------------------------------------------------------------------------------------- certificates, CIM, events, web

class ProofStore {
    [object[]]$Certificates = @()
    [void] Close() { }
}

function Open-CertificateStore([string]$Name) {
    if ($Name -ceq 'Missing') { throw (New-Object Security.Cryptography.CryptographicException(-2147024894)) }
    if ($Name -ceq 'Denied') { throw (New-Object Security.Cryptography.CryptographicException(-2147024891)) }
    $store = [ProofStore]::new()
    foreach ($issuer in 'CN=MS-Organization-Access', 'CN=Another') {
        $store.Certificates += [PSCustomObject]@{
            Thumbprint = 'AA' * 20; Subject = 'CN=device'; Issuer = $issuer; HasPrivateKey = $true
            NotBefore = $Then
            NotAfter = (New-Object datetime(2036, 1, 2, 3, 4, 5, [DateTimeKind]::Utc)).ToLocalTime()
        }
    }
    return $store
}

function Get-CimInstance {
    [CmdletBinding()]
    param([string]$ClassName, [string]$Namespace, [string]$Filter, [string[]]$Property, [int]$OperationTimeoutSec)
    $given = "$Namespace|$Filter|$($Property -join ',')"
    if ($ClassName -ceq 'Proof_Missing') { throw (New-Object InvalidOperationException 'Invalid class') }
    if ($ClassName -ceq 'Proof_None') { return }
    [PSCustomObject]@{
        Given = $given; Time = $Then; Empty = $null; One = [uint16[]]@(7)
        Big = [uint64]::MaxValue; Yes = $true; Half = [double]0.5
    }
    if ($ClassName -ceq 'Proof_Two') { [PSCustomObject]@{ Given = 'second'; Time = $null } }
}

class EventLogNotFoundException : Exception { }

class ProofRecord {
    [int]$Id
    [object]$RecordId = [long]41
    [object]$TimeCreated
    [string]$ProviderName = 'Proof'
    [object[]]$Properties
    [string] FormatDescription() {
        if ($this.Id -eq 22) { throw (New-Object InvalidOperationException 'No text') }
        return 'A message'
    }
}

class ProofReader {
    [Collections.Queue]$Records = (New-Object Collections.Queue)
    [object] ReadEvent() {
        if ($this.Records.Count -eq 0) { return $null }
        return $this.Records.Dequeue()
    }
    [void] Dispose() { }
}

function Open-EventReader([string]$Log, [string]$XPath) {
    if ($Log -ceq 'Missing') { throw ([EventLogNotFoundException]::new()) }
    if ($Log -ceq 'Denied') { throw (New-Object UnauthorizedAccessException 'No') }
    $reader = [ProofReader]::new()
    if ($Log -ceq 'Empty') { return $reader }
    foreach ($id in 12, 22, 99, 12) {
        $record = [ProofRecord]::new()
        $record.Id = $id
        $record.TimeCreated = $Then
        $record.Properties = @(
            [PSCustomObject]@{ Value = $XPath }
            [PSCustomObject]@{ Value = [uint32]2147942405 }
            [PSCustomObject]@{ Value = $null })
        $reader.Records.Enqueue($record)
    }
    return $reader
}

function Open-WebStream([Uri]$Uri, [int]$Milliseconds) {
    return New-Object IO.MemoryStream(, [Text.Encoding]::ASCII.GetBytes('downloaded'))
}

# ------------------------------------------------------------------------------------------------------ native programs

${function:Invoke-RealNative} = ${function:Invoke-Native}

function Invoke-Native([string]$Program, [string]$Arguments, [int]$Seconds) {
    # Elsewhere shell scripts lie in System32 and really run; their exit codes end at 255.
    if ($Arguments -like '*already*') { return @{ exit_code = 1190; text = '' } }
    if ($Arguments -like '*denied*') { return @{ exit_code = 5; text = '' } }
    if (-not $OnWindows) { return Invoke-RealNative $Program $Arguments $Seconds }
    return @{ exit_code = 0; text = "$Arguments`r`nM$([char]0xfc)nchen`r`n" }
}

# ------------------------------------------------------------------------------------------------------- provisioning

class CmdletException : Exception { }

function Get-ProvisioningPackage {
    [CmdletBinding()]
    param([switch]$AllInstalledPackages)
    foreach ($file in [IO.Directory]::GetFiles([IO.Path]::Combine($Proof, 'installed'))) {
        $id = [IO.Path]::GetFileName($file)
        [PSCustomObject]@{
            PackageId = "{$id}"; PackageName = 'proof'; Version = [version]'1.2'
            PackagePath = $file; IsInstalled = $true
        }
    }
}

function Install-ProvisioningPackage {
    [CmdletBinding()]
    param([string]$PackagePath, [switch]$QuietInstall, [switch]$ForceInstall)
    if ($PackagePath -like '*already*') { throw 'It failed: 0x800700B7' }
    if ($PackagePath -like '*fails*' -and -not $ForceInstall) { throw ([CmdletException]::new()) }
    'output that nobody asked for'
}

function Uninstall-ProvisioningPackage {
    [CmdletBinding()]
    param([string]$PackageId)
    [IO.File]::Delete([IO.Path]::Combine($Proof, 'installed', $PackageId.Trim('{', '}')))
}

# ----------------------------------------------------------------------------------------------------- Task Scheduler
# Remembers a task as a file with the id of its process, so that the next PowerShell finds it.

class ProofTask {
    [string]$Name
    [int]$State = 3
    [int]$LastTaskResult = 0
    [string]$File
    [object]$Definition
    [object] RunEx([object]$Arguments, [int]$Flags, [int]$Session, [string]$User) {
        $action = $this.Definition.Actions.Made
        $line = $action.Arguments
        if ([IO.Path]::DirectorySeparatorChar -cne '\') { $line = $line.Replace('-ExecutionPolicy Bypass ', '') }
        $program = [Diagnostics.Process]::GetCurrentProcess().MainModule.FileName
        $start = New-Object Diagnostics.ProcessStartInfo($program, $line)
        $start.WorkingDirectory = $action.WorkingDirectory
        $start.UseShellExecute = $false
        # Not our own pipes: they would stay open as long as the job lives.
        $start.RedirectStandardOutput = $true
        $start.RedirectStandardError = $true
        $start.RedirectStandardInput = $true
        $process = [Diagnostics.Process]::Start($start)
        $process.StandardInput.Close()
        [IO.File]::WriteAllText($this.File, [string]$process.Id)
        return $null
    }
    [void] Stop([int]$Flags) { }
}

class ProofActions {
    [object]$Made = [PSCustomObject]@{ Path = ''; Arguments = ''; WorkingDirectory = '' }
    [object] Create([int]$Type) { return $this.Made }
}

class ProofFolder {
    [string]$Path
    [string]$Store
    [string]$Name = 'Proof'
    [object[]] GetFolders([int]$Flags) {
        if ($this.Path -ceq '\') { return @([PSCustomObject]@{ Name = 'Microsoft' }) }
        return @()
    }
    [object[]] GetTasks([int]$Flags) {
        return @([PSCustomObject]@{ Name = 'Only one'; State = 3; LastTaskResult = 267011 })
    }
    [object] GetTask([string]$Task) {
        $file = [IO.Path]::Combine($this.Store, $Task)
        if (-not [IO.File]::Exists($file)) { throw (New-Object IO.FileNotFoundException 'There is no such task') }
        $found = [ProofTask]::new()
        $found.Name = $Task
        $found.File = $file
        $process = Get-Process -Id ([int][IO.File]::ReadAllText($file)) -ErrorAction SilentlyContinue
        if ($null -ne $process -and -not $process.HasExited) {
            $found.State = 4
            $found.LastTaskResult = 267009
        }
        return $found
    }
    [void] DeleteTask([string]$Task, [int]$Flags) { [IO.File]::Delete([IO.Path]::Combine($this.Store, $Task)) }
    [object] RegisterTaskDefinition(
        [string]$Task, [object]$Definition, [int]$Flags, [object]$User, [object]$Password, [int]$Logon) {
        $settings = $Definition.Settings
        $as = $Definition.Principal
        if ($Flags -ne 6 -or $Logon -ne 5 -or $as.UserId -cne 'S-1-5-18' -or $as.RunLevel -ne 1 -or
            $settings.DisallowStartIfOnBatteries -or $settings.StopIfGoingOnBatteries -or
            $settings.ExecutionTimeLimit -cne 'PT600S') {
            throw (New-Object ArgumentException 'The task is not what it should be')
        }
        $made = [ProofTask]::new()
        $made.Name = $Task
        $made.File = [IO.Path]::Combine($this.Store, $Task)
        $made.Definition = $Definition
        return $made
    }
}

class ProofService {
    [string]$Store
    [object] GetFolder([string]$Path) {
        if ($Path -ceq '\Missing') { throw (New-Object IO.DirectoryNotFoundException 'There is no such folder') }
        if ($Path -ceq '\Denied') { throw (New-Object UnauthorizedAccessException 'No') }
        $folder = [ProofFolder]::new()
        $folder.Path = $Path
        $folder.Store = $this.Store
        return $folder
    }
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

function Connect-TaskService {
    $service = [ProofService]::new()
    $service.Store = [IO.Path]::Combine($Proof, 'tasks')
    return $service
}
