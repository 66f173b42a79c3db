using Inferometer.Core;
using Inferometer.History.Records;
using Inferometer.History.Stores;

namespace Inferometer.History.Tests.Stores;

/// <summary>What every store does; SQLite here, PostgreSQL in <see cref="PostgresTests"/>.</summary>
public sealed class StoreTests : IDisposable
{
    private readonly ScratchFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Fact]
    public void SQLite_keeps_runs()
    {
        using IRunStore store = Open();
        StoreChecks.Keeps(store);
    }

    [Fact]
    public void What_was_written_is_there_when_the_file_is_opened_again()
    {
        RunRecord run = SampleRuns.Bench([1, 2, 3], name: "kept");
        using (IRunStore store = Open())
        {
            Assert.True(store.Add(run));
        }

        using IRunStore again = Open();
        Assert.Equal(run.Id, RunReference.Find(again, "kept", "RUN").Id);
    }

    [Fact]
    public void A_damaged_run_is_told()
    {
        RunRecord run = SampleRuns.Bench([1, 2, 3]);
        using (IRunStore store = Open())
        {
            store.Add(run);
        }

        using (Microsoft.Data.Sqlite.SqliteConnection connection = new($"Data Source={_folder.File("history.db")};Pooling=False"))
        {
            connection.Open();
            using Microsoft.Data.Sqlite.SqliteCommand command = connection.CreateCommand();
            command.CommandText = "UPDATE run_series SET samples = zeroblob(24)";
            command.ExecuteNonQuery();
        }

        using IRunStore again = Open();
        Assert.Contains("is damaged", Assert.Throws<InferometerException>(() => again.Get(run.Id)).Message, StringComparison.Ordinal);
    }

    [Fact]
    public void A_file_of_something_else_is_no_store()
    {
        File.WriteAllText(_folder.File("history.db"), new string('x', 4096));
        Assert.Contains("history.db", Assert.Throws<InferometerException>(Open).Message, StringComparison.Ordinal);
    }

    [Fact]
    public void A_store_of_a_later_program_is_refused()
    {
        Open().Dispose();
        using (Microsoft.Data.Sqlite.SqliteConnection connection = new($"Data Source={_folder.File("history.db")};Pooling=False"))
        {
            connection.Open();
            using Microsoft.Data.Sqlite.SqliteCommand command = connection.CreateCommand();
            command.CommandText = "INSERT INTO schema_version VALUES (1000)";
            command.ExecuteNonQuery();
        }

        Assert.Contains(
            "version 1000 of the store; this program knows 2", Assert.Throws<InferometerException>(Open).Message,
            StringComparison.Ordinal);
    }

    [Fact]
    public void A_file_of_the_first_version_is_brought_to_the_present_one_and_loses_nothing()
    {
        using (Microsoft.Data.Sqlite.SqliteConnection connection = new($"Data Source={_folder.File("history.db")};Pooling=False"))
        {
            connection.Open();
            FirstVersion.Write(connection, "BLOB");
        }

        using (IRunStore store = Open())
        {
            StoreChecks.HoldsTheFirstVersion(store);
            StoreChecks.KeepsPartsAndAxes(store);
        }

        using IRunStore again = Open();
        Assert.Equal(FirstVersion.Ids[0], RunReference.Find(again, "nightly", "RUN").Id);
    }

    [Fact]
    public void A_migration_that_breaks_off_leaves_the_file_as_it_was()
    {
        using (Microsoft.Data.Sqlite.SqliteConnection connection = new($"Data Source={_folder.File("history.db")};Pooling=False"))
        {
            connection.Open();
            FirstVersion.Write(connection, "BLOB");

            // What the last part of the migration trips over.
            FirstVersion.Run(connection, "ALTER TABLE run_series ADD COLUMN axis TEXT");
        }

        Assert.Contains("duplicate column", Assert.Throws<InferometerException>(Open).Message, StringComparison.Ordinal);
        using Microsoft.Data.Sqlite.SqliteConnection after = new($"Data Source={_folder.File("history.db")};Pooling=False");
        after.Open();
        using Microsoft.Data.Sqlite.SqliteCommand ask = after.CreateCommand();
        ask.CommandText = "SELECT max(version) FROM schema_version";
        Assert.Equal(1L, ask.ExecuteScalar());
        ask.CommandText = "SELECT count(*) FROM pragma_table_info('runs') WHERE name = 'part_of'";
        Assert.Equal(0L, ask.ExecuteScalar());
    }

    [Fact]
    public void Reading_makes_no_file()
    {
        string file = _folder.File("none.db");
        Assert.Throws<InferometerException>(() => RunStores.OpenExisting(StoreLocation.OfFile(file)));
        Assert.False(File.Exists(file));
    }

    [Fact]
    public void A_file_that_is_something_else_is_told_in_words_and_stays_as_it_is()
    {
        string file = _folder.File("notes.db");
        File.WriteAllText(file, new string('x', 5000));
        string message = Assert.Throws<InferometerException>(
            () => RunStores.OpenExisting(StoreLocation.OfFile(file)).Dispose()).Message;
        Assert.Contains("notes.db: holds no runs: it is not an SQLite database.", message, StringComparison.Ordinal);
        Assert.DoesNotContain("SQLite Error", message, StringComparison.Ordinal);
        Assert.Equal(new string('x', 5000), File.ReadAllText(file));
    }

    [Theory]
    [InlineData("mysql://host/db", "'mysql'")]
    [InlineData("postgres:/host/db", "must go on with //")]
    [InlineData("postgres://host/db?colour=red", "'colour' is not known")]
    [InlineData("postgres://host/db?sslmode=maybe", "sslmode 'maybe'")]
    [InlineData("", "it is empty")]
    [InlineData("a\0b", "a zero character")]
    public void A_place_that_cannot_be_a_store_is_told(string text, string complaint) =>
        Assert.Contains(complaint, Assert.Throws<InferometerException>(() => StoreLocation.Parse(text, "--store")).Message,
            StringComparison.Ordinal);

    [Fact]
    public void A_place_is_shown_without_its_password()
    {
        StoreLocation place = StoreLocation.Parse("postgres://me:secret@db.example:6000/runs?sslmode=verify-full", "--store")!;
        Assert.Equal("postgres://db.example:6000/runs", place.Shown);
        Assert.Null(place.File);
        Assert.Null(StoreLocation.Parse("none", "--store"));
    }

    private IRunStore Open() => RunStores.Open(StoreLocation.OfFile(_folder.File("history.db")));
}
