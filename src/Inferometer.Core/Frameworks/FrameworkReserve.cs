namespace Inferometer.Core.Frameworks;

/// <summary>Memory that a framework leaves free beside weights and cache, from which its share follows. Sizes in bytes.</summary>
/// <param name="FixedBytes">Whatever the deployment is.</param>
/// <param name="BytesPerStepToken">For every token of the largest step.</param>
/// <param name="BytesPerSequence">For every sequence of the largest step.</param>
/// <param name="BytesPerDevice">For every device of the group.</param>
/// <param name="LeastBytes">Never less than this on devices of at least <paramref name="LeastFromBytes"/>.</param>
/// <param name="LeastFromBytes">See <paramref name="LeastBytes"/>.</param>
public sealed record FrameworkReserve(
    double FixedBytes, double BytesPerStepToken, double BytesPerSequence, double BytesPerDevice, double LeastBytes, double LeastFromBytes)
{
    /// <summary>What is left free.</summary>
    /// <param name="memoryBytes">Memory of the device.</param>
    /// <param name="size">The steps.</param>
    /// <param name="devices">Devices of the group.</param>
    public double Bytes(double memoryBytes, FrameworkSize size, int devices)
    {
        ArgumentNullException.ThrowIfNull(size);
        double sum = FixedBytes + (BytesPerStepToken * size.StepTokens) + (BytesPerSequence * size.Sequences) + (BytesPerDevice * devices);
        return memoryBytes >= LeastFromBytes ? Math.Max(sum, LeastBytes) : sum;
    }
}
