# needs: folders native
# Copyright (c) 2026, winops.entra contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
#
# Changing: the join of an Azure VM.

$Changing += 'dsregcmd_azure_vm_join'

function dsregcmd_azure_vm_join($Ask) {
    $arguments = '/AzureSecureVMJoin /debug'
    if ($Ask['mdm_id']) { $arguments += ' /MdmId ' + ([guid][string]$Ask['mdm_id']).ToString() }
    return Invoke-Native ([IO.Path]::Combine((Get-NativeFolder), 'dsregcmd.exe')) $arguments 1200
}
