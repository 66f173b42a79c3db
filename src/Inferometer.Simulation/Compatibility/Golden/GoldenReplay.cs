using System.Globalization;
using System.Text.Json;
using Inferometer.Core;

namespace Inferometer.Simulation.Compatibility.Golden;

/// <summary>
/// Replays recorded cases of the reproduced simulators and compares every figure. A case is one line of JSON with <c>id</c>,
/// <c>engine</c>, <c>phase</c>, <c>inputs</c>, <c>model</c>, <c>hardware</c>, <c>status</c> and <c>outputs</c>.
/// </summary>
public static class GoldenReplay
{
    /// <summary>Replays the cases.</summary>
    /// <param name="cases">Lines of the case file; blank ones are skipped.</param>
    /// <param name="operatorRows">Lines with <c>id</c> and <c>ops</c>, joined by identity; empty = compare totals only.</param>
    /// <exception cref="InferometerException">A line is not such a case.</exception>
    public static IReadOnlyList<GoldenOutcome> Run(IEnumerable<string> cases, IEnumerable<string> operatorRows)
    {
        ArgumentNullException.ThrowIfNull(cases);
        ArgumentNullException.ThrowIfNull(operatorRows);
        Dictionary<string, string> rows = new(StringComparer.Ordinal);
        foreach (string line in operatorRows.Where(l => !string.IsNullOrWhiteSpace(l)))
        {
            using JsonDocument document = Parse(line);
            rows[document.RootElement.GetProperty("id").GetString()!] = line;
        }

        return [.. cases.Where(l => !string.IsNullOrWhiteSpace(l)).Select(l => RunCase(l, rows))];
    }

    private static GoldenOutcome RunCase(string line, Dictionary<string, string> rows)
    {
        using JsonDocument document = Parse(line);
        JsonElement root = document.RootElement;
        try
        {
            string id = root.GetProperty("id").GetString()!;
            using JsonDocument? operators = rows.TryGetValue(id, out string? row) ? Parse(row) : null;
            return Compare(id, root, operators?.RootElement.GetProperty("ops"));
        }
        catch (Exception e) when (e is KeyNotFoundException or InvalidOperationException or FormatException)
        {
            throw new InferometerException($"A golden case cannot be read: {e.Message} Line: {Shorten(line)}", e);
        }
    }

    private static GoldenOutcome Compare(string id, JsonElement root, JsonElement? operators)
    {
        string engine = root.GetProperty("engine").GetString()!;
        string phase = root.GetProperty("phase").GetString()!;
        string status = root.GetProperty("status").GetString()!;
        FieldComparison comparison = new();
        GoldenOutcome Outcome(GoldenVerdict verdict, string? reason = null) =>
            new(id, engine, phase, verdict, comparison.Count, comparison.Worst, reason ?? comparison.WorstField);

        try
        {
            if (!CompareOutputs(engine, phase, root, operators, comparison))
            {
                return Outcome(GoldenVerdict.Unsupported, $"phase '{phase}' is not reproduced");
            }
        }
        catch (InferometerException e)
        {
            // A recorded error has to be one here; anything else that is refused counts as not covered.
            return Outcome(
                string.Equals(status, "error", StringComparison.Ordinal) ? GoldenVerdict.SameError : GoldenVerdict.Unsupported, e.Message);
        }

        if (string.Equals(status, "error", StringComparison.Ordinal))
        {
            comparison.Exact("status", "error", "ok");
        }

        return Outcome(GoldenVerdict.Compared);
    }

    private static bool CompareOutputs(string engine, string phase, JsonElement root, JsonElement? operators, FieldComparison comparison)
    {
        CompatibilityDialect dialect = GoldenInputs.Dialect(engine);
        JsonElement inputs = root.GetProperty("inputs");
        JsonElement outputs = root.GetProperty("outputs");
        switch (phase)
        {
            case "prefill" or "decode" or "chunked" or "spec_decode":
                GoldenFields.Compare(Simulate(new CompatibilitySimulator(dialect), phase, root, inputs), outputs, operators, comparison);
                return true;
            case "collective":
                double seconds = CompatibilityCollectives.Seconds(
                    dialect,
                    Collective(inputs.GetProperty("op").GetString()!),
                    inputs.GetProperty("bytes").GetDouble(),
                    GoldenInputs.Integer(inputs, "ranks") ?? 2,
                    GoldenInputs.Network(inputs));
                comparison.Number(outputs, "time_ms", 1000 * seconds);
                return true;
            case "spec_expected_tokens":
                comparison.Number(outputs, "expected_tokens", ExpectedTokens.PerRound(
                    inputs.GetProperty("num_parallel_tokens").GetInt32(), inputs.GetProperty("acceptance").GetDouble()));
                return true;
            case "memory_report":
                double parameters = outputs.GetProperty("parameter_count").GetDouble();
                CompatibilityMemoryQuery query = GoldenInputs.MemoryQuery(root.GetProperty("model"), inputs, parameters);
                GoldenFields.Compare(CompatibilityMemoryEstimator.Estimate(query), outputs, comparison);
                return true;
            default:
                return false;
        }
    }

    private static CompatibilityResult Simulate(CompatibilitySimulator simulator, string phase, JsonElement root, JsonElement inputs)
    {
        CompatibilitySetup setup = GoldenInputs.Setup(root);
        if (string.Equals(phase, "chunked", StringComparison.Ordinal))
        {
            return simulator.Chunked(setup, GoldenInputs.Chunks(inputs), GoldenInputs.Decodes(inputs));
        }

        int batch = inputs.GetProperty("batch").GetInt32();
        int inputTokens = inputs.GetProperty("input_tokens").GetInt32();
        if (string.Equals(phase, "prefill", StringComparison.Ordinal))
        {
            return simulator.Prefill(setup, batch, inputTokens);
        }

        int outputTokens = inputs.GetProperty("output_tokens").GetInt32();
        return string.Equals(phase, "decode", StringComparison.Ordinal)
            ? simulator.Decode(setup, batch, inputTokens, outputTokens, GoldenInputs.Integer(inputs, "beam") ?? 1)
            : simulator.SpeculativeDecode(
                setup,
                GoldenInputs.Model(root.GetProperty("draft_model")),
                batch,
                inputTokens,
                outputTokens,
                new CompatibilitySpeculation(
                    inputs.GetProperty("num_parallel_tokens").GetInt32(), inputs.GetProperty("token_acceptance_rate").GetDouble()));
    }

    private static CompatibilityCollective Collective(string name) => name switch
    {
        "allreduce" => CompatibilityCollective.AllReduce,
        "allgather" => CompatibilityCollective.AllGather,
        "reduce_scatter" => CompatibilityCollective.ReduceScatter,
        "all_to_all" => CompatibilityCollective.AllToAll,
        "send" => CompatibilityCollective.Send,
        _ => throw new InferometerException(
            $"Collective '{name}' is not known. Allowed: allreduce, allgather, reduce_scatter, all_to_all, send."),
    };

    private static JsonDocument Parse(string line)
    {
        try
        {
            return JsonDocument.Parse(line);
        }
        catch (JsonException e)
        {
            throw new InferometerException($"A line of the golden file is not JSON: {Shorten(line)}", e);
        }
    }

    private static string Shorten(string line) =>
        line.Length <= 120 ? line : string.Create(CultureInfo.InvariantCulture, $"{line.AsSpan(0, 120)}...");
}
