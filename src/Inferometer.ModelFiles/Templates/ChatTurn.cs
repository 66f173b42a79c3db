namespace Inferometer.ModelFiles.Templates;

/// <summary>One message of a conversation.</summary>
/// <param name="Role">Who speaks: <see cref="System"/>, <see cref="User"/> or <see cref="Assistant"/>.</param>
/// <param name="Content">What is said.</param>
public sealed record ChatTurn(string Role, string Content)
{
    /// <summary>Instructions to the model.</summary>
    public const string System = "system";

    /// <summary>The person asking.</summary>
    public const string User = "user";

    /// <summary>The model.</summary>
    public const string Assistant = "assistant";
}
