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
        Assert.Equal(
            "postgres://127.0.0.1:1/runs: no server answers there. Is PostgreSQL running, and are host and port right?", message);
        Assert.DoesNotContain("secret", message, StringComparison.Ordinal);
    }

    [Fact]
    public void A_database_that_is_not_there_is_one_error()
    {
        string address = server.Database("other").Replace("/other", "/missing", StringComparison.Ordinal);
        Assert.Contains(": the server has no database 'missing'. Make it (createdb missing)", Refusal(address), StringComparison.Ordinal);
    }

    [Fact]
    public void A_wrong_password_and_none_are_told_apart_and_not_shown()
    {
        string address = server.Database("guarded_runs");
        server.Execute("guarded_runs", $"CREATE ROLE {PostgresServer.Guarded} LOGIN PASSWORD 'right'");
        string wrong = Refusal(address.Replace("tester@", $"{PostgresServer.Guarded}:secret@", StringComparison.Ordinal));
        Assert.Contains(
            $": the server does not take this password of the user '{PostgresServer.Guarded}'.", wrong, StringComparison.Ordinal);
        Assert.DoesNotContain("secret", wrong, StringComparison.Ordinal);
        Assert.Contains(
            $": the server wants a password of the user '{PostgresServer.Guarded}'",
            Refusal(address.Replace("tester@", $"{PostgresServer.Guarded}@", StringComparison.Ordinal)), StringComparison.Ordinal);
    }

    [Fact]
    public void A_user_whom_the_server_lets_in_from_nowhere_hears_so()
    {
        string address = server.Database("refused_runs");
        server.Execute("refused_runs", $"CREATE ROLE {PostgresServer.Refused} LOGIN");
        string message = Refusal(address.Replace("tester@", $"{PostgresServer.Refused}@", StringComparison.Ordinal));
        Assert.Contains($": the server does not let the user '{PostgresServer.Refused}' in from here", message, StringComparison.Ordinal);
        Assert.EndsWith("Its pg_hba.conf says who may connect from where.", message, StringComparison.Ordinal);
    }

    [Fact]
    public void A_user_who_may_make_no_tables_hears_what_the_owner_can_grant()
    {
        string address = server.Database("others_runs");
        server.Execute("others_runs", "REVOKE CREATE ON SCHEMA public FROM PUBLIC; CREATE ROLE reader LOGIN");
        string message = Refusal(address.Replace("tester@", "reader@", StringComparison.Ordinal));
        Assert.Contains("the user 'reader' may not do this in the database 'others_runs'", message, StringComparison.Ordinal);
        Assert.Contains("GRANT ALL ON SCHEMA public TO reader", message, StringComparison.Ordinal);
    }

    [Fact]
    public void A_server_that_ends_while_a_store_is_open_is_one_error()
    {
        using PostgresServer ending = new();
        using IRunStore store = RunStores.Open(StoreLocation.Parse(ending.Database("ending"), "--store")!);
        ending.StopAtOnce();
        string[] messages =
        [
            .. Enumerable.Range(0, 2).Select(_ => Assert.Throws<InferometerException>(() => store.List(new RunFilter())).Message),
        ];
        Assert.All(messages, m => Assert.Matches(
            ": (the server was stopped meanwhile|the connection broke off: the server is gone|no server answers there)", m));
    }

    [Fact]
    public async Task What_answers_and_is_no_PostgreSQL_is_one_error()
    {
        using System.Net.Sockets.TcpListener listener = new(System.Net.IPAddress.Loopback, 0);
        listener.Start();
        int port = ((System.Net.IPEndPoint)listener.LocalEndpoint).Port;
        Task closing = CloseWhatComesAsync(listener);
        string message = Refusal($"postgres://me@127.0.0.1:{port}/runs?connect_timeout=5&sslmode=disable");
        listener.Stop();
        await closing;
        Assert.Contains(
            ": the connection broke off: the server is gone, or what answers there is no PostgreSQL.", message, StringComparison.Ordinal);
    }

    private static string Refusal(string address) =>
        Assert.Throws<InferometerException>(() => RunStores.Open(StoreLocation.Parse(address, "--store")!)).Message;

    private static async Task CloseWhatComesAsync(System.Net.Sockets.TcpListener listener)
    {
        try
        {
            while (true)
            {
                using System.Net.Sockets.TcpClient taken = await listener.AcceptTcpClientAsync();
            }
        }
        catch (Exception error) when (error is System.Net.Sockets.SocketException or InvalidOperationException)
        {
            // It listens no more.
        }
    }
}
