using System.Runtime.InteropServices;
using Inferometer.Core;
using Inferometer.Inference.Engine;
using Inferometer.Scheduling;

namespace Inferometer.Measurement.Ablation;

/// <summary>Which optimisations are on; the others are off. Compared by value.</summary>
[StructLayout(LayoutKind.Auto)]
public readonly record struct OptimizationConfiguration
{
    private static readonly Optimization[] Every = Enum.GetValues<Optimization>();
    private readonly int _on;

    private OptimizationConfiguration(int on) => _on = on;

    /// <summary>Everything off.</summary>
    public static OptimizationConfiguration None => default;

    /// <summary>Everything on.</summary>
    public static OptimizationConfiguration All => new((1 << Every.Length) - 1);

    /// <summary>Those that are on, in the order of the enumeration.</summary>
    public IEnumerable<Optimization> On
    {
        get
        {
            OptimizationConfiguration self = this;
            return Every.Where(self.Has);
        }
    }

    /// <summary>Names joined by a plus sign, or <c>none</c>; what <see cref="Parse"/> reads.</summary>
    public string Name => _on == 0 ? "none" : string.Join('+', On.Select(NameOf));

    /// <summary>What options have on.</summary>
    public static OptimizationConfiguration Of(InferenceOptions options)
    {
        ArgumentNullException.ThrowIfNull(options);
        return Every.Aggregate(None, (on, optimization) => IsOn(options, optimization) ? on.With(optimization) : on);
    }

    /// <summary>Name of an optimisation in words.</summary>
    public static string NameOf(Optimization optimization) => optimization switch
    {
        Optimization.KvCache => "KV cache",
        Optimization.FlashAttention => "flash attention",
        Optimization.GroupedHeads => "grouped heads",
        Optimization.Batching => "batching",
        Optimization.PrefixCache => "prefix reuse",
        _ => throw new ArgumentOutOfRangeException(nameof(optimization)),
    };

    /// <summary>Reads a <see cref="Name"/>.</summary>
    /// <exception cref="InferometerException">It names something else.</exception>
    public static OptimizationConfiguration Parse(string name)
    {
        ArgumentNullException.ThrowIfNull(name);
        OptimizationConfiguration result = None;
        foreach (string part in name is "none" ? [] : name.Split('+'))
        {
            int index = Array.FindIndex(Every, optimization => string.Equals(NameOf(optimization), part, StringComparison.Ordinal));
            result = index >= 0
                ? result.With(Every[index])
                : throw new InferometerException(
                    $"optimisations '{name}': '{part}' is not one; allowed are {string.Join(", ", Every.Select(NameOf))}, joined by +, "
                        + $"or none.");
        }

        return result;
    }

    /// <summary>Whether one is on.</summary>
    public bool Has(Optimization optimization) => (_on & (1 << (int)optimization)) != 0;

    /// <summary>The same with one on.</summary>
    public OptimizationConfiguration With(Optimization optimization) => new(_on | (1 << (int)optimization));

    /// <summary>The same with one off.</summary>
    public OptimizationConfiguration Without(Optimization optimization) => new(_on & ~(1 << (int)optimization));

    /// <summary>The same with one switched.</summary>
    public OptimizationConfiguration Toggle(Optimization optimization) => new(_on ^ (1 << (int)optimization));

    /// <summary>From everything off to this, one more on at each step.</summary>
    public IEnumerable<OptimizationConfiguration> Ladder()
    {
        OptimizationConfiguration step = None;
        yield return step;
        foreach (Optimization optimization in On)
        {
            step = step.With(optimization);
            yield return step;
        }
    }

    /// <summary>Options with exactly these on; a way of batching other than continuous stays as it is while batching is on.</summary>
    public InferenceOptions Apply(InferenceOptions options)
    {
        ArgumentNullException.ThrowIfNull(options);
        BatchingMode batching = options.Batching == BatchingMode.Off ? BatchingMode.Continuous : options.Batching;
        return options with
        {
            KvCache = Has(Optimization.KvCache),
            FlashAttention = Has(Optimization.FlashAttention),
            GroupedHeads = Has(Optimization.GroupedHeads),
            Batching = Has(Optimization.Batching) ? batching : BatchingMode.Off,
            PrefixCache = Has(Optimization.PrefixCache),
        };
    }

    /// <inheritdoc/>
    public override string ToString() => Name;

    private static bool IsOn(InferenceOptions options, Optimization optimization) => optimization switch
    {
        Optimization.KvCache => options.KvCache,
        Optimization.FlashAttention => options.FlashAttention,
        Optimization.GroupedHeads => options.GroupedHeads,
        Optimization.Batching => options.Batching != BatchingMode.Off,
        Optimization.PrefixCache => options.PrefixCache,
        _ => throw new ArgumentOutOfRangeException(nameof(optimization)),
    };
}
