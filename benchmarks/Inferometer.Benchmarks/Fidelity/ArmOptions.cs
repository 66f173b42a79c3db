using System.Globalization;
using Inferometer.Core;

namespace Inferometer.Benchmarks.Fidelity;

/// <summary>What is asked of <see cref="TwoArms"/>.</summary>
/// <param name="Folder">Where calibration and models are kept.</param>
/// <param name="Filter">Only workloads with this in their title; empty = all.</param>
/// <param name="Rounds">How often all of them are run, one after the other.</param>
/// <param name="ShowsSteps">Each step that ran is also priced by itself.</param>
internal sealed record ArmOptions(string Folder, string Filter, int Rounds, bool ShowsSteps)
{
    private const string Usage = "two-arms FOLDER [FILTER] [--rounds N] [--steps]";

    /// <summary>Reads the words behind the verb.</summary>
    /// <exception cref="InferometerException">They are others.</exception>
    public static ArmOptions Read(IReadOnlyList<string> words)
    {
        ArmOptions options = new(words[0], "", 1, false);
        for (int i = 1; i < words.Count; i++)
        {
            options = words[i] switch
            {
                "--steps" => options with { ShowsSteps = true },
                "--rounds" when i + 1 < words.Count
                    && int.TryParse(words[++i], NumberStyles.None, CultureInfo.InvariantCulture, out int rounds) && rounds > 0 =>
                    options with { Rounds = rounds },
                [not '-', ..] when options.Filter.Length == 0 => options with { Filter = words[i] },
                var other => throw new InferometerException($"two-arms: '{other}' is not allowed here; it is {Usage}."),
            };
        }

        return options;
    }
}
