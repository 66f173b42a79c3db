namespace Inferometer.Benchmarks.Load;

/// <summary>A connection whose client wants to know when it hands bytes over and when it gets some.</summary>
/// <param name="inner">The connection.</param>
/// <param name="writes">Told before bytes are handed over.</param>
/// <param name="read">Told after bytes came.</param>
internal sealed class StampedStream(Stream inner, Action writes, Action read) : Stream
{
    public override bool CanRead => true;

    public override bool CanSeek => false;

    public override bool CanWrite => true;

    public override long Length => throw new NotSupportedException();

    public override long Position
    {
        get => throw new NotSupportedException();
        set => throw new NotSupportedException();
    }

    public override void Flush() => inner.Flush();

    public override Task FlushAsync(CancellationToken cancellationToken) => inner.FlushAsync(cancellationToken);

    public override int Read(byte[] buffer, int offset, int count)
    {
        int bytes = inner.Read(buffer, offset, count);
        read();
        return bytes;
    }

    public override async ValueTask<int> ReadAsync(Memory<byte> buffer, CancellationToken cancellationToken = default)
    {
        int bytes = await inner.ReadAsync(buffer, cancellationToken).ConfigureAwait(false);
        if (buffer.Length > 0)
        {
            read();
        }

        return bytes;
    }

    public override void Write(byte[] buffer, int offset, int count)
    {
        writes();
        inner.Write(buffer, offset, count);
    }

    public override ValueTask WriteAsync(ReadOnlyMemory<byte> buffer, CancellationToken cancellationToken = default)
    {
        writes();
        return inner.WriteAsync(buffer, cancellationToken);
    }

    public override long Seek(long offset, SeekOrigin origin) => throw new NotSupportedException();

    public override void SetLength(long value) => throw new NotSupportedException();

    protected override void Dispose(bool disposing)
    {
        if (disposing)
        {
            inner.Dispose();
        }

        base.Dispose(disposing);
    }
}
