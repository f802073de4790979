# needs: run
# Copyright (c) 2026, winops.entra contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
#
# The last lines of every text that is sent to a device.

$question = ConvertFrom-JsonText (Expand-Text $Request)
$reply = ConvertTo-JsonText (Invoke-Request $question)
if ($ResultPath) {
    # Renamed when it is whole: whoever sees the file sees all of it.
    [IO.File]::WriteAllText("$ResultPath.tmp", $reply)
    [IO.File]::Move("$ResultPath.tmp", $ResultPath)
}
else {
    $line = Compress-Text $reply
    '#winops1:{0}:{1}:end#' -f $line.Length, $line
}
