# needs: _head
# Copyright (c) 2026, winops.entra contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
#
# What failed: the exception that a method threw, and Windows' own code for it.

function Stop-Operation([string]$Type, [string]$Message) {
    $class = [type]$Type
    throw $class::new($Message)
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

function Test-OwnCode([int]$Code) {
    # Whether .NET made this code up itself: 0x8013....; 0x80004001 to 0x80004003, which a failed cast and its likes
    # have; and 0 or above, which is not a failure. Windows has nothing to say about any of them.
    return ($Code -band -65536) -eq -2146238464 -or ($Code -ge -2147467263 -and $Code -le -2147467261) -or $Code -ge 0
}

function Get-Failure($ErrorRecord) {
    # {type, message, hresult}; hresult is Windows' own code, null where there is none.
    $cause = Get-Cause $ErrorRecord
    # Whoever throws it may know better.
    if ($null -ne $cause.Data['winops']) { return $cause.Data['winops'] }
    $code = $cause.HResult
    if ($cause -is [ComponentModel.Win32Exception]) {
        # Its HResult is always E_FAIL; -2147024896 is 0x80070000.
        $code = -2147024896 -bor ($cause.NativeErrorCode -band 65535)
    }
    elseif (Test-OwnCode $code) {
        # WMI's code is in the id of its message ("HRESULT 0x80041003"), the provisioning engine's in the text.
        $text = $cause.Message
        if ($cause.GetType().Name -ceq 'CimException') { $text = [string]$cause.MessageId }
        $code = $null
        if ($text -cmatch '0x[89A-Fa-f][0-9A-Fa-f]{7}') { $code = [Convert]::ToInt32($Matches[0], 16) }
    }
    return @{ type = $cause.GetType().FullName; message = $cause.Message; hresult = $code }
}

function Test-NotFound($ErrorRecord) {
    # 0x80070002 no such file, 0x80070003 no such path
    return @(-2147024894, -2147024893) -contains (Get-Cause $ErrorRecord).HResult
}
