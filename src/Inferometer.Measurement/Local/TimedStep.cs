using Inferometer.Core;
using Inferometer.Simulation.Requests;

namespace Inferometer.Measurement.Local;

/// <summary>A step that an engine ran.</summary>
/// <param name="Begin">When the network began, seconds.</param>
/// <param name="End">When it ended.</param>
/// <param name="Prefill">Chunks of prompts in it.</param>
/// <param name="Decode">Sequences that decode.</param>
public sealed record TimedStep(double Begin, double End, EquatableList<PrefillChunk> Prefill, EquatableList<DecodeGroup> Decode)
{
    /// <summary>What the network took.</summary>
    public double Seconds => End - Begin;

    /// <summary>Sequences in it.</summary>
    public int Sequences => Prefill.Count + Decode.Count;

    /// <summary>Its kind, for tables.</summary>
    public string Kind => KindOf(Prefill.Count, Decode.Count);

    /// <summary>The kind of a step, for tables.</summary>
    /// <param name="prompts">Chunks of prompts in it.</param>
    /// <param name="decoding">Sequences that decode.</param>
    public static string KindOf(int prompts, int decoding) => (prompts, decoding) switch
    {
        (0, 1) => "decode, one",
        (0, <= 4) => "decode, 2 to 4",
        (0, _) => "decode, 5 and more",
        (_, 0) => "prompts",
        _ => "prompts beside decode",
    };
}
