#Requires -Version 7.4
<#
.SYNOPSIS
    From nothing to a running container and back, on a private containerd that is gone afterwards.
.DESCRIPTION
    Shows each command as you would type it at a prompt, and what the prompt shows. Needs root, and containerd, runc and a
    statically linked busybox on PATH (Debian: containerd runc busybox-static). Run it with ./build.sh Demo, or by itself
    once the module is built.
#>
$ErrorActionPreference = 'Stop'
Import-Module "$PSScriptRoot/../Containerd.psd1"

# A root file system: one static program and its many names.
$rootfs = [IO.Directory]::CreateTempSubdirectory('quickstart-').FullName
foreach ($directory in 'bin', 'etc', 'tmp', 'proc', 'sys', 'dev') { [void] [IO.Directory]::CreateDirectory("$rootfs/$directory") }
[IO.File]::Copy((Get-Command busybox -CommandType Application -TotalCount 1).Source, "$rootfs/bin/busybox")
foreach ($name in 'sh', 'ls', 'ps', 'id', 'cat', 'echo', 'sleep', 'date', 'uname', 'hostname', 'dd', 'true') {
    [void] [IO.File]::CreateSymbolicLink("$rootfs/bin/$name", 'busybox')
}
[IO.File]::WriteAllText("$rootfs/etc/passwd", "root:x:0:0:root:/:/bin/sh`napp:x:1000:1000:app:/:/bin/sh`n")
[IO.File]::WriteAllText("$rootfs/etc/group", "root:x:0:`napp:x:1000:`naudio:x:29:app`n")

$steps = @'
$server = Start-CtrServer; $server
$session = $server | New-CtrSession; $session
Import-CtrImage -RootFs $rootfs -Name demo/busybox:latest
New-CtrContainer web -Image demo/busybox:latest -Command sh, -c, 'while true; do date; sleep 1; done' -User app -Memory 64MB
Start-CtrTask web
Invoke-CtrExec web -Command id
Invoke-CtrExec web -Command uname, -a -PassThru
Get-CtrStats web
Get-CtrProcess web -Detailed
Get-CtrLog web -Tail 3
$seen = [Collections.Generic.List[object]]::new()
$null = Register-CtrEvent -Id web -MessageData $seen -Action { $Event.MessageData.Add($Event.SourceEventArgs.Event) }
Suspend-CtrTask web; Resume-CtrTask web
for ($i = 0; $seen.Count -lt 2 -and $i -lt 100; $i++) { [Threading.Thread]::Sleep(50) }; $seen
Invoke-CtrContainer -Image demo/busybox:latest -Command echo, 'made, run, gone'
Stop-CtrTask web -Timeout 2 -PassThru
Get-CtrContainer
Get-CtrContainer | Remove-CtrContainer
Remove-CtrSession $session
$server | Stop-CtrServer
'@.Split("`n")

try {
    foreach ($step in $steps) {
        "`nPS> $step" | Out-Host
        . ([scriptblock]::Create($step)) | Out-Host
    }
}
finally {
    if ($server -and [IO.Directory]::Exists($server.Directory)) { $server | Stop-CtrServer }
    [IO.Directory]::Delete($rootfs, $true)
}
