using Inferometer.History.Export;
using Inferometer.History.Records;
using Parquet;
using Parquet.Schema;

namespace Inferometer.History.Tests.Export;

public sealed class ParquetExportTests
{
    [Fact]
    public async Task Every_figure_of_every_run_is_a_row()
    {
        CancellationToken token = TestContext.Current.CancellationToken;
        RunRecord[] runs = [SampleRuns.Bench([1, 2, 3], name: "one", tags: ["a", "b"]), SampleRuns.Bench([4, 5, 6], minutes: 1)];
        using MemoryStream stream = new();
        Assert.Equal(2, await ParquetExport.WriteAsync(runs, stream, token));
        stream.Position = 0;
        ParquetReader reader = await ParquetReader.CreateAsync(stream, leaveStreamOpen: true, cancellationToken: token);
        await using (reader.ConfigureAwait(false))
        {
            using ParquetRowGroupReader group = reader.OpenRowGroupReader(0);
            double?[] values = new double?[2];
            await group.ReadAsync<double>(reader.Schema.DataFields.Single(f => f.Name is "value"), values.AsMemory(
                ), cancellationToken: token);
            Assert.Equal([2.0, 5.0], values);
            DateTime?[] times = new DateTime?[2];
            DataField at = reader.Schema.DataFields.Single(f => f.Name is "at");
            await group.ReadAsync<DateTime>(at, times.AsMemory(), cancellationToken: token);
            Assert.Equal([SampleRuns.Start.UtcDateTime, SampleRuns.Start.AddMinutes(1).UtcDateTime], times);

            // A number of milliseconds with what it means written beside it, for readers other than this one.
            DateTimeDataField timestamp = Assert.IsType<DateTimeDataField>(at);
            Assert.Equal((DateTimeTimeUnit.Millis, true), (timestamp.Unit, timestamp.IsAdjustedToUTC));
        }
    }
}
