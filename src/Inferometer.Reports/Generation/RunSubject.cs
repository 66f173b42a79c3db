using Inferometer.ModelFiles.Tokenization;

namespace Inferometer.Reports.Generation;

/// <summary>What was run to generate text.</summary>
/// <param name="Model">Name of the model.</param>
/// <param name="Prompt">The prompt.</param>
/// <param name="Tokenizer">Names the tokens.</param>
/// <param name="LoadSeconds">Time to load the model.</param>
public sealed record RunSubject(string Model, string Prompt, Tokenizer Tokenizer, double LoadSeconds);
