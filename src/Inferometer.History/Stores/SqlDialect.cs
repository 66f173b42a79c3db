using System.Data.Common;

namespace Inferometer.History.Stores;

/// <summary>What differs between the databases.</summary>
internal sealed record SqlDialect
{
    /// <summary>The type of bytes.</summary>
    public required string Bytes { get; init; }

    /// <summary>Counts tables of a name, <c>@name</c>.</summary>
    public required string CountTables { get; init; }

    /// <summary>Said on every connection; empty = nothing.</summary>
    public required string OnOpen { get; init; }

    /// <summary>Said at the beginning of a migration, so that no other process migrates meanwhile; empty = its transaction does that.</summary>
    public required string LockMigration { get; init; }

    /// <summary>SQLite: the write-ahead log, and written through to the disk before a transaction is acknowledged.</summary>
    public static SqlDialect Sqlite { get; } = new()
    {
        Bytes = "BLOB",
        CountTables = "SELECT count(*) FROM sqlite_master WHERE type = 'table' AND name = @name",
        OnOpen = "PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL; PRAGMA foreign_keys = ON",
        LockMigration = "",
    };

    /// <summary>PostgreSQL.</summary>
    public static SqlDialect Postgres { get; } = new()
    {
        Bytes = "BYTEA",
        CountTables = "SELECT count(*) FROM information_schema.tables WHERE table_schema = current_schema() AND table_name = @name",
        OnOpen = "",
        LockMigration = "SELECT pg_advisory_xact_lock(492013877)",
    };

    /// <summary>A command with named values.</summary>
    public static DbCommand Command(DbConnection connection, DbTransaction? transaction, string text, params ReadOnlySpan<(string Name, object? Value)> values)
    {
        DbCommand command = connection.CreateCommand();
        command.CommandText = text;
        command.Transaction = transaction;
        foreach ((string name, object? value) in values)
        {
            DbParameter parameter = command.CreateParameter();
            (parameter.ParameterName, parameter.Value) = (name, value ?? DBNull.Value);
            command.Parameters.Add(parameter);
        }

        return command;
    }

    /// <summary>Runs a command and returns how many rows it changed.</summary>
    public static int Run(DbConnection connection, DbTransaction? transaction, string text, params ReadOnlySpan<(string Name, object? Value)> values)
    {
        using DbCommand command = Command(connection, transaction, text, values);
        return command.ExecuteNonQuery();
    }
}
