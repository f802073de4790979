# needs: nothing
# Copyright (c) 2026, winops.entra contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
#
# The first lines of every text that is sent to a device.
#   Request     base64 of gzip of the UTF-8 JSON request
#   Self        this text as it travels (base64 of gzip), for jobs
#   ResultPath  jobs only: the answer goes to this file instead of the output

param([string]$Request, [string]$Self, [string]$ResultPath)

Set-StrictMode -Version 2
$ErrorActionPreference = 'Stop'
$ProgressPreference = 'SilentlyContinue'
$WarningPreference = 'SilentlyContinue'

# [Type]::new, not New-Object: that one loads a module, a quarter of a second that no task would get anything for.

# Every operation is the function of the same name; nothing else can be called from outside. Each part adds its own.
$Observing = @()
$Changing = @()

$Invariant = [Globalization.CultureInfo]::InvariantCulture

function New-Map {
    # Ordinal: names that come from outside may differ in case only, and Turkish has its own idea of i and I.
    # Always index maps with ['name']: a key named keys, values or count hides the property of that name.
    return [Collections.Hashtable]::new([StringComparer]::Ordinal)
}

function New-List {
    return , [Collections.ArrayList]::new()
}
