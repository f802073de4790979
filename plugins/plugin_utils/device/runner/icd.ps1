# needs: hive paths properties
# Copyright (c) 2026, winops.entra contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
#
# Observing: where Windows Configuration Designer is.

$Observing += 'icd_find'

# The settings of Windows for desktop computers. Without it ICD.exe knows only what all Windows have in common.
$IcdStore = 'Microsoft-Desktop-Provisioning.dat'
$IcdApp = 'Microsoft.WindowsConfigurationDesigner'

function Get-FileVersion([string]$Path) {
    $version = [Diagnostics.FileVersionInfo]::GetVersionInfo($Path)
    if (-not $version.FileVersion) { return $null }
    $parts = $version.FileMajorPart, $version.FileMinorPart, $version.FileBuildPart, $version.FilePrivatePart
    return $parts -join '.'
}

function Get-IcdTool([string]$Source, [string]$Path) {
    if (-not [IO.File]::Exists($Path)) { return $null }
    $store = [IO.Path]::Combine([IO.Path]::GetDirectoryName($Path), $IcdStore)
    if (-not [IO.File]::Exists($store)) { $store = $null }
    return @{ source = $Source; path = $Path; store = $store; version = (Get-FileVersion $Path) }
}

function Find-IcdOfKit {
    $hive = Open-RegistryHive 'LocalMachine'
    # A 32-bit program has written it.
    foreach ($view in 'SOFTWARE\WOW6432Node', 'SOFTWARE') {
        $key = $hive.OpenSubKey("$view\Microsoft\Windows Kits\Installed Roots")
        if ($null -eq $key) { continue }
        $root = [string]$key.GetValue('KitsRoot10')
        $key.Close()
        if (-not $root) { continue }
        $folder = [IO.Path]::Combine((Resolve-AnyPath $root), 'Assessment and Deployment Kit',
            'Imaging and Configuration Designer')
        $tool = Get-IcdTool 'adk' ([IO.Path]::Combine($folder, 'x86', 'ICD.exe'))
        if ($null -ne $tool) { return $tool }
    }
}

function Find-IcdOfStore {
    # PowerShell 7 has this command only where it finds Windows PowerShell's.
    $ask = Get-Command -Name 'Get-AppxPackage' -ErrorAction Stop
    $newest = $null
    $found = $null
    foreach ($app in @(& $ask -AllUsers -Name $IcdApp -ErrorAction Stop)) {
        $version = [version](Get-PropertyValue $app 'Version')
        $place = [string](Get-PropertyValue $app 'InstallLocation')
        if (-not $place -or ($null -ne $newest -and $version -le $newest)) { continue }
        $tool = Get-IcdTool 'store' ([IO.Path]::Combine((Resolve-AnyPath $place), 'icd', 'ICD.exe'))
        if ($null -eq $tool) { continue }
        $newest = $version
        $found = $tool
    }
    return $found
}

function icd_find($Ask) {
    $tools = New-List
    $apps = $true
    if ($Ask['path']) {
        $tool = Get-IcdTool 'path' (Resolve-AnyPath ([string]$Ask['path']))
        if ($null -ne $tool) { [void]$tools.Add($tool) }
        return @{ tools = $tools; apps = $apps }
    }
    $tool = Find-IcdOfKit
    if ($null -ne $tool) { [void]$tools.Add($tool) }
    try {
        $tool = Find-IcdOfStore
        if ($null -ne $tool) { [void]$tools.Add($tool) }
    }
    catch {
        # A server without Store apps, or an account that may not ask for those of others.
        $apps = $false
    }
    return @{ tools = $tools; apps = $apps }
}
