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

function Get-AdministratorEntry {
    # Get-LocalGroupMember fails as a whole at the first member that nobody can resolve, and a join adds two of those.
    # ADSI lists them all; it wants the group's name in the language of this Windows.
    $group = ([Security.Principal.SecurityIdentifier]$Administrators).Translate([Security.Principal.NTAccount]).Value
    $directory = [ADSI]('WinNT://./{0},group' -f $group.Split('\')[-1])
    $entries = New-List
    foreach ($member in @($directory.psbase.Invoke('Members'))) {
        $sid = [Security.Principal.SecurityIdentifier]::new([byte[]](Get-AdsProperty $member 'objectSid'), 0)
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
            $fact['enabled'] = -not $account.Disabled -and -not (Test-AccountEnded $entry['member'])
            $fact['locked'] = [bool]$account.Lockout
            $fact['password_expired'] = Test-PasswordExpired $entry['member']
        }
        [void]$members.Add($fact)
    }
    return @{ machine_sid = $machine; members = $members }
}
