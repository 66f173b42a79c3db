using System.Globalization;
using System.Text.Json;
using Inferometer.Reports.Documents;
using Inferometer.Reports.Estimates;
using Inferometer.Reports.Metrics;
using Inferometer.Reports.Writers;
using Inferometer.Server.Wire;
using Inferometer.Simulation;
using Inferometer.Simulation.Configuration;
using Inferometer.Simulation.Planning;
using Inferometer.Simulation.Results;

namespace Inferometer.Server.Simulator;

/// <summary>
/// The simulator as requests ask it: each answer is the very JSON that the command line prints with <c>--format json</c>. Thread-safe.
/// </summary>
internal sealed class SimulatorService : IDisposable
{
    private readonly EstimateReader _reader;
    private readonly SemaphoreSlim _comparing = new(1);

    /// <summary>A simulator.</summary>
    /// <param name="catalogs">What can be named; null = what ships with the program.</param>
    public SimulatorService(Catalogs? catalogs = null)
    {
        Catalogs = catalogs ?? Catalogs.From(null);
        Engine = Catalogs.CreateEngine();
        CatalogNames names = new(Catalogs);
        _reader = new EstimateReader(names, EstimateSettings.All);
        Services = new ServiceReader(new EstimateReader(names, EstimateSettings.OfDeployment), Engine);
        Plans = new PlanReader(Catalogs, names);
        Validations = new ValidationReader(Catalogs);
    }

    /// <summary>What can be named.</summary>
    public Catalogs Catalogs { get; }

    /// <summary>The simulator.</summary>
    public SimulationEngine Engine { get; }

    /// <summary>Reads services to simulate.</summary>
    public ServiceReader Services { get; }

    /// <summary>Reads what is to be planned.</summary>
    public PlanReader Plans { get; }

    /// <summary>Reads tables to set beside predictions.</summary>
    public ValidationReader Validations { get; }

    /// <summary>A document as JSON.</summary>
    public static string Print(Document document)
    {
        using StringWriter text = new(CultureInfo.InvariantCulture);
        new JsonWriter(text).Write(document);
        return text.ToString();
    }

    /// <summary>One estimate.</summary>
    /// <param name="body">What is asked.</param>
    /// <exception cref="ApiException">It is not allowed, or not possible.</exception>
    /// <exception cref="DoesNotFitException">It does not fit in memory.</exception>
    public SimulationResult Estimate(JsonElement body)
    {
        var fields = RequestFields.Of(body);
        bool allowOverflow = EstimateReader.Flag(fields, "allow-overflow") ?? false;
        SimulationConfig config = _reader.ReadOne(fields, body);
        fields.RequireNothingElse();
        SimulationResult result = EstimateReader.Refusing(() => Engine.Simulate(config));
        return result.MemoryUsage is { Fits: false } && !allowOverflow
            ? throw new DoesNotFitException(result, [.. FittingChanges.Of(config, Engine)])
            : result;
    }

    /// <summary>Estimates side by side.</summary>
    /// <param name="body">What is asked.</param>
    /// <param name="cancellationToken">The client is gone.</param>
    /// <exception cref="ApiException">It is not allowed, or took too long.</exception>
    public async Task<string> CompareAsync(JsonElement body, CancellationToken cancellationToken)
    {
        var fields = RequestFields.Of(body);
        MetricChoice<SimulationResult> choice = MetricChoice.OfEstimates;
        Objective<SimulationResult> objective = fields.Text("best") is { } best
            ? EstimateReader.Refusing(() => choice.Best(best), "best")
            : choice.Objectives[0];
        MetricOrder<SimulationResult>? order = fields.Text("sort") is { } sort
            ? EstimateReader.Refusing(() => choice.Order(sort, "sort"), "sort")
            : null;
        MetricFilter<SimulationResult>[] filters = Filters(fields);
        int? top = fields.Count("top", 1);
        IReadOnlyList<SimulationConfig> configs = _reader.ReadMany(fields, isList: true, fields.Flag("zip") ?? false);
        fields.RequireNothingElse();
        using var limit = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        limit.CancelAfter(SimulatorLimits.Comparison);
        try
        {
            await _comparing.WaitAsync(limit.Token).ConfigureAwait(false);
            try
            {
                IReadOnlyList<Estimate> estimates = await Task.Run(
                    () => new EstimateBatch(Engine).Run(configs, cancellationToken: limit.Token), limit.Token).ConfigureAwait(false);
                estimates = [.. estimates.Where(e => filters.All(f => f.Accepts(e.Result)))];
                order ??= top is null ? null : choice.Order(objective.Name, "best");
                estimates = [.. (order?.Sort(estimates, e => e.Result) ?? estimates).Take(top ?? int.MaxValue)];
                return Print(ComparisonPage.Of(estimates, objective, forPeople: false, configs.Count - estimates.Count));
            }
            finally
            {
                _comparing.Release();
            }
        }
        catch (OperationCanceledException) when (!cancellationToken.IsCancellationRequested)
        {
            throw ApiException.TimedOut(SimulatorLimits.Comparison.TotalSeconds);
        }
    }

    /// <inheritdoc/>
    public void Dispose() => _comparing.Dispose();

    private static MetricFilter<SimulationResult>[] Filters(RequestFields fields)
    {
        if (!fields.TryGet("filter", out JsonElement value))
        {
            return [];
        }

        JsonElement[] conditions = value.ValueKind == JsonValueKind.Array ? [.. value.EnumerateArray()] : [value];
        return
        [
            .. conditions.Select(c => c.ValueKind == JsonValueKind.String
                ? EstimateReader.Refusing(() => MetricChoice.OfEstimates.Filter(fields.StringOf(c, "filter"), "filter"), "filter")
                : throw fields.Wrong("filter", "a condition such as \"ttft_ms<500\", or a list of some")),
        ];
    }
}
