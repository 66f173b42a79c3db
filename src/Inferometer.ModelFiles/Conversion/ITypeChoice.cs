using Inferometer.Core.Gguf;

namespace Inferometer.ModelFiles.Conversion;

/// <summary>Decides the format of each tensor of a new file.</summary>
internal interface ITypeChoice
{
    /// <summary>What a user should know of the decisions.</summary>
    IReadOnlyList<string> Notes { get; }

    /// <summary>The number that <c>general.file_type</c> gives.</summary>
    uint FileType { get; }

    /// <summary>The format of a tensor.</summary>
    GgmlType For(ConvertedTensor tensor);
}
