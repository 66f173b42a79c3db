namespace Inferometer.Core.Deployments;

/// <summary>
/// A number format as stored: its name, the bits one element takes with its share of scales, and the format the
/// arithmetic runs in. Weight-only formats (GGUF block types, int4, nf4) compute in bf16 unless a device says otherwise.
/// </summary>
/// <param name="Name">Canonical lower-case name.</param>
/// <param name="BitsPerElement">Bits per element, scales included.</param>
/// <param name="Math">The arithmetic a product with weights of this format uses.</param>
public sealed record Precision(string Name, double BitsPerElement, MathFormat Math)
{
    /// <summary>Elements of a row that are stored together and must be there together; 1 = each by itself.</summary>
    public int BlockElements { get; init; } = 1;

    /// <summary>A block format of GGUF files.</summary>
    public bool IsGguf { get; init; }

    /// <summary>Bytes per element, scales included.</summary>
    public double BytesPerElement => BitsPerElement / 8;

    /// <summary>32-bit IEEE float.</summary>
    public static Precision Fp32 { get; } = new("fp32", 32, MathFormat.Fp32);

    /// <summary>bfloat16.</summary>
    public static Precision Bf16 { get; } = new("bf16", 16, MathFormat.Bf16);

    /// <summary>16-bit IEEE float.</summary>
    public static Precision Fp16 { get; } = new("fp16", 16, MathFormat.Fp16);

    /// <summary>Every known format.</summary>
    public static IReadOnlyList<Precision> All { get; } =
    [
        Fp32,
        new("tf32", 32, MathFormat.Tf32),
        Bf16,
        Fp16,
        new("fp8", 8, MathFormat.Fp8),
        new("int8", 8, MathFormat.Int8),
        new("fp6", 6, MathFormat.Fp8),
        new("int4", 4, MathFormat.Bf16),
        new("nf4", 4.5, MathFormat.Bf16),
        new("fp4", 4.5, MathFormat.Fp4),
        new("mxfp4", 4.25, MathFormat.Fp4) { BlockElements = 32 },
        new("nvfp4", 4.5, MathFormat.Fp4),
        new("int2", 2, MathFormat.Bf16),
        Block("q8_0", 34, 32),
        Block("q6_k", 210, 256),
        Block("q5_k", 176, 256),
        Block("q5_1", 24, 32),
        Block("q5_0", 22, 32),
        Block("q4_k", 144, 256),
        Block("q4_1", 20, 32),
        Block("q4_0", 18, 32),
        Block("q3_k", 110, 256),
        Block("q2_k", 84, 256),
        Block("iq4_nl", 18, 32),
        Block("iq4_xs", 136, 256),
        Block("iq3_s", 110, 256),
        Block("iq3_xxs", 98, 256),
        Block("iq2_s", 82, 256),
        Block("iq2_xs", 74, 256),
        Block("iq2_xxs", 66, 256),
        Block("iq1_m", 56, 256),
        Block("iq1_s", 50, 256),
        Block("tq2_0", 66, 256),
        Block("q1_0", 18, 128),
        Block("q2_0", 18, 64),
        Block("tq1_0", 54, 256),
    ];

    /// <summary>Finds a format by name or common alias, ignoring case.</summary>
    /// <param name="text">Name as a user wrote it: <c>bf16</c>, <c>float16</c>, <c>fp8_e4m3</c>, <c>Q4_K_M</c>.</param>
    /// <param name="origin">Where the text came from (a flag, a file and key), for the error.</param>
    /// <exception cref="InferometerException">The name is not known.</exception>
    public static Precision Parse(string text, string origin)
    {
        ArgumentNullException.ThrowIfNull(text);
        string key = text.Trim().ToLowerInvariant().Replace("-", "_", StringComparison.Ordinal);
        key = key switch
        {
            "f32" or "float32" or "float" => "fp32",
            "f16" or "float16" or "half" => "fp16",
            "bfloat16" => "bf16",
            "fp8_e4m3" or "fp8_e5m2" or "float8_e4m3fn" or "f8" or "w8a8_fp8" => "fp8",
            "w8a8" or "i8" => "int8",
            "w4a16" or "i4" or "awq" or "gptq" => "int4",
            "q4_k_m" or "q4_k_s" => "q4_k",
            "q5_k_m" or "q5_k_s" => "q5_k",
            _ => key,
        };
        foreach (Precision precision in All)
        {
            if (string.Equals(precision.Name, key, StringComparison.Ordinal))
            {
                return precision;
            }
        }

        throw new InferometerException(
            $"{origin}: '{text}' is not a known precision. Allowed: {string.Join(", ", All.Select(p => p.Name))}.");
    }

    /// <inheritdoc/>
    public override string ToString() => Name;

    // The block formats of GGUF: products with them run over blocks of 8-bit integers where that pays.
    private static Precision Block(string name, int bytes, int elements) =>
        new(name, 8.0 * bytes / elements, MathFormat.Int8) { BlockElements = elements, IsGguf = true };
}
