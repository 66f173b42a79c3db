namespace Inferometer.ModelFiles.Quantization;

/// <summary>What the formats of 32 values take their scale from.</summary>
internal static class BlockRange
{
    /// <summary>The value farthest from zero, with its sign; the first of several.</summary>
    public static float SignedExtreme(ReadOnlySpan<float> values)
    {
        float extreme = 0;
        foreach (float value in values)
        {
            if (MathF.Abs(value) > MathF.Abs(extreme))
            {
                extreme = value;
            }
        }

        return extreme;
    }

    /// <summary>Smallest and largest value.</summary>
    public static (float Smallest, float Largest) Of(ReadOnlySpan<float> values)
    {
        float smallest = values[0], largest = values[0];
        foreach (float value in values)
        {
            smallest = MathF.Min(smallest, value);
            largest = MathF.Max(largest, value);
        }

        return (smallest, largest);
    }
}
