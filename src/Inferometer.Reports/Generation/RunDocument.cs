using System.Text.Json.Nodes;
using System.Text.Unicode;
using Inferometer.Inference.Engine;
using Inferometer.Inference.Sampling;
using Inferometer.ModelFiles.Tokenization;
using Inferometer.Reports.Documents;

namespace Inferometer.Reports.Generation;

/// <summary>What <c>run --format json</c> prints.</summary>
public static class RunDocument
{
    /// <summary>The document of a generation, for machines.</summary>
    /// <param name="run">What was run.</param>
    /// <param name="result">What came of it.</param>
    /// <param name="text">The answer without its reasoning.</param>
    /// <param name="reasoning">What the model wrote to itself before it; null where that is not told apart.</param>
    public static Document Of(RunSubject run, GenerationResult result, string text, string? reasoning)
    {
        ArgumentNullException.ThrowIfNull(run);
        ArgumentNullException.ThrowIfNull(result);
        GenerationUsage usage = result.Usage;
        JsonObject data = new()
        {
            ["model"] = run.Model,
            ["prompt"] = run.Prompt,
            ["text"] = text,
            ["finish_reason"] = result.FinishReason.ToString().ToLowerInvariant(),
            ["prompt_tokens"] = usage.PromptTokens,
            ["cached_prompt_tokens"] = usage.CachedPromptTokens,
            ["output_tokens"] = usage.OutputTokens,
            ["load_seconds"] = Number(run.LoadSeconds),
            ["queue_seconds"] = Number(usage.QueueSeconds),
            ["time_to_first_token_seconds"] = Number(usage.TimeToFirstTokenSeconds),
            ["total_seconds"] = Number(usage.TotalSeconds),
            ["decode_tokens_per_second"] = Number((usage.OutputTokens - 1) / (usage.TotalSeconds - usage.TimeToFirstTokenSeconds)),
            ["tokens"] = Tokens(result, run.Tokenizer),
        };
        if (reasoning is not null)
        {
            data.Insert(data.IndexOf("text"), "reasoning", reasoning);
        }

        return new Document { Data = data };
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

    private static JsonArray Tokens(GenerationResult result, Tokenizer tokenizer)
    {
        StreamingDetokenizer text = new(tokenizer, isContinuation: true);
        JsonArray tokens = [];
        for (int i = 0; i < result.TokenIds.Count; i++)
        {
            int id = result.TokenIds[i];
            JsonObject token = Token(id, text.Append(id), tokenizer);
            if (result.LogProbabilities.Count > 0)
            {
                TokenLogProbabilities logs = result.LogProbabilities[i];
                token["log_probability"] = Number(logs.Chosen.LogProbability);
                token["top"] = new JsonArray([.. logs.Top.Select(one =>
                {
                    JsonObject top = Token(one.TokenId, tokenizer.Decode([one.TokenId], isContinuation: true), tokenizer);
                    top["log_probability"] = Number(one.LogProbability);
                    return (JsonNode)top;
                })]);
            }

            tokens.Add((JsonNode)token);
        }

        return tokens;
    }

    /// <summary>A token with the text that it completes; of one that is no text by itself, its bytes too.</summary>
    private static JsonObject Token(int id, string text, Tokenizer tokenizer)
    {
        JsonObject token = new() { ["id"] = id, ["text"] = text };
        ReadOnlySpan<byte> bytes = tokenizer.TokenBytes(id);
        if (!Utf8.IsValid(bytes))
        {
            token["bytes"] = new JsonArray([.. bytes.ToArray().Select(value => (JsonNode)(int)value)]);
        }

        return token;
    }

    private static JsonNode? Number(double value) => double.IsFinite(value) ? value : null;
}
