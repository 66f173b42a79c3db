using System.Text;
using System.Text.Json;
using Inferometer.Core;
using Inferometer.Inference.Constraints.Decoding;
using Inferometer.Inference.Constraints.Grammars;
using Inferometer.Inference.Constraints.Schemas;
using Inferometer.ModelFiles.Fuzzing;

namespace Inferometer.Inference.Constraints.Fuzzing;

/// <summary>The readers of schemas and grammars from strangers, each with what makes its result ready for a vocabulary.</summary>
public static class ConstraintTargets
{
    private const string Origin = "fuzzed";
    private const int CompilersFactor = 4096;

    // Small enough that no input may allocate more than a fuzzed reader is allowed.
    private static readonly GrammarLimits Limits = new(States: 800, Cells: 60_000, Members: 60_000);

    /// <summary>A JSON schema.</summary>
    public static FuzzTarget Schema => new("schema", [.. Schemas.Select(Encoding.UTF8.GetBytes)], static input =>
    {
        try
        {
            using JsonDocument document = JsonDocument.Parse(input);
            Compile(SchemaCompiler.Compile(document.RootElement, Origin, Limits));
        }
        catch (JsonException error)
        {
            throw new InferometerException($"{Origin}: not JSON: {error.Message}", error);
        }
    })
    {
        AllocationFactor = CompilersFactor,
    };

    /// <summary>A grammar in GBNF.</summary>
    public static FuzzTarget Gbnf => new("gbnf", [.. Grammars.Select(Encoding.UTF8.GetBytes)], static input =>
        Compile(GbnfParser.Parse(Encoding.UTF8.GetString(input), Origin)))
    {
        AllocationFactor = CompilersFactor,
    };

    /// <summary>Both.</summary>
    public static IReadOnlyList<FuzzTarget> All => [Schema, Gbnf];

    private static string[] Schemas =>
    [
        """{"type":"object","properties":{"a":{"type":"string","minLength":1,"maxLength":4},"b":{"type":"integer","minimum":-3,"maximum":120}},"required":["a"],"additionalProperties":{"type":"boolean"}}""",
        """{"$ref":"#/$defs/t","$defs":{"t":{"anyOf":[{"type":"null"},{"type":"array","prefixItems":[{"const":1}],"items":{"$ref":"#/$defs/t"},"minItems":1,"maxItems":3}]}}}""",
        """{"oneOf":[{"type":"object","properties":{"k":{"const":"a"}},"required":["k"]},{"type":"object","properties":{"k":{"const":"b"},"n":{"type":"number","minimum":0,"maximum":9}},"required":["k"]},{"enum":["x",2,null]}]}""",
        """{"allOf":[{"type":"string","pattern":"^[a-c]+(?:x|\\d{2,3})?$"},{"maxLength":6}],"title":"t"}""",
        """{"type":["string","null"],"format":"date","pattern":"^(ab|[^c-e\\s])*$|[\\u00e9\\x41].?"}""",
    ];

    private static string[] Grammars =>
    [
        "root ::= (move \" \" move \"\\n\")+ # chess\nmove ::= (pawn | [NBKQR] [a-h] [1-8]) [+#]?\npawn ::= ([a-h] \"x\")? [a-h] [1-8]\n",
        "root ::= object\nvalue ::= object | array | string | [0-9]+\n"
            + "object ::= \"{\" (string \":\" value (\",\" string \":\" value)*)? \"}\"\narray ::= \"[\" value{0,3} \"]\"\n"
            + "string ::= \"\\\"\" [^\\\"\\\\\\x00-\\x1F]* \"\\\"\"\n",
        "root ::= \"\\u4e2d\" . [^a-z\\U0001F600]{2,4} |\n  <[7]> <think> ( \"é\" | \"\" )*\n",
    ];

    private static void Compile(Grammar grammar) => GrammarCompiler.Compile(grammar, EveryByte.Instance, Limits);

    /// <summary>A vocabulary of bytes.</summary>
    private sealed class EveryByte : IGrammarVocabulary
    {
        public static readonly EveryByte Instance = new();

        public string Source => "bytes";

        public int Size => 256;

        public bool HasByte(byte value) => true;

        public int? ControlToken(string text) => null;
    }
}
