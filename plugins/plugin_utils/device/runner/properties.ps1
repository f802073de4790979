# needs: _head
# Copyright (c) 2026, winops.entra contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
#
# Properties of objects that may not have them.

function Get-PropertyValue($Thing, [string]$Name) {
    # Under strict mode, reading a property that is not there is an error.
    $property = $Thing.PSObject.Properties[$Name]
    if ($null -ne $property) { return $property.Value }
}
