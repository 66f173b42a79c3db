using System.Runtime.InteropServices;

namespace Inferometer.Cli.Hosting;

/// <summary>
/// Turns Ctrl+C into cancellation. Without turns the first Ctrl+C (or SIGTERM) cancels the command and a second one ends the process. A
/// command
/// that talks in turns marks them with <see cref="BeginTurn"/>: there Ctrl+C cancels the turn under way and never the command.
/// </summary>
internal sealed class Interrupt : IDisposable
{
    private readonly CancellationTokenSource _command;
    private readonly PosixSignalRegistration _int;
    private readonly PosixSignalRegistration _term;
    private readonly Lock _gate = new();
    private CancellationTokenSource? _turn;
    private Action? _betweenTurns;

    public Interrupt(CancellationToken cancellationToken)
    {
        _command = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        _int = PosixSignalRegistration.Create(PosixSignal.SIGINT, OnSignal);
        _term = PosixSignalRegistration.Create(PosixSignal.SIGTERM, OnSignal);
    }

    /// <summary>Does work that Ctrl+C cancels.</summary>
    /// <param name="work">The work; it is given the token to watch.</param>
    /// <param name="cancellationToken">Cancels it as well.</param>
    /// <returns>What the work returned.</returns>
    public static Task<int> RunAsync(Func<CancellationToken, int> work, CancellationToken cancellationToken) => Task.Run(
        () =>
        {
            using Interrupt interrupt = new(cancellationToken);
            return work(interrupt.Token);
        },
        cancellationToken);

    /// <summary>Cancelled when the command is to end.</summary>
    public CancellationToken Token => _command.Token;

    /// <summary>From here on Ctrl+C ends turns; between them it only calls <paramref name="betweenTurns"/>.</summary>
    public void TalkInTurns(Action betweenTurns) => _betweenTurns = betweenTurns;

    /// <summary>Starts a turn; dispose the source to end it.</summary>
    public Turn BeginTurn()
    {
        Turn turn = new(this);
        lock (_gate)
        {
            _turn = turn.Source;
        }

        return turn;
    }

    public void Dispose()
    {
        _int.Dispose();
        _term.Dispose();
        _command.Dispose();
    }

    private void OnSignal(PosixSignalContext context)
    {
        bool inTurns = _betweenTurns is not null && context.Signal == PosixSignal.SIGINT;
        if (_betweenTurns is not null && !inTurns)
        {
            return; // waiting for input cannot be cancelled: the process ends, as without this handler
        }

        lock (_gate)
        {
            CancellationTokenSource source = inTurns && _turn is not null ? _turn : _command;
            context.Cancel = inTurns || !source.IsCancellationRequested;
            if (source == _turn || !inTurns)
            {
                source.Cancel();
                return;
            }
        }

        _betweenTurns!();
    }

    /// <summary>One turn: its token is cancelled by Ctrl+C, or with the command.</summary>
    internal sealed class Turn(Interrupt owner) : IDisposable
    {
        public CancellationTokenSource Source { get; } = CancellationTokenSource.CreateLinkedTokenSource(owner.Token);

        public void Dispose()
        {
            lock (owner._gate)
            {
                owner._turn = null;
            }

            Source.Dispose();
        }
    }
}
