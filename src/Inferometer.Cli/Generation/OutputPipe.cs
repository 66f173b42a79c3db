using System.Text;
using Microsoft.Win32.SafeHandles;

namespace Inferometer.Cli.Generation;

/// <summary>
/// Standard output when it is a pipe, written so that a reader who went away is noticed: the console's own stream drops what nobody reads,
/// and a long
/// generation would go on for nothing.
/// </summary>
internal sealed class OutputPipe : IDisposable
{
    private OutputPipe(Stream stream) =>
        Writer = new StreamWriter(stream, new UTF8Encoding(encoderShouldEmitUTF8Identifier: false)) { AutoFlush = true };

    /// <summary>Writes to the pipe at once; throws <see cref="IOException"/> when nobody reads it any more.</summary>
    public StreamWriter Writer { get; }

    /// <summary>The pipe behind <paramref name="output"/>, or null when that is not standard output or not a pipe.</summary>
    public static OutputPipe? TryOpen(TextWriter output)
    {
        if (!ReferenceEquals(output, Console.Out) || !Console.IsOutputRedirected || OperatingSystem.IsWindows())
        {
            return null;
        }

        FileStream stream = new(new SafeFileHandle(1, ownsHandle: false), FileAccess.Write, bufferSize: 0);
        return stream.CanSeek ? null : new OutputPipe(stream);
    }

    public void Dispose()
    {
        try
        {
            Writer.Dispose();
        }
        catch (IOException)
        {
            // Nobody reads what was left.
        }
    }
}
