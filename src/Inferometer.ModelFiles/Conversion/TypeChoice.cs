using System.Globalization;
using Inferometer.Core.Gguf;
using Inferometer.ModelFiles.Formats;

namespace Inferometer.ModelFiles.Conversion;

/// <summary>Decides the format of each tensor of a new file and says where it differs from the one asked for.</summary>
/// <param name="target">Format asked for.</param>
/// <param name="tiedHead">The embedding is the output head as well.</param>
internal sealed class TypeChoice(GgmlType target, bool tiedHead) : ITypeChoice
{
    private readonly List<string> _notes = [];

    public IReadOnlyList<string> Notes => _notes;

    public uint FileType => GgufFileType.Of(target);

    public GgmlType For(ConvertedTensor tensor)
    {
        if (tensor.StaysFloat)
        {
            return GgmlType.F32;
        }

        bool isHead = tensor.Name is "output.weight" || (tiedHead && tensor.Name is "token_embd.weight");
        GgmlType wanted = isHead && target is (GgmlType.Q4_K or GgmlType.Q5_K) ? GgmlType.Q6_K : target;
        GgmlType chosen = Fitting(wanted, tensor.Columns);
        if (chosen != wanted)
        {
            Note(tensor, chosen,
                string.Create(
                    CultureInfo.InvariantCulture, $"its rows of {tensor.Columns} values do not fill blocks of {wanted.BlockSize()}"));
        }
        else if (chosen != target)
        {
            Note(tensor, chosen, "the output head keeps more bits");
        }

        if (tensor.SourceType.IsQuantized() && tensor.SourceType != chosen)
        {
            _notes.Add(
                $"'{tensor.Name}' was already quantised as {tensor.SourceType} and is quantised again; a file made from the original "
                    + $"weights would be better.");
        }

        return chosen;
    }

    private static GgmlType Fitting(GgmlType wanted, long columns)
    {
        if (columns % wanted.BlockSize() == 0)
        {
            return wanted;
        }

        GgmlType smaller = wanted switch
        {
            GgmlType.Q2_K or GgmlType.Q3_K => GgmlType.Q4_0,
            GgmlType.IQ4_XS => GgmlType.IQ4_NL,
            GgmlType.Q4_K => GgmlType.Q5_0,
            GgmlType.Q5_K => GgmlType.Q5_1,
            GgmlType.Q6_K => GgmlType.Q8_0,
            _ => GgmlType.F16,
        };
        return columns % smaller.BlockSize() == 0 ? smaller : GgmlType.F16;
    }

    private void Note(ConvertedTensor tensor, GgmlType chosen, string reason) =>
        _notes.Add($"'{tensor.Name}' is stored as {chosen} instead of {target}: {reason}.");
}
