# needs: as_system files native own_directories
# Copyright (c) 2026, winops.entra contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
#
# Changing: a package built by Windows Configuration Designer.

$Changing += 'icd_build'

# Characters of what a run prints: its end tells.
$IcdShown = 20000

# So often a path is removed, a fifth of a second apart.
$IcdAttempts = 25

function icd_build($Ask) {
    Assert-System
    $folder = Resolve-OwnPath ([string]$Ask['folder'])
    $tool = Resolve-AnyPath ([string]$Ask['tool'])
    if ([IO.Path]::GetFileName($tool) -ne 'ICD.exe') {
        Stop-Operation UnauthorizedAccessException "Refused, it is no ICD.exe: $tool"
    }
    [void](Confirm-OwnDirectory $folder)
    $turn = Enter-IcdTurn ([int]$Ask['timeout'])
    try {
        return Invoke-IcdBuild $folder $tool $Ask
    }
    finally {
        $turn.Dispose()
    }
}

function Enter-IcdTurn([int]$Seconds) {
    # One build at a time: of two nobody could tell whose log is whose. The file goes with whoever holds it.
    $path = [IO.Path]::Combine((Get-StateRoot), 'icd.turn')
    $clock = [Diagnostics.Stopwatch]::StartNew()
    while ($true) {
        try {
            return [IO.FileStream]::new($path, [IO.FileMode]::OpenOrCreate, [IO.FileAccess]::ReadWrite,
                [IO.FileShare]::None, 1, [IO.FileOptions]::DeleteOnClose)
        }
        catch {
            $cause = Get-Cause $_
            if ($cause -isnot [IO.IOException] -and $cause -isnot [UnauthorizedAccessException]) { throw }
            if ($clock.Elapsed.TotalSeconds -gt $Seconds) {
                Stop-Operation TimeoutException "Another build on this device has not ended within $Seconds s"
            }
            [Threading.Thread]::Sleep(200)
        }
    }
}

function Invoke-IcdBuild([string]$Folder, [string]$Tool, $Ask) {
    $none = @{ type = $null; message = $null; hresult = $null }
    $answer = @{ runs = (New-List); files = (New-List); left = (New-List); error = $none }
    $before = Get-IcdTrace
    try {
        if (-not [IO.File]::Exists($Tool)) { Stop-Operation IO.FileNotFoundException "There is no $Tool" }
        $stores = Write-IcdInput $Folder $Ask
        [void]$answer['runs'].Add((Invoke-Icd $Tool $Folder 'package.ppkg' $stores '' ([int]$Ask['timeout'])))
        if ($Ask['encrypted']) {
            $run = Invoke-Icd $Tool $Folder 'encrypted.ppkg' $stores ' +Encrypted' ([int]$Ask['timeout'])
            [void]$answer['runs'].Add($run)
        }
    }
    catch {
        $answer['error'] = Get-Failure $_
    }
    $built = New-List
    foreach ($path in [IO.Directory]::GetFileSystemEntries($Folder)) {
        $own = [IO.File]::Exists($path) -and [IO.Path]::GetFileName($path) -cmatch '\A(package|encrypted)\.[a-z]+\z'
        if ($own) { [void]$built.Add($path) }
        elseif (-not (Remove-Surely $path)) { [void]$answer['left'].Add($path) }
    }
    foreach ($path in (Get-IcdTrace)) {
        if ($before -ccontains $path) { continue }
        if (Remove-Surely $path) { Remove-IcdFolder $path } else { [void]$answer['left'].Add($path) }
    }
    foreach ($path in $built) {
        $file = @{ name = [IO.Path]::GetFileName($path); size = [IO.FileInfo]::new($path).Length }
        $file['sha256'] = Get-FileSha256 $path
        [void]$answer['files'].Add($file)
    }
    return $answer
}

function Write-IcdInput([string]$Folder, $Ask) {
    # Gives the stores as ICD.exe takes them: one path after the other, with commas.
    $bytes = [Convert]::FromBase64String([string]$Ask['customizations'])
    [IO.File]::WriteAllBytes([IO.Path]::Combine($Folder, 'customizations.xml'), $bytes)
    [void](Confirm-OwnDirectory ([IO.Path]::Combine($Folder, 'temp')))
    $copies = New-List
    foreach ($store in $Ask['stores']) {
        $copy = [IO.Path]::Combine($Folder, ('store{0}.dat' -f $copies.Count))
        [IO.File]::Copy((Resolve-AnyPath ([string]$store)), $copy)
        # A copy is as read-only as what was copied, and cannot be removed then.
        [IO.File]::SetAttributes($copy, [IO.FileAttributes]::Normal)
        [void]$copies.Add($copy)
    }
    return $copies -join ','
}

function Invoke-Icd([string]$Tool, [string]$Folder, [string]$Name, [string]$Stores, [string]$More, [int]$Seconds) {
    $given = [IO.Path]::Combine($Folder, 'customizations.xml'), [IO.Path]::Combine($Folder, $Name), $Stores, $More
    $switches = '/Build-ProvisioningPackage /CustomizationXML:"{0}" /PackagePath:"{1}" /StoreFile:"{2}" +Overwrite{3}'
    # Of this process, a job that ends with it.
    $private = [IO.Path]::Combine($Folder, 'temp')
    $env:TEMP = $private
    $env:TMP = $private
    $run = Invoke-Native $Tool ($switches -f $given) $Seconds
    $text = $run['text']
    $run['text'] = $text.Substring([Math]::Max(0, $text.Length - $IcdShown))
    return $run
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
    # Whether it is gone in the end. Somebody, as a virus scanner, may hold it for a moment.
    for ($attempt = 0; $attempt -lt $IcdAttempts; $attempt++) {
        try {
            $attributes = Get-PathAttribute $Path
            if ($null -eq $attributes) { return $true }
            if ($attributes.HasFlag([IO.FileAttributes]::Directory)) { [IO.Directory]::Delete($Path, $true) }
            else { [IO.File]::Delete($Path) }
        }
        catch {
            [Threading.Thread]::Sleep(200)
        }
    }
    return $false
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
