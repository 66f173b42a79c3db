using Inferometer.History.Records;
using Parquet;
using Parquet.Schema;

namespace Inferometer.History.Export;

/// <summary>
/// Runs as Parquet: a row for each figure of each run, Zstandard. Times are timestamps of milliseconds in UTC, which readers know as such.
/// </summary>
public static class ParquetExport
{
    private const int GroupRows = 1 << 16;

    private static readonly (string Name, Func<RunRecord, RunMetric, string?> Of)[] Texts =
    [
        ("id", (r, _) => r.Id), ("kind", (r, _) => RunWords.Of(r.Kind)), ("arm", (r, _) => RunWords.Of(r.Arm)),
            ("model", (r, _) => r.Model),
        ("on", (r, _) => r.On), ("name", (r, _) => r.Name), ("tags", (r, _) => r.Tags.Count > 0 ? string.Join(',', r.Tags) : null),
        ("config", (r, _) => r.Config.Json), ("config_hash", (r, _) => r.Config.Hash), ("product", (r, _) => r.Product),
        ("tree_commit", (r, _) => r.TreeCommit), ("processor", (r, _) => r.Machine?.Processor), ("prediction_of", (r, _) => r.PredictionOf),
        ("metric", (_, m) => m.Key), ("unit", (_, m) => m.Unit),
        ("better", (_, m) => m.Better switch { Better.Higher => "higher", Better.Lower => "lower", _ => null }),
    ];

    private static readonly (string Name, Func<RunRecord, RunMetric, double?> Of)[] Numbers =
        [("value", (_, m) => m.Value), ("standard_error", (_, m) => m.StandardError)];

    /// <summary>Writes runs.</summary>
    /// <param name="runs">The runs.</param>
    /// <param name="stream">Where they are written.</param>
    /// <param name="cancellationToken">Ends the writing.</param>
    /// <returns>How many rows there are.</returns>
    public static async Task<long> WriteAsync(IReadOnlyList<RunRecord> runs, Stream stream, CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(runs);
        DataField[] texts = [.. Texts.Select(t => new DataField(t.Name, typeof(string), isNullable: true))];
        DataField[] numbers = [.. Numbers.Select(n => new DataField(n.Name, typeof(double), isNullable: true))];
        DateTimeDataField at = new(
            "at", DateTimeFormat.Timestamp, isAdjustedToUTC: true, unit: DateTimeTimeUnit.Millis, isNullable: true);
        DataField[] fields = [.. texts, at, .. numbers];
        ParquetWriter writer = await ParquetWriter.CreateAsync(
            new ParquetSchema(fields), stream, new ParquetOptions { CompressionMethod = CompressionMethod.Zstd }, append: false,
                cancellationToken)
            .ConfigureAwait(false);
        long rows = 0;
        await using (writer.ConfigureAwait(false))
        {
            foreach ((RunRecord Run, RunMetric Metric)[] part in runs.SelectMany(r => r.Metrics.Select(m => (r, m))).Chunk(GroupRows))
            {
                rows += part.Length;
                using ParquetRowGroupWriter group = writer.CreateRowGroup();
                for (int c = 0; c < texts.Length; c++)
                {
                    string?[] values = [.. part.Select(p => Texts[c].Of(p.Run, p.Metric))];
                    await group.WriteAsync(texts[c], new ArraySegment<string?>(values)!).ConfigureAwait(false);
                }

                DateTime?[] times = [.. part.Select(p => (DateTime?)p.Run.At.UtcDateTime)];
                await group.WriteAsync<DateTime>(at, times, cancellationToken: cancellationToken).ConfigureAwait(false);
                for (int c = 0; c < numbers.Length; c++)
                {
                    double?[] values = [.. part.Select(p => Numbers[c].Of(p.Run, p.Metric))];
                    await group.WriteAsync<double>(numbers[c], values, cancellationToken: cancellationToken).ConfigureAwait(false);
                }

                group.CompleteValidate();
            }
        }

        return rows;
    }
}
