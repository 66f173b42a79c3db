using System.Diagnostics;
using System.Net;
using System.Net.Sockets;

namespace Inferometer.History.Tests.Stores;

/// <summary>
/// A real server of PostgreSQL in a folder of its own, on a free port of the loopback. As root it runs under the user that the package
/// made,
/// because the server refuses to run as root.
/// </summary>
public sealed class PostgresServer : IDisposable
{
    /// <summary>A user whose password the server wants.</summary>
    public const string Guarded = "guarded";

    /// <summary>A user whom the server refuses.</summary>
    public const string Refused = "refused";

    private const string Installed = "/usr/lib/postgresql";

    private readonly string? _programs;
    private readonly string _folder = Path.Combine(Path.GetTempPath(), "inferometer-pg-" + Guid.NewGuid().ToString("N")[..12]);
    private readonly int _port = FreePort();
    private readonly bool _started;

    public PostgresServer()
    {
        _programs = Directory.Exists(Installed)
            ? Directory.GetDirectories(Installed).Select(d => Path.Combine(d, "bin")).Where(
                d => File.Exists(Path.Combine(d, "initdb"))).Max()
            : null;
        if (_programs is null)
        {
            return;
        }

        Directory.CreateDirectory(_folder);
        if (IsRoot)
        {
            Run("chown", "postgres", _folder);
        }

        RunAsUser("initdb", "-D", Data, "-U", "tester", "-A", "trust", "--no-sync", "-E", "UTF8");
        string access = Path.Combine(Data, "pg_hba.conf");
        File.WriteAllText(
            access,
            $"host all {Guarded} 127.0.0.1/32 scram-sha-256\nhost all {Refused} 127.0.0.1/32 reject\n{File.ReadAllText(access)}");
        RunAsUser("pg_ctl", "-D", Data, "-w", "-l", Path.Combine(_folder, "log"), "-o",
            $"-p {_port} -c listen_addresses=127.0.0.1 -k {_folder}", "start");
        _started = true;
    }

    private string Data => Path.Combine(_folder, "data");

    private static bool IsRoot => string.Equals(Environment.UserName, "root", StringComparison.Ordinal);

    /// <summary>The address of an empty database; skips the test where there is no server, but fails it in CI.</summary>
    public string Database(string name)
    {
        Assert.SkipWhen(
            !_started && Environment.GetEnvironmentVariable("CI") is null,
                $"no PostgreSQL under {Installed}; the package is called postgresql");
        Assert.True(_started, $"no PostgreSQL under {Installed}");
        RunAsUser("createdb", "-h", "127.0.0.1", "-p", $"{_port}", "-U", "tester", name);
        return $"postgres://tester@127.0.0.1:{_port}/{name}";
    }

    /// <summary>Runs a statement in a database as its owner.</summary>
    public void Execute(string database, string statement) =>
        RunAsUser("psql", "-h", "127.0.0.1", "-p", $"{_port}", "-U", "tester", "-d", database, "-q", "-c", statement);

    /// <summary>Stops the server at once, as a machine that fails does.</summary>
    public void StopAtOnce() => RunAsUser("pg_ctl", "-D", Data, "-m", "immediate", "-w", "stop");

    public void Dispose()
    {
        if (_started)
        {
            try
            {
                StopAtOnce();
            }
            catch (InvalidOperationException)
            {
                // A test has stopped it.
            }
        }

        if (Directory.Exists(_folder))
        {
            Directory.Delete(_folder, recursive: true);
        }
    }

    private void RunAsUser(string program, params string[] arguments)
    {
        string path = Path.Combine(_programs!, program);
        if (IsRoot)
        {
            Run("setpriv", ["--reuid=postgres", "--regid=postgres", "--clear-groups", path, .. arguments]);
        }
        else
        {
            Run(path, arguments);
        }
    }

    // The server inherits the pipes of pg_ctl; its own go to the log, so that waiting for the end of output would wait for the server.
    private void Run(string program, params string[] arguments)
    {
        using Process process = Process.Start(new ProcessStartInfo(program, arguments)
        {
            RedirectStandardOutput = true,
            RedirectStandardError = true,
            UseShellExecute = false,
            WorkingDirectory = _folder,
        })!;
        if (!process.WaitForExit(60_000) || process.ExitCode != 0)
        {
            throw new InvalidOperationException(
                $"{program} {string.Join(' ', arguments)}: {(process.HasExited ? process.StandardError.ReadToEnd() : "it hangs")}");
        }
    }

    private static int FreePort()
    {
        using TcpListener listener = new(IPAddress.Loopback, 0);
        listener.Start();
        return ((IPEndPoint)listener.LocalEndpoint).Port;
    }
}
