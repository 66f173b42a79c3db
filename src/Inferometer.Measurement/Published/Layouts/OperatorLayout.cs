namespace Inferometer.Measurement.Published.Layouts;

/// <summary>A table of kernels, operators or steps, one a row.</summary>
internal abstract class OperatorLayout(string name, string[] required, params string[] optional)
    : MeasurementLayout(name, required, optional)
{
    /// <inheritdoc/>
    public sealed override PublishedTable Read(CsvTable table, string path)
    {
        List<OperatorMeasurement> rows = [];
        while (table.Read())
        {
            rows.Add(Row(table));
        }

        return new PublishedTable { Path = path, Layout = Name, Operators = rows };
    }

    /// <summary>Reads the current row.</summary>
    protected abstract OperatorMeasurement Row(CsvTable table);

    /// <summary>A measurement of the current row with what every table has.</summary>
    protected static OperatorMeasurement Of(
        CsvTable table, string kind, OperatorClass @class, string device, double microseconds,
        params IEnumerable<(string, double)> shape) =>
        new()
        {
            Id = IdOf(table),
            Table = table.Name,
            Line = table.Line,
            Kind = kind,
            Class = @class,
            Device = device,
            Framework = table.Text("framework"),
            Version = table.Text("version"),
            Model = table.Text("model"),
            DataType = table.Text("dtype"),
            KvDataType = table.Text("kv_dtype"),
            Shape = new OperatorShape(shape),
            Microseconds = microseconds,
            Note = table.Text("extra"),
        };

    /// <summary>The columns that are not empty, as sizes under their new names.</summary>
    protected static IEnumerable<(string, double)> Sizes(CsvTable table, params (string Column, string Name)[] columns)
    {
        foreach ((string column, string name) in columns)
        {
            if (table.Number(column) is { } value)
            {
                yield return (name, value);
            }
        }
    }
}
