# needs: as_system folders native removal task_service
# Copyright (c) 2026, winops.entra contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
#
# Changing: removal of an enrollment.

$Changing += 'enrollment_remove'

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

# What the process of an unregistration runs: a constant text, and the only one in here that is compiled. Which enrollment
# is meant comes by its environment; none would mean every enrollment of the device.
$Unregistration = @'
$ErrorActionPreference='Stop'
$id=$env:WINOPS_ENTRA_ENROLLMENT
if(-not $id){exit 87}
$text='[DllImport("mdmregistration.dll", CharSet = CharSet.Unicode, ExactSpelling = true)]' +
'[DefaultDllImportSearchPaths(DllImportSearchPath.System32)]' +
'public static extern int UnregisterDeviceWithManagement(string enrollmentID);'
$library=Add-Type -MemberDefinition $text -Namespace WinopsEntra -Name MdmRegistration -PassThru
exit $library::UnregisterDeviceWithManagement($id)
'@

# Public scripts give it a time: it may hang.
$UnregistrationSeconds = 120

function Invoke-Unregistration([string]$Id) {
    # In a process of its own, so that one that does not come back can be ended and the rest goes on.
    $env:WINOPS_ENTRA_ENROLLMENT = $Id
    $program = [IO.Path]::Combine((Get-NativeFolder), 'WindowsPowerShell\v1.0\powershell.exe')
    $encoded = [Convert]::ToBase64String([Text.Encoding]::Unicode.GetBytes($Unregistration))
    $arguments = "-NoProfile -NonInteractive -ExecutionPolicy Bypass -EncodedCommand $encoded"
    $code = (Invoke-Native $program $arguments $UnregistrationSeconds)['exit_code']
    if ($code -ne 0) {
        throw ([Runtime.InteropServices.COMException]::new('UnregisterDeviceWithManagement failed.', $code))
    }
}

function Get-EnrollmentFact([string]$Id) {
    # The enrollment's provider and its certificate, where no other enrollment names the same.
    $root = (Open-RegistryHive 'LocalMachine').OpenSubKey($Enrollments)
    if ($null -eq $root) { return $null }
    $names = @($root.GetSubKeyNames())
    $own = Get-ChildName $names $Id
    $fact = $null
    if ($null -ne $own) {
        $key = $root.OpenSubKey($own)
        $fact = @{ provider = [string]$key.GetValue('ProviderID') }
        $fact['thumbprint'] = [string]$key.GetValue('DMPCertThumbPrint')
        $key.Close()
        foreach ($name in $names) {
            if ($name -ne $own) {
                $other = $root.OpenSubKey($name)
                if ([string]$other.GetValue('DMPCertThumbPrint') -eq $fact['thumbprint']) { $fact['thumbprint'] = '' }
                $other.Close()
            }
        }
    }
    $root.Close()
    return $fact
}

function Test-MdmCertificate($Certificate, $Fact) {
    if (-not $Fact['thumbprint'] -or $Certificate.Thumbprint -ne $Fact['thumbprint']) { return $false }
    # Intune's own authorities. Of another provider's nobody knows the name, but it is not the one of the join.
    if ($Fact['provider'] -ceq 'MS DM Server') {
        foreach ($name in 'Microsoft Intune', 'Microsoft Device Management Device CA', 'SC_Online_Issuing') {
            if (Test-Issuer $Certificate $name) { return $true }
        }
        return $false
    }
    return -not (Test-Issuer $Certificate 'MS-Organization-')
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
        [void](Remove-ChildKey $Part['where'].Substring(5) $Part['name'])
    }
}

function enrollment_remove($Ask) {
    Assert-System
    $id = [string]$Ask['id']
    if ($id -cnotmatch '\A[0-9A-Fa-f]{8}(-[0-9A-Fa-f]{4}){3}-[0-9A-Fa-f]{12}\z') {
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
