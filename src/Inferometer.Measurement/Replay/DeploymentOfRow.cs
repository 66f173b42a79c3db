using System.Text.Json.Nodes;
using Inferometer.Core;
using Inferometer.Core.Catalog;
using Inferometer.Core.Deployments;
using Inferometer.Core.Hardware;
using Inferometer.Core.Models;
using Inferometer.Measurement.Published;
using Inferometer.Simulation.Configuration;
using Inferometer.Simulation.Costs;
using Inferometer.Simulation.Requests;

namespace Inferometer.Measurement.Replay;

/// <summary>
/// States a published row as the configuration that <c>estimate --config</c> takes: names of the catalog, degrees of parallelism, number
/// formats. What a table does not say follows the frameworks' recipes: see docs/fidelity.md.
/// </summary>
/// <param name="setup">What the names of the tables stand for, and the cost model to name.</param>
public sealed class DeploymentOfRow(ReplaySetup setup)
{
    private readonly PublishedNames _names = setup.Names;

    /// <summary>The deployment of a serving row, or why it cannot be stated.</summary>
    /// <param name="row">The row.</param>
    /// <param name="pool">Which of its engines.</param>
    /// <param name="requests">Requests in flight at that engine.</param>
    /// <exception cref="InferometerException">A name of the row stands for nothing here.</exception>
    public SimulationConfig Of(ServingMeasurement row, EnginePool pool, int requests)
    {
        ArgumentNullException.ThrowIfNull(row);
        ArgumentNullException.ThrowIfNull(pool);
        return Of(new DeploymentText(row.Model, row.System, row.Precision, row.KvPrecision, row.Framework, row.Version), pool, requests,
            Whole(row.InputTokens), Whole(row.OutputTokens));
    }

    /// <summary>The deployment under a table's names.</summary>
    /// <param name="text">The names.</param>
    /// <param name="pool">The engine.</param>
    /// <param name="requests">Requests in flight at that engine.</param>
    /// <param name="inputTokens">Prompt tokens of each.</param>
    /// <param name="outputTokens">Generated tokens of each.</param>
    /// <exception cref="InferometerException">A name stands for nothing here.</exception>
    public SimulationConfig Of(DeploymentText text, EnginePool pool, int requests, int inputTokens, int outputTokens)
    {
        ArgumentNullException.ThrowIfNull(text);
        ArgumentNullException.ThrowIfNull(pool);
        string model = Require(_names.ModelOf(text.Model));
        string system = Require(_names.SystemOf(text.System));
        ModelArchitecture architecture = _names.Model(model);
        JsonObject parameters = new()
        {
            ["system_name"] = system,
            ["tensor_parallel"] = pool.Tensor,

            // Whatever was measured did run.
            ["allow_uneven_heads"] = true,
            ["batch_size"] = requests,
            ["input_tokens"] = inputTokens,
            ["output_tokens"] = outputTokens,
            ["cost_model"] = setup.CostModel.Name,
        };
        string? framework = FrameworkOf(text.Framework);
        if (setup.CostModel is CalibratedCostModel && framework is not null)
        {
            parameters["framework"] = framework;
            if (FrameworkCatalog.Find(framework, text.Framework).Releases.Contains(text.Version, StringComparer.Ordinal))
            {
                parameters["framework_release"] = text.Version;
            }
        }

        // A format that the framework has another of its own for, such as llama.cpp's files of gpt-oss, whose other parts have 8 bits.
        string format = Require(_names.FormatOf(text.Precision));
        if (framework is not null && text.KvPrecision.Length == 0
            && FrameworkCatalog.Find(framework, text.Framework).Serves.TryGetValue(format, out string? own))
        {
            parameters["bits"] = own;
        }
        else
        {
            parameters["quantization"] = FormatsOf(text, architecture, _names.System(system));
        }

        bool routed = IsRouted(architecture);
        Add("pipeline_parallel", pool.Pipeline);
        Add("expert_parallel", routed ? pool.Expert : 1);
        if (pool.AttentionData > 1)
        {
            parameters["data_parallel"] = pool.AttentionData;
            parameters["attention_data_parallel"] = routed;
        }

        return new SimulationConfig
        {
            Model = model,
            Features = ["prefill", "decode", "flash_attention"],
            SimulationParams = new ParameterBag(parameters, $"{text.Model} on {text.System}"),
        };

        void Add(string name, int degree)
        {
            if (degree > 1)
            {
                parameters[name] = degree;
            }
        }
    }

    /// <summary>Whether a model, by a table's name, has experts.</summary>
    /// <exception cref="InferometerException">The name stands for nothing here.</exception>
    internal bool HasExperts(string model) => IsRouted(_names.Model(Require(_names.ModelOf(model))));

    private static bool IsRouted(ModelArchitecture architecture) =>
        architecture.Layers.Any(layer => layer.FeedForward is MoeFeedForward);

    // What checkpoints of such a name hold: ServedFormats has the recipes of the serving frameworks.
    private JsonObject FormatsOf(DeploymentText text, ModelArchitecture architecture, HardwareSystem system)
    {
        Precision weights = Precision.Parse(Require(_names.FormatOf(text.Precision)), "precision");
        Precision? cache = text.KvPrecision.Length > 0 ? Precision.Parse(Require(_names.FormatOf(text.KvPrecision)), "KV cache") : null;
        ServedFormats served = ServedFormats.Of(architecture, system.Device, weights, cache);
        JsonObject formats = new()
        {
            ["weights"] = served.Weights.Name,
            ["activations"] = served.Activations.Name,
            ["kv_cache"] = served.KvCache.Name,
            ["communication"] = Precision.Bf16.Name,
        };
        if (served.Embeddings is { } embeddings)
        {
            formats["embeddings"] = embeddings.Name;
        }

        if (served.Experts is { } experts)
        {
            formats["experts"] = experts.Name;
        }

        return formats;
    }

    /// <summary>
    /// The framework of the catalog that a table's name means; null = none. Builds and forks go by the framework's name with a word more;
    /// of two that fit it is the longer one.
    /// </summary>
    internal static string? FrameworkOf(string name) =>
        FrameworkCatalog.All.SelectMany(f => f.Aliases.Append(f.Name).Select(known => (Known: known, f.Name)))
            .Where(f => name.StartsWith(f.Known, StringComparison.OrdinalIgnoreCase))
            .OrderByDescending(f => f.Known.Length).FirstOrDefault().Name;

    internal static int Whole(double tokens) => Math.Max(1, (int)Math.Round(tokens));

    private static string Require(NameMatch match) => match.Name ?? throw new InferometerException(match.Problem!);
}
