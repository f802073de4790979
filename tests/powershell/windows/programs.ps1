# Copyright (c) 2026, winops.entra contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
#
# Native programs and the cmdlets of provisioning. What they say is a rule of the description (programs), or comes from an
# executable of that name in native/ below WINOPS_PROOF, which may change the description.

${function:Invoke-RealNative} = ${function:Invoke-Native}

function Invoke-Native([string]$Program, [string]$Arguments, [int]$Seconds) {
    if ($Program -clike '*powershell.exe') { return Invoke-ProofUnregistration $Arguments $Seconds }
    $said = Find-ProgramRule ([IO.Path]::GetFileName($Program)) $Arguments
    if ($null -ne $said) {
        $text = ([string]$said['text']).Replace('{arguments}', $Arguments)
        return @{ exit_code = [int]$said['exit_code']; text = $text }
    }
    return Invoke-ProofProgram $Program $Arguments $Seconds
}

function Invoke-ProofUnregistration([string]$Arguments, [int]$Seconds) {
    # What runs in a PowerShell of its own is a call of a library that only Windows has: really run where a rule says so.
    if ($null -ne (Find-ProgramRule 'powershell.exe' '')) {
        return Invoke-RealNative $env:WINOPS_PROOF_POWERSHELL $Arguments $Seconds
    }
    try {
        [void](Invoke-ProofCmdlet 'UnregisterDeviceWithManagement' @($env:WINOPS_ENTRA_ENROLLMENT))
        return @{ exit_code = 0; text = '' }
    }
    catch {
        $cause = Get-Cause $_
        if ($cause -is [TimeoutException]) { Stop-Operation TimeoutException "$($cause.Message) ($Seconds s)" }
        return @{ exit_code = $cause.HResult; text = '' }
    }
}

function Import-ProvisioningModule { return $null -ne (Get-Windows 'provisioning') }

function Get-FileVersion([string]$Path) {
    # The programs here are a text: MZ, a name, a version.
    return [IO.File]::ReadAllText($Path).Split([char]' ')[2]
}

function Get-AppxPackage {
    [CmdletBinding()]
    param([switch]$AllUsers, [string]$Name)
    Assert-Open 'filtered'
    $apps = Get-Windows 'apps'
    if ($null -eq $apps) { throw [CmdletException]::new("Nobody knows Store apps here ($AllUsers)", 0) }
    foreach ($app in $apps) {
        if ($app['name'] -ceq $Name) {
            [PSCustomObject]@{ Name = $app['name']; Version = $app['version']; InstallLocation = $app['place'] }
        }
    }
}

function Get-ProvisioningPackage {
    [CmdletBinding()]
    param([switch]$AllInstalledPackages)
    return Get-ProofPackage
}

function Install-ProvisioningPackage {
    [CmdletBinding()]
    param([string]$PackagePath, [switch]$QuietInstall, [switch]$ForceInstall)
    Invoke-ProofCmdlet 'Install-ProvisioningPackage' @((Convert-ToWindowsText $PackagePath), [string]$ForceInstall)
}

function Uninstall-ProvisioningPackage {
    [CmdletBinding()]
    param([string]$PackageId)
    Invoke-ProofCmdlet 'Uninstall-ProvisioningPackage' @($PackageId)
}

class CmdletException : Exception {
    hidden [string]$Said
    CmdletException([string]$Said, [int]$Code) {
        $this.Said = $Said
        if ($Code -ne 0) { $this.HResult = $Code }
    }
    [string] get_Message() { return $this.Said }
}

function Find-ProgramRule([string]$Program, [string]$Arguments) {
    foreach ($rule in (Get-Windows 'programs')) {
        if ($rule['program'] -ceq $Program -and $Arguments -clike $rule['arguments']) { return $rule }
    }
}

function Invoke-ProofProgram([string]$Program, [string]$Arguments, [int]$Seconds) {
    # An exit code has 32 bits on Windows and 8 elsewhere: a program that needs more of them writes it to a file.
    $own = [IO.Path]::Combine($Proof, 'native', [IO.Path]::GetFileName($Program))
    if (-not [IO.File]::Exists($Program) -or -not [IO.File]::Exists($own)) {
        throw [ComponentModel.Win32Exception]::new(2)
    }
    $env:WINOPS_PROOF_EXIT = [IO.Path]::Combine($Proof, [IO.Path]::GetRandomFileName())
    if ($env:WINOPS_PROOF_SECONDS) { $Seconds = [int]$env:WINOPS_PROOF_SECONDS }
    try {
        $run = Invoke-RealNative $own $Arguments $Seconds
        if ([IO.File]::Exists($env:WINOPS_PROOF_EXIT)) {
            $run['exit_code'] = [int]::Parse([IO.File]::ReadAllText($env:WINOPS_PROOF_EXIT), $Invariant)
        }
        return $run
    }
    finally {
        [IO.File]::Delete($env:WINOPS_PROOF_EXIT)
    }
}

function Invoke-ProofCmdlet([string]$Name, [string[]]$Values) {
    $said = Find-ProgramRule $Name ($Values -join '|')
    if ($null -eq $said) {
        $own = [IO.Path]::Combine($Proof, 'native', $Name)
        $quoted = foreach ($one in $Values) { '"{0}"' -f $one }
        if ([IO.File]::Exists($own)) { $said = ConvertFrom-JsonText (Read-ProgramOutput $own ($quoted -join ' ')) }
    }
    if ($null -eq $said) { throw [CmdletException]::new("Nobody described $Name of $Values", 0) }
    foreach ($path in $said['removes']) { Remove-Described $path }
    if ($null -ne $said['error']) {
        $type = $said['error']['type']
        $message = $said['error']['message']
        $code = [int]$said['error']['hresult']
        if ($type -clike '*COMException') { throw [Runtime.InteropServices.COMException]::new($message, $code) }
        if ($type -clike '*TimeoutException') { throw [TimeoutException]::new($message) }
        if ($type -clike '*CmdletException') { throw [CmdletException]::new($message, $code) }
        throw $message
    }
    if ($said['text']) { [PSCustomObject]@{ Result = $said['text'] } }
    'output that nobody asked for'
}

function Remove-Described([string]$Path) {
    # A key of HKLM, or a package by its id.
    if ($Path -clike 'HKLM\*') {
        $at = $Path.LastIndexOf([char]'\')
        Remove-ProofKey 'LocalMachine' $Path.Substring(5, $at - 5) $Path.Substring($at + 1)
        return
    }
    Set-Windows 'provisioning' {
        param($Provisioning, $Id)
        $left = New-List
        foreach ($one in $Provisioning['packages']) { if ($one['id'] -cne $Id) { [void]$left.Add($one) } }
        $Provisioning['packages'] = $left
    } @($Path)
}

function Read-ProgramOutput([string]$Program, [string]$Arguments) {
    $start = [Diagnostics.ProcessStartInfo]::new($Program, $Arguments)
    $start.UseShellExecute = $false
    $start.RedirectStandardOutput = $true
    $process = [Diagnostics.Process]::Start($start)
    $text = $process.StandardOutput.ReadToEnd()
    $process.WaitForExit()
    $process.Dispose()
    return $text
}

function Get-ProofPackage {
    $provisioning = Get-Windows 'provisioning'
    Assert-Open $provisioning['closed']
    if ($provisioning['broken']) { throw [CmdletException]::new('The engine does not answer', 0) }
    foreach ($one in $provisioning['packages']) {
        [PSCustomObject]@{
            PackageId = $one['id']; PackageName = $one['name']; Version = $one['version']; PackagePath = $one['path']
            IsInstalled = $one['installed']
        }
    }
}
