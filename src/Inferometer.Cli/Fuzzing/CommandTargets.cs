using System.Text;
using Inferometer.Cli.Models;
using Inferometer.Cli.Settings;
using Inferometer.Inference.Engine;
using Inferometer.Measurement.Models;
using Inferometer.ModelFiles;
using Inferometer.ModelFiles.Fuzzing;
using Inferometer.ModelFiles.Templates;
using Inferometer.Server.Fuzzing;
using Inferometer.Server.Generation;
using Inferometer.Simulation.Planning;
using Inferometer.Sweeps.Spaces;

namespace Inferometer.Cli.Fuzzing;

/// <summary>The readers that need the command line's own parts: spaces of sweeps, and requests to the bundled model.</summary>
internal sealed class CommandTargets : IDisposable
{
    private const string Origin = "fuzzed";

    // Has all that requests may ask of a template: tools, and calls and reasoning that are known.
    private const string Template = """
        {%- for tool in tools or [] %}{{ tool | tojson }}
        {% endfor %}{%- for message in messages %}{{ message.role }}: {{ message.content }}{% for call in message.tool_calls or [] %}<tool_call>{{ call | tojson }}</tool_call>{% endfor %}
        {% endfor %}{% if add_generation_prompt %}assistant:{% if enable_thinking %} <think>{% else %} <think></think>{% endif %}{% endif %}
        """;

    private readonly RequestTargets _requests = new(LoadBundled);

    /// <summary>A space of a sweep in YAML.</summary>
    public static FuzzTarget Space
    {
        get
        {
            Lazy<PointReader> points = new(static () => new PointReader(Catalogs.From(null)));
            return new FuzzTarget("space", Sound, input => SpaceReader.Parse(Encoding.UTF8.GetString(input), Origin, points.Value))
            {
                AllocationFactor = 16_384, // each value is parsed by its option
            };

            byte[][] Sound()
            {
                // So that no input is blamed for what the catalogs take.
                Array.ForEach(Spaces, text => SpaceReader.Parse(text, Origin, points.Value));
                return [.. Spaces.Select(Encoding.UTF8.GetBytes)];
            }
        }
    }

    /// <summary>All of them.</summary>
    public IReadOnlyList<FuzzTarget> All => [Space, _requests.Requests];

    /// <inheritdoc/>
    public void Dispose() => _requests.Dispose();

    private static string[] Spaces =>
    [
        """
        base: {model: llama-3.1-8b, on: h100, features: none}
        product:
          tp: [1, 2, 4]
          batch: {from: 1, to: 64, times: 2}
          input: [256, 1024]
        columns: [tpot, ttft]
        pruned: drop
        """,
        """
        base:
          model: llama-3.1-8b
          on: h100
        simulate: {requests: 500, slo: "ttft:500ms,tpot:40ms"}
        product:
          policy: [vllm, sglang]
        list:
          - {input: [256, 1024, 4096], output: [512, 256, 64]}
          - {rate: [1, 4, 16, 64]}
        """,
    ];

    private static ServedModel LoadBundled()
    {
        using var files = Checkpoint.Open(ModelLocation.BundledPath);
        var stored = StoredModel.Read(files);
        var engine = InferenceEngine.Load(ModelLocation.BundledPath);
        return new ServedModel
        {
            Engine = engine,
            Name = "bundled",
            Files = stored,
            Template = ChatTemplate.Parse(Template, Origin, engine.Tokenizer),
        };
    }
}
