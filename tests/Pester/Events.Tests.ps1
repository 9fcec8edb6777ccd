BeforeAll {
    . "$PSScriptRoot/Server.ps1"
    Start-SpecServer
    $null = New-CtrContainer web -Image $image -Command sleep, 1000
    $null = Start-CtrTask web
}
AfterAll {
    Get-EventSubscriber -Force | Unregister-Event -Force
    Stop-SpecServer
}

Describe 'Watch-CtrEvent' {
    It 'misses nothing of what its script brings about' {
        $events = Watch-CtrEvent -Id web -Count 2 -Timeout 30 -ScriptBlock { Suspend-CtrTask web; Resume-CtrTask web }
        $events | Should -BeOfType Containerd.ContainerdEvent
        $events.Kind | Should -Be TaskPaused, TaskResumed
    }

    It 'ends when the next command has enough' {
        $first = Watch-CtrEvent -Timeout 30 -ScriptBlock { Suspend-CtrTask web; Resume-CtrTask web } | Select-Object -First 1
        $first.Kind | Should -Be TaskPaused
    }

    It 'takes containers from the pipeline' {
        $events = Get-CtrContainer w* | Watch-CtrEvent -Kind TaskResumed -Count 1 -Timeout 30 -ScriptBlock { Suspend-CtrTask web; Resume-CtrTask web }
        $events.ContainerId | Should -Be web
    }

    It 'shows a line for an event' {
        $null = New-CtrContainer brief -Image $image -Command sh, -c, 'exit 3'
        $text = Watch-CtrEvent -Id brief -Kind TaskExit -Count 1 -Timeout 30 -ScriptBlock { $null = Start-CtrTask brief } | Out-String -Width 100
        $text | Should -Match 'TaskExit +brief +pid \d+, exit code 3'
    }

    It 'survives serialisation' {
        $event = Watch-CtrEvent -Kind TaskPaused -Count 1 -Timeout 30 -ScriptBlock { Suspend-CtrTask web; Resume-CtrTask web }
        $copy = [System.Management.Automation.PSSerializer]::Deserialize([System.Management.Automation.PSSerializer]::Serialize($event))
        $copy.Id | Should -Be web
        $copy.Kind | Should -Be TaskPaused
        ($event | ConvertTo-Json -Depth 3 | ConvertFrom-Json).Topic | Should -Be /tasks/paused
    }
}

Describe 'Register-CtrEvent' {
    It 'runs its action until Unregister-Event' {
        $seen = [System.Collections.Generic.List[string]]::new()
        $job = Register-CtrEvent -Kind TaskPaused -SourceIdentifier pauses -MessageData $seen -Action { $Event.MessageData.Add($EventArgs.Event.Id) }
        $job | Should -BeOfType System.Management.Automation.PSEventJob
        Suspend-CtrTask web; Resume-CtrTask web
        for ($i = 0; $i -lt 300 -and $seen.Count -lt 1; $i++) { Start-Sleep -Milliseconds 100 }
        $seen | Should -Be web

        Unregister-Event -SourceIdentifier pauses
        Get-EventSubscriber -Force | Should -BeNullOrEmpty
        Suspend-CtrTask web; Resume-CtrTask web
        Start-Sleep -Milliseconds 500
        $seen.Count | Should -Be 1
        $job.State | Should -Be Stopped
    }

    It 'lets Wait-Event wait' {
        Register-CtrEvent -Kind TaskResumed -SourceIdentifier resumes
        Suspend-CtrTask web; Resume-CtrTask web
        $event = Wait-Event -SourceIdentifier resumes -Timeout 30
        $event.SourceEventArgs.Event.ContainerId | Should -Be web
        $event | Remove-Event
        Unregister-Event -SourceIdentifier resumes
    }

    It 'keeps the order of many events, one action at a time' {
        $order = [System.Collections.Generic.List[string]]::new()
        $null = Register-CtrEvent -Kind TaskPaused, TaskResumed -SourceIdentifier order -MessageData $order -Action { $Event.MessageData.Add("$($EventArgs.Event.Kind)") }
        foreach ($i in 1..25) { Suspend-CtrTask web; Resume-CtrTask web }
        for ($i = 0; $i -lt 300 -and $order.Count -lt 50; $i++) { Start-Sleep -Milliseconds 100 }
        Unregister-Event -SourceIdentifier order
        $order.Count | Should -Be 50
        for ($i = 0; $i -lt 50; $i++) { $order[$i] | Should -Be ('TaskPaused', 'TaskResumed')[$i % 2] }
    }
}

Describe 'Get-CtrStats' {
    It 'shows what a container uses' {
        $stats = Get-CtrStats web
        $stats | Should -BeOfType Containerd.ContainerStats
        $stats.CpuPercent | Should -BeGreaterOrEqual 0
        $stats.MemoryUsage | Should -BeGreaterThan 0
        $stats.Pids | Should -Be 1
        $stats | Out-String -Width 100 | Should -Match 'web +\d+\.\d\d +[\d.]+ KiB'
    }
}
