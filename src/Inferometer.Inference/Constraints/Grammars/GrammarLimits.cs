using Inferometer.Core;

namespace Inferometer.Inference.Constraints.Grammars;

/// <summary>How large a grammar may become: grammars come from strangers, and a repetition is written shorter than it is.</summary>
/// <param name="States">States before and after they are made deterministic, over all rules.</param>
/// <param name="Cells">Entries of the tables of transitions.</param>
/// <param name="Members">States before, over all states after, of one rule: a row of n parts that may each be left out has n states of
/// which the k-th stands for n - k.</param>
internal sealed record GrammarLimits(int States, int Cells, int Members)
{
    /// <summary>Tables of up to 64 MiB, made with as much.</summary>
    public static GrammarLimits Default { get; } = new(1 << 19, 1 << 24, 1 << 24);

    /// <summary>Fails where there are more states than allowed.</summary>
    /// <exception cref="InferometerException">There are.</exception>
    public void RequireStates(long count, string origin) => Require(count, States, "states", origin);

    /// <summary>Fails where the states stand for more states together than allowed.</summary>
    /// <exception cref="InferometerException">They do.</exception>
    public void RequireMembers(long count, string origin) => Require(count, Members, "ways to go on, over all states together", origin);

    private static void Require(long count, int most, string what, string origin)
    {
        if (count > most)
        {
            throw new InferometerException(
                $"{origin}: the grammar has more than {most} {what}; make its repetitions, lengths or lists of values smaller.");
        }
    }
}
