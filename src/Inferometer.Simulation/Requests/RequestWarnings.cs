using System.Globalization;
using Inferometer.Core.Hardware;
using Inferometer.Core.Models;
using Inferometer.Core.Weights;

namespace Inferometer.Simulation.Requests;

/// <summary>What makes a result doubtful although it can be computed: said in sentences with every result.</summary>
internal static class RequestWarnings
{
    // By so many rows checkpoints of one family differ that pad their tables (llama.cpp, common/speculative.cpp).
    private const int PaddedRows = 128;

    public static IEnumerable<string> Of(EstimateRequest request, bool generates)
    {
        ModelArchitecture model = request.Architecture;
        long context = (long)request.Workload.InputTokens + (generates ? request.Workload.OutputTokens : 0);
        if (context > model.MaxContextTokens)
        {
            FormattableString text =
                $"{context:#,0} tokens of context are beyond the {model.MaxContextTokens:#,0} that {model.Name} was made for.";
            yield return text.ToString(CultureInfo.InvariantCulture);
        }

        if (request.Framework is { } framework && !framework.RunsOn(request.System.Device))
        {
            yield return $"{framework.Name} is not known to run on {request.System.Name}, or not with this use of memory.";
        }

        foreach (string fault in OfFormats(request))
        {
            yield return fault;
        }

        if (request is { Framework: { } server, Host: { } host } && !server.RunsOn(host.Device))
        {
            yield return $"{server.Name} is not known to compute a part of the network on the host.";
        }

        if (request.System is { DevicesPerNode: > 1 and var node } && request.Parallelism.Tensor > node)
        {
            int tensor = request.Parallelism.Tensor, stages = tensor / node * request.Parallelism.Pipeline;
            string within = tensor % node == 0
                ? string.Create(CultureInfo.InvariantCulture, $"; tensor {node} x pipeline {stages} keeps them within one")
                : "";
            yield return string.Create(
                CultureInfo.InvariantCulture,
                $"Tensor parallelism over {tensor} devices spans nodes of {node}: the sums of every layer cross links of "
                    + $"{request.System.InterNode.Bandwidth / 1e9:0.#} GB/s, not {request.System.IntraNode.Bandwidth / 1e9:0.#}{within}.");
        }

        if (request.Speculative?.Draft is { } draft && Math.Abs(draft.VocabularySize - model.VocabularySize) > PaddedRows)
        {
            yield return string.Create(
                CultureInfo.InvariantCulture,
                $"The draft {draft.Name} has {draft.VocabularySize:#,0} tokens and {model.Name} {model.VocabularySize:#,0}: "
                    + $"engines draft only with a model of the same vocabulary.");
        }

        if (!model.IsKnownFamily)
        {
            yield return $"The parameter count of {model.Name} is unverified: its type '{model.ModelType}' is not known.";
        }

        foreach (string note in model.Notes.Where(note => note.Contains("missing from the total", StringComparison.Ordinal)))
        {
            yield return note;
        }
    }

    private static IEnumerable<string> OfFormats(EstimateRequest request)
    {
        if (request.Framework is not { Formats: { } formats } framework)
        {
            yield break;
        }

        Device device = request.System.Device;
        WeightScheme weights = request.WeightScheme ?? FormatChoice.OfCheckpoint(request.Architecture);
        string main = weights.Main.Name, cache = request.Precisions.KvCache.Name;
        if (!formats.Loads(weights))
        {
            yield return $"{framework.Name} is not known to load weights in {weights.Name}.";
        }
        else if (!formats.RunsOn(main, device))
        {
            yield return $"{framework.Name} has no kernels for weights in {main} on {device.Architecture}, which {request.System.Name} is.";
        }

        if (!formats.Keeps(request.Precisions.KvCache))
        {
            yield return $"{framework.Name} is not known to keep its cache in {cache}; known are {string.Join(", ", formats.Cache)}.";
        }
        else if (!formats.RunsOn(cache, device))
        {
            yield return $"{framework.Name} is not known to keep its cache in {cache} on {device.Architecture}.";
        }
    }
}
