# Copyright (c) 2026, winops.entra contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
#
# Members of the group Administrators, with what ADSI says of each, and the rules for passwords.

function Get-AdministratorMember {
    $members = New-List
    foreach ($one in (Get-Windows 'administrators')) {
        $member = $one['ads'].Clone()
        if ($one['sid']) { $member['objectSid'] = ConvertFrom-SidText $one['sid'] }
        [void]$members.Add($member)
    }
    return , $members
}

function Get-SidName([string]$Sid) {
    foreach ($one in (Get-Windows 'administrators')) {
        if ($one['sid'] -ceq $Sid -and $one['name']) { return $one['name'] }
    }
    throw [InvalidOperationException]::new('Some or all identity references could not be translated.')
}

function ConvertFrom-SidText([string]$Sid) {
    # As ADSI has it: revision, how many numbers, six bytes of authority, the numbers.
    $parts = $Sid.Split([char]'-')
    $bytes = @(1, ($parts.Length - 3), 0, 0, 0, 0, 0, [int]$parts[2])
    for ($at = 3; $at -lt $parts.Length; $at++) { $bytes += [BitConverter]::GetBytes([uint32]$parts[$at]) }
    return , [byte[]]$bytes
}

function Get-AdsProperty($Member, [string]$Name) {
    # What ADSI does not have of a member is an error, inside the one that InvokeMember throws.
    if (-not $Member.ContainsKey($Name)) {
        throw [Reflection.TargetInvocationException]::new([Runtime.InteropServices.COMException]::new($Name, -2147463155))
    }
    if ($Member[$Name] -is [Collections.IDictionary]) { Assert-Open $Member[$Name]['closed'] }
    return , (ConvertFrom-Described $Member[$Name])
}

function Open-AccountRule {
    # What ADSI does not have is an empty collection of values.
    $described = Get-Windows 'account_rules'
    if ($null -eq $described) { throw [Runtime.InteropServices.COMException]::new('closed', -2147024891) }
    $rules = New-Map
    foreach ($name in 'MinPasswordLength', 'MaxPasswordAge', 'PasswordHistoryLength', 'MaxBadPasswordsAllowed',
        'AutoUnlockInterval') {
        $rules[$name] = [PSCustomObject]@{ Value = $described[$name] }
    }
    return , $rules
}
