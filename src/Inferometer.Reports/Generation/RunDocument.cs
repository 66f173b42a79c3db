using Inferometer.Inference.Engine;
using Inferometer.ModelFiles.Tokenization;
using Inferometer.Reports.Documents;

namespace Inferometer.Reports.Generation;

/// <summary>What <c>run --format json</c> prints.</summary>
public static class RunDocument
{
    /// <summary>The document of a generation.</summary>
    /// <param name="run">What was run.</param>
    /// <param name="result">What came of it.</param>
    public static Document Of(RunSubject run, GenerationResult result)
    {
        ArgumentNullException.ThrowIfNull(run);
        ArgumentNullException.ThrowIfNull(result);
        GenerationUsage usage = result.Usage;
        List<Fact> facts =
        [
            new("Model", "model", run.Model),
            new("Prompt", "prompt", run.Prompt),
            new("Text", "text", result.Text),
            new("Finish reason", "finish_reason", result.FinishReason.ToString().ToLowerInvariant()),
            new("Prompt tokens", "prompt_tokens", usage.PromptTokens),
            new("Cached prompt tokens", "cached_prompt_tokens", usage.CachedPromptTokens),
            new("Output tokens", "output_tokens", usage.OutputTokens),
            new("Load", "load_seconds", Cell.Number(run.LoadSeconds)),
            new("Time to first token", "time_to_first_token_seconds", Cell.Number(usage.TimeToFirstTokenSeconds)),
            new("Total", "total_seconds", Cell.Number(usage.TotalSeconds)),
        ];
        return new Document(new Facts(null, facts), Tokens(result, run.Tokenizer));
    }

    /// <summary>The document of a beam search.</summary>
    /// <param name="run">What was run.</param>
    /// <param name="beams">The hypotheses, the best first; at least one.</param>
    public static Document Of(RunSubject run, IReadOnlyList<BeamHypothesis> beams)
    {
        ArgumentNullException.ThrowIfNull(run);
        ArgumentNullException.ThrowIfNull(beams);
        Table table = new(
            "beams", null, Column.Text("text", "text"), Column.Number("log-probability", "log_probability"),
            Column.Number("score", "score"), Column.Text("finished", "finished"));
        foreach (BeamHypothesis beam in beams)
        {
            table.Add(beam.Text, Cell.Number(beam.LogProbability), Cell.Number(beam.Score), beam.IsFinished);
        }

        List<Fact> facts =
        [
            new("Model", "model", run.Model), new("Prompt", "prompt", run.Prompt), new("Text", "text", beams[0].Text),
            new("Load", "load_seconds", Cell.Number(run.LoadSeconds)),
        ];
        return new Document(new Facts(null, facts), table);
    }

    private static Table Tokens(GenerationResult result, Tokenizer tokenizer)
    {
        bool logs = result.LogProbabilities.Count > 0;
        Column[] columns = [Column.Number("id", "id"), Column.Text("token", "token")];
        Table table = new(
            "tokens", null, logs ? [.. columns, Column.Number("log-probability", "log_probability"), Column.Text("top", "top")] : columns);
        for (int i = 0; i < result.TokenIds.Count; i++)
        {
            int id = result.TokenIds[i];
            Cell[] cells = [id, tokenizer.TokenText(id)];
            if (logs)
            {
                var token = result.LogProbabilities[i];
                string[] top =
                [
                    .. token.Top.Select(t => FormattableString.Invariant($"{tokenizer.TokenText(t.TokenId)} {t.LogProbability:0.####}")),
                ];
                cells = [.. cells, Cell.Number(token.Chosen.LogProbability), Cell.List(top)];
            }

            table.Add(cells);
        }

        return table;
    }
}
