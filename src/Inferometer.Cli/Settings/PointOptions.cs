using System.CommandLine;
using Inferometer.Cli.Hosting;

namespace Inferometer.Cli.Settings;

/// <summary>The options that describe one point of a sweep, as a command of their own that is only ever parsed.</summary>
internal sealed class PointOptions
{
    private static readonly ParserConfiguration s_plain = new() { ResponseFileTokenReplacer = null };

    /// <summary>Declares the options.</summary>
    /// <param name="simulated">Those of a service; otherwise of an estimate.</param>
    public PointOptions(bool simulated)
    {
        Deployment = new DeploymentOptions(ofService: simulated);
        if (simulated)
        {
            Traffic.AddTo(Command);
            Service.AddTo(Command);
        }

        Deployment.AddTo(Command);
    }

    /// <summary>The command.</summary>
    public Command Command { get; } = new("point");

    /// <summary>Options of the deployment.</summary>
    public DeploymentOptions Deployment { get; }

    /// <summary>Options of what is asked.</summary>
    public TrafficSettings Traffic { get; } = new();

    /// <summary>Options of how it is served.</summary>
    public ServiceSettings Service { get; } = new();

    /// <summary>Reads options.</summary>
    /// <exception cref="UsageException">A value is not allowed.</exception>
    public ParseResult Parse(string[] arguments)
    {
        ParseResult parsed = Command.Parse(arguments, s_plain);
        return parsed.Errors.Count == 0 ? parsed : throw new UsageException(parsed.Errors[0].Message);
    }
}
