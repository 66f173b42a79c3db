using System.Globalization;

namespace Inferometer.ModelFiles.Tokenization;

/// <summary>The Unicode data normalisation needs, read once from the table in this assembly.</summary>
internal sealed class CanonicalMappings
{
    private readonly Dictionary<int, int[]> _decompositions = [];
    private readonly Dictionary<(int First, int Second), int> _compositions = [];
    private readonly Dictionary<int, byte> _classes = [];

    private CanonicalMappings()
    {
        using Stream stream = typeof(CanonicalMappings).Assembly.GetManifestResourceStream("canonical-mappings.txt")!;
        using var reader = new StreamReader(stream);
        while (reader.ReadLine() is { } line)
        {
            if (line[0] != '#')
            {
                int[] numbers =
                    [.. line[2..].Split(' ')
                        .Select(number => int.Parse(number, NumberStyles.AllowHexSpecifier, CultureInfo.InvariantCulture))];
                Add(line[0], numbers);
            }
        }
    }

    public static CanonicalMappings Instance { get; } = new();

    /// <summary>The direct decomposition of a character, one or two characters; null when it has none.</summary>
    public int[]? Decomposition(int character) => _decompositions.GetValueOrDefault(character);

    /// <summary>The canonical combining class; zero for characters that begin a new sequence.</summary>
    public byte CombiningClass(int character) => _classes.GetValueOrDefault(character);

    public bool TryCompose(int first, int second, out int composed) => _compositions.TryGetValue((first, second), out composed);

    private void Add(char kind, int[] numbers)
    {
        if (kind == 'c')
        {
            for (int character = numbers[0]; character <= numbers[1]; character++)
            {
                _classes.Add(character, (byte)numbers[2]);
            }

            return;
        }

        _decompositions.Add(numbers[0], numbers[1..]);
        if (kind == 'd' && numbers.Length == 3)
        {
            _compositions.Add((numbers[1], numbers[2]), numbers[0]);
        }
    }
}
