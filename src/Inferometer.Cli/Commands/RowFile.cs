using Inferometer.Cli.Hosting;
using Inferometer.Cli.Settings;
using Inferometer.Core;
using Inferometer.ModelFiles.Formats;
using Inferometer.Reports.Documents;
using Inferometer.Reports.Writers;

namespace Inferometer.Cli.Commands;

/// <summary>A table written to a file whose name says the format; it is there when it is whole.</summary>
internal static class RowFile
{
    /// <summary>What writes to a file; null where none is wanted.</summary>
    /// <param name="path">The file, .csv, or .jsonl for JSON lines.</param>
    /// <param name="option">The option that named it.</param>
    /// <exception cref="UsageException">The name ends in something else: known before any work.</exception>
    public static Action<Document>? At(string? path, string option)
    {
        if (path is null)
        {
            return null;
        }

        OutputFormat format = Path.GetExtension(path).ToUpperInvariant() switch
        {
            ".CSV" => OutputFormat.Csv,
            ".JSONL" or ".NDJSON" => OutputFormat.JsonLines,
            _ => throw new UsageException($"{option}: {Domains.Quote(path)} is not allowed; it must end in .csv or .jsonl."),
        };
        return document =>
        {
            try
            {
                using AtomicFile file = new(path);
                using (StreamWriter writer = new(file.Stream, leaveOpen: true))
                {
                    DocumentWriters.For(format, writer).Write(document);
                }

                file.Commit();
            }
            catch (Exception error) when (error is IOException or UnauthorizedAccessException)
            {
                throw new InferometerException($"{option}: {path}: cannot be written: {FileFault.Describe(error, path)}", error);
            }
        };
    }
}
