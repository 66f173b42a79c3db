using Inferometer.Core;

namespace Inferometer.Measurement.Published.Layouts;

/// <summary>
/// Reads tables of published measurements. The header says which layout a file has; docs/fidelity.md lists them. Every error names the
/// file, the line and the column.
/// </summary>
public static class PublishedTableReader
{
    /// <summary>Reads a file.</summary>
    /// <exception cref="InferometerException">The file cannot be read, has no layout that is known, or a field is wrong.</exception>
    public static PublishedTable Read(string path)
    {
        ArgumentException.ThrowIfNullOrEmpty(path);
        try
        {
            using StreamReader reader = new(path);
            return Read(reader, path);
        }
        catch (Exception error) when (error is IOException or UnauthorizedAccessException)
        {
            throw new InferometerException($"{path}: cannot be read: {FileFault.Describe(error, path)}", error);
        }
    }

    /// <summary>Reads a text.</summary>
    /// <param name="reader">The text.</param>
    /// <param name="name">What error messages call it; files that belong to it are looked for beside this path.</param>
    /// <param name="readsFiles">Whether files that belong to the table may be read; without them a layout that has some is refused.</param>
    /// <exception cref="InferometerException">The text has no layout that is known, or a field is wrong.</exception>
    public static PublishedTable Read(TextReader reader, string name, bool readsFiles = true)
    {
        ArgumentNullException.ThrowIfNull(reader);
        ArgumentException.ThrowIfNullOrEmpty(name);
        if (reader.Peek() is '{' or '[')
        {
            throw new InferometerException(
                $"{name}: JSON, and a table of measurements is CSV, as docs/fidelity.md lists them. Results of benchmarks in JSON are read "
                    + "by 'inferometer calibrate' and 'inferometer import'.");
        }

        CsvTable table = new(reader, name);
        var layout = MeasurementLayout.Of(table);
        return readsFiles || !layout.HasFiles ? layout.Read(table, name) : throw new InferometerException(
            $"{name}: a table of {layout.Name} stands beside files that it names, and there are none here.");
    }
}
