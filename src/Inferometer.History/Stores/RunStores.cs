using Inferometer.Core;
using Microsoft.Data.Sqlite;
using Npgsql;

namespace Inferometer.History.Stores;

/// <summary>Opens stores.</summary>
public static class RunStores
{
    /// <summary>What puts runs into a store, a sentence for errors.</summary>
    internal const string Makers = "load, bench, simulate, perplexity and compress eval make runs, and import takes in those of others.";

    /// <summary>Opens a store: makes it where it is not there, and brings it to the present version.</summary>
    /// <param name="location">Where it is.</param>
    /// <exception cref="InferometerException">It cannot be opened, is no store, or was written by a later program.</exception>
    public static IRunStore Open(StoreLocation location)
    {
        ArgumentNullException.ThrowIfNull(location);
        return location.File is { } file
            ? OpenFile(location, file)
            : new SqlRunStore(location, NpgsqlDataSource.Create(location.ConnectionString), SqlDialect.Postgres);
    }

    /// <summary>Opens a store that is there, to read it: a file is not made.</summary>
    /// <param name="location">Where it is.</param>
    /// <exception cref="InferometerException">It is not there, or cannot be opened.</exception>
    public static IRunStore OpenExisting(StoreLocation location)
    {
        ArgumentNullException.ThrowIfNull(location);
        return location.File is null || Path.Exists(location.File)
            ? Open(location)
            : throw new InferometerException(
                $"{location.Shown}: there is no history yet. {Makers}");
    }

    private static SqlRunStore OpenFile(StoreLocation location, string file)
    {
        if (Directory.Exists(file))
        {
            throw new InferometerException($"{file}: is a folder; runs are kept in a file, such as {Path.Combine(file, "history.db")}.");
        }

        try
        {
            if (Path.GetDirectoryName(file) is { Length: > 0 } folder)
            {
                Directory.CreateDirectory(folder);
            }
        }
        catch (Exception fault) when (fault is IOException or UnauthorizedAccessException)
        {
            throw new InferometerException($"{file}: its folder cannot be made: {fault.Message}", fault);
        }

        string connection = new SqliteConnectionStringBuilder { DataSource = file, DefaultTimeout = 30 }.ConnectionString;
        return new SqlRunStore(
            location, SqliteFactory.Instance.CreateDataSource(connection), SqlDialect.Sqlite,
            () =>
            {
                using SqliteConnection pooled = new(connection);
                SqliteConnection.ClearPool(pooled); // the file is let go, and its log written back
            });
    }
}
