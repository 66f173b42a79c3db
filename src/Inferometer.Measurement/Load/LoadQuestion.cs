using Inferometer.Serving.Arrivals;

namespace Inferometer.Measurement.Load;

/// <summary>One request as it is put to a service.</summary>
/// <param name="Number">Number of the request, from 0 in the order in which they were sent.</param>
/// <param name="Arrival">How long prompt and answer are to be, and what the prompt is like.</param>
public sealed record LoadQuestion(long Number, Arrival Arrival);
