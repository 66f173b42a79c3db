using System.CommandLine;
using Inferometer.Cli.Hosting;
using Inferometer.Core;
using Inferometer.Inference.Constraints;

namespace Inferometer.Cli.Settings;

/// <summary>The options that say what an output must be; at most one of them.</summary>
internal sealed class ConstraintArguments
{
    private readonly FlagOption _json = new(["--json"], "Let the output be one JSON object.");

    private readonly ValueOption<string> _schema = new(
        ["--json-schema", "-j"],
        Domains.Text("FILE|TEXT"),
        "Let the output be JSON of this schema: a file, or the schema itself, which begins with a brace.",
        "none");

    private readonly ValueOption<string> _grammar = new(
        ["--grammar"], Domains.Text(), "Let the output be a text of this grammar, in the notation of llama.cpp (GBNF).", "none");

    private readonly PathOption _grammarFile = new(["--grammar-file"], PathUse.ReadFile, "The same, from a file.", "none");

    /// <summary>The options.</summary>
    public Option[] All => [_json, _schema, _grammar, _grammarFile];

    /// <summary>What was asked for; null = anything.</summary>
    /// <exception cref="UsageException">More than one was given, or what was given is none.</exception>
    public OutputConstraint? Read(ParseResult parsed)
    {
        Option[] given = [.. All.Where(parsed.IsGiven)];
        if (given.Length > 1)
        {
            throw new UsageException($"{given[0].Name} and {given[1].Name} both say what the output must be; give one of them.");
        }

        OutputConstraint? constraint = null;
        UsageException.Checking(() => constraint = _json.Of(parsed) ? OutputConstraint.JsonObject
            : _schema.Of(parsed) is { } schema ? Schema(schema)
            : _grammar.Of(parsed) is { } grammar ? OutputConstraint.FromGrammar(grammar, $"{_grammar.Name} {Domains.Quote(grammar)}")
            : _grammarFile.Of(parsed) is { } path ? OutputConstraint.FromGrammar(ReadFile(path, _grammarFile.Name), path)
            : null);
        return constraint;
    }

    private OutputConstraint Schema(string fileOrText) => fileOrText.TrimStart() is ['{', ..]
        ? OutputConstraint.FromJsonSchema(fileOrText, _schema.Name)
        : OutputConstraint.FromJsonSchema(ReadFile(fileOrText, _schema.Name), fileOrText);

    private static string ReadFile(string path, string option)
    {
        try
        {
            return File.ReadAllText(path);
        }
        catch (Exception error) when (error is IOException or UnauthorizedAccessException)
        {
            throw new InferometerException($"{option}: '{path}' cannot be read: {FileFault.Describe(error, path)}", error);
        }
    }
}
