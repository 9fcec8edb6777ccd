using System.Management.Automation.Host;

namespace Containerd.EngineHost;

/// <summary>The console's measures, for the formatting of tables; nothing of it can be changed.</summary>
internal sealed class ScriptRawUserInterface : PSHostRawUserInterface
{
    private static readonly Size SizeOfAFile = new(140, 50);

    public override Size BufferSize
    {
        // Some terminals (a CI's, script's) have no size.
        get => Console.IsOutputRedirected || Console.WindowWidth == 0 ? SizeOfAFile : new Size(Console.WindowWidth, Console.WindowHeight);
        set => throw new NotSupportedException();
    }

    public override Size WindowSize
    {
        get => BufferSize;
        set => throw new NotSupportedException();
    }

    public override Size MaxPhysicalWindowSize => BufferSize;

    public override Size MaxWindowSize => BufferSize;

    public override ConsoleColor ForegroundColor { get; set; } = ConsoleColor.Gray;

    public override ConsoleColor BackgroundColor { get; set; } = ConsoleColor.Black;

    public override Coordinates CursorPosition { get; set; }

    public override Coordinates WindowPosition { get; set; }

    public override int CursorSize { get; set; } = 1;

    public override string WindowTitle { get; set; } = "";

    public override bool KeyAvailable => false;

    public override void FlushInputBuffer() => throw new NotSupportedException();

    public override KeyInfo ReadKey(ReadKeyOptions options) => throw new NotSupportedException();

    public override BufferCell[,] GetBufferContents(Rectangle rectangle) => throw new NotSupportedException();

    public override void ScrollBufferContents(Rectangle source, Coordinates destination, Rectangle clip, BufferCell fill) => throw new NotSupportedException();

    public override void SetBufferContents(Coordinates origin, BufferCell[,] contents) => throw new NotSupportedException();

    public override void SetBufferContents(Rectangle rectangle, BufferCell fill) => throw new NotSupportedException();
}
