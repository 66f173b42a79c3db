using Microsoft.AspNetCore.Http;

namespace Inferometer.Server.Wire;

/// <summary>
/// A request that is not answered as asked: what the client is told and with which status. Every message is for a stranger to read: it
/// names fields and values of the request, never files or code.
/// </summary>
/// <param name="status">Status of the answer where it has not begun.</param>
/// <param name="type">Kind, in the words of OpenAI's API.</param>
/// <param name="message">What is wrong and what is allowed.</param>
internal sealed class ApiException(int status, string type, string message) : Exception(message)
{
    private const string Request = "invalid_request_error";
    private const string Server = "server_error";

    /// <summary>Status of the answer where it has not begun.</summary>
    public int Status => status;

    /// <summary>Kind, in the words of OpenAI's API.</summary>
    public string Type => type;

    /// <summary>Field of the request; null where it is no single one's fault.</summary>
    public string? Param { get; init; }

    /// <summary>Word for programs to look at; null where there is none.</summary>
    public string? Code { get; init; }

    /// <summary>What went wrong in the server, for its log alone; null where the request is at fault.</summary>
    public Exception? Cause { get; init; }

    /// <summary>When to try again; null = that would not help.</summary>
    public int? RetryAfterSeconds { get; init; }

    /// <summary>A field holds what it may not.</summary>
    public static ApiException Invalid(string? param, string message) =>
        new(StatusCodes.Status400BadRequest, Request, message) { Param = param, Code = "invalid_value" };

    /// <summary>A field asks for what this server does not do.</summary>
    public static ApiException Unsupported(string param, string why) =>
        new(StatusCodes.Status400BadRequest, Request, $"{param}: {why}") { Param = param, Code = "unsupported" };

    /// <summary>Prompt and output do not fit into a sequence.</summary>
    public static ApiException TooLong(string param, string message) =>
        new(StatusCodes.Status400BadRequest, Request, message) { Param = param, Code = "context_length_exceeded" };

    /// <summary>Another model is served, or none of that name.</summary>
    public static ApiException UnknownModel(string name, string served, string advice = ".") =>
        new(StatusCodes.Status404NotFound, Request, $"model: '{name}' is not served here; served is '{served}'{advice}")
        {
            Param = "model",
            Code = "model_not_found",
        };

    /// <summary>Too much is under way already.</summary>
    public static ApiException Busy(string message, int retryAfterSeconds) =>
        new(StatusCodes.Status429TooManyRequests, "rate_limit_error", message)
        {
            Code = "queue_full",
            RetryAfterSeconds = retryAfterSeconds,
        };

    /// <summary>The server is on its way down, or the engine is no longer there.</summary>
    public static ApiException Unavailable(string message, string code, int? retryAfterSeconds = null, Exception? cause = null) =>
        new(StatusCodes.Status503ServiceUnavailable, Server, message)
        {
            Code = code,
            RetryAfterSeconds = retryAfterSeconds,
            Cause = cause,
        };

    /// <summary>The time allowed for a request is over.</summary>
    public static ApiException TimedOut(double seconds) =>
        new(StatusCodes.Status504GatewayTimeout, Server, FormattableString.Invariant($"The request took longer than {seconds:0.###} s."))
        {
            Code = "timeout",
        };

    /// <summary>Something broke that is not the request's fault.</summary>
    public static ApiException Internal(string message, Exception? cause = null) =>
        new(StatusCodes.Status500InternalServerError, Server, message) { Code = "internal_error", Cause = cause };
}
