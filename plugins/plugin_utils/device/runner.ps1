# Copyright (c) 2026, winops.entra contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
#
# The only PowerShell of the collection: executes a list of operations and writes one answer. vocabulary.json says what
# each operation takes and gives. No text of the request ever becomes code.
#
# Written for Windows PowerShell 5.1 and PowerShell 7. Only what a request needs is sent: no comment lines, and of the parts
# between the marks only those that name one of its operations. What changes a device is not even sent to look at it.
#   Request     base64 of gzip of the UTF-8 JSON request
#   Self        this text as it travels (base64 of gzip), for jobs
#   ResultPath  jobs only: the answer goes to this file instead of the output
param([string]$Request, [string]$Self, [string]$ResultPath)

Set-StrictMode -Version 2
$ErrorActionPreference = 'Stop'
$ProgressPreference = 'SilentlyContinue'
$WarningPreference = 'SilentlyContinue'

# Every operation is the function of the same name below; nothing else can be called from outside. Parts that not every
# task carries add theirs to the list.
$Operations = @(
    'registry_read', 'registry_users_read', 'certificates', 'dsregcmd_status', 'cim_query', 'events', 'scheduled_tasks',
    'provisioning_packages', 'path_info', 'processes', 'job_status', 'directory_create', 'path_remove', 'download',
    'package_install', 'package_remove', 'dsregcmd_azure_vm_join', 'job_start', 'job_remove', 'restart'
)
$Invariant = [Globalization.CultureInfo]::InvariantCulture
$System = 'S-1-5-18'
$Administrators = 'S-1-5-32-544'

# ---------------------------------------------------------------------------------------------------------------- JSON
# ConvertFrom-Json and ConvertTo-Json differ between 5.1 and 7: text that looks like a date becomes a date (7, and other
# forms in 5.1), arrays of one are unrolled, depth is cut at 2, arrays may turn into {"value", "Count"} (5.1). Sixty
# plain lines behave the same everywhere.

function New-Map {
    # Ordinal: names that come from outside may differ in case only, and Turkish has its own idea of i and I.
    # Always index maps with ['name']: a key named keys, values or count hides the property of that name.
    return New-Object Collections.Hashtable ([StringComparer]::Ordinal)
}

function New-List {
    return , (New-Object Collections.ArrayList)
}

function ConvertFrom-JsonText([string]$Text) {
    $tokens = New-Object Collections.Queue
    foreach ($match in [regex]::Matches($Text, '"[^"\\]*(?:\\.[^"\\]*)*"|[\[\]{}:,]|[^\s\[\]{}:,"]+')) {
        $tokens.Enqueue($match.Value)
    }
    return , (Read-JsonValue $tokens)
}

function Read-JsonValue($Tokens) {
    $token = $Tokens.Dequeue()
    if ($token -ceq '{') {
        $map = New-Map
        while ($Tokens.Peek() -cne '}') {
            $name = Read-JsonValue $Tokens
            if ($Tokens.Dequeue() -cne ':') { Stop-Operation FormatException 'JSON: a colon is missing' }
            $map[$name] = Read-JsonValue $Tokens
            if ($Tokens.Peek() -ceq ',') { [void]$Tokens.Dequeue() }
        }
        [void]$Tokens.Dequeue()
        return $map
    }
    if ($token -ceq '[') {
        $list = New-List
        while ($Tokens.Peek() -cne ']') {
            [void]$list.Add((Read-JsonValue $Tokens))
            if ($Tokens.Peek() -ceq ',') { [void]$Tokens.Dequeue() }
        }
        [void]$Tokens.Dequeue()
        # The comma keeps the list a list: output of a function is unrolled by one level.
        return , $list
    }
    if ($token[0] -ceq '"') {
        # Every escape of JSON is also one of .NET's regular expressions, with the same meaning.
        return [regex]::Unescape($token.Substring(1, $token.Length - 2))
    }
    if ($token -ceq 'true') { return $true }
    if ($token -ceq 'false') { return $false }
    if ($token -ceq 'null') { return $null }
    if ($token -cmatch '\A-?[0-9]{1,18}\z') { return [long]::Parse($token, $Invariant) }
    return [double]::Parse($token, $Invariant)
}

function ConvertTo-JsonText($Value) {
    $text = New-Object Text.StringBuilder
    Write-JsonValue $text $Value
    return $text.ToString()
}

function Write-JsonValue($Text, $Value) {
    if ($null -eq $Value) {
        [void]$Text.Append('null')
    }
    elseif ($Value -is [bool]) {
        [void]$Text.Append($Value.ToString().ToLowerInvariant())
    }
    elseif ($Value -is [datetime]) {
        [void]$Text.Append('"').Append((Format-Utc $Value)).Append('"')
    }
    elseif ($Value -is [double] -or $Value -is [single] -or $Value -is [decimal]) {
        [void]$Text.Append(([double]$Value).ToString('R', $Invariant))
    }
    elseif ($Value.GetType().Name -cmatch '\A(S?Byte|U?Int(16|32|64))\z') {
        [void]$Text.Append($Value.ToString($Invariant))
    }
    elseif ($Value -is [byte[]]) {
        [void]$Text.Append('{"base64":"').Append([Convert]::ToBase64String($Value)).Append('"}')
    }
    elseif ($Value -is [Collections.IDictionary]) {
        $separator = '{'
        foreach ($entry in $Value.GetEnumerator()) {
            [void]$Text.Append($separator)
            Write-JsonValue $Text ([string]$entry.Key)
            [void]$Text.Append(':')
            Write-JsonValue $Text $entry.Value
            $separator = ','
        }
        if ($separator -ceq '{') {
            [void]$Text.Append('{')
        }
        [void]$Text.Append('}')
    }
    elseif ($Value -isnot [string] -and $Value -is [Collections.IEnumerable]) {
        [void]$Text.Append('[')
        $separator = ''
        foreach ($item in $Value) {
            [void]$Text.Append($separator)
            Write-JsonValue $Text $item
            $separator = ','
        }
        [void]$Text.Append(']')
    }
    else {
        # A cast to [string] is always in the invariant culture; ToString() would not be.
        $plain = ([string]$Value).Replace('\', '\\').Replace('"', '\"').Replace("`r", '\r').Replace("`n", '\n')
        $escape = { param($match) '\u{0:x4}' -f [int][char]$match.Value }
        [void]$Text.Append('"').Append([regex]::Replace($plain, '[\x00-\x1f\x7f\ud800-\udfff]', $escape)).Append('"')
    }
}

# -------------------------------------------------------------------------------------------------------------- errors

function Stop-Operation([string]$Type, [string]$Message) {
    throw (New-Object $Type $Message)
}

function Get-Cause($ErrorRecord) {
    # What a method threw arrives wrapped in PowerShell's own exceptions.
    $cause = $ErrorRecord.Exception
    while ($null -ne $cause.InnerException -and ($cause -is [Management.Automation.RuntimeException] -or
            $cause -is [Reflection.TargetInvocationException] -or $cause -is [AggregateException])) {
        $cause = $cause.InnerException
    }
    return $cause
}

function Get-Failure($ErrorRecord) {
    $cause = Get-Cause $ErrorRecord
    $code = $cause.HResult
    if ($cause -is [ComponentModel.Win32Exception]) {
        # Its HResult is always E_FAIL; -2147024896 is 0x80070000.
        $code = -2147024896 -bor ($cause.NativeErrorCode -band 65535)
    }
    elseif (($code -band -65536) -eq -2146238464 -and $cause.Message -match '0x[89a-f][0-9a-f]{7}') {
        # 0x8013....: .NET's own code, which says nothing, while the text has the engine's.
        $code = [Convert]::ToInt32($Matches[0], 16)
    }
    return @{ type = $cause.GetType().FullName; message = $cause.Message; hresult = $code }
}

function Test-NotFound($ErrorRecord) {
    # 0x80070002 no such file, 0x80070003 no such path
    return @(-2147024894, -2147024893) -contains (Get-Cause $ErrorRecord).HResult
}

# --------------------------------------------------------------------------------------------------------- small tools

function Format-Utc([datetime]$Time) {
    return $Time.ToUniversalTime().ToString("yyyy-MM-dd'T'HH:mm:ss.fff'Z'", $Invariant)
}

function Get-PropertyValue($Thing, [string]$Name) {
    # Under strict mode, reading a property that is not there is an error.
    $property = $Thing.PSObject.Properties[$Name]
    if ($null -ne $property) { return $property.Value }
}

function Get-PathAttribute([string]$Path) {
    # File.Exists and Directory.Exists say false where access is denied; this one fails.
    try {
        return [IO.File]::GetAttributes($Path)
    }
    catch {
        if (Test-NotFound $_) { return $null }
        throw
    }
}

function Resolve-AnyPath([string]$Path) {
    $text = [Environment]::ExpandEnvironmentVariables($Path)
    if (-not [IO.Path]::IsPathRooted($text)) { Stop-Operation ArgumentException "Not an absolute path: $Path" }
    return [IO.Path]::GetFullPath($text)
}

# ------------------------------------------------------------------------------------------------ what touches Windows
# Thin, and one function a thing: tests/powershell puts its own in their place where a system lacks it.

function Get-DeviceFact {
    $identity = [Security.Principal.WindowsIdentity]::GetCurrent()
    $principal = New-Object Security.Principal.WindowsPrincipal($identity)
    return @{
        name = [Environment]::MachineName
        utc = [datetime]::UtcNow
        powershell = $PSVersionTable['PSVersion'].ToString()
        account = $identity.Name
        sid = $identity.User.Value
        system = $identity.IsSystem
        # A filtered token has the group for denying only, and IsInRole says no.
        elevated = $principal.IsInRole([Security.Principal.SecurityIdentifier]$Administrators)
        wow64 = [Environment]::Is64BitOperatingSystem -and -not [Environment]::Is64BitProcess
    }
}

function Open-RegistryHive([string]$Hive) {
    # The 64-bit view, whatever this process is.
    return [Microsoft.Win32.RegistryKey]::OpenBaseKey(
        [Microsoft.Win32.RegistryHive]$Hive, [Microsoft.Win32.RegistryView]::Registry64)
}

function Connect-TaskService {
    # COM, not the ScheduledTasks module: it loads ten times faster, and one way serves reading and jobs.
    $service = New-Object -ComObject Schedule.Service
    [void]$service.Connect()
    return $service
}

function Get-NativeFolder {
    $name = 'System32'
    if ([Environment]::Is64BitOperatingSystem -and -not [Environment]::Is64BitProcess) { $name = 'Sysnative' }
    return [IO.Path]::Combine([Environment]::GetFolderPath('Windows'), $name)
}

function Get-ProgramData {
    return [Environment]::GetFolderPath('CommonApplicationData')
}

# ----------------------------------------------------------------------------------------------------- native programs
#--- for dsregcmd_status dsregcmd_azure_vm_join dsregcmd_leave mdm_auto_enroll restart ---

function Get-OemEncoding {
    $hive = Open-RegistryHive 'LocalMachine'
    $key = $hive.OpenSubKey('SYSTEM\CurrentControlSet\Control\Nls\CodePage')
    return [Text.Encoding]::GetEncoding([int]$key.GetValue('OEMCP'))
}

function Invoke-Native([string]$Program, [string]$Arguments, [int]$Seconds) {
    $start = New-Object Diagnostics.ProcessStartInfo($Program, $Arguments)
    $start.UseShellExecute = $false
    $start.CreateNoWindow = $true
    $start.RedirectStandardOutput = $true
    $start.RedirectStandardError = $true
    $process = [Diagnostics.Process]::Start($start)
    try {
        $output = New-Object IO.MemoryStream
        $errors = New-Object IO.MemoryStream
        # Both at once: a program that fills one pipe while the other is read would wait for ever.
        $copies = [Threading.Tasks.Task[]]@(
            $process.StandardOutput.BaseStream.CopyToAsync($output),
            $process.StandardError.BaseStream.CopyToAsync($errors))
        if (-not $process.WaitForExit($Seconds * 1000)) {
            $process.Kill()
            Stop-Operation TimeoutException "$Program did not end within $Seconds s"
        }
        [void][Threading.Tasks.Task]::WaitAll($copies, 5000)
        $text = (ConvertFrom-ConsoleByte $output.ToArray()) + (ConvertFrom-ConsoleByte $errors.ToArray())
        return @{ exit_code = $process.ExitCode; text = $text }
    }
    finally {
        $process.Dispose()
    }
}

function ConvertFrom-ConsoleByte([byte[]]$Bytes) {
    # Console programs write in the OEM code page, unless somebody chose UTF-8. What is valid UTF-8 hardly is anything
    # else.
    try {
        return (New-Object Text.UTF8Encoding($false, $true)).GetString($Bytes)
    }
    catch [ArgumentException] {
        return (Get-OemEncoding).GetString($Bytes)
    }
}

# ------------------------------------------------------------------------------------------------- observing: registry
#--- for registry_read registry_users_read ---

function Read-RegistryTree($Key, [int]$Depth) {
    $values = New-Map
    foreach ($name in $Key.GetValueNames()) {
        # An assignment keeps arrays of one and empty arrays as they are; an if on its right side would unroll them.
        $value = $Key.GetValue($name, $null, [Microsoft.Win32.RegistryValueOptions]::DoNotExpandEnvironmentNames)
        if ($value -is [int]) {
            # .NET gives REG_DWORD and REG_QWORD signed; they are not.
            $value = [BitConverter]::ToUInt32([BitConverter]::GetBytes($value), 0)
        }
        elseif ($value -is [long]) {
            $value = [BitConverter]::ToUInt64([BitConverter]::GetBytes($value), 0)
        }
        $values[$name] = $value
    }
    $keys = New-Map
    if ($Depth -gt 0) {
        foreach ($name in $Key.GetSubKeyNames()) {
            $child = $Key.OpenSubKey($name)
            # It may have gone since it was listed.
            if ($null -ne $child) {
                $keys[$name] = Read-RegistryTree $child ($Depth - 1)
                $child.Close()
            }
        }
    }
    return @{ values = $values; keys = $keys }
}

function registry_read($Ask) {
    $hive = Open-RegistryHive 'LocalMachine'
    $key = $hive.OpenSubKey([string]$Ask['path'])
    if ($null -eq $key) { return @{ exists = $false; key = $null } }
    $tree = Read-RegistryTree $key ([int]$Ask['depth'])
    $key.Close()
    return @{ exists = $true; key = $tree }
}

function registry_users_read($Ask) {
    $users = New-Map
    $hive = Open-RegistryHive 'Users'
    foreach ($sid in $hive.GetSubKeyNames()) {
        # People only: accounts of this machine or a domain, and of Entra. Not services, not the _Classes hives.
        if ($sid -cmatch '\AS-1-(5-21|12-1)-[0-9-]+\z') {
            $key = $hive.OpenSubKey($sid + '\' + [string]$Ask['path'])
            if ($null -ne $key) {
                $users[$sid] = Read-RegistryTree $key ([int]$Ask['depth'])
                $key.Close()
            }
        }
    }
    return @{ users = $users }
}

# --------------------------------------------------------------------------------------------- observing: certificates
#--- for certificates ---

function Open-CertificateStore([string]$Name) {
    $store = New-Object Security.Cryptography.X509Certificates.X509Store($Name,
        [Security.Cryptography.X509Certificates.StoreLocation]::LocalMachine)
    $store.Open([Security.Cryptography.X509Certificates.OpenFlags]'ReadOnly, OpenExistingOnly')
    return $store
}

function certificates($Ask) {
    $found = New-List
    try {
        $store = Open-CertificateStore ([string]$Ask['store'])
    }
    catch {
        if (Test-NotFound $_) { return @{ certificates = $found } }
        throw
    }
    foreach ($certificate in $store.Certificates) {
        $wanted = $Ask['issuers'].Count -eq 0
        foreach ($issuer in $Ask['issuers']) {
            $wanted = $wanted -or $certificate.Issuer.IndexOf($issuer, [StringComparison]::OrdinalIgnoreCase) -ge 0
        }
        if ($wanted) {
            [void]$found.Add(@{
                    thumbprint = $certificate.Thumbprint
                    subject = $certificate.Subject
                    issuer = $certificate.Issuer
                    not_before = $certificate.NotBefore
                    not_after = $certificate.NotAfter
                    has_private_key = $certificate.HasPrivateKey
                })
        }
    }
    $store.Close()
    return @{ certificates = $found }
}

# ------------------------------------------------------------------------------------------------- observing: dsregcmd
#--- for dsregcmd_status ---

function dsregcmd_status($Ask) {
    $program = [IO.Path]::Combine((Get-NativeFolder), 'dsregcmd.exe')
    if (-not [IO.File]::Exists($program)) { return @{ present = $false; exit_code = $null; text = '' } }
    $run = Invoke-Native $program '/status' 120
    return @{ present = $true; exit_code = $run['exit_code']; text = $run['text'] }
}

# ------------------------------------------------------------------------------------------------------ observing: CIM
#--- for cim_query ---

function cim_query($Ask) {
    $query = @{ ClassName = $Ask['class']; Property = [string[]]$Ask['properties']; ErrorAction = 'Stop' }
    $query['OperationTimeoutSec'] = 60
    if ($Ask['namespace']) { $query['Namespace'] = $Ask['namespace'] }
    if ($Ask['filter']) { $query['Filter'] = $Ask['filter'] }
    $instances = New-List
    foreach ($instance in @(Get-CimInstance @query)) {
        $facts = New-Map
        foreach ($name in $Ask['properties']) {
            $property = $instance.PSObject.Properties[$name]
            $facts[$name] = $null
            if ($null -ne $property) { $facts[$name] = $property.Value }
        }
        [void]$instances.Add($facts)
    }
    return @{ instances = $instances }
}

# --------------------------------------------------------------------------------------------------- observing: events
#--- for events ---

function Open-EventReader([string]$Log, [string]$XPath) {
    # The reader itself, not Get-WinEvent: "no events" is then an end, not an error that must be told from others.
    $query = New-Object Diagnostics.Eventing.Reader.EventLogQuery($Log,
        [Diagnostics.Eventing.Reader.PathType]::LogName, $XPath)
    $query.ReverseDirection = $true
    return New-Object Diagnostics.Eventing.Reader.EventLogReader($query)
}

function Format-EventField($Value) {
    if ($Value -is [datetime]) { return Format-Utc $Value }
    if ($Value -is [byte[]]) { return [Convert]::ToBase64String($Value) }
    return [string]$Value
}

function events($Ask) {
    $ids = [int[]]$Ask['ids']
    $conditions = New-List
    # Windows refuses queries of more than about twenty conditions; the loop below sorts out what is left.
    if ($ids.Length -gt 0 -and $ids.Length -le 16) {
        [void]$conditions.Add('(EventID=' + ($ids -join ' or EventID=') + ')')
    }
    if ($Ask['since']) {
        $style = [Globalization.DateTimeStyles]'AssumeUniversal, AdjustToUniversal'
        $since = [datetime]::Parse($Ask['since'], $Invariant, $style)
        [void]$conditions.Add("TimeCreated[@SystemTime>='" + (Format-Utc $since) + "']")
    }
    $xpath = '*'
    if ($conditions.Count -gt 0) { $xpath = '*[System[' + ($conditions -join ' and ') + ']]' }
    $found = New-List
    try {
        $reader = Open-EventReader ([string]$Ask['log']) $xpath
    }
    catch {
        if ((Get-Cause $_).GetType().Name -ceq 'EventLogNotFoundException') {
            return @{ log_exists = $false; events = $found }
        }
        throw
    }
    while ($found.Count -lt [int]$Ask['limit']) {
        $record = $reader.ReadEvent()
        if ($null -eq $record) { break }
        if ($ids.Length -gt 0 -and $ids -notcontains $record.Id) { continue }
        $data = New-List
        foreach ($property in $record.Properties) {
            [void]$data.Add((Format-EventField $property.Value))
        }
        $message = $null
        try {
            $message = $record.FormatDescription()
        }
        catch {
            # The provider's texts are not installed. Nobody decides by them.
            $message = $null
        }
        [void]$found.Add(@{
                id = $record.Id
                record = $record.RecordId
                utc = $record.TimeCreated
                provider = $record.ProviderName
                data = $data
                message = $message
            })
    }
    $reader.Dispose()
    return @{ log_exists = $true; events = $found }
}

# ---------------------------------------------------------------------------------------------------- observing: tasks
#--- for scheduled_tasks ---
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
        [void]$tasks.Add(@{ name = $task.Name; state = $state; last_result = $task.LastTaskResult })
    }
    return @{ exists = $true; folders = $folders; tasks = $tasks }
}

# ------------------------------------------------------------------------------------------------- observing: packages
#--- for provisioning_packages package_install package_remove ---

function Import-ProvisioningModule {
    # Servers do not have it. By name, so that PowerShell 7 may take its way through Windows PowerShell.
    $folder = [IO.Path]::Combine((Get-NativeFolder), 'WindowsPowerShell\v1.0\Modules\Provisioning')
    if (-not [IO.Directory]::Exists($folder)) { return $false }
    Import-Module -Name Provisioning -ErrorAction Stop
    return $true
}

function Get-InstalledPackage {
    $packages = New-List
    foreach ($package in @(Get-ProvisioningPackage -AllInstalledPackages -ErrorAction Stop)) {
        $id = [string](Get-PropertyValue $package 'PackageId')
        if ($id) {
            [void]$packages.Add(@{
                    id = $id
                    name = [string](Get-PropertyValue $package 'PackageName')
                    version = [string](Get-PropertyValue $package 'Version')
                    path = [string](Get-PropertyValue $package 'PackagePath')
                    installed = Get-PropertyValue $package 'IsInstalled'
                })
        }
    }
    return , $packages
}

function provisioning_packages($Ask) {
    if (-not (Import-ProvisioningModule)) { return @{ available = $false; packages = @() } }
    return @{ available = $true; packages = (Get-InstalledPackage) }
}

# ---------------------------------------------------------------------------------------------------- observing: files
#--- for path_info download ---

function Get-FileSha256([string]$Path) {
    $sha = [Security.Cryptography.SHA256]::Create()
    $stream = [IO.File]::Open($Path, [IO.FileMode]::Open, [IO.FileAccess]::Read, [IO.FileShare]'ReadWrite, Delete')
    try {
        return [BitConverter]::ToString($sha.ComputeHash($stream)).Replace('-', '').ToLowerInvariant()
    }
    finally {
        $stream.Dispose()
        $sha.Dispose()
    }
}

function path_info($Ask) {
    $path = Resolve-AnyPath ([string]$Ask['path'])
    $attributes = Get-PathAttribute $path
    $info = @{ path = $path; exists = ($null -ne $attributes); directory = $false; size = $null; sha256 = $null }
    if ($null -ne $attributes) {
        $info['directory'] = $attributes.HasFlag([IO.FileAttributes]::Directory)
        if (-not $info['directory']) {
            $info['size'] = (New-Object IO.FileInfo($path)).Length
            if ($Ask['hash']) { $info['sha256'] = Get-FileSha256 $path }
        }
    }
    return $info
}

# ------------------------------------------------------------------------------------------------ observing: processes
#--- for processes package_install package_remove ---

function processes($Ask) {
    $found = New-List
    foreach ($name in $Ask['names']) {
        foreach ($process in [Diagnostics.Process]::GetProcessesByName(($name -replace '\.exe\z', ''))) {
            [void]$found.Add(@{ name = $process.ProcessName + '.exe'; pid = $process.Id })
            $process.Dispose()
        }
    }
    return @{ processes = $found }
}

# ---------------------------------------------------------------------------------------------- observing: SYSTEM jobs
#--- for job_status job_start job_remove system_probe directory_create path_remove download ---

function Get-StateRoot {
    return [IO.Path]::Combine((Get-ProgramData), 'winops.entra')
}

function Get-JobId($Ask) {
    # The id goes into a path and a task name.
    $job = [string]$Ask['job']
    if ($job -notmatch '\A[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}\z') {
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

# ------------------------------------------------------------------------------------- observing: local administrators
#--- for local_administrators ---
$Operations += @('local_administrators')

function Get-AdsProperty($Member, [string]$Name) {
    return , $Member.GetType().InvokeMember($Name, [Reflection.BindingFlags]::GetProperty, $null, $Member, $null)
}

function Get-AdministratorEntry {
    # Get-LocalGroupMember fails as a whole at the first member that nobody can resolve, and a join adds two of those.
    # ADSI lists them all; it wants the group's name in the language of this Windows.
    $group = ([Security.Principal.SecurityIdentifier]$Administrators).Translate([Security.Principal.NTAccount]).Value
    $directory = [ADSI]('WinNT://./{0},group' -f $group.Split('\')[-1])
    $entries = New-List
    foreach ($member in @($directory.psbase.Invoke('Members'))) {
        $sid = New-Object Security.Principal.SecurityIdentifier([byte[]](Get-AdsProperty $member 'objectSid'), 0)
        $name = $null
        try {
            $name = $sid.Translate([Security.Principal.NTAccount]).Value
        }
        catch {
            # Deleted, of Entra, or of a domain that does not answer. Nobody decides by the name.
            $name = $null
        }
        [void]$entries.Add(@{ sid = $sid.Value; name = $name; member = $member })
    }
    return , $entries
}

function Get-LocalAccount {
    $accounts = New-Map
    $query = @{ ClassName = 'Win32_UserAccount'; Filter = 'LocalAccount=TRUE'; Property = 'SID', 'Disabled', 'Lockout' }
    foreach ($account in @(Get-CimInstance @query -OperationTimeoutSec 60 -ErrorAction Stop)) {
        $accounts[$account.SID] = $account
    }
    return $accounts
}

function Test-AccountEnded($Member) {
    try {
        $end = [datetime](Get-AdsProperty $Member 'AccountExpirationDate')
    }
    catch {
        # An account without an end has no such property.
        return $false
    }
    return $end.Year -gt 1970 -and $end -lt [datetime]::Now
}

function Test-PasswordExpired($Member) {
    try {
        return [int](Get-AdsProperty $Member 'PasswordExpired') -ne 0
    }
    catch {
        return $null
    }
}

function local_administrators($Ask) {
    $accounts = Get-LocalAccount
    $machine = ''
    foreach ($account in $accounts.GetEnumerator()) {
        $machine = $account.Key -replace '-[0-9]+\z', ''
    }
    if (-not $machine) { Stop-Operation InvalidOperationException 'This system has no local accounts.' }
    $members = New-List
    foreach ($entry in (Get-AdministratorEntry)) {
        $sid = $entry['sid']
        $kind = 'unknown'
        if ($sid -clike 'S-1-12-1-*') { $kind = 'entra' }
        elseif ($sid -clike "$machine-*") { $kind = 'local' }
        elseif ($sid -clike 'S-1-5-21-*') { $kind = 'domain' }
        $fact = @{ sid = $sid; name = $entry['name']; kind = $kind }
        $fact['enabled'] = $null
        $fact['locked'] = $null
        $fact['password_expired'] = $null
        $account = $accounts[$sid]
        if ($null -ne $account) {
            $fact['enabled'] = -not $account.Disabled -and -not (Test-AccountEnded $entry['member'])
            $fact['locked'] = [bool]$account.Lockout
            $fact['password_expired'] = Test-PasswordExpired $entry['member']
        }
        [void]$members.Add($fact)
    }
    return @{ machine_sid = $machine; members = $members }
}

# ------------------------------------------------------------------------------------------------ observing: BitLocker
#--- for bitlocker ---
$Operations += @('bitlocker')
$VolumeNamespace = 'root/cimv2/Security/MicrosoftVolumeEncryption'
# What GetKeyProtectorType of Win32_EncryptableVolume returns, in the words of Get-BitLockerVolume
$ProtectorTypes = @('Unknown', 'Tpm', 'ExternalKey', 'RecoveryPassword', 'TpmPin', 'TpmStartupKey', 'TpmPinStartupKey',
    'PublicKey', 'Password', 'TpmNetworkKey', 'AdAccountOrGroup')

function Invoke-VolumeMethod($Volume, [string]$Method, $Arguments) {
    $out = Invoke-CimMethod -InputObject $Volume -MethodName $Method -Arguments $Arguments -ErrorAction Stop
    $code = [BitConverter]::ToInt32([BitConverter]::GetBytes([uint32]$out.ReturnValue), 0)
    # 0x80310008: BitLocker was never turned on for this volume
    if ($code -ne 0 -and $code -ne -2144272376) {
        throw (New-Object Runtime.InteropServices.COMException("$Method failed.", $code))
    }
    return $out
}

function Get-KeyProtector($Volume) {
    $protectors = New-List
    $found = Invoke-VolumeMethod $Volume 'GetKeyProtectors' @{ KeyProtectorType = [uint32]0 }
    foreach ($id in @(Get-PropertyValue $found 'VolumeKeyProtectorID')) {
        if ($id) {
            $kind = Invoke-VolumeMethod $Volume 'GetKeyProtectorType' @{ VolumeKeyProtectorID = [string]$id }
            $number = [int](Get-PropertyValue $kind 'KeyProtectorType')
            if ($number -ge $ProtectorTypes.Length) { $number = 0 }
            [void]$protectors.Add(@{ id = [string]$id; type = $ProtectorTypes[$number] })
        }
    }
    return , $protectors
}

function bitlocker($Ask) {
    $volumes = New-List
    try {
        $query = @{ ClassName = 'Win32_EncryptableVolume'; Namespace = $VolumeNamespace; OperationTimeoutSec = 60 }
        $encryptable = @(Get-CimInstance @query -ErrorAction Stop)
    }
    catch {
        $native = [string](Get-PropertyValue (Get-Cause $_) 'NativeErrorCode')
        if (@('InvalidNamespace', 'InvalidClass') -cnotcontains $native) { throw }
        return @{ available = $false; volumes = $volumes }
    }
    foreach ($volume in $encryptable) {
        # Some have no letter.
        $mount = [string]$volume.DriveLetter
        if (-not $mount) { $mount = [string]$volume.DeviceID }
        # 0 off, 1 on, 2 unknown, which is what a locked volume says
        $protected = $null
        if (@(0, 1) -contains $volume.ProtectionStatus) { $protected = $volume.ProtectionStatus -eq 1 }
        [void]$volumes.Add(@{
                mount_point = $mount
                system = ($volume.VolumeType -eq 0)
                protected = $protected
                protectors = (Get-KeyProtector $volume)
            })
    }
    return @{ available = $true; volumes = $volumes }
}

# ------------------------------------------------------------------------------------------------ observing: endpoints
#--- for endpoints ---
$Operations += @('endpoints')
# What .NET Framework (WebException.Status) and .NET (HttpRequestError, SocketErrorCode) say of a failure, what kind it
# is, and WinHTTP's code for it, which is what a join meets in its place. The first that fits.
$WebFailures = @(
    @('TrustFailure|AuthenticationException\S* .*certificate', 'certificate', -2147012721),
    @('ProxyTunnelError|proxy tunnel .*407', 'proxy', -2145844841),
    @('ProxyNameResolutionFailure|RequestProhibitedByProxy|proxy tunnel', 'proxy', $null),
    @('NameResolution(Failure|Error)|HostNotFound|TryAgain|NoData|NoRecovery', 'dns', -2147012889),
    @('ConnectionReset|ConnectionAborted', 'connect', -2147012866),
    @('SecureChannelFailure|SecureConnectionError|AuthenticationException', 'tls', -2147012739),
    @('Timeout|TimedOut|Cancel', 'timeout', -2147012894),
    @('SendFailure|ReceiveFailure|ConnectionClosed|ResponseEnded', 'connect', -2147012866),
    @('ConnectFailure|ConnectionError|SocketException|IOException', 'connect', -2147012867),
    @('', 'other', $null)
)

function Get-WinHttpProxy {
    # What netsh winhttp set proxy wrote: at 8 flags (2: there is a proxy), then two texts, each after its length.
    $hive = Open-RegistryHive 'LocalMachine'
    $key = $hive.OpenSubKey('SOFTWARE\Microsoft\Windows\CurrentVersion\Internet Settings\Connections')
    if ($null -eq $key) { return $null }
    $data = $key.GetValue('WinHttpSettings')
    if ($data -isnot [byte[]] -or $data.Length -lt 20 -or ($data[8] -band 2) -eq 0) { return $null }
    $length = [BitConverter]::ToInt32($data, 12)
    $named = [Text.Encoding]::ASCII.GetString($data, 16, $length)
    $bypass = [Text.Encoding]::ASCII.GetString($data, 20 + $length, [BitConverter]::ToInt32($data, 16 + $length))
    foreach ($part in ($named -split '[;\s]+')) {
        # One for all, or one a scheme: http=one:80;https=two:8080
        if ($part -match '\A(?:https=)?(?:https?://)?([^=/]+)/?\z') {
            return @{ address = 'http://' + $Matches[1]; bypass = @($bypass -split '[;\s]+') }
        }
    }
}

function Test-ProxyBypass([Uri]$Uri, $Bypass) {
    foreach ($entry in $Bypass) {
        if ($entry -eq '<local>' -and $Uri.Host.IndexOf('.') -lt 0) { return $true }
        $name = $entry -replace '\Ahttps?://', '' -replace ':[0-9]+\z', ''
        if ($Uri.Host -match ('\A' + [regex]::Escape($name).Replace('\*', '.*') + '\z')) { return $true }
    }
    return $false
}

function New-WebClient($Proxy) {
    # Windows PowerShell does not load it by itself.
    [void][Reflection.Assembly]::Load(
        'System.Net.Http, Version=4.0.0.0, Culture=neutral, PublicKeyToken=b03f5f7f11d50a3a')
    $handler = New-Object Net.Http.HttpClientHandler
    $handler.AllowAutoRedirect = $false
    $handler.UseCookies = $false
    if ($Proxy -ceq 'none') {
        $handler.UseProxy = $false
    }
    elseif ($Proxy) {
        $server = New-Object Net.WebProxy([string]$Proxy)
        # The device may say who it is, as its own services do. Nobody else's account is shown to a proxy.
        $server.UseDefaultCredentials = (Get-DeviceFact)['system']
        $handler.Proxy = $server
    }
    $client = New-Object Net.Http.HttpClient($handler)
    $client.Timeout = [Threading.Timeout]::InfiniteTimeSpan
    return $client
}

function Test-MetadataService([Uri]$Uri) {
    # It answers inside the host of an Azure VM only, and has no https.
    return $Uri.Scheme -ceq 'http' -and $Uri.Authority -ceq '169.254.169.254'
}

function Start-WebCall($Client, [Uri]$Uri, $Headers, $Token) {
    if ($Uri.Scheme -cne 'https' -and -not (Test-MetadataService $Uri)) {
        Stop-Operation ArgumentException 'Only https addresses are asked.'
    }
    $message = New-Object Net.Http.HttpRequestMessage([Net.Http.HttpMethod]::Get, $Uri)
    foreach ($header in $Headers.GetEnumerator()) {
        [void]$message.Headers.TryAddWithoutValidation([string]$header.Key, [string]$header.Value)
    }
    return $Client.SendAsync($message, [Net.Http.HttpCompletionOption]::ResponseHeadersRead, $Token)
}

function Get-WebFailure($Problem, [bool]$Proxied) {
    $signs = ''
    $message = ''
    for ($cause = $Problem; $null -ne $cause; $cause = $cause.InnerException) {
        # The innermost says most; those around it say that something went wrong.
        $message = $cause.Message
        $signs += ' | ' + $cause.GetType().Name
        foreach ($name in 'Status', 'SocketErrorCode', 'HttpRequestError') {
            $signs += ',' + [string](Get-PropertyValue $cause $name)
        }
        # Texts of .NET itself are English everywhere; for .NET Framework the status is enough.
        if (@('AuthenticationException', 'HttpRequestException') -ccontains $cause.GetType().Name) {
            $signs += ' ' + $message
        }
    }
    foreach ($rule in $WebFailures) {
        if ($signs -cmatch $rule[0]) {
            $kind = $rule[1]
            # With a proxy it is not the device that looks up and connects to the server.
            if ($Proxied -and @('dns', 'connect') -ccontains $kind) { $kind = 'proxy' }
            return @{ type = $kind; message = $message; hresult = $rule[2] }
        }
    }
}

function Step-WebCall($Call) {
    # True where there is nothing more to wait for. First comes the head of the answer, then the start of its body.
    $result = $Call['result']
    $task = $Call['task']
    $whole = $task.Status -eq 'RanToCompletion'
    if ($null -ne $Call['buffer']) {
        if ($whole) {
            $text = [Text.Encoding]::UTF8.GetString($Call['buffer'], 0, $task.Result)
            $text = [regex]::Replace($text, '[\ud800-\udfff]', '?')
            $result['body_start'] = $text.Substring(0, [Math]::Min(200, $text.Length))
        }
        $Call['response'].Dispose()
        return $true
    }
    $result['seconds'] = [Math]::Round($Call['clock'].Elapsed.TotalSeconds, 3)
    if (-not $whole) {
        # A task that was cancelled has no exception, and nothing but the time limit cancels it.
        if ($null -ne $task.Exception) { $result['error'] = Get-WebFailure $task.Exception $Call['proxied'] }
        return $true
    }
    $Call['response'] = $task.Result
    $status = [int]$task.Result.StatusCode
    if ($status -eq 407) {
        $result['error'] = @{ type = 'proxy'; message = 'The proxy asks who it is (407).'; hresult = -2145844841 }
        $task.Result.Dispose()
        return $true
    }
    $result['status'] = $status
    $result['error'] = @{ type = $null; message = $null; hresult = $null }
    $Call['buffer'] = New-Object byte[] 1024
    $stream = $task.Result.Content.ReadAsStreamAsync().Result
    $Call['task'] = $stream.ReadAsync($Call['buffer'], 0, 1024, $Call['token'])
    return $false
}

function endpoints($Ask) {
    # Older systems offer TLS 1.0 only unless told; 0 means that the system chooses, which is right.
    $protocols = [Net.ServicePointManager]::SecurityProtocol
    if ([int]$protocols -ne 0) {
        [Net.ServicePointManager]::SecurityProtocol = $protocols -bor [Net.SecurityProtocolType]::Tls12
    }
    # Two a host is the default.
    [Net.ServicePointManager]::DefaultConnectionLimit = 64
    $proxy = Get-WinHttpProxy
    $direct = New-WebClient 'none'
    $plain = $direct
    $proxied = $direct
    if ($null -ne $proxy) { $proxied = New-WebClient $proxy['address'] }
    else { $plain = New-WebClient $null }
    $seconds = [int]$Ask['timeout']
    $late = @{ type = 'timeout'; message = "No answer within $seconds s."; hresult = -2147012894 }
    $results = New-List
    $pending = New-List
    $clock = [Diagnostics.Stopwatch]::StartNew()
    foreach ($target in $Ask['targets']) {
        $result = @{ name = $target['name']; status = $null; seconds = $seconds; error = $late; body_start = $null }
        [void]$results.Add($result)
        try {
            $uri = [Uri][string]$target['url']
            $near = Test-MetadataService $uri
            $around = $null -ne $proxy -and -not $near -and -not (Test-ProxyBypass $uri $proxy['bypass'])
            $client = $plain
            if ($near) { $client = $direct }
            elseif ($around) { $client = $proxied }
            $limit = New-Object Threading.CancellationTokenSource([int]($seconds * 1000))
            $call = @{ result = $result; proxied = $around; buffer = $null; token = $limit.Token }
            $call['clock'] = [Diagnostics.Stopwatch]::StartNew()
            $call['task'] = Start-WebCall $client $uri $target['headers'] $limit.Token
            [void]$pending.Add($call)
        }
        catch {
            $result['seconds'] = 0.0
            $result['error'] = Get-WebFailure $_.Exception $false
        }
    }
    while ($pending.Count -gt 0) {
        $tasks = [Threading.Tasks.Task[]]@(foreach ($call in $pending) { $call['task'] })
        # A look-up of a name cannot be cancelled: it is left alone a second after its time.
        $left = [Math]::Max([long]0, ($seconds + 1) * 1000 - $clock.ElapsedMilliseconds)
        $done = [Threading.Tasks.Task]::WaitAny($tasks, [int]$left)
        if ($done -lt 0) { break }
        if (Step-WebCall $pending[$done]) { $pending.RemoveAt($done) }
    }
    foreach ($client in $direct, $plain, $proxied) { $client.Dispose() }
    return @{ results = $results }
}

# --------------------------------------------------------------------------------------- changing: our own directories
#--- for directory_create path_remove download job_start job_remove system_probe ---

function New-PrivateDirectory([string]$Path) {
    # Created with its access list, so that there is no moment in which others could open it.
    $security = New-Object Security.AccessControl.DirectorySecurity
    $security.SetAccessRuleProtection($true, $false)
    $security.SetOwner([Security.Principal.SecurityIdentifier]$Administrators)
    foreach ($sid in $System, $Administrators) {
        $rule = New-Object Security.AccessControl.FileSystemAccessRule([Security.Principal.SecurityIdentifier]$sid,
            'FullControl', 'ContainerInherit, ObjectInherit', 'None', 'Allow')
        $security.AddAccessRule($rule)
    }
    if ($PSVersionTable['PSVersion'].Major -ge 6) {
        [void][System.IO.FileSystemAclExtensions]::CreateDirectory($security, $Path)
    }
    else {
        [void][IO.Directory]::CreateDirectory($Path, $security)
    }
}

function Assert-PrivateDirectory([string]$Path) {
    # Anybody may create a directory in ProgramData: one that was there before us is not ours because of its name.
    $security = Get-Acl -LiteralPath $Path
    $sids = @($security.GetOwner([Security.Principal.SecurityIdentifier]).Value)
    foreach ($rule in $security.GetAccessRules($true, $true, [Security.Principal.SecurityIdentifier])) {
        $sids += $rule.IdentityReference.Value
    }
    foreach ($sid in $sids) {
        if ($sid -cne $System -and $sid -cne $Administrators) {
            Stop-Operation UnauthorizedAccessException "$Path belongs or is open to $sid. Look into it, then remove it."
        }
    }
}

function Test-Link([string]$Path) {
    $attributes = Get-PathAttribute $Path
    return ($null -ne $attributes) -and $attributes.HasFlag([IO.FileAttributes]::ReparsePoint)
}

function Get-OwnPathChain([string]$Path) {
    # The root and every directory below it down to the path itself.
    $chain = New-List
    $root = Get-StateRoot
    for ($part = $Path; $part.Length -ge $root.Length; $part = [IO.Path]::GetDirectoryName($part)) {
        $chain.Insert(0, $part)
    }
    return , $chain
}

function Resolve-OwnPath([string]$Path) {
    # A path strictly below the root, spelled out, with no link on the way.
    $text = [Environment]::ExpandEnvironmentVariables($Path)
    $full = (Resolve-AnyPath $text).TrimEnd('\', '/')
    $root = (Get-StateRoot) + [IO.Path]::DirectorySeparatorChar
    $below = $full.StartsWith($root, [StringComparison]::OrdinalIgnoreCase)
    if (-not $below -or ($text -split '[\\/]') -contains '..' -or $full.IndexOf(':', $root.Length) -ge 0) {
        Stop-Operation UnauthorizedAccessException ('Refused, not below {0}: {1}' -f $root, $Path)
    }
    foreach ($part in (Get-OwnPathChain $full)) {
        if (Test-Link $part) { Stop-Operation UnauthorizedAccessException "Refused, $part is a link" }
    }
    return $full
}

function Confirm-OwnDirectory([string]$Path) {
    # Takes a resolved path; true where the last directory was created now.
    $created = $false
    foreach ($part in (Get-OwnPathChain $Path)) {
        $created = -not [IO.Directory]::Exists($part)
        if ($created) { New-PrivateDirectory $part }
        Assert-PrivateDirectory $part
    }
    return $created
}

function directory_create($Ask) {
    $path = Resolve-OwnPath ([string]$Ask['path'])
    return @{ path = $path; created = (Confirm-OwnDirectory $path) }
}

function path_remove($Ask) {
    $path = Resolve-AnyPath ([string]$Ask['path'])
    # The engine keeps a copy of every package that it applied.
    $cache = [IO.Path]::Combine((Get-ProgramData), 'Microsoft', 'Provisioning')
    $cached = [IO.Path]::GetDirectoryName($path) -eq $cache -and [IO.Path]::GetExtension($path) -eq '.ppkg' -and
        -not (Test-Link $path)
    if (-not $cached) { $path = Resolve-OwnPath ([string]$Ask['path']) }
    $attributes = Get-PathAttribute $path
    if ($null -eq $attributes) { return @{ path = $path; removed = $false } }
    if (-not $attributes.HasFlag([IO.FileAttributes]::Directory)) {
        [IO.File]::Delete($path)
    }
    elseif ($cached) {
        Stop-Operation UnauthorizedAccessException "Refused, $path is a directory"
    }
    else {
        # Links inside are removed, not followed.
        [IO.Directory]::Delete($path, $true)
    }
    return @{ path = $path; removed = $true }
}

# -------------------------------------------------------------------------------------------------- changing: download
#--- for download ---
$MaxDownloadBytes = 4294967296

function Open-WebStream([Uri]$Uri, [int]$Milliseconds) {
    # Older systems offer TLS 1.0 only unless told; 0 means that the system chooses, which is right.
    $protocols = [Net.ServicePointManager]::SecurityProtocol
    if ([int]$protocols -ne 0) {
        [Net.ServicePointManager]::SecurityProtocol = $protocols -bor [Net.SecurityProtocolType]::Tls12
    }
    $call = [Net.WebRequest]::Create($Uri)
    $call.Timeout = $Milliseconds
    $response = $call.GetResponse()
    if ($response.ResponseUri.Scheme -cne 'https') {
        $response.Close()
        Stop-Operation InvalidOperationException 'The server redirects to an address that is not https.'
    }
    return $response.GetResponseStream()
}

function download($Ask) {
    $uri = New-Object Uri([string]$Ask['url'])
    if ($uri.Scheme -cne 'https') { Stop-Operation ArgumentException 'Only https addresses are fetched.' }
    $wanted = [string]$Ask['sha256']
    $path = Resolve-OwnPath ([string]$Ask['path'])
    [void](Confirm-OwnDirectory ([IO.Path]::GetDirectoryName($path)))
    $part = $path + '.part'
    try {
        $size = Save-WebFile $uri $part ([int]$Ask['timeout'])
        $sha256 = Get-FileSha256 $part
        if ($sha256 -ne $wanted) {
            Stop-Operation IO.InvalidDataException "The file has SHA-256 $sha256, not $wanted."
        }
        [IO.File]::Delete($path)
        [IO.File]::Move($part, $path)
    }
    finally {
        [IO.File]::Delete($part)
    }
    return @{ path = $path; size = $size; sha256 = $sha256 }
}

function Save-WebFile([Uri]$Uri, [string]$Path, [int]$Seconds) {
    $clock = [Diagnostics.Stopwatch]::StartNew()
    $size = [long]0
    $stream = Open-WebStream $Uri ($Seconds * 1000)
    try {
        $file = [IO.File]::Create($Path)
        try {
            $buffer = New-Object byte[] 131072
            while ($true) {
                # A read has no limit of its own that 5.1 and 7 agree on.
                $left = [Math]::Max([long]0, $Seconds * 1000 - $clock.ElapsedMilliseconds)
                $read = $stream.ReadAsync($buffer, 0, $buffer.Length)
                if (-not $read.Wait([int]$left)) {
                    Stop-Operation TimeoutException "The download did not end within $Seconds s."
                }
                if ($read.Result -eq 0) { break }
                $size += $read.Result
                if ($size -gt $MaxDownloadBytes) {
                    Stop-Operation IO.InvalidDataException "The file is larger than $MaxDownloadBytes bytes."
                }
                $file.Write($buffer, 0, $read.Result)
            }
        }
        finally {
            $file.Dispose()
        }
    }
    finally {
        $stream.Dispose()
    }
    return $size
}

# -------------------------------------------------------------------------------------------------- changing: packages
#--- for package_install package_remove ---
# Install-ProvisioningPackage stops waiting after 180 s.
$CmdletPatience = 175

function package_install($Ask) {
    $path = Resolve-AnyPath ([string]$Ask['path'])
    if (-not [IO.File]::Exists($path)) { Stop-Operation IO.FileNotFoundException "There is no package $path" }
    if (-not (Import-ProvisioningModule)) {
        Stop-Operation NotSupportedException 'This system has no provisioning cmdlets.'
    }
    $failure = @{ type = $null; message = $null; hresult = $null }
    $gaveUp = $false
    $clock = [Diagnostics.Stopwatch]::StartNew()
    try {
        $force = [bool]$Ask['force']
        $null = Install-ProvisioningPackage -PackagePath $path -QuietInstall -ForceInstall:$force -ErrorAction Stop
    }
    catch {
        $failure = Get-Failure $_
        # The cmdlet waits for provtool.exe and then fails, while provtool goes on.
        $engine = (processes @{ names = @('provtool.exe') })['processes']
        $goesOn = $engine.Count -gt 0 -or $failure['type'] -like '*CmdletException'
        $gaveUp = $clock.Elapsed.TotalSeconds -ge $CmdletPatience -and $goesOn
    }
    return @{ gave_up = $gaveUp; seconds = [Math]::Round($clock.Elapsed.TotalSeconds, 3); error = $failure }
}

function package_remove($Ask) {
    # Packages are listed with and without braces; the engine is given its own spelling.
    $id = ([guid][string]$Ask['id']).ToString()
    if (-not (Import-ProvisioningModule)) {
        Stop-Operation NotSupportedException 'This system has no provisioning cmdlets.'
    }
    foreach ($package in (Get-InstalledPackage)) {
        if ($package['id'].Trim('{', '}') -eq $id) {
            $null = Uninstall-ProvisioningPackage -PackageId $package['id'] -ErrorAction Stop
            return @{ removed = $true }
        }
    }
    return @{ removed = $false }
}

# ------------------------------------------------------------------------------------------ changing: join and restart
#--- for dsregcmd_azure_vm_join restart ---

function dsregcmd_azure_vm_join($Ask) {
    $arguments = '/AzureSecureVMJoin /debug'
    if ($Ask['mdm_id']) { $arguments += ' /MdmId ' + ([guid][string]$Ask['mdm_id']).ToString() }
    return Invoke-Native ([IO.Path]::Combine((Get-NativeFolder), 'dsregcmd.exe')) $arguments 600
}

function restart($Ask) {
    # No quotes, no control characters, no backslash before the closing quote, and at most 512 characters.
    $comment = [regex]::Replace([string]$Ask['comment'], '[\x00-\x1f"]', ' ')
    $comment = $comment.Substring(0, [Math]::Min(500, $comment.Length)).TrimEnd(' ', '\')
    $arguments = '/r /t {0} /d p:4:1 /c "{1}"' -f [int]$Ask['delay'], $comment
    $run = Invoke-Native ([IO.Path]::Combine((Get-NativeFolder), 'shutdown.exe')) $arguments 60
    if (@(0, 1115, 1190) -notcontains $run['exit_code']) {
        throw (New-Object ComponentModel.Win32Exception([int]$run['exit_code']))
    }
    return @{ scheduled = ($run['exit_code'] -eq 0); exit_code = $run['exit_code'] }
}

# ----------------------------------------------------------------------------------------------- changing: SYSTEM jobs
#--- for job_start job_remove system_probe ---
# What the task of a job runs. The working directory is the job's own; constant, so nothing is put into a command line.
$JobBootstrap = @'
$ErrorActionPreference='Stop'
$d=[Environment]::CurrentDirectory
$b=[IO.File]::ReadAllText([IO.Path]::Combine($d,'self.b64'))
$r=[IO.File]::ReadAllText([IO.Path]::Combine($d,'request.b64'))
$m=New-Object IO.MemoryStream(,[Convert]::FromBase64String($b))
$z=New-Object IO.Compression.GZipStream($m,[IO.Compression.CompressionMode]::Decompress)
$s=(New-Object IO.StreamReader($z,[Text.Encoding]::UTF8)).ReadToEnd()
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
            Start-Sleep -Milliseconds 200
        }
    }
    return @{ removed = $removed }
}

# ------------------------------------------------------------------------------------------- changing: a look as SYSTEM
#--- for system_probe ---
$Operations += @('system_probe')
# A task as SYSTEM is a change that leaves nothing behind; what it does must be none at all.
$Observing = @(
    'registry_read', 'registry_users_read', 'certificates', 'dsregcmd_status', 'cim_query', 'events', 'scheduled_tasks',
    'provisioning_packages', 'path_info', 'processes', 'job_status', 'local_administrators', 'bitlocker', 'endpoints'
)
# How the ids of probes begin
$ProbeMark = '00000000'

function Remove-LostProbe {
    # Of a probe whose process was ended before it could clean up.
    $jobs = [IO.Path]::Combine((Get-StateRoot), 'jobs')
    if (-not [IO.Directory]::Exists($jobs)) { return }
    foreach ($directory in [IO.Directory]::GetDirectories($jobs, "$ProbeMark-*")) {
        $age = [datetime]::UtcNow - [IO.Directory]::GetCreationTimeUtc($directory)
        if ([Math]::Abs($age.TotalHours) -gt 1) { [void](job_remove @{ job = [IO.Path]::GetFileName($directory) }) }
    }
}

function system_probe($Ask) {
    foreach ($inner in $Ask['ops']) {
        if ($Observing -cnotcontains [string]$inner['op']) {
            Stop-Operation UnauthorizedAccessException ('Refused, it does not only observe: ' + [string]$inner['op'])
        }
    }
    Remove-LostProbe
    $seconds = [int]$Ask['timeout']
    $job = @{ ops = $Ask['ops']; time_limit = $seconds }
    $job['job'] = $ProbeMark + [guid]::NewGuid().ToString().Substring(8)
    $clock = [Diagnostics.Stopwatch]::StartNew()
    try {
        [void](job_start $job)
        do {
            Start-Sleep -Milliseconds 200
            $status = job_status $job
        } while ($status['state'] -ceq 'running' -and $clock.Elapsed.TotalSeconds -lt $seconds)
    }
    finally {
        [void](job_remove $job)
    }
    return @{ answer = $status['answer'] }
}

# --------------------------------------------------------------------------------------------------- changing: leaving
#--- for dsregcmd_leave mdm_auto_enroll enrollment_remove ---

function Assert-System {
    if (-not (Get-DeviceFact)['system']) {
        Stop-Operation UnauthorizedAccessException 'Refused: only SYSTEM does all of this, others do half of it.'
    }
}

#--- for dsregcmd_leave ---
$Operations += @('dsregcmd_leave')

function dsregcmd_leave($Ask) {
    Assert-System
    return Invoke-Native ([IO.Path]::Combine((Get-NativeFolder), 'dsregcmd.exe')) '/debug /leave' 600
}

#--- for mdm_auto_enroll ---
$Operations += @('mdm_auto_enroll')

function mdm_auto_enroll($Ask) {
    Assert-System
    $options = @{ user = '/AutoEnrollMDM'; device = '/AutoEnrollMDMUsingAADDeviceCredential' }
    $option = $options[[string]$Ask['credential']]
    if (-not $option) { Stop-Operation ArgumentException 'The credential is user or device.' }
    return Invoke-Native ([IO.Path]::Combine((Get-NativeFolder), 'deviceenroller.exe')) "/c $option" 600
}

#--- for hybrid_autojoin_stop ---
$Operations += @('hybrid_autojoin_stop')

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

# ---------------------------------------------------------------------------------- changing: removal of an enrollment
#--- for enrollment_remove ---
$Operations += @('enrollment_remove')
$EnrollmentTasks = '\Microsoft\Windows\EnterpriseMgmt'
$Enrollments = 'SOFTWARE\Microsoft\Enrollments'
# Where an enrollment has a key with its id as the name. The enrollment itself is the last: as long as it is there, one
# knows whose the rest is, and may try again.
$EnrollmentKeys = @(
    'SOFTWARE\Microsoft\Enrollments\Status', 'SOFTWARE\Microsoft\Enrollments\Context',
    'SOFTWARE\Microsoft\EnterpriseResourceManager\Tracked', 'SOFTWARE\Microsoft\PolicyManager\AdmxInstalled',
    'SOFTWARE\Microsoft\PolicyManager\Providers', 'SOFTWARE\Microsoft\Provisioning\OMADM\Accounts',
    'SOFTWARE\Microsoft\Provisioning\OMADM\Logger', 'SOFTWARE\Microsoft\Provisioning\OMADM\Sessions', $Enrollments
)

function Invoke-Unregistration([string]$Id) {
    # A constant text, and the only one in here that is compiled. No id would mean every enrollment of the device.
    $text = '[DllImport("mdmregistration.dll", CharSet = CharSet.Unicode, ExactSpelling = true)]' +
        '[DefaultDllImportSearchPaths(DllImportSearchPath.System32)]' +
        'public static extern int UnregisterDeviceWithManagement(string enrollmentID);'
    $library = Add-Type -MemberDefinition $text -Namespace WinopsEntra -Name MdmRegistration -PassThru
    $code = $library::UnregisterDeviceWithManagement($Id)
    if ($code -lt 0) {
        throw (New-Object Runtime.InteropServices.COMException('UnregisterDeviceWithManagement failed.', $code))
    }
}

function Open-PersonalStore {
    $store = New-Object Security.Cryptography.X509Certificates.X509Store('My',
        [Security.Cryptography.X509Certificates.StoreLocation]::LocalMachine)
    $store.Open([Security.Cryptography.X509Certificates.OpenFlags]'ReadWrite, OpenExistingOnly')
    return $store
}

function Get-ChildName($Names, [string]$Id) {
    # The name as it is spelled there: capitals, braces.
    foreach ($name in $Names) {
        if ($name.Trim('{', '}') -eq $Id) { return $name }
    }
}

function Get-EnrollmentFact([string]$Id) {
    # The enrollment's provider and its certificate, where no other enrollment names the same.
    $root = (Open-RegistryHive 'LocalMachine').OpenSubKey($Enrollments)
    if ($null -eq $root) { return $null }
    $names = @($root.GetSubKeyNames())
    $own = Get-ChildName $names $Id
    if ($null -eq $own) { return $null }
    $key = $root.OpenSubKey($own)
    $fact = @{ provider = [string]$key.GetValue('ProviderID'); thumbprint = [string]$key.GetValue('DMPCertThumbPrint') }
    foreach ($name in $names) {
        if ($name -ne $own) {
            $other = $root.OpenSubKey($name)
            if ([string]$other.GetValue('DMPCertThumbPrint') -eq $fact['thumbprint']) { $fact['thumbprint'] = '' }
        }
    }
    return $fact
}

function Test-MdmCertificate($Certificate, $Fact) {
    if (-not $Fact['thumbprint'] -or $Certificate.Thumbprint -ne $Fact['thumbprint']) { return $false }
    # Intune's own authorities. Of another provider's nobody knows the name, but it is not the one of the join.
    if ($Fact['provider'] -ceq 'MS DM Server') {
        return $Certificate.Issuer -match 'Microsoft Intune|Microsoft Device Management Device CA|SC_Online_Issuing'
    }
    return $Certificate.Issuer -notmatch 'MS-Organization-'
}

function Get-EnrollmentPart([string]$Id, $Fact) {
    # What there is of the enrollment, in the order in which it goes.
    $parts = New-List
    try {
        $folders = @((Connect-TaskService).GetFolder($EnrollmentTasks).GetFolders(0))
    }
    catch {
        if (-not (Test-NotFound $_)) { throw }
        $folders = @()
    }
    $folder = Get-ChildName @(foreach ($one in $folders) { $one.Name }) $Id
    if ($null -ne $folder) { [void]$parts.Add(@{ kind = 'tasks'; where = $EnrollmentTasks; name = $folder }) }
    $store = Open-PersonalStore
    foreach ($certificate in $store.Certificates) {
        if (Test-MdmCertificate $certificate $Fact) {
            [void]$parts.Add(@{ kind = 'certificate'; where = 'Cert:\LocalMachine\My'; name = $certificate.Thumbprint })
        }
    }
    $store.Close()
    $hive = Open-RegistryHive 'LocalMachine'
    foreach ($path in $EnrollmentKeys) {
        $key = $hive.OpenSubKey($path)
        if ($null -ne $key) {
            $name = Get-ChildName ($key.GetSubKeyNames()) $Id
            if ($null -ne $name) { [void]$parts.Add(@{ kind = 'registry'; where = "HKLM\$path"; name = $name }) }
            $key.Close()
        }
    }
    return , $parts
}

function Remove-EnrollmentPart($Part, $Fact) {
    if ($Part['kind'] -ceq 'tasks') {
        $parent = (Connect-TaskService).GetFolder($Part['where'])
        $folder = (Connect-TaskService).GetFolder($Part['where'] + '\' + $Part['name'])
        foreach ($task in @($folder.GetTasks(1))) {
            if (@(2, 4) -contains $task.State) { [void]$task.Stop(0) }
            [void]$folder.DeleteTask($task.Name, 0)
        }
        [void]$parent.DeleteFolder($Part['name'], 0)
    }
    elseif ($Part['kind'] -ceq 'certificate') {
        $store = Open-PersonalStore
        foreach ($certificate in @($store.Certificates)) {
            if (Test-MdmCertificate $certificate $Fact) { [void]$store.Remove($certificate) }
        }
        $store.Close()
    }
    else {
        $key = (Open-RegistryHive 'LocalMachine').OpenSubKey($Part['where'].Substring(5), $true)
        $key.DeleteSubKeyTree($Part['name'], $false)
        $key.Close()
    }
}

function enrollment_remove($Ask) {
    Assert-System
    $id = [string]$Ask['id']
    if ($id -notmatch '\A[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}\z') {
        Stop-Operation ArgumentException 'The id of an enrollment is a GUID.'
    }
    $fact = Get-EnrollmentFact $id
    if ($null -eq $fact) { return @{ removed = @(); unregistered = $null } }
    # Also built-in keys have a GUID as their name; those have no provider.
    if (-not $fact['provider'] -or $fact['provider'] -cne [string]$Ask['provider']) {
        Stop-Operation UnauthorizedAccessException ("Refused, the provider of $id is '{0}'." -f $fact['provider'])
    }
    $before = Get-EnrollmentPart $id $fact
    $answer = @{ removed = (New-List); unregistered = $null }
    if ($Ask['unregister']) {
        try {
            [void](Invoke-Unregistration $id)
            $answer['unregistered'] = $true
        }
        catch {
            $answer['unregistered'] = $false
            $answer['error'] = Get-Failure $_
        }
    }
    $stuck = $false
    foreach ($part in (Get-EnrollmentPart $id $fact)) {
        if ($stuck -and $part['where'] -ceq "HKLM\$Enrollments") { continue }
        try {
            Remove-EnrollmentPart $part $fact
        }
        catch {
            $stuck = $true
            if ($null -eq $answer['error']) { $answer['error'] = Get-Failure $_ }
        }
    }
    $left = @(foreach ($part in (Get-EnrollmentPart $id $fact)) { $part['where'] + '\' + $part['name'] })
    foreach ($part in $before) {
        $name = $part['where'] + '\' + $part['name']
        if ($left -notcontains $name) { [void]$answer['removed'].Add($name) }
    }
    return $answer
}

# ----------------------------------------------------------------------------------------------------------------- run
#--- always ---

function Invoke-Operation($Ask) {
    try {
        $name = [string]$Ask['op']
        if ($Operations -cnotcontains $name) {
            Stop-Operation NotSupportedException "This runner has no operation $name"
        }
        # An operation gives one map, last; whatever a method put out before it by mistake is dropped.
        return @{ ok = $true; value = @(& $name $Ask)[-1] }
    }
    catch {
        return @{ ok = $false; error = (Get-Failure $_) }
    }
}

function Invoke-Request($Asked) {
    $clock = [Diagnostics.Stopwatch]::StartNew()
    $results = New-List
    $failed = $false
    foreach ($ask in $Asked['ops']) {
        if ($failed -and $Asked['stop_on_error']) {
            $skipped = @{ type = 'Skipped'; message = 'An operation before this one failed.'; hresult = $null }
            [void]$results.Add(@{ ok = $false; error = $skipped })
            continue
        }
        $result = Invoke-Operation $ask
        $failed = $failed -or -not $result['ok']
        [void]$results.Add($result)
    }
    $seconds = [Math]::Round($clock.Elapsed.TotalSeconds, 3)
    return @{ v = 1; id = [string]$Asked['id']; device = (Get-DeviceFact); results = $results; seconds = $seconds }
}

function Compress-Text([string]$Text) {
    $bytes = [Text.Encoding]::UTF8.GetBytes($Text)
    $memory = New-Object IO.MemoryStream
    $gzip = New-Object IO.Compression.GZipStream($memory, [IO.Compression.CompressionMode]::Compress)
    $gzip.Write($bytes, 0, $bytes.Length)
    $gzip.Dispose()
    return [Convert]::ToBase64String($memory.ToArray())
}

function Expand-Text([string]$Packed) {
    $memory = New-Object IO.MemoryStream(, [Convert]::FromBase64String($Packed))
    $gzip = New-Object IO.Compression.GZipStream($memory, [IO.Compression.CompressionMode]::Decompress)
    return (New-Object IO.StreamReader($gzip, [Text.Encoding]::UTF8)).ReadToEnd()
}

#--- run ---
$question = ConvertFrom-JsonText (Expand-Text $Request)
$reply = ConvertTo-JsonText (Invoke-Request $question)
if ($ResultPath) {
    # Renamed when it is whole: whoever sees the file sees all of it.
    [IO.File]::WriteAllText("$ResultPath.tmp", $reply)
    [IO.File]::Move("$ResultPath.tmp", $ResultPath)
}
else {
    $line = Compress-Text $reply
    Write-Output ('#winops1:{0}:{1}:end#' -f $line.Length, $line)
}
