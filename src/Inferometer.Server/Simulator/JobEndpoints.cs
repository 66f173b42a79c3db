using Inferometer.Server.Wire;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;

namespace Inferometer.Server.Simulator;

/// <summary><c>/api/v1/jobs/{id}</c>: how a job stands, as a document or as a stream; <c>DELETE</c> cancels it.</summary>
internal sealed class JobEndpoints(JobQueue jobs) : IEndpointGroup
{
    private static readonly TimeSpan s_pause = TimeSpan.FromMilliseconds(100);

    /// <inheritdoc/>
    public void Map(IEndpointRouteBuilder routes)
    {
        routes.MapRead("/api/v1/jobs/{id}", context => WriteAsync(context, Job(context))).WithMetadata(ProblemStyle.Problem);
        routes.MapRead("/api/v1/jobs/{id}/events", StreamAsync).WithMetadata(ProblemStyle.Problem);
        routes.MapDelete("/api/v1/jobs/{id}", Cancel).WithMetadata(ProblemStyle.Problem);
    }

    /// <summary>Answers a request that began a job: with its result where that comes in time, otherwise with how it stands.</summary>
    /// <param name="context">The request; its <c>wait</c> is how long it waits, seconds.</param>
    /// <param name="job">The job.</param>
    public static async Task AnswerAsync(HttpContext context, Job job)
    {
        double seconds = WaitOf(context.Request);
        if (seconds > 0)
        {
            await Task.WhenAny(job.Ended, Task.Delay(TimeSpan.FromSeconds(seconds), context.RequestAborted)).ConfigureAwait(false);
        }

        // Who does not wait gets a job whatever its speed, so that an answer is always of one kind.
        switch (seconds > 0 ? job.State : JobState.Queued)
        {
            case JobState.Done:
                await SimulatorEndpoints.WriteAsync(context, job.Result!).ConfigureAwait(false);
                break;
            case JobState.Failed or JobState.Cancelled:
                throw new ApiException(StatusCodes.Status422UnprocessableEntity, "invalid_request_error", job.Error!)
                {
                    Code = "impossible",
                };
            default:
                context.Response.Headers.Location = $"/api/v1/jobs/{job.Id}";
                await WriteAsync(context, job, StatusCodes.Status202Accepted).ConfigureAwait(false);
                break;
        }
    }

    /// <summary>How long a request waits for its job.</summary>
    /// <exception cref="ApiException">It is no such number.</exception>
    public static double WaitOf(HttpRequest request)
    {
        string text = request.Query["wait"].ToString();
        return text.Length == 0 ? 0
            : int.TryParse(text, System.Globalization.NumberStyles.None, System.Globalization.CultureInfo.InvariantCulture, out int seconds)
                && seconds <= SimulatorLimits.WaitSeconds ? seconds
            : throw ApiException.Invalid("wait", $"wait: it must be a whole number of seconds from 0 to {SimulatorLimits.WaitSeconds}.");
    }

    private static Task WriteAsync(HttpContext context, Job job, int status = StatusCodes.Status200OK) =>
        JsonBody.WriteAsync(context, json => job.Write(json, withResult: true), status);

    private Job Job(HttpContext context) => jobs.Find((string)context.Request.RouteValues["id"]!);

    private async Task StreamAsync(HttpContext context)
    {
        Job job = Job(context);
        MessageStream stream = await MessageStream.EventsAsync(context).ConfigureAwait(false);
        await using (stream.ConfigureAwait(false))
        {
            if (HttpMethods.IsHead(context.Request.Method))
            {
                return; // the events would take as long as the job
            }

            double told = -1;
            JobState state = JobState.Queued;
            while (!job.IsOver)
            {
                if (job.Progress > told || job.State != state)
                {
                    (told, state) = (job.Progress, job.State);
                    job.Write(stream.Start("progress"u8), withResult: false);
                    stream.End();
                    await stream.FlushAsync().ConfigureAwait(false);
                }

                await Task.WhenAny(job.Ended, Task.Delay(s_pause, context.RequestAborted)).ConfigureAwait(false);
                context.RequestAborted.ThrowIfCancellationRequested();
            }

            job.Write(stream.Start("end"u8), withResult: true);
            stream.End();
            await stream.FlushAsync().ConfigureAwait(false);
        }
    }

    private Task Cancel(HttpContext context)
    {
        jobs.Remove(Job(context));
        context.Response.StatusCode = StatusCodes.Status204NoContent;
        return Task.CompletedTask;
    }
}
