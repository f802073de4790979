# needs: folders hive properties
# Copyright (c) 2026, winops.entra contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
#
# Observing: provisioning packages.

$Observing += 'provisioning_packages'

function Import-ProvisioningModule {
    # Servers do not have it. By name, so that PowerShell 7 may take its way through Windows PowerShell.
    $folder = [IO.Path]::Combine((Get-NativeFolder), 'WindowsPowerShell\v1.0\Modules\Provisioning')
    if (-not [IO.Directory]::Exists($folder)) { return $false }
    Import-Module -Name Provisioning -ErrorAction Stop
    return $true
}

function Get-InstalledPackage {
    $packages = New-List
    foreach ($package in @(Get-ProvisioningPackage -AllInstalledPackages -ErrorAction Stop)) {
        $id = [string](Get-PropertyValue $package 'PackageId')
        if ($id) {
            [void]$packages.Add(@{
                    id = $id
                    name = [string](Get-PropertyValue $package 'PackageName')
                    version = [string](Get-PropertyValue $package 'Version')
                    path = [string](Get-PropertyValue $package 'PackagePath')
                    installed = Get-PropertyValue $package 'IsInstalled'
                })
        }
    }
    return , $packages
}

function Test-Server {
    # Client, Server or Server Core.
    $key = (Open-RegistryHive 'LocalMachine').OpenSubKey('SOFTWARE\Microsoft\Windows NT\CurrentVersion')
    $type = [string]$key.GetValue('InstallationType')
    $key.Close()
    return $type.StartsWith('Server', [StringComparison]::Ordinal)
}

function provisioning_packages($Ask) {
    $none = @{ available = $false; packages = @() }
    try {
        if (-not (Import-ProvisioningModule)) { return $none }
        return @{ available = $true; packages = (Get-InstalledPackage) }
    }
    catch {
        # Some servers have the cmdlets, and behind them nothing that would answer.
        if (Test-Server) { return $none }
        throw
    }
}
