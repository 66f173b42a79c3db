using Inferometer.Core;
using YamlDotNet.Core;
using YamlDotNet.Core.Events;

namespace Inferometer.Simulation.Configuration;

/// <summary>
/// Passes parsing events on until lists and mappings nest too deep. What builds nodes of the events calls itself for every
/// level, so that a line of fifty thousand brackets would end the process by its stack.
/// </summary>
internal sealed class DepthLimitedParser(IParser parser, int limit, string origin) : IParser
{
    private readonly Stack<Mark> _open = [];

    public ParsingEvent? Current => parser.Current;

    /// <summary>Where the innermost list or mapping begins that has not ended; null = there is none.</summary>
    public Mark? Open => _open.Count > 0 ? _open.Peek() : null;

    public bool MoveNext()
    {
        bool more = parser.MoveNext();
        switch (Current)
        {
            case MappingStart or SequenceStart when _open.Count == limit:
                throw new InferometerException(
                    $"{origin}, line {Current.Start.Line}, column {Current.Start.Column}: nested deeper than {limit} levels.");
            case MappingStart or SequenceStart:
                _open.Push(Current.Start);
                break;
            case MappingEnd or SequenceEnd:
                _open.Pop();
                break;
        }

        return more;
    }
}
