using System.Globalization;
using System.Text;
using Inferometer.History.Records;

namespace Inferometer.History.Stores;

/// <summary>A filter as a condition of SQL.</summary>
internal sealed class RunQuery
{
    private readonly List<string> _conditions = [];
    private readonly List<(string Name, object? Value)> _values = [];
    private readonly string _order;

    /// <summary>Makes the condition.</summary>
    public RunQuery(RunFilter filter)
    {
        if (filter.Kinds.Count > 0)
        {
            _conditions.Add($"kind IN ({string.Join(", ", filter.Kinds.Select(k => Named(RunWords.Of(k))))})");
        }

        Add(filter.Arm is { } arm ? RunWords.Of(arm) : null, "arm = {0}");
        Add(filter.Model is { } model ? $"%{Escaped(model.ToLowerInvariant())}%" : null, "lower(model) LIKE {0} ESCAPE '\\'");
        Add(filter.Tag, "EXISTS (SELECT 1 FROM run_tags t WHERE t.run_id = runs.id AND t.tag = {0})");
        Add(filter.Name, "name = {0}");
        Add(filter.Since?.ToUnixTimeMilliseconds(), "at_ms >= {0}");
        Add(filter.Before?.ToUnixTimeMilliseconds(), "at_ms < {0}");
        Add(filter.IdPrefix is { } prefix ? Escaped(prefix.ToLowerInvariant()) + "%" : null, "id LIKE {0} ESCAPE '\\'");
        Add(filter.ConfigHash, "config_hash = {0}");
        Add(filter.PredictionOf, "prediction_of = {0}");
        if (filter.PredictionOf is null && !filter.WithPredictions)
        {
            _conditions.Add("prediction_of IS NULL");
        }

        Add(filter.PartOf, "part_of = {0}");
        if (filter.PartOf is null && !filter.WithParts)
        {
            _conditions.Add("part_of IS NULL");
        }

        // Runs of one millisecond come in a fixed order too.
        StringBuilder order = new(" ORDER BY at_ms DESC, id");
        if (filter.Limit is not null || filter.Skip > 0)
        {
            order.Append(
                CultureInfo.InvariantCulture, $" LIMIT {Named((long)(filter.Limit ?? int.MaxValue))} OFFSET {Named((long)filter.Skip)}");
        }

        _order = order.ToString();
    }

    /// <summary>From WHERE on, with the order; empty of conditions where nothing is limited.</summary>
    public string Text => (_conditions.Count > 0 ? " WHERE " + string.Join(" AND ", _conditions) : "") + _order;

    /// <summary>The values in it.</summary>
    public ReadOnlySpan<(string Name, object? Value)> Values => _values.ToArray();

    private void Add(object? value, string condition)
    {
        if (value is not null)
        {
            _conditions.Add(string.Format(CultureInfo.InvariantCulture, condition, Named(value)));
        }
    }

    private string Named(object value)
    {
        string name = string.Create(CultureInfo.InvariantCulture, $"p{_values.Count}");
        _values.Add((name, value));
        return "@" + name;
    }

    private static string Escaped(string text) => text.Replace("\\", "\\\\", StringComparison.Ordinal)
        .Replace("%", "\\%", StringComparison.Ordinal).Replace("_", "\\_", StringComparison.Ordinal);
}
