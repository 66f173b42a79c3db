using System.Data.Common;
using System.Globalization;
using Inferometer.Core;

namespace Inferometer.History.Stores;

/// <summary>
/// Steps from an empty database to the present one, numbered from 1. A step that was released is never changed; what comes after is
/// another.
/// </summary>
internal static class Migrations
{
    private static readonly string[] Steps =
    [
        """
        CREATE TABLE runs (
            id TEXT PRIMARY KEY, at_ms BIGINT NOT NULL, kind TEXT NOT NULL, arm TEXT NOT NULL, model TEXT NOT NULL,
            config_hash TEXT NOT NULL, prediction_of TEXT, name TEXT, body TEXT NOT NULL);
        CREATE INDEX runs_at ON runs (at_ms);
        CREATE INDEX runs_name ON runs (name);
        CREATE INDEX runs_prediction_of ON runs (prediction_of);
        CREATE TABLE run_tags (
            run_id TEXT NOT NULL REFERENCES runs (id) ON DELETE CASCADE, tag TEXT NOT NULL, PRIMARY KEY (run_id, tag));
        CREATE INDEX run_tags_tag ON run_tags (tag);
        CREATE TABLE run_series (
            run_id TEXT NOT NULL REFERENCES runs (id) ON DELETE CASCADE, position INTEGER NOT NULL, name TEXT NOT NULL, unit TEXT NOT NULL,
            samples {bytes} NOT NULL, PRIMARY KEY (run_id, position));
        """,
        """
        ALTER TABLE runs ADD COLUMN part_of TEXT;
        CREATE INDEX runs_part_of ON runs (part_of);
        ALTER TABLE run_series ADD COLUMN axis TEXT;
        """,
    ];

    /// <summary>The version that this program writes.</summary>
    public static int Newest => Steps.Length;

    /// <summary>Brings a database to a version, in one transaction.</summary>
    /// <param name="connection">The database.</param>
    /// <param name="dialect">Its dialect.</param>
    /// <param name="shown">What errors call it.</param>
    /// <param name="version">The version.</param>
    /// <exception cref="InferometerException">A later program has written it.</exception>
    public static void Run(DbConnection connection, SqlDialect dialect, string shown, int version)
    {
        if (VersionOf(connection, null, dialect, shown) >= version)
        {
            return;
        }

        using DbTransaction transaction = connection.BeginTransaction();
        if (dialect.LockMigration.Length > 0)
        {
            SqlDialect.Run(connection, transaction, dialect.LockMigration);
        }

        int from = VersionOf(connection, transaction, dialect, shown); // another process may have been here
        SqlDialect.Run(connection, transaction, "CREATE TABLE IF NOT EXISTS schema_version (version INTEGER NOT NULL)");
        for (int step = from; step < version; step++)
        {
            SqlDialect.Run(connection, transaction, Steps[step].Replace("{bytes}", dialect.Bytes, StringComparison.Ordinal));
            SqlDialect.Run(connection, transaction, "INSERT INTO schema_version VALUES (@version)", ("version", step + 1));
        }

        transaction.Commit();
    }

    private static int VersionOf(DbConnection connection, DbTransaction? transaction, SqlDialect dialect, string shown)
    {
        using DbCommand count = SqlDialect.Command(connection, transaction, dialect.CountTables, ("name", "schema_version"));
        if (Convert.ToInt64(count.ExecuteScalar(), CultureInfo.InvariantCulture) == 0)
        {
            return 0;
        }

        using DbCommand highest = SqlDialect.Command(connection, transaction, "SELECT coalesce(max(version), 0) FROM schema_version");
        int version = Convert.ToInt32(highest.ExecuteScalar(), CultureInfo.InvariantCulture);
        return version <= Newest
            ? version
            : throw new InferometerException(
                $"{shown}: a later version of this program has written it (version {version} of the store; this program knows {Newest}). "
                    + "Use that version, or another store (--store).");
    }
}
