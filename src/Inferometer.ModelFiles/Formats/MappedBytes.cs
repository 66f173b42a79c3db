namespace Inferometer.ModelFiles.Formats;

/// <summary>A stretch of a mapped file.</summary>
internal sealed unsafe class MappedBytes(MappedFile file, long start) : TensorBytes
{
    public override string Path => file.Path;

    public override byte* Address => file.Pointer + start;

    public override bool OutlivesRelease => true;

    public override void Release(long offset, long byteCount) => file.Release(start + offset, byteCount);
}
