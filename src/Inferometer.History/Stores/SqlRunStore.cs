using System.Data.Common;
using System.Text.Json;
using Inferometer.Core;
using Inferometer.History.Records;

namespace Inferometer.History.Stores;

/// <summary>Runs in a database. A connection for every method, out of the driver's pool.</summary>
internal sealed class SqlRunStore : IRunStore
{
    private const string Columns = "SELECT id, name, body FROM runs";

    private readonly DbDataSource _source;
    private readonly SqlDialect _dialect;
    private readonly Action? _closed;

    /// <summary>Opens a store and brings it to the present version.</summary>
    /// <param name="location">Where it is.</param>
    /// <param name="source">Its connections.</param>
    /// <param name="dialect">Its dialect.</param>
    /// <param name="closed">Called when it is disposed.</param>
    public SqlRunStore(StoreLocation location, DbDataSource source, SqlDialect dialect, Action? closed = null)
    {
        (Location, _source, _dialect, _closed) = (location, source, dialect, closed);
        _ = With(connection =>
        {
            Migrations.Run(connection, dialect, location.Shown, Migrations.Newest);
            return true;
        });
    }

    /// <inheritdoc/>
    public StoreLocation Location { get; }

    /// <inheritdoc/>
    public bool Add(RunRecord run) => Add([run]) > 0;

    /// <inheritdoc/>
    public int Add(IReadOnlyList<RunRecord> runs)
    {
        ArgumentNullException.ThrowIfNull(runs);
        if (runs.FirstOrDefault(r => r.Id.Length == 0) is not null)
        {
            throw new ArgumentException("A run is not sealed.", nameof(runs));
        }

        return With(connection =>
        {
            using DbTransaction transaction = connection.BeginTransaction();
            int added = runs.Count(run => Add(connection, transaction, run));
            transaction.Commit();
            return added;
        });
    }

    /// <inheritdoc/>
    public IReadOnlyList<RunRecord> List(RunFilter filter)
    {
        ArgumentNullException.ThrowIfNull(filter);
        RunQuery query = new(filter);
        return With<IReadOnlyList<RunRecord>>(connection =>
        {
            List<RunRecord> runs = [];
            using (DbCommand command = SqlDialect.Command(connection, null, Columns + query.Text, query.Values))
            using (DbDataReader reader = command.ExecuteReader())
            {
                while (reader.Read())
                {
                    runs.Add(Read(reader));
                }
            }

            ILookup<string, string> tags = Tags(connection, query);
            return [.. runs.Select(run => run with { Tags = [.. tags[run.Id]] })];
        });
    }

    /// <inheritdoc/>
    public RunRecord Get(string id)
    {
        ArgumentNullException.ThrowIfNull(id);
        RunRecord run = List(new RunFilter { IdPrefix = id, WithPredictions = true, WithParts = true, Limit = 1 })
            .FirstOrDefault(r => string.Equals(r.Id, id, StringComparison.Ordinal))
            ?? throw new InferometerException($"{Location.Shown}: there is no run '{id}'.");
        RunRecord whole = run with { Series = Series(id) };
        return string.Equals(RunText.IdOf(whole), id, StringComparison.Ordinal)
            ? whole
            : throw new InferometerException(
                $"{Location.Shown}: the run {run.ShortId} is damaged; its content is not what its id was made of.");
    }

    /// <inheritdoc/>
    public void Label(string id, string? name, IReadOnlyList<string> tags)
    {
        ArgumentNullException.ThrowIfNull(tags);
        _ = With(connection =>
        {
            using DbTransaction transaction = connection.BeginTransaction();
            Label(connection, transaction, id, name, tags);
            transaction.Commit();
            return true;
        });
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        _source.Dispose();
        _closed?.Invoke();
    }

    private static bool Add(DbConnection connection, DbTransaction transaction, RunRecord run)
    {
        bool added = SqlDialect.Run(
            connection,
            transaction,
            """
            INSERT INTO runs (id, at_ms, kind, arm, model, config_hash, prediction_of, part_of, name, body)
            VALUES (@id, @at, @kind, @arm, @model, @config, @prediction, @part, @name, @body) ON CONFLICT (id) DO NOTHING
            """,
            ("id", run.Id), ("at", run.At.ToUnixTimeMilliseconds()), ("kind", RunWords.Of(run.Kind)), ("arm", RunWords.Of(run.Arm)),
            ("model", run.Model), ("config", run.Config.Hash), ("prediction", run.PredictionOf), ("part", run.PartOf), ("name", run.Name),
            ("body", RunText.BodyOf(run))) > 0;
        for (int i = 0; added && i < run.Series.Count; i++)
        {
            RunSeries series = run.Series[i];
            _ = SqlDialect.Run(
                connection,
                transaction,
                """
                INSERT INTO run_series (run_id, position, name, unit, axis, samples)
                VALUES (@id, @position, @name, @unit, @axis, @samples)
                """,
                ("id", run.Id), ("position", i), ("name", series.Key), ("unit", series.Unit), ("axis", series.Axis),
                ("samples", RunText.BytesOf(series.Values)));
        }

        Label(connection, transaction, run.Id, added ? null : run.Name, run.Tags);
        return added;
    }

    private static void Label(DbConnection connection, DbTransaction transaction, string id, string? name, IReadOnlyList<string> tags)
    {
        if (name is not null)
        {
            _ = SqlDialect.Run(connection, transaction, "UPDATE runs SET name = @name WHERE id = @id", ("name", name), ("id", id));
        }

        foreach (string tag in tags)
        {
            _ = SqlDialect.Run(
                connection, transaction, "INSERT INTO run_tags (run_id, tag) VALUES (@id, @tag) ON CONFLICT DO NOTHING", ("id", id),
                    ("tag", tag));
        }
    }

    private static ILookup<string, string> Tags(DbConnection connection, RunQuery query)
    {
        List<(string Run, string Tag)> tags = [];
        using DbCommand command = SqlDialect.Command(
            connection, null, $"SELECT run_id, tag FROM run_tags WHERE run_id IN (SELECT id FROM runs{query.Text}) ORDER BY tag",
                query.Values);
        using DbDataReader reader = command.ExecuteReader();
        while (reader.Read())
        {
            tags.Add((reader.GetString(0), reader.GetString(1)));
        }

        return tags.ToLookup(t => t.Run, t => t.Tag, StringComparer.Ordinal);
    }

    private RunSeries[] Series(string id) => With<RunSeries[]>(connection =>
    {
        List<RunSeries> series = [];
        using DbCommand command = SqlDialect.Command(
            connection, null, "SELECT name, unit, samples, axis FROM run_series WHERE run_id = @id ORDER BY position", ("id", id));
        using DbDataReader reader = command.ExecuteReader();
        while (reader.Read())
        {
            series.Add(new RunSeries(
                reader.GetString(0), reader.GetString(1), RunText.ValuesOf(reader.GetFieldValue<byte[]>(2)),
                reader.IsDBNull(3) ? null : reader.GetString(3)));
        }

        return [.. series];
    });

    private RunRecord Read(DbDataReader reader)
    {
        string id = reader.GetString(0);
        try
        {
            return RunText.Parse(reader.GetString(2)) with { Id = id, Name = reader.IsDBNull(1) ? null : reader.GetString(1) };
        }
        catch (JsonException fault)
        {
            throw new InferometerException($"{Location.Shown}: the run {id} cannot be read: {fault.Message}", fault);
        }
    }

    private T With<T>(Func<DbConnection, T> use)
    {
        try
        {
            using DbConnection connection = _source.OpenConnection();
            if (_dialect.OnOpen.Length > 0)
            {
                _ = SqlDialect.Run(connection, null, _dialect.OnOpen);
            }

            return use(connection);
        }
        catch (Exception fault) when (fault is DbException or IOException or UnauthorizedAccessException or TimeoutException
            or System.Net.Sockets.SocketException)
        {
            throw new InferometerException($"{Location.Shown}: {StoreFaults.Say(fault, Location)}", fault);
        }
    }
}
