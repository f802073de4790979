# needs: _head
# Copyright (c) 2026, winops.entra contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
#
# Folders of Windows.

function Get-NativeFolder {
    $name = 'System32'
    if ([Environment]::Is64BitOperatingSystem -and -not [Environment]::Is64BitProcess) { $name = 'Sysnative' }
    return [IO.Path]::Combine([Environment]::GetFolderPath('Windows'), $name)
}

function Get-ProgramData {
    return [Environment]::GetFolderPath('CommonApplicationData')
}
