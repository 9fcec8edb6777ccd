using System.Buffers;
using Containerd.Client.Io;

namespace Containerd.Client.Tasks;

/// <summary>
/// Carries a stream into the stdin of a started process and gives the process its end of file. The order matters (trap T11): after Start, all
/// writes, our own end closed, then CloseIO.
/// </summary>
internal sealed class StdinFeed(TaskCalls calls, string id, string execId, ProcessIo io, Stream stdin)
{
    private const int BufferSize = 64 * 1024;

    public async Task RunAsync(CancellationToken cancellationToken)
    {
        var buffer = ArrayPool<byte>.Shared.Rent(BufferSize);
        try
        {
            while (await stdin.ReadAsync(buffer.AsMemory(0, BufferSize), cancellationToken).ConfigureAwait(false) is > 0 and var count)
            {
                // A process that no longer reads its stdin is no error: "head" ends like that.
                if (!await io.WriteStdinAsync(buffer.AsMemory(0, count), cancellationToken).ConfigureAwait(false))
                    return;
            }
        }
        finally
        {
            ArrayPool<byte>.Shared.Return(buffer);
        }

        await io.CloseStdinAsync(cancellationToken).ConfigureAwait(false);
        var request = new Wire.Tasks.CloseIORequest { ContainerId = id, ExecId = execId, Stdin = true };
        try
        {
            await calls.CallAsync("close the stdin of", id, execId, o => calls.Service.CloseIOAsync(request, o), cancellationToken).ConfigureAwait(false);
        }
        catch (Exception e) when (e is NotFoundException or FailedPreconditionException or ShimGoneException)
        {
            // It has ended meanwhile, and needs no end of file any more.
        }
    }
}
