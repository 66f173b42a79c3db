using Inferometer.Core;
using Inferometer.Scheduling;

namespace Inferometer.Inference.Engine;

/// <summary>The engine did not take a request: it is too long, can never fit, or too many wait already.</summary>
public sealed class RequestRejectedException : InferometerException
{
    /// <summary>Creates the error from the scheduler's refusal.</summary>
    public RequestRejectedException(Rejection rejection)
        : base(rejection?.Message ?? throw new ArgumentNullException(nameof(rejection))) => Reason = rejection.Reason;

    /// <summary>Kind of the refusal; after <see cref="RejectionReason.QueueFull"/> the same request may be taken later.</summary>
    public RejectionReason Reason { get; }
}
