namespace Inferometer.Core.Models.HuggingFace;

/// <summary>Refuses configurations that say one thing in two places and differently.</summary>
internal static class Contradictions
{
    private static readonly string[][] Spellings =
    [
        ["hidden_size", "n_embd", "d_model"],
        ["num_hidden_layers", "n_layer", "n_layers"],
        ["num_attention_heads", "n_head", "n_heads"],
        ["num_experts", "num_local_experts", "n_routed_experts"],
        ["vocab_size", "padded_vocab_size"],
        ["intermediate_size", "n_inner", "ffn_dim"],
    ];

    /// <exception cref="InferometerException">Two spellings of one field differ, or both spellings of the rotary base do.</exception>
    public static void Refuse(JsonFields fields)
    {
        foreach (string[] spellings in Spellings)
        {
            string[] given = [.. spellings.Where(name => fields.Mentions(name) && fields.Has(name) && !fields.IsArray(name))];
            for (int i = 1; i < given.Length; i++)
            {
                double first = fields.NumberOr(0, given[0]);
                double other = fields.NumberOr(0, given[i]);
                if (first != other)
                {
                    throw new InferometerException(
                        $"{fields.Source}: '{given[0]}' is {first} and '{given[i]}' is {other}; "
                        + "they are two spellings of one field and should be equal.");
                }
            }
        }

        if (fields.Object("rope_parameters") is not { } rope || !rope.Has("rope_theta")
            || !fields.Mentions("rope_theta") || !fields.Has("rope_theta"))
        {
            return;
        }

        double nested = rope.NumberOr(0, "rope_theta");
        double flat = fields.NumberOr(0, "rope_theta");
        if (nested != flat)
        {
            throw new InferometerException(
                $"{fields.Source}: 'rope_theta' is {flat} and 'rope_parameters.rope_theta' is {nested}; they should be equal.");
        }
    }
}
