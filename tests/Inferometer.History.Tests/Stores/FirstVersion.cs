using System.Buffers.Binary;
using System.Data.Common;
using System.Security.Cryptography;
using System.Text;

namespace Inferometer.History.Tests.Stores;

/// <summary>
/// A store as the first version of the program made it, written with what it said to the database then and nothing of what is there now.
/// </summary>
internal static class FirstVersion
{
    /// <summary>Values behind the figure of each run.</summary>
    public static readonly double[] Samples = [12.5, double.NaN, -3, 1e300];

    /// <summary>Ids of its runs: a measured one, and what was predicted for it.</summary>
    public static readonly string[] Ids = [IdOf(Body("measured", null)), IdOf(Body("predicted", IdOf(Body("measured", null))))];

    private const string Tables = """
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
        CREATE TABLE schema_version (version INTEGER NOT NULL);
        INSERT INTO schema_version VALUES (1);
        """;

    /// <summary>Makes it.</summary>
    /// <param name="connection">An empty database, open.</param>
    /// <param name="bytes">Its type of bytes.</param>
    public static void Write(DbConnection connection, string bytes)
    {
        Run(connection, Tables.Replace("{bytes}", bytes, StringComparison.Ordinal));
        foreach ((string arm, string? of, int i) in new[] { ("measured", (string?)null, 0), ("predicted", Ids[0], 1) })
        {
            Run(
                connection,
                "INSERT INTO runs (id, at_ms, kind, arm, model, config_hash, prediction_of, name, body) "
                    + "VALUES (@id, 1767323045000, 'load', @arm, 'tiny.gguf', @hash, @of, @name, @body)",
                ("id", Ids[i]), ("arm", arm), ("hash", Hash), ("of", of), ("name", i == 0 ? "first" : null), ("body", Body(arm, of)));
            Run(
                connection, "INSERT INTO run_series (run_id, position, name, unit, samples) VALUES (@id, 0, 'ttft_ms', 'ms', @samples)",
                ("id", Ids[i]), ("samples", Bytes()));
        }

        Run(connection, "INSERT INTO run_tags (run_id, tag) VALUES (@id, 'nightly')", ("id", Ids[0]));
    }

    /// <summary>Says something to a database.</summary>
    public static void Run(DbConnection connection, string text, params (string Name, object? Value)[] values)
    {
        using DbCommand command = connection.CreateCommand();
        command.CommandText = text;
        foreach ((string name, object? value) in values)
        {
            DbParameter parameter = command.CreateParameter();
            (parameter.ParameterName, parameter.Value) = (name, value ?? DBNull.Value);
            command.Parameters.Add(parameter);
        }

        command.ExecuteNonQuery();
    }

    private const string Config = """{"command":"load","options":{"--rate":"2"}}""";

    private static string Hash => Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(Config)));

    // As it was written then, letter by letter: the id is the SHA-256 of it.
    private static string Body(string arm, string? predictionOf) =>
        "{\"kind\":\"Load\",\"arm\":\"" + (arm is "measured" ? "Measured" : "Predicted")
        + "\",\"at\":\"2026-01-02T03:04:05+00:00\",\"model\":\"tiny.gguf\",\"on\":\"here\",\"config\":{\"json\":\""
        + Config.Replace("\"", "\\u0022", StringComparison.Ordinal) + "\",\"hash\":\"" + Hash
        + "\"},\"product\":\"0.1.0\",\"command_line\":[],"
        + (predictionOf is null ? "" : "\"prediction_of\":\"" + predictionOf + "\",")
        + "\"metrics\":[{\"key\":\"median_ttft_ms\",\"name\":\"Time to first token, median\",\"unit\":\"ms\",\"better\":\"Lower\","
        + "\"value\":12.5,\"statistic\":\"Median\",\"series\":\"ttft_ms\",\"is_headline\":true}]}";

    private static byte[] Bytes()
    {
        byte[] bytes = new byte[Samples.Length * sizeof(double)];
        for (int i = 0; i < Samples.Length; i++)
        {
            BinaryPrimitives.WriteDoubleLittleEndian(bytes.AsSpan(i * sizeof(double)), Samples[i]);
        }

        return bytes;
    }

    private static string IdOf(string body) =>
        Convert.ToHexStringLower(SHA256.HashData([.. Encoding.UTF8.GetBytes(body + "\nttft_ms\nms\n"), .. Bytes()]));
}
