using System.Globalization;

namespace Inferometer.Simulation.Fitting;

/// <summary>Fifths of a table that are drawn by names: a hash instead of a drawn number, so that equal tables give equal parts.</summary>
public static class Folds
{
    private const int Count = 5;

    /// <summary>The part that a name is in, such as <c>part 2 of 5</c>.</summary>
    public static string Of(string name)
    {
        ArgumentNullException.ThrowIfNull(name);
        return string.Create(CultureInfo.InvariantCulture, $"part {(Hash(name) % Count) + 1} of {Count}");
    }

    // FNV-1a with its bits stirred once more, as the low ones alone follow the last letter.
    private static uint Hash(string text)
    {
        uint hash = 2166136261;
        foreach (char letter in text)
        {
            hash = (hash ^ letter) * 16777619;
        }

        hash ^= hash >> 16;
        hash *= 0x7feb352d;
        return hash ^ (hash >> 15);
    }
}
