using System.Text.Json.Nodes;
using Inferometer.Core;
using Inferometer.Simulation.Requests;

namespace Inferometer.Simulation.Features.BuiltIn;

internal sealed class ChunkedFeature : ISimulationFeature
{
    public FeatureMetadata Metadata { get; } = new()
    {
        Name = "chunked",
        Category = FeatureCategory.Inference,
        Order = 0,
        Description = "One step of a mixed batch: chunks of prompts beside decoding sequences.",
        ConflictsWith = ["prefill", "decode", "speculative_decode", "prefix_caching"],
        Parameters =
        [
            new("prefill_kv_sizes", "List of [tokens already cached, tokens in this chunk], one pair per chunk.", "[]"),
            new("decode_kv_sizes", "List of context lengths, one per decoding sequence, or [count, context length].", "[]"),
        ],
    };

    public void BeforeSimulation(SimulationContext context)
    {
        IReadOnlyList<PrefillChunk> chunks = context.Parameters.List(
            "prefill_kv_sizes", "pairs [tokens already cached (0 or more), tokens in this chunk (1 or more)]", ReadChunk);
        IReadOnlyList<DecodeGroup> decodes = context.Parameters.List(
            "decode_kv_sizes", "context lengths of at least 1, or pairs [sequences, context length]", ReadDecode);
        if (chunks.Count == 0 && decodes.Count == 0)
        {
            throw new InferometerException(
                $"{context.Parameters.Path}: feature 'chunked' needs prefill_kv_sizes or decode_kv_sizes; both are empty.");
        }

        context.Step = new StepBatch
        {
            Prefill = [.. chunks],
            Decode = [.. decodes],
        };
    }

    private static PrefillChunk? ReadChunk(JsonNode node) =>
        node is JsonArray { Count: 2 } pair && Whole(pair[0]) is int past and >= 0 && Whole(pair[1]) is int added and >= 1
            ? new PrefillChunk(past, added)
            : null;

    private static DecodeGroup? ReadDecode(JsonNode node) => node switch
    {
        JsonArray { Count: 2 } pair when Whole(pair[0]) is int count and >= 1 && Whole(pair[1]) is int context and >= 1 =>
            new DecodeGroup(context, count),
        JsonValue when Whole(node) is int context and >= 1 => new DecodeGroup(context),
        _ => null,
    };

    private static int? Whole(JsonNode? node) =>
        node is JsonValue value && value.TryGetValue(out double number) && number == Math.Floor(number)
            && number is >= 0 and <= int.MaxValue
            ? (int)number
            : null;
}
