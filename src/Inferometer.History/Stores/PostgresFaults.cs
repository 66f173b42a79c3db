using System.Net.Sockets;
using Npgsql;

namespace Inferometer.History.Stores;

/// <summary>What failures of PostgreSQL mean to whoever wrote its address.</summary>
internal static class PostgresFaults
{
    private const string Address = "postgres://user:password@host:5432/database";

    /// <summary>A failure in words, to stand behind the store's name and a colon.</summary>
    /// <param name="fault">What the driver threw.</param>
    /// <param name="place">The store.</param>
    public static string Say(NpgsqlException fault, StoreLocation place) => fault switch
    {
        PostgresException refused => OfServer(refused, place),
        _ => OfConnection(fault, place),
    };

    // Codes of PostgreSQL's appendix A; those without a sentence of their own keep the server's.
    private static string OfServer(PostgresException fault, StoreLocation place) => fault.SqlState switch
    {
        PostgresErrorCodes.InvalidPassword =>
            $"the server does not take this password of {User(place)}. It stands in the address: {Address}.",
        PostgresErrorCodes.InvalidAuthorizationSpecification =>
            $"the server does not let {User(place)} in from here ({Own(fault)}). Its pg_hba.conf says who may connect from where.",
        PostgresErrorCodes.InvalidCatalogName =>
            $"the server has no database '{Database(place)}'. Make it (createdb {Database(place)}), or name another one: {Address}.",
        PostgresErrorCodes.InsufficientPrivilege =>
            $"{User(place)} may not do this in the database '{Database(place)}' ({Own(fault)}). Its owner can allow it: GRANT ALL ON "
                + $"SCHEMA public TO {UserName(place)}; and on tables that another user has made: "
                + "GRANT ALL ON ALL TABLES IN SCHEMA public.",
        PostgresErrorCodes.ReadOnlySqlTransaction => "cannot be written: the server, or this database, is read-only.",
        PostgresErrorCodes.TooManyConnections => "the server has no connection free; try again later.",
        PostgresErrorCodes.DiskFull or PostgresErrorCodes.OutOfMemory => $"the server has no room left: {Own(fault)}.",
        PostgresErrorCodes.LockNotAvailable or PostgresErrorCodes.DeadlockDetected or PostgresErrorCodes.QueryCanceled =>
            $"the server ended what was asked ({Own(fault)}); try again.",
        PostgresErrorCodes.CannotConnectNow => "the server is starting or ending; try again in a moment.",
        PostgresErrorCodes.AdminShutdown or PostgresErrorCodes.CrashShutdown => "the server was stopped meanwhile.",
        _ => $"PostgreSQL: {Own(fault)} ({fault.SqlState}).",
    };

    private static string OfConnection(NpgsqlException fault, StoreLocation place) => Cause(fault) switch
    {
        SocketException { SocketErrorCode: SocketError.ConnectionRefused } =>
            "no server answers there. Is PostgreSQL running, and are host and port right?",
        SocketException { SocketErrorCode: SocketError.HostNotFound or SocketError.NoData or SocketError.TryAgain } =>
            "no machine of that name is known here.",
        SocketException { SocketErrorCode: SocketError.TimedOut } or TimeoutException =>
            "the server did not answer in time; connect_timeout in the address says how many seconds to wait.",
        SocketException { SocketErrorCode: SocketError.HostUnreachable or SocketError.NetworkUnreachable } =>
            "there is no way to that machine from here.",
        SocketException or IOException => "the connection broke off: the server is gone, or what answers there is no PostgreSQL.",
        _ when fault.Message.Contains("No password", StringComparison.OrdinalIgnoreCase) =>
            $"the server wants a password of {User(place)}: {Address}.",
        _ => fault.Message,
    };

    private static Exception? Cause(Exception fault)
    {
        Exception? cause = fault.InnerException;
        while (cause is not (null or SocketException or TimeoutException) && cause.InnerException is { } inner)
        {
            cause = inner;
        }

        return cause;
    }

    // As the server says it, in its own language.
    private static string Own(PostgresException fault) => fault.MessageText.TrimEnd('.');

    private static string User(StoreLocation place) => $"the user '{UserName(place)}'";

    private static string UserName(StoreLocation place) => Settings(place).Username ?? Environment.UserName;

    private static string Database(StoreLocation place) => Settings(place).Database ?? UserName(place);

    private static NpgsqlConnectionStringBuilder Settings(StoreLocation place) => new(place.ConnectionString);
}
