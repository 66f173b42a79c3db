using Inferometer.Core;

namespace Inferometer.Inference.Constraints.Grammars;

/// <summary>How large a grammar may become: grammars come from strangers, and a repetition is written shorter than it is.</summary>
/// <param name="States">States before and after they are made deterministic, over all rules.</param>
/// <param name="Cells">Entries of the tables of transitions.</param>
internal sealed record GrammarLimits(int States, int Cells)
{
    /// <summary>Tables of up to 64 MiB.</summary>
    public static GrammarLimits Default { get; } = new(1 << 19, 1 << 24);

    /// <summary>Fails where there are more states than allowed.</summary>
    /// <exception cref="InferometerException">There are.</exception>
    public void RequireStates(long count, string origin)
    {
        if (count > States)
        {
            throw new InferometerException(
                $"{origin}: the grammar has more than {States} states; make its repetitions, lengths or lists of values smaller.");
        }
    }
}
