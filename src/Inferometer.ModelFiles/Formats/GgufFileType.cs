using Inferometer.Core.Gguf;

namespace Inferometer.ModelFiles.Formats;

/// <summary>The numbers of <c>general.file_type</c>: what most of a file's matrices are stored as.</summary>
internal static class GgufFileType
{
    /// <summary>The number of a mix; a mix without one of its own has that of its middle size.</summary>
    public static uint Of(string mix) => mix switch
    {
        "q2_k" or "q2_k_l" => 10,
        "q2_k_s" => 21,
        "q3_k_s" => 11,
        "q3_k_m" => 12,
        "q3_k_l" or "q3_k_xl" => 13,
        "q4_k_s" => 14,
        "q4_k_m" or "q4_k_l" => 15,
        "q5_k_s" => 16,
        "q5_k_m" or "q5_k_l" => 17,
        "q6_k" or "q6_k_l" => 18,
        _ when Enum.TryParse(mix, ignoreCase: true, out GgmlType type) => Of(type),
        _ => throw new ArgumentOutOfRangeException(nameof(mix), mix, "No file type is known for this mix."),
    };

    /// <summary>The number of a format.</summary>
    public static uint Of(GgmlType type) => type switch
    {
        GgmlType.F32 => 0,
        GgmlType.F16 => 1,
        GgmlType.Q4_0 => 2,
        GgmlType.Q4_1 => 3,
        GgmlType.Q8_0 => 7,
        GgmlType.Q5_0 => 8,
        GgmlType.Q5_1 => 9,
        GgmlType.Q2_K => 10,
        GgmlType.Q3_K => 12,
        GgmlType.Q4_K => 14,
        GgmlType.Q5_K => 16,
        GgmlType.Q6_K => 18,
        GgmlType.IQ4_NL => 25,
        GgmlType.IQ4_XS => 30,
        GgmlType.BF16 => 32,
        GgmlType.MXFP4 => 38, // named there for mixtures of experts, which it is usual for
        GgmlType.NVFP4 => 39,
        _ => throw new ArgumentOutOfRangeException(nameof(type), type, "No file type is known for this format."),
    };
}
