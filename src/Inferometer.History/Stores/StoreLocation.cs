using Inferometer.Core;
using Npgsql;

namespace Inferometer.History.Stores;

/// <summary>Where runs are kept: a file of SQLite, or a database of PostgreSQL.</summary>
public sealed record StoreLocation
{
    /// <summary>The variable of the environment that names the store.</summary>
    public const string Variable = "INFEROMETER_STORE";

    /// <summary>What names no store: nothing is kept.</summary>
    public const string Nowhere = "none";

    /// <summary>What can be written, for help and errors.</summary>
    public const string Allowed = "the path of a file, postgres://user:password@host/database, or none";

    private static readonly string[] Schemes = ["postgres://", "postgresql://"];

    private StoreLocation()
    {
    }

    /// <summary>The file of SQLite, a full path; null = PostgreSQL.</summary>
    public string? File { get; private init; }

    /// <summary>As it may be shown: without a password.</summary>
    public required string Shown { get; init; }

    internal string ConnectionString { get; private init; } = "";

    /// <summary>
    /// The file where nothing else is said: <c>inferometer/history.db</c> in the user's folder for data of programs
    /// (<c>$XDG_DATA_HOME</c>, <c>~/.local/share</c>, <c>~/Library/Application Support</c>, <c>%LOCALAPPDATA%</c>).
    /// </summary>
    /// <exception cref="InferometerException">There is no such folder.</exception>
    public static StoreLocation Default()
    {
        string folder = Environment.GetFolderPath(
            Environment.SpecialFolder.LocalApplicationData, Environment.SpecialFolderOption.DoNotVerify);
        return folder.Length > 0
            ? OfFile(Path.Combine(folder, "inferometer", "history.db"))
            : throw new InferometerException(
                $"There is no folder for data of this user (no HOME); say where runs are kept with {Variable} or --store.");
    }

    /// <summary>A file of SQLite.</summary>
    /// <param name="path">Its path; it and its folder are made when it is first written.</param>
    public static StoreLocation OfFile(string path)
    {
        ArgumentException.ThrowIfNullOrWhiteSpace(path);
        string full = Path.GetFullPath(path);
        return new StoreLocation { File = full, Shown = full };
    }

    /// <summary>Reads what a person wrote.</summary>
    /// <param name="text">A path, an address of PostgreSQL, or <see cref="Nowhere"/>.</param>
    /// <param name="origin">Where it came from, for the error.</param>
    /// <returns>Null where nothing is to be kept.</returns>
    /// <exception cref="InferometerException">It is none of them.</exception>
    public static StoreLocation? Parse(string text, string origin)
    {
        ArgumentNullException.ThrowIfNull(text);
        if (string.IsNullOrWhiteSpace(text))
        {
            throw new InferometerException($"{origin}: it is empty; it must be {Allowed}.");
        }

        if (text.Contains('\0', StringComparison.Ordinal))
        {
            throw new InferometerException($"{origin}: '{text}' holds a zero character, which no path may.");
        }

        if (string.Equals(text, Nowhere, StringComparison.OrdinalIgnoreCase))
        {
            return null;
        }

        if (Array.Exists(Schemes, s => text.StartsWith(s, StringComparison.OrdinalIgnoreCase)))
        {
            return OfPostgres(text, origin);
        }

        if (text.StartsWith("postgres", StringComparison.OrdinalIgnoreCase) && text.Contains(':', StringComparison.Ordinal))
        {
            throw new InferometerException(
                $"{origin}: '{text.Split(':')[0]}:' must go on with //, as in postgres://user@host:5432/database.");
        }

        if (text.Contains("://", StringComparison.Ordinal))
        {
            throw new InferometerException(
                $"{origin}: stores of '{text[..text.IndexOf("://", StringComparison.Ordinal)]}' are not known; it must be {Allowed}.");
        }

        return text.Contains('\0', StringComparison.Ordinal)
            ? throw new InferometerException($"{origin}: no path holds a null character; it must be {Allowed}.")
            : OfFile(text);
    }

    private static StoreLocation OfPostgres(string text, string origin)
    {
        if (!Uri.TryCreate(text, UriKind.Absolute, out Uri? address)
            || address.Host.Length == 0 && !address.Query.Contains("host=", StringComparison.Ordinal))
        {
            throw new InferometerException(
                $"{origin}: the address of PostgreSQL cannot be read; it must be like postgres://user@host:5432/database.");
        }

        string[] user = address.UserInfo.Split(':', 2);
        NpgsqlConnectionStringBuilder settings = new() { ApplicationName = "inferometer", Timeout = 10 };
        settings.Host = address.Host.Length > 0 ? address.Host : null;
        settings.Port = address.Port > 0 ? address.Port : NpgsqlConnection.DefaultPort;
        settings.Database = Uri.UnescapeDataString(address.AbsolutePath.Trim('/')) is { Length: > 0 } database ? database : null;
        settings.Username = user[0].Length > 0 ? Uri.UnescapeDataString(user[0]) : null;
        settings.Password = user.Length == 2 ? Uri.UnescapeDataString(user[1]) : null;
        foreach (string pair in address.Query.TrimStart('?').Split('&', StringSplitOptions.RemoveEmptyEntries))
        {
            string[] sides = pair.Split('=', 2);
            Set(settings, sides[0], sides.Length == 2 ? Uri.UnescapeDataString(sides[1]) : "", origin);
        }

        string place = settings.Database is null ? "" : "/" + settings.Database;
        return new StoreLocation
        {
            Shown = $"postgres://{settings.Host}:{settings.Port}{place}",
            ConnectionString = settings.ConnectionString
        };
    }

    // As libpq names them.
    private static void Set(NpgsqlConnectionStringBuilder settings, string name, string value, string origin)
    {
        string? key = name switch
        {
            "sslmode" => "SSL Mode",
            "sslrootcert" => "Root Certificate",
            "connect_timeout" => "Timeout",
            "application_name" => "Application Name",
            "host" => "Host",
            "options" => "Options",
            _ => null,
        };
        try
        {
            settings[key ?? throw new InferometerException(
                $"{origin}: '{name}' is not known in the address of PostgreSQL; there may be sslmode, sslrootcert, connect_timeout, "
                    + $"application_name, "
                + "host, options.")] = name is "sslmode" ? value.Replace("-", "", StringComparison.Ordinal) : value;
        }
        catch (ArgumentException wrong)
        {
            throw new InferometerException($"{origin}: {name} '{value}' is not allowed in the address of PostgreSQL.", wrong);
        }
    }
}
