namespace Inferometer.Server.Wire;

/// <summary>
/// An answer broke off after its beginning had been sent, and the client was told as far as it can be. Thrown to the web server, which then
/// closes the connection without the mark that ends an answer: clients that do not look at errors inside a stream see that it is not whole.
/// </summary>
internal sealed class BrokenStreamException(Exception cause) : Exception("The answer broke off.", cause);
