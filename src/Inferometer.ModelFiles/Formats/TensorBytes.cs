namespace Inferometer.ModelFiles.Formats;

/// <summary>The bytes of one tensor in memory. Thread-safe but for <see cref="Release"/>.</summary>
internal abstract unsafe class TensorBytes
{
    /// <summary>Path of the file that holds the tensor, for messages.</summary>
    public abstract string Path { get; }

    /// <summary>First byte.</summary>
    /// <exception cref="ObjectDisposedException">The source was disposed.</exception>
    public abstract byte* Address { get; }

    /// <summary>Where the first byte will be once somebody reads it; nothing must be read there yet.</summary>
    public virtual byte* Reserved => Address;

    /// <summary>Whether a part can be read while it is being released, and afterwards: it then comes from a file again.</summary>
    public virtual bool OutlivesRelease => false;

    /// <summary>Takes back the memory of a part; what is read nevertheless comes from the file again.</summary>
    public abstract void Release(long offset, long byteCount);
}
