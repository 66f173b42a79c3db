using Inferometer.Scheduling;

namespace Inferometer.Inference.Engine;

/// <summary>Switches single optimisations of a configuration.</summary>
internal static class OptimizationSwitches
{
    public static bool IsOn(InferenceOptions options, Optimization optimization) => optimization switch
    {
        Optimization.KvCache => options.KvCache,
        Optimization.FlashAttention => options.FlashAttention,
        Optimization.GroupedHeads => options.GroupedHeads,
        Optimization.Batching => options.Batching != BatchingMode.Off,
        Optimization.PrefixCache => options.PrefixCache,
        _ => throw new ArgumentOutOfRangeException(nameof(optimization)),
    };

    public static InferenceOptions Set(InferenceOptions options, Optimization optimization, bool isOn) => IsOn(options, optimization) == isOn ? options : optimization switch
    {
        Optimization.KvCache => options with { KvCache = isOn },
        Optimization.FlashAttention => options with { FlashAttention = isOn },
        Optimization.GroupedHeads => options with { GroupedHeads = isOn },
        Optimization.Batching => options with { Batching = isOn ? BatchingMode.Continuous : BatchingMode.Off },
        Optimization.PrefixCache => options with { PrefixCache = isOn },
        _ => throw new ArgumentOutOfRangeException(nameof(optimization)),
    };

    public static InferenceOptions AllOff(InferenceOptions options) =>
        Enum.GetValues<Optimization>().Aggregate(options, (o, optimization) => Set(o, optimization, isOn: false));
}
