using System.Globalization;

namespace Inferometer.Sweeps.Rows;

/// <summary>One column of results in memory: numbers, or texts where some value is none.</summary>
/// <param name="key">Name of the column.</param>
internal sealed class ResultValues(string key)
{
    private readonly Dictionary<string, string> _pool = new(StringComparer.Ordinal);
    private List<double> _numbers = [];
    private List<string?>? _texts;

    public string Key => key;

    public int Count => _texts?.Count ?? _numbers.Count;

    /// <summary>All values are numbers, or missing.</summary>
    public bool IsNumeric => _texts is null;

    /// <summary>The number of a row; null where it has none.</summary>
    public double? Number(int row) => _texts is null && !double.IsNaN(_numbers[row]) ? _numbers[row] : null;

    /// <summary>The text of a row; null where it has no value.</summary>
    public string? Text(int row) => _texts is { } texts ? texts[row]
        : double.IsNaN(_numbers[row]) ? null : _numbers[row].ToString(CultureInfo.InvariantCulture);

    public void Add(double? value)
    {
        if (_texts is null)
        {
            _numbers.Add(value ?? double.NaN);
        }
        else
        {
            _texts.Add(value?.ToString(CultureInfo.InvariantCulture));
        }
    }

    /// <summary>Adds a text; one that is a number counts as such as long as all do.</summary>
    public void Add(ReadOnlySpan<char> value)
    {
        if (value.IsEmpty)
        {
            Add((double?)null);
        }
        else if (_texts is null && double.TryParse(value, NumberStyles.Float, CultureInfo.InvariantCulture, out double number))
        {
            _numbers.Add(number);
        }
        else
        {
            AddText(value.ToString());
        }
    }

    /// <summary>Adds a text, whatever it looks like.</summary>
    public void AddText(string? value)
    {
        if (value is null)
        {
            Add((double?)null);
            return;
        }

        if (_texts is null)
        {
            List<string?> texts = new(_numbers.Count);
            for (int row = 0; row < _numbers.Count; row++)
            {
                texts.Add(Text(row));
            }

            (_texts, _numbers) = (texts, []);
        }

        if (!_pool.TryGetValue(value, out string? pooled))
        {
            _pool[value] = pooled = value;
        }

        _texts.Add(pooled);
    }
}
