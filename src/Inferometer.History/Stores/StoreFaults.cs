using Microsoft.Data.Sqlite;
using Npgsql;

namespace Inferometer.History.Stores;

/// <summary>What a store's failures mean to whoever named the store.</summary>
internal static class StoreFaults
{
    // Primary result codes of SQLite, as sqlite.org/rescode.html numbers them.
    private const int Busy = 5, Locked = 6, ReadOnly = 8, Unreadable = 10, Corrupt = 11, Full = 13, CannotOpen = 14, NotADatabase = 26;

    /// <summary>A failure in words, to stand behind the store's name and a colon.</summary>
    /// <param name="fault">What was thrown.</param>
    /// <param name="place">The store.</param>
    public static string Say(Exception fault, StoreLocation place) => fault switch
    {
        SqliteException sqlite => OfSqlite(sqlite),
        NpgsqlException postgres => PostgresFaults.Say(postgres, place),
        _ => fault.Message,
    };

    private static string OfSqlite(SqliteException fault) => fault.SqliteErrorCode switch
    {
        NotADatabase => "holds no runs: it is not an SQLite database. Name another file, or one that is not there yet.",
        Corrupt => "is damaged, and SQLite cannot read it. Put back a copy of it, or name another file.",
        Busy or Locked => "another program holds it locked; try again when that has ended.",
        ReadOnly => "cannot be written: the file or its folder is read-only.",
        Full => "cannot be written: the disk is full.",
        CannotOpen => "cannot be opened: the folder is missing, or it may not be read or written.",
        Unreadable => "the disk failed to read or write it.",
        _ => Quoted(fault.Message),
    };

    // "SQLite Error 1: 'no such table: x'." says it in quotes.
    private static string Quoted(string message)
    {
        int first = message.IndexOf('\'', StringComparison.Ordinal), last = message.LastIndexOf('\'');
        return last > first ? $"SQLite: {message[(first + 1)..last]}." : message;
    }
}
