namespace Inferometer.Cpu.Rotary;

/// <summary>
/// Cosines and sines of the positions of one step, for each distinct rotary embedding of a model. Computed once per step and shared by all
/// layers.
/// </summary>
internal sealed class StepRotary
{
    private readonly RopeFrequencies[] _frequencies;
    private readonly float[][] _cosines;
    private readonly float[][] _sines;

    public StepRotary(IEnumerable<RopeFrequencies> distinct)
    {
        _frequencies = [.. distinct];
        _cosines = new float[_frequencies.Length][];
        _sines = new float[_frequencies.Length][];
        Array.Fill(_cosines, []);
        Array.Fill(_sines, []);
    }

    /// <summary>Computes the tables of a step.</summary>
    /// <param name="positions">Position of each token, [tokens].</param>
    public void Set(ReadOnlySpan<int> positions)
    {
        for (int i = 0; i < _frequencies.Length; i++)
        {
            int pairs = _frequencies[i].Pairs;
            if (_cosines[i].Length < positions.Length * pairs)
            {
                _cosines[i] = new float[positions.Length * pairs];
                _sines[i] = new float[positions.Length * pairs];
            }

            for (int token = 0; token < positions.Length; token++)
            {
                _frequencies[i].At(positions[token], _cosines[i].AsSpan(token * pairs, pairs), _sines[i].AsSpan(token * pairs, pairs));
            }
        }
    }

    /// <summary>Cosines of one token, [pairs], for the embedding numbered <paramref name="index"/>.</summary>
    public ReadOnlySpan<float> Cosines(int index, int token) => Row(_cosines[index], index, token);

    /// <summary>Sines of one token, [pairs], for the embedding numbered <paramref name="index"/>.</summary>
    public ReadOnlySpan<float> Sines(int index, int token) => Row(_sines[index], index, token);

    private ReadOnlySpan<float> Row(float[] table, int index, int token) =>
        table.AsSpan(token * _frequencies[index].Pairs, _frequencies[index].Pairs);
}
