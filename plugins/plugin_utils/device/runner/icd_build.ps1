# needs: as_system files icd native own_paths
# Copyright (c) 2026, winops.entra contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
#
# Changing: a package built by Windows Configuration Designer.

$Changing += 'icd_build'

# Characters of what a run prints: its end tells.
$IcdShown = 20000

# Seconds for somebody, as a virus scanner, to let go of a file.
$IcdPatience = 5

function icd_build($Ask) {
    Assert-System
    $folder = Resolve-OwnPath ([string]$Ask['folder'])
    [void](Confirm-OwnDirectory $folder)
    $none = @{ type = $null; message = $null; hresult = $null }
    $answer = @{ tool = $null; runs = (New-List); files = (New-List); left = (New-List); error = $none }
    $before = Get-IcdTrace
    try {
        $tool = Select-IcdTool ([string]$Ask['source'])
        if ($null -ne $tool) {
            $answer['tool'] = $tool
            Write-IcdInput $folder $tool ([string]$Ask['customizations'])
            [void]$answer['runs'].Add((Invoke-Icd $tool $folder 'package' '' ([int]$Ask['timeout'])))
            if ($Ask['encrypted']) {
                [void]$answer['runs'].Add((Invoke-Icd $tool $folder 'encrypted' ' +Encrypted' ([int]$Ask['timeout'])))
            }
        }
    }
    catch {
        $answer['error'] = Get-Failure $_
    }
    foreach ($path in [IO.Directory]::GetFileSystemEntries($folder)) {
        $name = [IO.Path]::GetFileName($path)
        if ([IO.File]::Exists($path) -and $name -cmatch '\A(package|encrypted)\.[a-z]+\z') {
            [void]$answer['files'].Add(
                @{ name = $name; size = [IO.FileInfo]::new($path).Length; sha256 = (Get-FileSha256 $path) })
        }
        elseif (-not (Remove-Surely $path)) { [void]$answer['left'].Add($path) }
    }
    foreach ($path in (Get-IcdTrace)) {
        if ($before -ccontains $path) { continue }
        if (Remove-Surely $path) { Remove-IcdFolder $path } else { [void]$answer['left'].Add($path) }
    }
    return $answer
}

function Select-IcdTool([string]$Source) {
    foreach ($tool in (icd_find @{})['tools']) {
        if ($tool['source'] -ceq $Source -and $tool['store_file']) { return $tool['path'] }
    }
}

function Write-IcdInput([string]$Folder, [string]$Tool, [string]$Customizations) {
    $bytes = [Convert]::FromBase64String($Customizations)
    [IO.File]::WriteAllBytes([IO.Path]::Combine($Folder, 'customizations.xml'), $bytes)
    $store = [IO.Path]::Combine($Folder, 'store.dat')
    [IO.File]::Copy([IO.Path]::Combine([IO.Path]::GetDirectoryName($Tool), $IcdStore), $store, $true)
    # A copy is as read-only as what was copied, and cannot be removed then.
    [IO.File]::SetAttributes($store, [IO.FileAttributes]::Normal)
    [void][IO.Directory]::CreateDirectory([IO.Path]::Combine($Folder, 'temp'))
}

function Invoke-Icd([string]$Tool, [string]$Folder, [string]$Name, [string]$More, [int]$Seconds) {
    $paths = foreach ($file in 'customizations.xml', "$Name.ppkg", 'store.dat') { [IO.Path]::Combine($Folder, $file) }
    $arguments = '/CustomizationXML:"{0}" /PackagePath:"{1}" /StoreFile:"{2}" +Overwrite' -f $paths
    $kept = @{ TEMP = $env:TEMP; TMP = $env:TMP }
    $private = [IO.Path]::Combine($Folder, 'temp')
    $env:TEMP = $private
    $env:TMP = $private
    try {
        $run = Invoke-Native $Tool ('/Build-ProvisioningPackage ' + $arguments + $More) $Seconds
        $text = $run['text']
        $run['text'] = $text.Substring([Math]::Max(0, $text.Length - $IcdShown))
        return $run
    }
    finally {
        $env:TEMP = $kept['TEMP']
        $env:TMP = $kept['TMP']
    }
}

function Get-IcdTrace {
    # Files of logs and projects. A 32-bit program finds SYSTEM's documents elsewhere than a 64-bit one.
    $found = New-List
    foreach ($system in 'System32', 'SysWOW64') {
        $documents = [IO.Path]::Combine([IO.Path]::GetDirectoryName((Get-NativeFolder)), $system, 'config',
            'systemprofile', 'Documents')
        if (-not [IO.Directory]::Exists($documents)) { continue }
        foreach ($own in [IO.Directory]::GetDirectories($documents, 'Windows*Configuration Designer*')) {
            foreach ($file in [IO.Directory]::GetFiles($own, '*', 'AllDirectories')) { [void]$found.Add($file) }
        }
    }
    return , $found
}

function Remove-Surely([string]$Path) {
    # Whether it is gone in the end.
    $clock = [Diagnostics.Stopwatch]::StartNew()
    while ($true) {
        try {
            $attributes = Get-PathAttribute $Path
            if ($null -eq $attributes) { return $true }
            if ($attributes.HasFlag([IO.FileAttributes]::Directory)) { [IO.Directory]::Delete($Path, $true) }
            else { [IO.File]::Delete($Path) }
        }
        catch {
            if ($clock.Elapsed.TotalSeconds -gt $IcdPatience) { return $false }
            [Threading.Thread]::Sleep(200)
        }
    }
}

function Remove-IcdFolder([string]$Path) {
    # Folders above a file that is gone, up to SYSTEM's documents: Windows refuses one in which something lies.
    try {
        while ([IO.Path]::GetFileName(($Path = [IO.Path]::GetDirectoryName($Path))) -cne 'Documents') {
            [IO.Directory]::Delete($Path)
        }
    }
    catch {
        return
    }
}
