using System.Globalization;

namespace Inferometer.Measurement.Published.Layouts;

/// <summary>
/// Requests of recorded runs: <c>serving_traces.csv</c>. The settings of each run are in <c>serving_trace_RUN.json</c> beside it.
/// </summary>
internal sealed class ServingTraceLayout() : MeasurementLayout(
    "recorded runs (serving_traces.csv)",
    ["run", "req", "arrival_s", "queued_s", "input_tokens", "output_tokens", "scheduled_s", "first_token_s", "last_token_s"])
{
    /// <inheritdoc/>
    public override bool HasFiles => true;

    /// <inheritdoc/>
    public override PublishedTable Read(CsvTable table, string path)
    {
        Dictionary<string, List<TracedRequest>> runs = new(StringComparer.Ordinal);
        while (table.Read())
        {
            string run = table.Required("run");
            if (!runs.TryGetValue(run, out List<TracedRequest>? requests))
            {
                runs.Add(run, requests = []);
            }

            requests.Add(Request(table));
        }

        string folder = Path.GetDirectoryName(Path.GetFullPath(path))!;
        return new PublishedTable
        {
            Path = path,
            Layout = Name,
            Traces = [.. runs.Select(run => Trace(Path.Combine(folder, $"serving_trace_{run.Key}.json"), run.Key, table.Name, run.Value))],
        };
    }

    private static TracedRequest Request(CsvTable table)
    {
        TracedRequest request = new()
        {
            Number = int.TryParse(table.Text("req"), NumberStyles.None, CultureInfo.InvariantCulture, out int number)
                ? number
                : throw table.Wrong("req", "a whole number from 0"),
            ArrivalSeconds = Seconds("arrival_s"),
            QueuedSeconds = Seconds("queued_s"),
            ScheduledSeconds = Seconds("scheduled_s"),
            FirstTokenSeconds = Seconds("first_token_s"),
            LastTokenSeconds = Seconds("last_token_s"),
            InputTokens = table.RequiredCount("input_tokens"),
            OutputTokens = table.RequiredCount("output_tokens"),
        };
        // The client's clock, which arrivals are on, may be ahead of the engine's by a few milliseconds.
        (string Column, double Value)[] order =
        [
            ("queued_s", request.QueuedSeconds), ("scheduled_s", request.ScheduledSeconds), ("first_token_s", request.FirstTokenSeconds),
            ("last_token_s", request.LastTokenSeconds),
        ];
        for (int i = 1; i < order.Length; i++)
        {
            if (order[i].Value < order[i - 1].Value)
            {
                throw table.Wrong(order[i].Column, FormattableString.Invariant($"at least {order[i - 1].Column} = {order[i - 1].Value}"));
            }
        }

        return request;

        double Seconds(string column) => table.Number(column) is >= 0 and { } value ? value : throw table.Wrong(column, "seconds from 0");
    }

    private static ServingTrace Trace(string file, string run, string table, List<TracedRequest> requests)
    {
        var settings = TraceSettings.Load(file);
        return new ServingTrace
        {
            Run = run,
            Table = table,
            System = settings.Gpu,
            Model = settings.Model,
            Version = settings.Vllm,
            Precision = settings.Dtype,
            Engine = new EnginePool
            {
                Tensor = settings.TensorParallelSize,
                AttentionData = settings.DataParallelSize,
                Expert = settings.EnableExpertParallel ? settings.TensorParallelSize * settings.DataParallelSize : 1,
            },
            MaxSequences = settings.MaxNumSeqs,
            MaxStepTokens = settings.MaxNumBatchedTokens,
            KvBlocks = settings.KvCache?.NumGpuBlocks,
            BlockSize = settings.KvCache?.BlockSize ?? 16,
            PrefixCaching = settings.KvCache?.EnablePrefixCaching ?? true,
            Requests = requests,
        };
    }
}
