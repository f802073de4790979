# Copyright (c) 2026, winops.entra contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
#
# Stands in for Windows under the runner: run.py puts this text between the runner's functions and its last lines.
# It replaces the thin functions that touch Windows and nothing else. WINOPS_PROOF is a scratch directory.

$Proof = $env:WINOPS_PROOF
$OnWindows = [IO.Path]::DirectorySeparatorChar -ceq '\'
$Then = New-Object datetime(2026, 1, 2, 3, 4, 5, [DateTimeKind]::Utc)
if ($env:WINOPS_PROOF_CULTURE) {
    # driver.ps1 has done so before; in a job nobody has.
    $culture = [Globalization.CultureInfo]::GetCultureInfo($env:WINOPS_PROOF_CULTURE)
    [Threading.Thread]::CurrentThread.CurrentCulture = $culture
    [Threading.Thread]::CurrentThread.CurrentUICulture = $culture
    [Globalization.CultureInfo]::DefaultThreadCurrentCulture = $culture
    [Globalization.CultureInfo]::DefaultThreadCurrentUICulture = $culture
}
# PowerShell remembers a text that it has run before, with the static members of its classes.
[ProofKey]::Machine = $null
[ProofStore]::Personal = $null
[ProofTree]::All = @{}
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
        sid = 'S-1-5-21-1-2-3-500'; system = -not $env:WINOPS_PROOF_CALLER; elevated = $true; wow64 = $false
    }
}

# ------------------------------------------------------------------------------------------------------------- registry

class ProofKey {
    # Classes, because their methods return arrays of one as arrays, like the real thing.
    static [object]$Machine = $null
    [Collections.Hashtable]$Own = @{}
    [Collections.Hashtable]$Below = @{}
    [string[]] GetValueNames() { return [string[]]@($this.Own.get_Keys()) }
    [string[]] GetSubKeyNames() { return [string[]]@($this.Below.get_Keys()) }
    [object] GetValue([string]$Name, [object]$Missing, [object]$Options) { return $this.Own[$Name] }
    [object] GetValue([string]$Name) { return $this.Own[$Name] }
    [object] OpenSubKey([string]$Path, [bool]$Writable) { return $this.OpenSubKey($Path) }
    [object] CreateSubKey([string]$Path) {
        $key = $this
        foreach ($name in $Path.Split([char]'\')) {
            if ($null -eq $key.Below[$name]) { $key.Below[$name] = [ProofKey]::new() }
            $key = $key.Below[$name]
        }
        return $key
    }
    [void] SetValue([string]$Name, [object]$Value, [object]$Kind) { $this.Own[$Name] = $Value }
    [void] DeleteSubKeyTree([string]$Name, [bool]$Must) { $this.Below.Remove($Name) }
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

$ProofEnrollments = @(
    # id, provider, certificate
    @('AAAAAAAA-1111-4222-8333-BBBBBBBBBBBB', 'MS DM Server', ('AB' * 20)),
    @('BBBBBBBB-1111-4222-8333-BBBBBBBBBBBB', 'Another MDM', ('CD' * 20)),
    @('CCCCCCCC-1111-4222-8333-BBBBBBBBBBBB', 'MS DM Server', ('EE' * 20)),
    @('DDDDDDDD-1111-4222-8333-BBBBBBBBBBBB', 'MS DM Server', ''),
    @('EEEEEEEE-1111-4222-8333-BBBBBBBBBBBB', '', ''))

function New-ProofHive([Collections.Hashtable]$Own) {
    # HKLM, once for all operations of a request
    $top = New-ProofKey 'SOFTWARE\Proof' $Own
    $main = $top.OpenSubKey('SOFTWARE\Proof')
    $main.Below['Child'] = New-ProofKey 'Leaf' @{ Deep = 'yes' }
    $main.Below['count'] = [ProofKey]::new()
    $top.CreateSubKey('SYSTEM\CurrentControlSet\Control\Nls\CodePage').Own['OEMCP'] = '850'
    if ($env:WINOPS_PROOF_PROXY) {
        $key = $top.CreateSubKey('SOFTWARE\Microsoft\Windows\CurrentVersion\Internet Settings\Connections')
        $data = [byte[]]@(40, 0, 0, 0, 0, 0, 0, 0, 3, 0, 0, 0)
        foreach ($text in $env:WINOPS_PROOF_PROXY.Split('|')) {
            $data += [BitConverter]::GetBytes([int]$text.Length) + [Text.Encoding]::ASCII.GetBytes($text)
        }
        $key.Own['WinHttpSettings'] = [byte[]]$data
    }
    foreach ($one in $ProofEnrollments) {
        $key = $top.CreateSubKey('SOFTWARE\Microsoft\Enrollments\' + $one[0])
        $key.Own['EnrollmentState'] = 1
        if ($one[1]) { $key.Own['ProviderID'] = $one[1] }
        if ($one[2]) { $key.Own['DMPCertThumbPrint'] = $one[2] }
        foreach ($tree in 'Enrollments\Status', 'Enrollments\Context', 'Provisioning\OMADM\Accounts') {
            [void]$top.CreateSubKey("SOFTWARE\Microsoft\$tree\" + $one[0])
        }
    }
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
    if ($null -eq [ProofKey]::Machine) { [ProofKey]::Machine = New-ProofHive $values }
    return [ProofKey]::Machine
}

# -------------------------------------------------------------------------------------- certificates, CIM, events, web

class ProofStore {
    static [object]$Personal = $null
    [object[]]$Certificates = @()
    [void] Remove([object]$Certificate) {
        $this.Certificates = @(foreach ($one in $this.Certificates) {
                if ($one.Thumbprint -cne $Certificate.Thumbprint) { $one }
            })
    }
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

function Open-PersonalStore {
    if ($null -eq [ProofStore]::Personal) {
        $store = [ProofStore]::new()
        $store.Certificates = @(
            [PSCustomObject]@{ Thumbprint = 'AB' * 20; Issuer = 'CN=Microsoft Intune MDM Device CA' }
            [PSCustomObject]@{ Thumbprint = 'CD' * 20; Issuer = 'CN=Another CA' }
            [PSCustomObject]@{ Thumbprint = 'EE' * 20; Issuer = 'CN=MS-Organization-Access' })
        [ProofStore]::Personal = $store
    }
    return [ProofStore]::Personal
}

# What ADSI says of each; a property that is not there is an error.
function Get-AdministratorEntry {
    $entries = New-List
    $past = New-Object datetime(2020, 1, 1)
    $never = New-Object datetime(1970, 1, 1)
    foreach ($one in @(
            @('S-1-5-21-1-2-3-500', 'PROOF\Administrator', @{ PasswordExpired = 0 }),
            @('S-1-5-21-1-2-3-1001', 'PROOF\me', @{ PasswordExpired = 0; AccountExpirationDate = $never }),
            @('S-1-5-21-1-2-3-1002', 'PROOF\ended', @{ PasswordExpired = 1; AccountExpirationDate = $past }),
            @('S-1-5-21-1-2-3-1003', 'PROOF\odd', @{}),
            @('S-1-5-21-1-2-3-1999', $null, @{}),
            @('S-1-12-1-7-8-9-10', $null, @{}),
            @('S-1-5-21-1-2-33-500', 'CORP\Administrator', @{ PasswordExpired = 0 }),
            @('S-1-5-4', 'NT AUTHORITY\INTERACTIVE', @{}))) {
        [void]$entries.Add(@{ sid = $one[0]; name = $one[1]; member = $one[2] })
    }
    return , $entries
}

function Get-AdsProperty($Member, [string]$Name) {
    if (-not $Member.ContainsKey($Name)) {
        throw (New-Object Runtime.InteropServices.COMException('Not in the cache', -2147463155))
    }
    return , $Member[$Name]
}

class CimException : Exception {
    [string]$NativeErrorCode
    CimException([string]$Code) { $this.NativeErrorCode = $Code }
}

function Invoke-CimMethod {
    [CmdletBinding()]
    param([object]$InputObject, [string]$MethodName, [Collections.IDictionary]$Arguments)
    $id = $InputObject.DeviceID
    if ($id -ceq 'broken') { return [PSCustomObject]@{ ReturnValue = [uint32]2150694912 } }
    if ($id -ceq 'plain') { return [PSCustomObject]@{ ReturnValue = [uint32]2150694920 } }
    $types = @{ '{tpm}' = 1; '{numbers}' = 3; '{new}' = 77; '{only}' = 2 }
    if ($MethodName -ceq 'GetKeyProtectorType') {
        $type = [uint32]$types[$Arguments['VolumeKeyProtectorID']]
        return [PSCustomObject]@{ ReturnValue = [uint32]0; KeyProtectorType = $type }
    }
    if ($MethodName -cne 'GetKeyProtectors' -or $Arguments['KeyProtectorType'] -isnot [uint32]) {
        throw (New-Object ArgumentException 'Not what Windows takes')
    }
    $ids = [string[]]@('{tpm}', '{numbers}', '{new}')
    if ($id -cne 'system') { $ids = [string[]]@('{only}') }
    return [PSCustomObject]@{ ReturnValue = [uint32]0; VolumeKeyProtectorID = $ids }
}

function Get-CimInstance {
    [CmdletBinding()]
    param([string]$ClassName, [string]$Namespace, [string]$Filter, [string[]]$Property, [int]$OperationTimeoutSec)
    $given = "$Namespace|$Filter|$($Property -join ',')"
    if ($ClassName -ceq 'Proof_Missing') { throw (New-Object InvalidOperationException 'Invalid class') }
    if ($ClassName -ceq 'Proof_None') { return }
    if ($ClassName -ceq 'Win32_UserAccount') {
        foreach ($rid in 500, 1001, 1002, 1003) {
            [PSCustomObject]@{ SID = "S-1-5-21-1-2-3-$rid"; Disabled = ($rid -eq 500); Lockout = ($rid -eq 1002) }
        }
        return
    }
    if ($ClassName -ceq 'Win32_EncryptableVolume') {
        if ($env:WINOPS_PROOF_BITLOCKER -ceq 'broken') {
            return [PSCustomObject]@{ DriveLetter = 'X:'; DeviceID = 'broken'; VolumeType = 2; ProtectionStatus = 2 }
        }
        if ($env:WINOPS_PROOF_BITLOCKER) { throw ([CimException]::new($env:WINOPS_PROOF_BITLOCKER)) }
        [PSCustomObject]@{ DriveLetter = 'C:'; DeviceID = 'system'; VolumeType = 0; ProtectionStatus = [uint32]1 }
        [PSCustomObject]@{ DriveLetter = 'D:'; DeviceID = 'plain'; VolumeType = 1; ProtectionStatus = [uint32]0 }
        [PSCustomObject]@{ DriveLetter = $null; DeviceID = 'locked'; VolumeType = 2; ProtectionStatus = [uint32]2 }
        return
    }
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

${function:Start-RealWebCall} = ${function:Start-WebCall}

function Start-WebCall($Client, [Uri]$Uri, $Headers, $Token) {
    # Hosts that end in .proof answer as their names say; all others are really asked.
    if ($Uri.Host -cnotlike '*.proof') { return Start-RealWebCall $Client $Uri $Headers $Token }
    $source = New-Object 'System.Threading.Tasks.TaskCompletionSource[System.Net.Http.HttpResponseMessage]'
    $name = $Uri.Host.Split('.')[0]
    if ($name -ceq 'slow') { return $source.Task }
    if ($name -cmatch '\A[0-9]+\z') {
        $response = New-Object Net.Http.HttpResponseMessage([Net.HttpStatusCode][int]$name)
        $response.Content = New-Object Net.Http.StringContent([string]$Headers['Accept'] + [char]0x20ac + ('x' * 300))
        $source.SetResult($response)
    }
    elseif ($name -ceq 'tls') {
        $inner = New-Object Security.Authentication.AuthenticationException('A call to SSPI failed')
        $source.SetException((New-Object Net.Http.HttpRequestException('An error occurred', $inner)))
    }
    else {
        $status = @{ dns = 'NameResolutionFailure'; cert = 'TrustFailure' }[$name]
        $inner = New-Object Net.WebException("It failed: $name", [Net.WebExceptionStatus]$status)
        $source.SetException((New-Object Net.Http.HttpRequestException('An error occurred', $inner)))
    }
    return $source.Task
}

# ---------------------------------------------------------------------------------------------------------- enrollments

function Invoke-Unregistration([string]$Id) {
    if (-not $Id.StartsWith('aaaa', [StringComparison]::OrdinalIgnoreCase)) { throw (New-Object Runtime.InteropServices.COMException('Not registered', -2145910776)) }
    # Windows removes most of it.
    (Open-RegistryHive 'LocalMachine').OpenSubKey('SOFTWARE\Microsoft\Enrollments').DeleteSubKeyTree($Id, $false)
    'output that nobody asked for'
}

# ------------------------------------------------------------------------------------------------------ native programs

${function:Invoke-RealNative} = ${function:Invoke-Native}

function Invoke-Native([string]$Program, [string]$Arguments, [int]$Seconds) {
    # Elsewhere shell scripts lie in System32 and really run; their exit codes end at 255.
    if ($Arguments -clike '*already*') { return @{ exit_code = 1190; text = '' } }
    if ($Arguments -clike '*denied*') { return @{ exit_code = 5; text = '' } }
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
    if ($PackagePath -clike '*already*') { throw 'It failed: 0x800700B7' }
    if ($PackagePath -clike '*fails*' -and -not $ForceInstall) { throw ([CmdletException]::new()) }
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
    [bool]$Enabled = $true
    [void] Stop([int]$Flags) { $this.State = 3 }
}

class ProofTree {
    # A folder of tasks that exist for one request only.
    static [Collections.Hashtable]$All = @{}
    [string]$Path
    [string]$Name
    [Collections.ArrayList]$Tasks = (New-Object Collections.ArrayList)
    [object[]] GetFolders([int]$Flags) {
        return @(foreach ($path in @([ProofTree]::All.get_Keys())) {
                if ($path.Substring(0, $path.LastIndexOf([char]'\')) -eq $this.Path) { [ProofTree]::All[$path] }
            })
    }
    [object[]] GetTasks([int]$Flags) { return $this.Tasks.ToArray() }
    [object] GetTask([string]$Task) {
        foreach ($one in $this.Tasks) { if ($one.Name -eq $Task) { return $one } }
        throw (New-Object IO.FileNotFoundException 'There is no such task')
    }
    [void] DeleteTask([string]$Task, [int]$Flags) {
        $found = $this.GetTask($Task)
        if ($found.State -eq 4) { throw (New-Object InvalidOperationException 'It is running') }
        $this.Tasks.Remove($found)
    }
    [void] DeleteFolder([string]$Folder, [int]$Flags) {
        $tree = [ProofTree]::All[$this.Path + '\' + $Folder]
        if ($Folder -clike 'DDDD*') { throw (New-Object UnauthorizedAccessException 'No') }
        if ($tree.Tasks.Count -gt 0) { throw (New-Object IO.IOException 'It is not empty') }
        [ProofTree]::All.Remove($tree.Path)
    }
}

function New-ProofTree([string]$Path, [string[]]$Running) {
    $tree = [ProofTree]::new()
    $tree.Path = $Path
    $tree.Name = $Path.Substring($Path.LastIndexOf([char]'\') + 1)
    foreach ($name in $Running) {
        $task = [ProofTask]::new()
        $task.Name = $name
        $task.State = 4
        [void]$tree.Tasks.Add($task)
    }
    [ProofTree]::All[$Path] = $tree
}

New-ProofTree '\Microsoft\Windows\Workplace Join' @('Automatic-Device-Join')
New-ProofTree '\Microsoft\Windows\EnterpriseMgmt' @()
foreach ($one in $ProofEnrollments) {
    New-ProofTree ('\Microsoft\Windows\EnterpriseMgmt\' + $one[0]) @('PushLaunch', 'Schedule 1')
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
        if ([ProofTree]::All.ContainsKey($Path)) { return [ProofTree]::All[$Path] }
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
