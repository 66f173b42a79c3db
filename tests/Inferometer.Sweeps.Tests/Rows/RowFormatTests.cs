using Inferometer.Core;
using Inferometer.Sweeps.Rows;

namespace Inferometer.Sweeps.Tests.Rows;

public class RowFormatTests
{
    private static readonly ResultColumn[] s_columns =
        [new("point", ColumnKind.Whole), new("bits", ColumnKind.Number), new("reason", ColumnKind.Text), new("tpot_ms", ColumnKind.Number)];

    private static readonly (long? Point, double? Bits, string? Reason, double? Tpot)[] s_rows =
    [
        (0, 0.1, null, 1.0 / 3), (1, null, "a, \"quoted\" word\nand a line", 5e-324), (2, -4, "Grüße, 漢字", double.MaxValue),
            (3, 16, "plain", 0),
        (long.MaxValue / 1024, 1e21, "\\backslash\ttab", null),
    ];

    [Theory]
    [InlineData("rows.csv")]
    [InlineData("rows.jsonl")]
    [InlineData("rows.parquet")]
    public async Task What_is_written_reads_back_equal(string name)
    {
        using ScratchFolder folder = new();
        await WriteAsync(folder[name], blocks: 3);
        ResultTable table = await ResultTable.LoadAsync(
            folder[name], ["point", "bits", "reason", "tpot_ms"], TestContext.Current.CancellationToken);
        Assert.Equal(["point", "bits", "reason", "tpot_ms"], table.Keys);
        Assert.Equal(3 * s_rows.Length, table.Rows);
        for (int row = 0; row < table.Rows; row++)
        {
            (long? point, double? bits, string? reason, double? tpot) = s_rows[row % s_rows.Length];
            Assert.Equal(point, (long?)table["point"].Number(row));
            Assert.Equal(bits, table["bits"].Number(row));
            Assert.Equal(reason, table["reason"].Text(row));
            Assert.Equal(tpot, table["tpot_ms"].Number(row));
        }
    }

    [Fact]
    public async Task Parquet_has_the_same_bytes_whatever_blocks_it_is_written_in()
    {
        using ScratchFolder folder = new();
        await WriteManyAsync(folder["one.parquet"], 100_000);
        await WriteManyAsync(folder["other.parquet"], 777);
        Assert.Equal(await BytesOf(folder["one.parquet"]), await BytesOf(folder["other.parquet"]));
        Assert.Equal(2, await GroupsOf(folder["one.parquet"]));
    }

    [Theory]
    [InlineData("broken.csv", "a,b\n1\n", "line 2: 1 fields where the header has 2")]
    [InlineData("broken.csv", "a,b\n1,\"x\n", "the closing quote is missing")]
    [InlineData("broken.csv", "", "the file is empty")]
    [InlineData("broken.jsonl", "{\"a\":1}\n[]\n", "line 2 is not a JSON object")]
    [InlineData("broken.parquet", "PAR2", "not a Parquet file")]
    [InlineData("broken.txt", "a", "it must end in .csv, .jsonl or .parquet")]
    public async Task A_damaged_file_is_named_with_its_fault(string name, string text, string said)
    {
        using ScratchFolder folder = new();
        string file = folder.Write(name, text);
        InferometerException error = await Assert.ThrowsAsync<InferometerException>(
            async () => await ResultTable.LoadAsync(file, ["a"], TestContext.Current.CancellationToken));
        Assert.Contains(said, error.Message, StringComparison.Ordinal);
    }

    private static Task<byte[]> BytesOf(string file) => File.ReadAllBytesAsync(file, TestContext.Current.CancellationToken);

    private static async Task<int> GroupsOf(string file)
    {
        int groups = 0;
        IReadOnlyList<ResultColumn> columns = await ParquetTable.ColumnsAsync(file);
        await foreach (RowBlock _ in ParquetTable.ReadAsync(file, columns, TestContext.Current.CancellationToken))
        {
            groups++;
        }

        return groups;
    }

    private static async Task WriteAsync(string file, int blocks)
    {
        await using FileStream stream = File.Create(file);
        ResultFormat format = ResultFormats.Of(file, "test");
        if (format == ResultFormat.Csv)
        {
            await stream.WriteAsync(CsvRows.Header(s_columns), TestContext.Current.CancellationToken);
        }

        await using IRowWriter writer = await RowWriters.CreateAsync(format, stream, s_columns, TestContext.Current.CancellationToken);
        RowBlock block = new(s_columns, s_rows.Length);
        for (int i = 0; i < blocks; i++)
        {
            block.Begin(s_rows.Length);
            for (int row = 0; row < s_rows.Length; row++)
            {
                (block.Whole(0)[row], block.Numbers(1)[row], block.Texts(2)[row], block.Numbers(3)[row]) = s_rows[row];
            }

            await writer.WriteAsync(block, TestContext.Current.CancellationToken);
        }

        await writer.CompleteAsync(TestContext.Current.CancellationToken);
    }

    private static async Task WriteManyAsync(string file, int blockRows)
    {
        const int Rows = 100_000;
        await using FileStream stream = File.Create(file);
        await using IRowWriter writer =
            await RowWriters.CreateAsync(ResultFormat.Parquet, stream, s_columns, TestContext.Current.CancellationToken);
        RowBlock block = new(s_columns, blockRows);
        for (int first = 0; first < Rows; first += blockRows)
        {
            int rows = Math.Min(blockRows, Rows - first);
            block.Begin(rows);
            for (int row = 0; row < rows; row++)
            {
                int at = first + row;
                (block.Whole(0)[row], block.Texts(2)[row], block.Numbers(3)[row]) = (at, at % 7 == 0 ? null : $"text {at % 100}", at / 3.0);
            }

            await writer.WriteAsync(block, TestContext.Current.CancellationToken);
        }

        await writer.CompleteAsync(TestContext.Current.CancellationToken);
    }
}
