# Dot-sourced by the specs: a private containerd with an image of the static busybox, as $server, $session and $image.
Import-Module "$PSScriptRoot/../../Containerd.psd1" -Force

function New-BusyboxRootFs {
    $root = [IO.Directory]::CreateTempSubdirectory('pester-').FullName
    foreach ($directory in 'bin', 'etc', 'proc', 'sys', 'dev', 'tmp') { $null = New-Item -ItemType Directory "$root/$directory" }
    Copy-Item (Get-Command busybox -CommandType Application -TotalCount 1).Source "$root/bin/busybox"
    foreach ($name in 'sh', 'sleep', 'echo', 'cat', 'id', 'true', 'false', 'head', 'wc', 'env', 'hostname') {
        $null = New-Item -ItemType SymbolicLink "$root/bin/$name" -Target busybox
    }
    Set-Content "$root/etc/passwd" 'root:x:0:0:root:/:/bin/sh', 'app:x:1000:1000:app:/:/bin/sh'
    Set-Content "$root/etc/group" 'root:x:0:', 'app:x:1000:', 'audio:x:29:app'
    $root
}

function Start-SpecServer {
    $script:server = Start-CtrServer
    $script:session = $server | New-CtrSession
    $rootfs = New-BusyboxRootFs
    try { $script:image = (Import-CtrImage -RootFs $rootfs -Name spec/busybox:1).Name }
    finally { Remove-Item $rootfs -Recurse -Force }
}

function Stop-SpecServer {
    Get-CtrSession | Remove-CtrSession
    if ($server) { $server | Stop-CtrServer }
}
