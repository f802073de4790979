# Copyright (c) 2026, winops.entra contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
#
# CIM: classes of a namespace with their instances, and what BitLocker's volumes answer.

function Get-NamedProcess([string]$Name) {
    $listed = Get-Windows 'processes'
    if ($null -eq $listed) { return , [Diagnostics.Process]::GetProcessesByName($Name) }
    return , @(foreach ($one in $listed) { if ($one['name'] -eq "$Name.exe") { [ProofProcess]::new($one) } })
}

function Get-CimInstance {
    [CmdletBinding()]
    param([string]$ClassName, [string]$Namespace, [string]$Filter, [string[]]$Property, [int]$OperationTimeoutSec)
    if ($OperationTimeoutSec -lt 1) { throw [ArgumentException]::new('A question without a time limit') }
    return Select-ProofInstance $ClassName $Namespace $Filter $Property
}

function Invoke-CimMethod {
    [CmdletBinding()]
    param([object]$InputObject, [string]$MethodName, [Collections.IDictionary]$Arguments)
    if ($null -ne $InputObject.PSObject.Properties['InstanceID']) {
        return Invoke-ProofWipe $InputObject $MethodName $Arguments
    }
    return Invoke-VolumeQuestion $InputObject.DeviceID $MethodName $Arguments
}

class CimException : Exception {
    # As the real one: the native code, and in MessageId the HRESULT.
    [string]$NativeErrorCode
    [string]$MessageId
    hidden [string]$Said
    CimException([string]$Said, [string]$Code, [string]$Id) {
        $this.Said = $Said
        $this.NativeErrorCode = $Code
        $this.MessageId = $Id
    }
    [string] get_Message() { return $this.Said }
}

class ProofProcess {
    [string]$ProcessName
    [int]$Id
    ProofProcess([object]$Described) {
        $this.ProcessName = [IO.Path]::GetFileNameWithoutExtension($Described['name'])
        $this.Id = $Described['pid']
        Add-ProofHandle $this
    }
    [void] Dispose() { Remove-ProofHandle $this }
}

function Select-ProofInstance([string]$ClassName, [string]$Namespace, [string]$Filter, [string[]]$Property) {
    $given = $Namespace
    if (-not $Namespace) { $Namespace = 'root/cimv2' }
    $spaces = Get-Windows 'cim'
    $wanted = $Namespace.Replace('\', '/').Trim([char]'/')
    $space = Find-Name @($spaces.get_Keys()) $wanted
    if ($null -eq $space) { throw [CimException]::new('Invalid namespace', 'InvalidNamespace', 'HRESULT 0x8004100e') }
    try { Assert-Open $spaces[$space]['closed'] }
    catch { throw [CimException]::new('Access denied', 'AccessDenied', 'HRESULT 0x80041003') }
    $classes = $spaces[$space]['classes']
    $class = Find-Name @($classes.get_Keys()) $ClassName
    if ($null -eq $class) { throw [CimException]::new('Invalid class', 'InvalidClass', 'HRESULT 0x80041010') }
    foreach ($one in $classes[$class]) {
        # WQL: what the class does not have makes the query wrong.
        $wanted = @($Property) + @(foreach ($test in (Split-Filter $Filter)) { $test['name'] })
        foreach ($name in $wanted) {
            if ($name -and $null -eq (Find-Name @($one.get_Keys()) $name)) {
                throw [CimException]::new('Invalid query', 'InvalidQuery', 'HRESULT 0x80041017')
            }
        }
        if (Test-Filter $one $Filter) { New-ProofInstance $one "$given|$Filter|$($Property -join ',')" }
    }
}

function New-ProofInstance($Described, [string]$Asked) {
    $instance = [PSCustomObject]@{}
    foreach ($name in $Described.get_Keys()) {
        $note = [Management.Automation.PSNoteProperty]::new($name, (ConvertFrom-Described $Described[$name] $Asked))
        $instance.PSObject.Properties.Add($note)
    }
    return $instance
}

function Split-Filter([string]$Filter) {
    # NAME=VALUE and NAME=VALUE: more of WQL nobody uses.
    if (-not $Filter) { return }
    foreach ($test in ($Filter -csplit '(?i) and ')) {
        if ($test -cnotmatch '\A\s*(\w+)\s*=\s*(?:''([^'']*)''|(\w+))\s*\z') {
            throw [CimException]::new('Invalid query', 'InvalidQuery', 'HRESULT 0x80041017')
        }
        $text = [string]$Matches[2]
        if (-not $text -and $Matches.ContainsKey(3)) { $text = $Matches[3] }
        @{ name = $Matches[1]; value = $text }
    }
}

function Test-Filter($Described, [string]$Filter) {
    foreach ($test in (Split-Filter $Filter)) {
        $found = [string](ConvertFrom-Described $Described[(Find-Name @($Described.get_Keys()) $test['name'])])
        if (-not [string]::Equals($found, $test['value'], [StringComparison]::OrdinalIgnoreCase)) { return $false }
    }
    return $true
}

function Invoke-VolumeQuestion([string]$Volume, [string]$Method, $Arguments) {
    if ($Method -clike 'Get*Status' -or $Method -ceq 'GetSuspendCount') {
        return Invoke-ConversionQuestion $Volume $Method $Arguments
    }
    # GetKeyProtectors wants a type, GetKeyProtectorType an id; a number is the code that the volume fails with.
    $known = (Get-Windows 'protectors')[$Volume]
    if ($known -isnot [Collections.ArrayList]) { return [PSCustomObject]@{ ReturnValue = [uint32]$known } }
    if ($Method -ceq 'GetKeyProtectorType') {
        foreach ($one in $known) {
            if ($one['id'] -ceq $Arguments['VolumeKeyProtectorID']) {
                return [PSCustomObject]@{ ReturnValue = [uint32]0; KeyProtectorType = [uint32]$one['type'] }
            }
        }
    }
    if ($Method -cne 'GetKeyProtectors' -or $Arguments['KeyProtectorType'] -isnot [uint32]) {
        throw [ArgumentException]::new('Not what Windows takes')
    }
    $ids = [string[]]@(foreach ($one in $known) { $one['id'] })
    return [PSCustomObject]@{ ReturnValue = [uint32]0; VolumeKeyProtectorID = $ids }
}

function Invoke-ConversionQuestion([string]$Volume, [string]$Method, $Arguments) {
    # A number is the code that the volume fails with, as a locked one does.
    $known = (Get-Windows 'conversions')[$Volume]
    if ($known -isnot [Collections.IDictionary]) { return [PSCustomObject]@{ ReturnValue = [uint32]$known } }
    if ($Method -ceq 'GetSuspendCount') {
        return [PSCustomObject]@{ ReturnValue = [uint32]0; SuspendCount = [uint32]$known['SuspendCount'] }
    }
    if ($Arguments['PrecisionFactor'] -isnot [uint32]) { throw [ArgumentException]::new('Not what Windows takes') }
    return [PSCustomObject]@{
        ReturnValue = [uint32]0
        ConversionStatus = [uint32]$known['ConversionStatus']
        EncryptionPercentage = [uint32]$known['EncryptionPercentage']
    }
}

function Invoke-ProofWipe($Wipe, [string]$Method, $Arguments) {
    # What it says is a rule of the description (programs), or comes from an executable in native/ as {text} or {error}.
    if ($Wipe.InstanceID -cne 'RemoteWipe' -or $Arguments['param'] -isnot [string] -or $Arguments.get_Count() -ne 1) {
        throw [ArgumentException]::new('Not what Windows takes')
    }
    foreach ($rule in (Get-Windows 'programs')) {
        $asked = $Method + '|' + $Arguments['param']
        if ($rule['program'] -ceq 'MDM_RemoteWipe' -and $asked -clike $rule['arguments']) {
            return [PSCustomObject]@{ ReturnValue = [uint32]$rule['exit_code'] }
        }
    }
    $own = [IO.Path]::Combine($Proof, 'native', 'MDM_RemoteWipe')
    $start = [Diagnostics.ProcessStartInfo]::new($own, $Method)
    $start.UseShellExecute = $false
    $start.RedirectStandardOutput = $true
    $process = [Diagnostics.Process]::Start($start)
    $said = ConvertFrom-JsonText $process.StandardOutput.ReadToEnd()
    $process.WaitForExit()
    $process.Dispose()
    return [PSCustomObject]@{ ReturnValue = [uint32]::Parse($said['text'], $Invariant) }
}
