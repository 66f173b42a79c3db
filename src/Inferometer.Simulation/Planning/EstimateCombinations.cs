using System.Globalization;
using System.Text.Json.Nodes;
using Inferometer.Core;
using Inferometer.Simulation.Configuration;

namespace Inferometer.Simulation.Planning;

/// <summary>Estimates of which something is said several times over: every combination, or the values in step.</summary>
public sealed record EstimateCombinations
{
    /// <summary>What all of them have in common; its model and system are the first ones.</summary>
    public required EstimateRequestText Start { get; init; }

    /// <summary>Models, at least one.</summary>
    public required IReadOnlyList<string> Models { get; init; }

    /// <summary>Systems, at least one.</summary>
    public required IReadOnlyList<JsonNode> Systems { get; init; }

    /// <summary>Values of each setting that something is said of, at least one each.</summary>
    public IReadOnlyList<IReadOnlyList<SaidValue>> Settings { get; init; } = [];

    /// <summary>
    /// Every combination of the values, or in step the first of each, the second of each, and so on. Values that mean nothing beside others
    /// (drafted tokens without a draft) make estimates that say the same: each stands once.
    /// </summary>
    /// <param name="inStep">Whether values are taken in step.</param>
    /// <param name="most">How many combinations are allowed.</param>
    /// <exception cref="InferometerException">There are too many, the lists to take in step have different lengths, or what is said
    /// contradicts itself.</exception>
    public IReadOnlyList<SimulationConfig> ToConfigs(bool inStep, int most)
    {
        List<IReadOnlyList<Func<EstimateRequestText, EstimateRequestText>>> axes =
        [
            [.. Models.Select(model => (Func<EstimateRequestText, EstimateRequestText>)(r => r with { Model = model }))],
            [.. Systems.Select(system => (Func<EstimateRequestText, EstimateRequestText>)(r => r with { System = system }))],
            .. Settings.Select(Changes),
        ];
        return
        [
            .. (inStep ? InStep(Start, axes) : Product(Start, axes, most)).Select(r => r.ToConfig())
                .DistinctBy(config => config.ToNode().ToJsonString(), StringComparer.Ordinal),
        ];
    }

    private static IReadOnlyList<Func<EstimateRequestText, EstimateRequestText>> Changes(IReadOnlyList<SaidValue> values) =>
        [.. values.Select(value => (Func<EstimateRequestText, EstimateRequestText>)(r => r.With(value)))];

    private static List<EstimateRequestText> Product(
        EstimateRequestText start, List<IReadOnlyList<Func<EstimateRequestText, EstimateRequestText>>> axes, int most)
    {
        double count = axes.Aggregate(1.0, (product, axis) => product * axis.Count);
        if (count > most)
        {
            throw new InferometerException(string.Create(
                CultureInfo.InvariantCulture, $"compare: {count:#,0} combinations are too many; at most {most:#,0} are allowed."));
        }

        List<EstimateRequestText> all = [start];
        foreach (IReadOnlyList<Func<EstimateRequestText, EstimateRequestText>> axis in axes)
        {
            all = [.. from settings in all from change in axis select change(settings)];
        }

        return all;
    }

    private static List<EstimateRequestText> InStep(
        EstimateRequestText start, List<IReadOnlyList<Func<EstimateRequestText, EstimateRequestText>>> axes)
    {
        int[] lengths = [.. axes.Select(a => a.Count).Where(n => n > 1).Distinct().Order()];
        if (lengths.Length > 1)
        {
            throw new InferometerException(
                $"--zip: the lists must be of one length (or single values), but they have {string.Join(" and ", lengths)} values.");
        }

        int count = lengths.Length == 0 ? 1 : lengths[0];
        return [.. Enumerable.Range(0, count)
            .Select(i => axes.Aggregate(start, (settings, axis) => axis[axis.Count == 1 ? 0 : i](settings)))];
    }
}
