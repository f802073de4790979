# Copyright (c) 2026, winops.entra contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
#
# Removals that fail: Windows does not remove a directory while a process has it as its own. WINOPS_PROOF_BUSY has the
# errors of the first removals, in their order.

${function:Remove-RealPath} = ${function:path_remove}

$ProofRemovals = @{ failed = 0 }

function path_remove($Ask) {
    $errors = ([string]$env:WINOPS_PROOF_BUSY).Split([char[]]',', [StringSplitOptions]::RemoveEmptyEntries)
    if ($ProofRemovals['failed'] -lt $errors.Length) {
        $ProofRemovals['failed'] += 1
        Stop-Operation $errors[$ProofRemovals['failed'] - 1] 'The file is being used by another process.'
    }
    return Remove-RealPath $Ask
}
