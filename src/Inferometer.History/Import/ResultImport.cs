using System.Globalization;
using System.Text.Json;
using System.Text.Json.Nodes;
using Inferometer.Core;
using Inferometer.History.Records;
using Inferometer.Measurement.Published.Results;

namespace Inferometer.History.Import;

/// <summary>
/// Takes what other programs measured: a run for each result of a serving benchmark, and one for all tests of llama-bench that ran with the
/// same build, model and device. Equal files give equal runs, so that a file that is read twice is kept once.
/// </summary>
public static class ResultImport
{
    /// <summary>Reads a file.</summary>
    /// <param name="path">The file.</param>
    /// <param name="subject">What ran, where the file does not say; its model and system are heeded.</param>
    /// <exception cref="InferometerException">It cannot be read, or is of no program that is known.</exception>
    public static IReadOnlyList<RunRecord> Read(string path, BenchmarkSubject subject)
    {
        ArgumentException.ThrowIfNullOrEmpty(path);
        try
        {
            return Read(File.ReadAllText(path), path, new DateTimeOffset(File.GetLastWriteTimeUtc(path)), subject);
        }
        catch (Exception error) when (error is IOException or UnauthorizedAccessException)
        {
            throw new InferometerException($"{path}: cannot be read: {FileFault.Describe(error, path)}", error);
        }
    }

    /// <summary>Reads a text.</summary>
    /// <param name="text">The text.</param>
    /// <param name="name">Its file's path, for errors; the run keeps the name alone.</param>
    /// <param name="written">When it was written: the time of results that do not tell theirs.</param>
    /// <param name="subject">What ran, where the text does not say.</param>
    /// <exception cref="InferometerException">As for a file.</exception>
    public static IReadOnlyList<RunRecord> Read(string text, string name, DateTimeOffset written, BenchmarkSubject subject)
    {
        ArgumentNullException.ThrowIfNull(text);
        ArgumentNullException.ThrowIfNull(subject);
        List<ImportedRun> runs = [];
        List<JsonElement> tests = [];
        int number = 0;
        foreach ((BenchmarkProgram program, JsonElement result) in BenchmarkResultReader.Recognize(text, name))
        {
            string where = string.Create(CultureInfo.InvariantCulture, $"{name}, result {++number}");
            switch (program)
            {
                case BenchmarkProgram.LlamaBench:
                    tests.Add(result);
                    break;
                case BenchmarkProgram.VllmServing:
                    runs.Add(VllmResult.Of(result, where));
                    break;
                default:
                    runs.Add(AiPerfResult.Of(result, where));
                    break;
            }
        }

        runs.AddRange(LlamaBenchResult.Of(tests, name));
        return [.. runs.Select(run => Record(run, name, written, subject))];
    }

    private static RunRecord Record(ImportedRun run, string name, DateTimeOffset written, BenchmarkSubject subject)
    {
        JsonObject settings = run.Settings;
        settings["program"] = run.Program;
        if (run.Metrics.FirstOrDefault(m => m.Value < 0) is { } below)
        {
            throw new InferometerException(string.Create(
                CultureInfo.InvariantCulture,
                $"{name}: {below.Key} is {below.Value}; times, rates and counts that were measured are at least 0."));
        }

        return new RunRecord
        {
            Kind = RunKind.Import,
            Arm = RunArm.Measured,
            At = run.At ?? written,
            Model = subject.Model ?? run.Model ?? "unknown",
            On = subject.System ?? run.On ?? "unknown",
            Config = RunConfig.Of(settings),
            Product = run.Program,
            CommandLine = ["import", Path.GetFileName(name)],
            Metrics = run.Metrics.Count > 0 ? run.Metrics : throw new InferometerException($"{name}: it holds no figure that is known."),
            Series = run.Series,
        }.Sealed();
    }
}
