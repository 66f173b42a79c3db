using Inferometer.Core;
using Inferometer.History.Stores;

namespace Inferometer.History.Tests.Stores;

/// <summary>The same on a real server of PostgreSQL.</summary>
public sealed class PostgresTests(PostgresServer server) : IClassFixture<PostgresServer>
{
    [Fact]
    public void PostgreSQL_keeps_runs()
    {
        using IRunStore store = RunStores.Open(StoreLocation.Parse(server.Database("keeps"), "--store")!);
        StoreChecks.Keeps(store);
    }

    [Fact]
    public void A_database_of_the_first_version_is_brought_to_the_present_one_and_loses_nothing()
    {
        StoreLocation place = StoreLocation.Parse(server.Database("older"), "--store")!;
        using (Npgsql.NpgsqlConnection connection = new(place.ConnectionString))
        {
            connection.Open();
            FirstVersion.Write(connection, "BYTEA");
        }

        using IRunStore store = RunStores.Open(place);
        StoreChecks.HoldsTheFirstVersion(store);
        StoreChecks.KeepsPartsAndAxes(store);
    }

    [Fact]
    public void A_database_of_a_later_program_is_refused()
    {
        StoreLocation place = StoreLocation.Parse(server.Database("newer"), "--store")!;
        RunStores.Open(place).Dispose();
        using (Npgsql.NpgsqlConnection connection = new(place.ConnectionString))
        {
            connection.Open();
            FirstVersion.Run(connection, "INSERT INTO schema_version VALUES (1000)");
        }

        string message = Assert.Throws<InferometerException>(() => RunStores.Open(place)).Message;
        Assert.Contains("a later version of this program has written it", message, StringComparison.Ordinal);
        Assert.StartsWith(place.Shown, message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Processes_that_begin_at_once_make_one_store_and_write_to_it()
    {
        string address = server.Database("writers");
        using WriterProcess one = new(address, "one", 50), other = new(address, "other", 50);
        CancellationToken token = TestContext.Current.CancellationToken;
        string[] ids = [.. await one.EndAsync(token), .. await other.EndAsync(token)];
        Assert.Equal(("", ""), (one.Errors, other.Errors));
        using IRunStore store = RunStores.Open(StoreLocation.Parse(address, "--store")!);
        Assert.Equal(100, ids.Length);
        Assert.Equal(ids.Order(), store.List(new RunFilter()).Select(r => r.Id).Order());
    }

    [Fact]
    public void A_server_that_is_not_there_is_one_error_without_the_password()
    {
        StoreLocation nowhere = StoreLocation.Parse("postgres://me:secret@127.0.0.1:1/runs?connect_timeout=2", "--store")!;
        string message = Assert.Throws<InferometerException>(() => RunStores.Open(nowhere)).Message;
        Assert.StartsWith("postgres://127.0.0.1:1/runs: ", message, StringComparison.Ordinal);
        Assert.DoesNotContain("secret", message, StringComparison.Ordinal);
    }

    [Fact]
    public void A_database_that_is_not_there_is_one_error()
    {
        string address = server.Database("other").Replace("/other", "/missing", StringComparison.Ordinal);
        Assert.Contains("missing",
            Assert.Throws<InferometerException>(() => RunStores.Open(StoreLocation.Parse(address, "--store")!)).Message,
            StringComparison.Ordinal);
    }
}
