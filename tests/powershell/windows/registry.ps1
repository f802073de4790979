# Copyright (c) 2026, winops.entra contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
#
# The registry: keys of HKLM, and of the users by their SID. Classes, because their methods return arrays of one as arrays,
# like the real thing.

function Open-RegistryHive([string]$Hive) { return [ProofKey]::new($Hive, '') }

class ProofKey {
    [string]$Hive
    [string]$Path
    [bool]$Writable
    ProofKey([string]$Hive, [string]$Path) {
        $this.Hive = $Hive
        $this.Path = $Path
    }
    hidden [object] Node() { return Find-ProofKey (Get-Windows 'registry') $this.Hive $this.Path }
    [string[]] GetValueNames() { return [string[]]@($this.Node()['values'].get_Keys()) }
    [string[]] GetSubKeyNames() { return [string[]]@($this.Node()['keys'].get_Keys()) }
    [object] GetValue([string]$Name) {
        $found = $this.Node()
        return ConvertFrom-RegistryPair $found['values'] $Name $true
    }
    [object] GetValue([string]$Name, [object]$Missing, [object]$Options) {
        $found = $this.Node()
        return ConvertFrom-RegistryPair $found['values'] $Name ($Options -cne 'DoNotExpandEnvironmentNames')
    }
    [object] OpenSubKey([string]$Path, [bool]$Writable) {
        $key = [ProofKey]::new($this.Hive, ($this.Path + '\' + $Path).Trim([char]'\'))
        if ($null -eq $key.Node()) { return $null }
        $key.Writable = $Writable
        Add-ProofHandle $key
        return $key
    }
    [object] OpenSubKey([string]$Path) { return $this.OpenSubKey($Path, $false) }
    [object] CreateSubKey([string]$Path) {
        $key = [ProofKey]::new($this.Hive, ($this.Path + '\' + $Path).Trim([char]'\'))
        New-ProofKey $key.Hive $key.Path
        $key.Writable = $true
        Add-ProofHandle $key
        return $key
    }
    [void] SetValue([string]$Name, [object]$Value, [object]$Kind) {
        if ([string]$Kind -cne 'DWord') { throw [ArgumentException]::new('The runner writes numbers only') }
        $this.Change()
        Set-RegistryNumber $this.Hive $this.Path $Name $Value
    }
    [void] DeleteValue([string]$Name, [bool]$Must) {
        $this.Change()
        if ($Must -and $null -eq (Find-Name $this.GetValueNames() $Name)) {
            throw [ArgumentException]::new('No value exists with that name.')
        }
        Remove-RegistryValue $this.Hive $this.Path $Name
    }
    [void] DeleteSubKeyTree([string]$Name, [bool]$Must) {
        $this.Change()
        if ($Must -and $null -eq (Find-Name $this.GetSubKeyNames() $Name)) {
            throw [ArgumentException]::new('Cannot delete a subkey tree because the subkey does not exist.')
        }
        Remove-ProofKey $this.Hive $this.Path $Name
    }
    hidden [void] Change() {
        if (-not $this.Writable) { throw [UnauthorizedAccessException]::new('Cannot write to the registry key.') }
    }
    [void] Close() { Remove-ProofHandle $this }
    [void] Dispose() { $this.Close() }
    [string] ToString() { return $this.Path }
}

function Find-ProofKey($Registry, [string]$Hive, [string]$Path, [bool]$Create = $false) {
    # Null where there is none. What is closed is an error, as is whatever lies below it.
    $key = $Registry['HKLM']
    if ($Hive -ceq 'Users') { $key = @{ values = @{}; keys = $Registry['HKU']['users'] } }
    foreach ($name in $Path.Split([char]'\')) {
        if (-not $name) { continue }
        $spelled = Find-Name @($key['keys'].get_Keys()) $name
        if ($null -eq $spelled) {
            if (-not $Create) { return $null }
            $spelled = $name
            $key['keys'][$name] = New-Map
            $key['keys'][$name]['values'] = New-Map
            $key['keys'][$name]['keys'] = New-Map
        }
        $key = $key['keys'][$spelled]
        if ($key['gone']) { throw [IO.IOException]::new('It is marked for deletion.', 1018) }
        $closed = $key['closed']
        if ($Hive -ceq 'Users' -and $null -eq $closed) { $closed = $Registry['HKU']['closed'] }
        if ($null -eq $closed) { continue }
        try { Assert-Open $closed }
        catch { throw [Security.SecurityException]::new('Requested registry access is not allowed.') }
    }
    return $key
}

function New-ProofKey([string]$Hive, [string]$Path) {
    Assert-Open 'filtered'
    Set-Windows 'registry' { param($Registry, $Hive, $Path) Find-ProofKey $Registry $Hive $Path $true } @($Hive, $Path)
}

function Set-RegistryNumber([string]$Hive, [string]$Path, [string]$Name, [int]$Number) {
    Assert-Open 'filtered'
    Set-Windows 'registry' {
        param($Registry, $Hive, $Path, $Name, $Number)
        $values = (Find-ProofKey $Registry $Hive $Path)['values']
        $spelled = Find-Name @($values.get_Keys()) $Name
        if ($null -eq $spelled) { $spelled = $Name }
        $values[$spelled] = @('REG_DWORD', $Number)
    } @($Hive, $Path, $Name, [BitConverter]::ToUInt32([BitConverter]::GetBytes($Number), 0))
}

function Remove-RegistryValue([string]$Hive, [string]$Path, [string]$Name) {
    Assert-Open 'filtered'
    Set-Windows 'registry' {
        param($Registry, $Hive, $Path, $Name)
        $values = (Find-ProofKey $Registry $Hive $Path)['values']
        $spelled = Find-Name @($values.get_Keys()) $Name
        if ($null -ne $spelled) { $values.Remove($spelled) }
    } @($Hive, $Path, $Name)
}

function Remove-ProofKey([string]$Hive, [string]$Path, [string]$Name) {
    Assert-Open 'filtered'
    Set-Windows 'registry' {
        param($Registry, $Hive, $Path, $Name)
        $keys = (Find-ProofKey $Registry $Hive $Path)['keys']
        $spelled = Find-Name @($keys.get_Keys()) $Name
        if ($null -ne $spelled) { $keys.Remove($spelled) }
    } @($Hive, $Path, $Name)
}

function ConvertFrom-RegistryPair($Values, [string]$Name, [bool]$Expand) {
    $spelled = Find-Name @($Values.get_Keys()) $Name
    if ($null -eq $spelled) { return $null }
    $type = $Values[$spelled][0]
    $data = $Values[$spelled][1]
    # .NET gives numbers signed.
    if ($type -ceq 'REG_DWORD') { return [BitConverter]::ToInt32([BitConverter]::GetBytes([uint32]$data), 0) }
    if ($type -ceq 'REG_QWORD') {
        return [BitConverter]::ToInt64([BitConverter]::GetBytes([uint64]::Parse([string]$data, $Invariant)), 0)
    }
    if ($type -ceq 'REG_MULTI_SZ') { return , [string[]]@($data) }
    if ($type -ceq 'REG_BINARY' -or $type -ceq 'REG_NONE') { return , [Convert]::FromBase64String($data) }
    if ($type -ceq 'REG_EXPAND_SZ' -and $Expand) { return Expand-WindowsText $data }
    return $data
}
