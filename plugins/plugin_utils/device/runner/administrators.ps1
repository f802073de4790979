# needs: errors facts
# Copyright (c) 2026, winops.entra contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
#
# Observing: local administrators.

$Observing += 'local_administrators'

function Get-AdsProperty($Member, [string]$Name) {
    return , $Member.GetType().InvokeMember($Name, [Reflection.BindingFlags]::GetProperty, $null, $Member, $null)
}

function Get-AdministratorMember {
    # Get-LocalGroupMember fails as a whole at the first member that nobody can resolve, and a join adds two of those.
    # ADSI lists them all; it wants the group's name in the language of this Windows.
    $group = ([Security.Principal.SecurityIdentifier]$Administrators).Translate([Security.Principal.NTAccount]).Value
    $directory = [ADSI]('WinNT://./{0},group' -f $group.Split('\')[-1])
    return , @($directory.psbase.Invoke('Members'))
}

function Get-SidName([string]$Sid) {
    return ([Security.Principal.SecurityIdentifier]$Sid).Translate([Security.Principal.NTAccount]).Value
}

function ConvertTo-SidText([byte[]]$Bytes) {
    # Revision, how many numbers, six bytes of authority, then the numbers (MS-DTYP).
    if ($Bytes.Length -ne 8 + 4 * $Bytes[1]) { Stop-Operation FormatException 'This is no SID.' }
    $authority = [long]0
    for ($at = 2; $at -lt 8; $at++) { $authority = $authority * 256 + $Bytes[$at] }
    $text = 'S-{0}-{1}' -f $Bytes[0], $authority
    for ($at = 0; $at -lt $Bytes[1]; $at++) { $text += '-' + [BitConverter]::ToUInt32($Bytes, 8 + 4 * $at) }
    return $text
}

function Get-MemberSid($Member) {
    # Of one that nobody can resolve the address ends with the SID. Without any of both it stands for itself.
    try {
        return ConvertTo-SidText (Get-AdsProperty $Member 'objectSid')
    }
    catch {
        $address = [string](Get-AdsProperty $Member 'ADsPath')
        if ($address -cmatch 'S-1-[0-9-]+\z') { return $Matches[0] }
        return $address
    }
}

function Get-AdministratorEntry {
    $entries = New-List
    foreach ($member in (Get-AdministratorMember)) {
        $sid = Get-MemberSid $member
        try {
            $name = Get-SidName $sid
        }
        catch {
            # Deleted, of Entra, or of a domain that does not answer. Nobody decides by the name.
            $name = $null
        }
        [void]$entries.Add(@{ sid = $sid; name = $name; member = $member })
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
        # 0x8000500d: an account without an end has no such property. Whatever else fails says nothing about an end.
        if ((Get-Cause $_).HResult -eq -2147463155) { return $false }
        return $null
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
        $machine = $account.Key -creplace '-[0-9]+\z', ''
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
            $ended = Test-AccountEnded $entry['member']
            if ($account.Disabled -or $ended) { $fact['enabled'] = $false }
            elseif ($null -ne $ended) { $fact['enabled'] = $true }
            $fact['locked'] = [bool]$account.Lockout
            $fact['password_expired'] = Test-PasswordExpired $entry['member']
        }
        [void]$members.Add($fact)
    }
    return @{ machine_sid = $machine; members = $members }
}
