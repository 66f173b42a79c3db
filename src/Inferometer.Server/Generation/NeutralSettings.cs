using System.Globalization;
using System.Text.Json;
using Inferometer.Server.Wire;

namespace Inferometer.Server.Generation;

/// <summary>
/// Ways of choosing tokens that llama.cpp, Ollama and vLLM have and this engine has not. Their clients send all of them with every request,
/// at the value that turns them off: that is taken, any other is refused by name.
/// </summary>
internal static class NeutralSettings
{
    private static readonly Setting[] s_settings =
    [
        new("typical_p", 1, 1), new("tfs_z", 1, 1), new("top_a", 0, 0), new("top_n_sigma", double.NegativeInfinity, 0),
        new("mirostat", 0, 0), new("dynatemp_range", 0, 0), new("dry_multiplier", 0, 0), new("xtc_probability", 0, 0),
        new("min_keep", 0, 1), new("length_penalty", 1, 1), new("n_probs", 0, 0, "give logprobs"),
        new("t_max_predict_ms", double.NegativeInfinity, 0, "the server's --request-timeout is the limit"),
    ];

    // What tunes the settings above says nothing while they are off.
    private static readonly string[] s_tuning =
    [
        "mirostat_tau", "mirostat_eta", "dynatemp_exponent", "dry_base", "dry_allowed_length", "dry_penalty_last_n",
        "dry_sequence_breakers", "xtc_threshold",
    ];

    /// <summary>Reads them.</summary>
    /// <param name="fields">The request, or the options in it.</param>
    /// <exception cref="ApiException">One is turned on, or is no number.</exception>
    public static void Read(RequestFields fields)
    {
        foreach (Setting setting in s_settings)
        {
            if (fields.TryGet(setting.Name, out JsonElement value))
            {
                Require(fields, setting, value);
            }
        }

        fields.Ignore(s_tuning);
        fields.Refuse("samplers", "their order is fixed: penalties, temperature, min_p, top_k, top_p; leave it out.");
        fields.Refuse("use_beam_search", "the server samples; 'inferometer run --beams' searches with beams.");
        fields.Refuse("bad_words", "words cannot be forbidden; logit_bias of -100 forbids tokens.");
        fields.Refuse("allowed_token_ids", "tokens are not chosen from a list; give guided_choice or a grammar.");
        fields.Refuse("lora", "adapters are given when the server is started (--lora), not with a request.");
    }

    private static void Require(RequestFields fields, Setting setting, JsonElement value)
    {
        double number = value.ValueKind == JsonValueKind.Number ? value.GetDouble() : double.NaN;
        if (!(number >= setting.Least && number <= setting.Most))
        {
            string off = setting.Least == setting.Most || double.IsInfinity(setting.Least)
                ? string.Create(CultureInfo.InvariantCulture, $"{setting.Most}")
                : string.Create(CultureInfo.InvariantCulture, $"{setting.Least} or {setting.Most}");
            string instead = setting.Instead is { } advice ? $"; {advice}" : "";
            throw ApiException.Unsupported(
                fields.PathOf(setting.Name), $"this is not done; {off}, which turns it off, is taken, or leave it out{instead}.");
        }
    }

    /// <summary>One of them.</summary>
    /// <param name="Name">The field.</param>
    /// <param name="Least">The least value that turns it off.</param>
    /// <param name="Most">The greatest.</param>
    /// <param name="Instead">What to give instead; null = there is nothing.</param>
    private sealed record Setting(string Name, double Least, double Most, string? Instead = null);
}
