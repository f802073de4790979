# needs: _head
# Copyright (c) 2026, winops.entra contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
#
# Observing: the rules for passwords of local accounts.

$Observing += 'account_policy'

function Open-AccountRule {
    # ADSI, because what net.exe prints is in the language of this Windows, and secedit.exe writes a file.
    $directory = [ADSI]('WinNT://{0},computer' -f [Environment]::MachineName)
    return , $directory.psbase.Properties
}

function account_policy($Ask) {
    $rules = Open-AccountRule
    $names = @{
        min_length = 'MinPasswordLength'
        max_age = 'MaxPasswordAge'
        history = 'PasswordHistoryLength'
        lockout_threshold = 'MaxBadPasswordsAllowed'
        lockout = 'AutoUnlockInterval'
    }
    $found = @{}
    foreach ($name in $names.get_Keys()) {
        $found[$name] = $null
        $value = $rules[$names[$name]].Value
        # -1 is never.
        if ($null -ne $value) { $found[$name] = [long]$value }
    }
    return $found
}
