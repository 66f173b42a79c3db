using System.Globalization;
using System.Text.Json;
using Inferometer.Inference.Sampling;
using Inferometer.Server.Wire;

namespace Inferometer.Server.Generation;

/// <summary>Reads how tokens are chosen. What a request leaves open follows what the model's makers recommend.</summary>
internal static class SamplingReader
{
    private const int MaxStops = 16;
    private const int MaxStopTokens = 256;

    /// <summary>Reads the fields that OpenAI's, vLLM's, llama.cpp's and Ollama's APIs have for it.</summary>
    /// <param name="fields">The request, or the options in it.</param>
    /// <param name="model">The model.</param>
    /// <param name="isChat">Whether answers also end where the chat template says.</param>
    /// <exception cref="ApiException">A field holds what it may not.</exception>
    public static SamplingOptions Read(RequestFields fields, ServedModel model, bool isChat)
    {
        SamplingOptions defaults = new SamplingOptions().With(model.Engine.SamplingDefaults);
        long? seed = fields.Whole("seed", long.MinValue, long.MaxValue);
        int? topK = fields.Count("top_k", -1);
        bool runsOn = fields.Flag("ignore_eos") ?? false;
        NeutralSettings.Read(fields);
        return defaults with
        {
            Temperature = fields.Number("temperature", 0, 1000) ?? defaults.Temperature,
            TopP = fields.Number("top_p", 0, 1, above: true) ?? defaults.TopP,
            TopK = topK is -1 ? 0 : topK ?? defaults.TopK,
            MinP = fields.Number("min_p", 0, 1) ?? defaults.MinP,
            FrequencyPenalty = fields.Number("frequency_penalty", -2, 2) ?? 0,
            PresencePenalty = fields.Number("presence_penalty", -2, 2) ?? 0,
            RepetitionPenalty = Repetition(fields, defaults.RepetitionPenalty),
            Seed = seed is null or -1 ? null : unchecked((ulong)seed), // -1: another one each time, as everywhere
            IgnoreEndOfGeneration = runsOn,
            MinOutputTokens = fields.Count("min_tokens", 0) ?? 0,
            IncludesStop = fields.Flag("include_stop_str_in_output") ?? false,

            // The ends that the template writes are the model's own: what is to run on does not stop at them either.
            StopStrings = isChat && !runsOn ? [.. model.Template.StopStrings, .. Stops(fields)] : Stops(fields),
            StopTokens = isChat && !runsOn ? [.. model.Template.EndTokens, .. StopTokens(fields, model)] : StopTokens(fields, model),
        };
    }

    /// <summary>Reads which tokens are made more or less probable.</summary>
    public static IReadOnlyDictionary<int, float>? LogitBias(RequestFields fields, ServedModel model)
    {
        const string Name = "logit_bias";
        if (!fields.TryGet(Name, out JsonElement given))
        {
            return null;
        }

        int vocabulary = model.Engine.Architecture.VocabularySize;
        string allowed = string.Create(
            CultureInfo.InvariantCulture, $"an object of token ids (0 to {vocabulary - 1}) with numbers from -100 to 100");
        if (given.ValueKind != JsonValueKind.Object)
        {
            throw fields.Wrong(Name, allowed);
        }

        Dictionary<int, float> bias = [];
        foreach (JsonProperty entry in given.EnumerateObject())
        {
            bool fits = int.TryParse(entry.Name, NumberStyles.None, CultureInfo.InvariantCulture, out int token) && token < vocabulary
                && entry.Value.ValueKind == JsonValueKind.Number && entry.Value.GetDouble() is >= -100 and <= 100;
            bias[token] = fits ? entry.Value.GetSingle() : throw fields.Wrong(Name, allowed);
        }

        return bias;
    }

    private static int[] StopTokens(RequestFields fields, ServedModel model)
    {
        const string Name = "stop_token_ids";
        int vocabulary = model.Engine.Architecture.VocabularySize;
        string allowed = string.Create(
            CultureInfo.InvariantCulture, $"a list of at most {MaxStopTokens} token ids from 0 to {vocabulary - 1}");
        return !fields.TryGet(Name, out JsonElement given) ? []
            : given.ValueKind == JsonValueKind.Array && given.GetArrayLength() <= MaxStopTokens
                ? [.. given.EnumerateArray().Select(item => item.ValueKind == JsonValueKind.Number && item.TryGetInt32(out int token)
                    && token >= 0 && token < vocabulary ? token : throw fields.Wrong(Name, allowed))]
            : throw fields.Wrong(Name, allowed);
    }

    private static float Repetition(RequestFields fields, float recommended)
    {
        float? vllm = fields.Number("repetition_penalty", 0, 1000, above: true);
        float? llama = fields.Number("repeat_penalty", 0, 1000, above: true);
        float penalty = vllm is null || llama is null || vllm == llama
            ? vllm ?? llama ?? recommended
            : throw fields.Wrong("repeat_penalty", "the same as repetition_penalty, or left out");

        foreach (string name in (ReadOnlySpan<string>)["penalize_nl", "penalize_newline"])
        {
            if (fields.Flag(name) is false && penalty != 1)
            {
                throw ApiException.Unsupported(
                    fields.PathOf(name), "line ends are penalised as any other token; give true, which says so, or no repetition penalty.");
            }
        }

        // The tokens that it looks back on: here all of them. 0 turns it off, and where it is off the number says nothing.
        int? window = fields.Count("repeat_last_n", -1);
        return window is 0 ? 1
            : window is null or -1 || penalty == 1 ? penalty
            : throw ApiException.Unsupported(
                fields.PathOf("repeat_last_n"), "a penalty counts the whole context; give -1, which says so, or 0, which turns it off.");
    }

    private static List<string> Stops(RequestFields fields)
    {
        const string Name = "stop";
        string allowed = string.Create(CultureInfo.InvariantCulture, $"a string, or a list of 1 to {MaxStops} strings that are not empty");
        if (!fields.TryGet(Name, out JsonElement given))
        {
            return [];
        }

        List<string> stops = [];
        foreach (JsonElement stop in given.ValueKind == JsonValueKind.Array ? [.. given.EnumerateArray()] : (JsonElement[])[given])
        {
            string? text = stop.ValueKind == JsonValueKind.String ? fields.StringOf(stop, Name) : null;
            stops.Add(string.IsNullOrEmpty(text) || stops.Count == MaxStops ? throw fields.Wrong(Name, allowed) : text);
        }

        return stops;
    }
}
