using System.Globalization;
using System.Text.Json;
using Inferometer.Cli;

namespace Inferometer.Benchmarks.Simulation;

/// <summary>
/// Points a second of processor time on one core, writing included, as a user's sweep has them. Aims: 50,000 estimates and 300 simulated
/// services. Verb <c>sweep-quick</c>.
/// </summary>
internal static class SweepReport
{
    private static readonly (string Name, string File, string Space)[] s_cases =
    [
        ("estimates, one deployment", "r.csv", """
            base: {model: llama-3.1-8b, on: h100}
            product: {batch: {from: 1, to: 200}, input: {from: 128, to: 128000, step: 128}}
            """),
        ("estimates, mixture, 24 deployments", "r.csv", """
            base: {model: mixtral-8x7b, on: h200}
            product: {batch: {from: 1, to: 40}, tp: [2, 4, 8], ep: [1, 2], bits: [bf16, fp8, int8, int4], input: {from: 128, to: 12800, step: 128}}
            """),
        ("the same as Parquet", "r.parquet", """
            base: {model: mixtral-8x7b, on: h200}
            product: {batch: {from: 1, to: 40}, tp: [2, 4, 8], ep: [1, 2], bits: [bf16, fp8, int8, int4], input: {from: 128, to: 12800, step: 128}}
            """),
        ("estimates, a deployment each", "r.csv", """
            base: {on: h100}
            product: {model: [llama-3.1-8b, llama-3.1-70b], memory-utilization: {from: 0.0005, to: 1, step: 0.0005}, tp: [1, 2, 4, 8]}
            """),
        ("services of 100 requests", "r.csv", """
            base: {model: llama-3.1-8b, on: h100}
            simulate: {requests: 100, output: 128}
            product: {rate: [1, 2, 4, 8], input: [256, 1024, 4096], seed: {from: 1, to: 200}}
            """),
    ];

    public static async Task<int> RunAsync()
    {
        DirectoryInfo folder = Directory.CreateTempSubdirectory("inferometer-sweep-");
        try
        {
            foreach ((string name, string file, string space) in s_cases)
            {
                string path = Path.Combine(folder.FullName, "space.yaml");
                await File.WriteAllTextAsync(path, space);
                string[] line = ["sweep", path, "-o", Path.Combine(folder.FullName, file), "--threads", "1", "-f", "json"];
                await RunAsync(line); // warm
                TimeSpan begin = Environment.CpuUsage.TotalTime;
                JsonElement outcome = await RunAsync(line);
                double seconds = (Environment.CpuUsage.TotalTime - begin).TotalSeconds;
                long points = outcome.GetProperty("points").GetInt64(), priced = outcome.GetProperty("ok").GetInt64();
                Console.WriteLine(string.Create(
                    CultureInfo.InvariantCulture,
                    $"{name,-36} {points,9:#,0} points, {100.0 * priced / points,3:0} % priced: {points / seconds,9:#,0} points/s"));
            }
        }
        finally
        {
            folder.Delete(recursive: true);
        }

        return 0;
    }

    private static async Task<JsonElement> RunAsync(string[] line)
    {
        await using StringWriter output = new();
        int code = await InferometerCommand.RunAsync(line, output, TextWriter.Null, CancellationToken.None);
        return code == 0
            ? JsonDocument.Parse(output.ToString()).RootElement
            : throw new InvalidOperationException($"'{string.Join(' ', line)}' ended with {code}");
    }
}
