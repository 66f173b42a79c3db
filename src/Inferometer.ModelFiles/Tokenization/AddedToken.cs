namespace Inferometer.ModelFiles.Tokenization;

/// <summary>A token matched whole in the text before anything else is done to it.</summary>
/// <param name="Text">What is matched; not empty.</param>
/// <param name="Id">Its id.</param>
/// <param name="IsSpecial">Matched only where special tokens are to be parsed.</param>
/// <param name="TakesSpaceBefore">White space before it belongs to it (<c>lstrip</c>).</param>
/// <param name="TakesSpaceAfter">White space after it belongs to it (<c>rstrip</c>).</param>
/// <param name="IsWord">Matched only where no letter, digit or underscore touches it (<c>single_word</c>).</param>
internal sealed record AddedToken(
    string Text, int Id, bool IsSpecial, bool TakesSpaceBefore = false, bool TakesSpaceAfter = false, bool IsWord = false);
