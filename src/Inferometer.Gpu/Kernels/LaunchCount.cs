namespace Inferometer.Gpu.Kernels;

/// <summary>How many kernels a device was given to launch. Not thread-safe, as launching is not.</summary>
internal sealed class LaunchCount
{
    /// <summary>Launches so far.</summary>
    public long Value { get; private set; }

    /// <summary>Counts a kernel that is taken to be launched.</summary>
    public T Of<T>(T kernel)
    {
        Value++;
        return kernel;
    }
}
