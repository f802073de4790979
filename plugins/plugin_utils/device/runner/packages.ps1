# needs: errors paths processes properties provisioning
# Copyright (c) 2026, winops.entra contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
#
# Changing: provisioning packages.

$Changing += 'package_install', 'package_remove'

# Install-ProvisioningPackage stops waiting after 180 s.
$CmdletPatience = 175

function package_install($Ask) {
    $path = Resolve-AnyPath ([string]$Ask['path'])
    if (-not [IO.File]::Exists($path)) { Stop-Operation IO.FileNotFoundException "There is no package $path" }
    if (-not (Import-ProvisioningModule)) {
        Stop-Operation NotSupportedException 'This system has no provisioning cmdlets.'
    }
    $failure = @{ type = $null; message = $null; hresult = $null }
    $gaveUp = $false
    $said = ''
    $clock = [Diagnostics.Stopwatch]::StartNew()
    try {
        $force = [bool]$Ask['force']
        $output = Install-ProvisioningPackage -PackagePath $path -QuietInstall -ForceInstall:$force -ErrorAction Stop
        foreach ($result in @($output)) {
            if ($null -ne $result) { $said += [string](Get-PropertyValue $result 'Result') + "`n" }
        }
    }
    catch {
        $failure = Get-Failure $_
        # The cmdlet waits for provtool.exe and then fails, while provtool goes on.
        $engine = (processes @{ names = @('provtool.exe') })['processes']
        $goesOn = $engine.Count -gt 0 -or $failure['type'] -clike '*CmdletException'
        $gaveUp = $clock.Elapsed.TotalSeconds -ge $CmdletPatience -and $goesOn
    }
    $said = $said.Trim()
    $said = $said.Substring(0, [Math]::Min(2000, $said.Length))
    return @{ gave_up = $gaveUp; seconds = [Math]::Round($clock.Elapsed.TotalSeconds, 3); error = $failure; text = $said }
}

function package_remove($Ask) {
    # Packages are listed with and without braces; the engine is given its own spelling.
    $id = ([guid][string]$Ask['id']).ToString()
    if (-not (Import-ProvisioningModule)) {
        Stop-Operation NotSupportedException 'This system has no provisioning cmdlets.'
    }
    foreach ($package in (Get-InstalledPackage)) {
        if ($package['id'].Trim('{', '}') -eq $id) {
            $null = Uninstall-ProvisioningPackage -PackageId $package['id'] -ErrorAction Stop
            return @{ removed = $true }
        }
    }
    return @{ removed = $false }
}
