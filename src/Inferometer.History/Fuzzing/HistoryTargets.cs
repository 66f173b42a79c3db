using System.Text;
using Inferometer.History.Import;
using Inferometer.Measurement.Fuzzing;
using Inferometer.Measurement.Published.Results;
using Inferometer.ModelFiles.Fuzzing;

namespace Inferometer.History.Fuzzing;

/// <summary>The reader of results that a history takes over.</summary>
public static class HistoryTargets
{
    /// <summary>Results of llama-bench, vLLM and AIPerf, as runs.</summary>
    public static FuzzTarget Import => new("import", static () => [.. MeasurementTargets.Results.Seeds.Where(IsJson)], static input =>
        _ = ResultImport.Read(Encoding.UTF8.GetString(input), "fuzzed", DateTimeOffset.UnixEpoch, new BenchmarkSubject()));

    /// <summary>All of the above.</summary>
    public static IReadOnlyList<FuzzTarget> All => [Import];

    private static bool IsJson(byte[] seed) => seed[0] is (byte)'{' or (byte)'[';
}
