namespace Inferometer.Simulation.ClosedLoop;

/// <summary>
/// One rank's closed loop played through on a virtual clock, from the first burst of all users on. Where nothing changes all steps are
/// taken
/// at once, so that a request costs a few operations however long it is. Lengths are spread by the golden ratio, not drawn: equal loads
/// give equal answers.
/// </summary>
internal static class ClosedLoopReplay
{
    private const double Golden = 0.618033988749894848;
    private const double Silver = 0.414213562373095049;
    private const int Waves = 10; // as public benchmarks do: ten requests per user
    private const int MostRequests = 1500;

    // Requests of equal length drift apart all the same: batches, hosts and clients are never in step. Without it a whole house of users
    // would ask at once again and again.
    private const double LeastSpread = 0.2;

    /// <summary>Mean seconds from a request's arrival to the end of the step that ends its prompt.</summary>
    /// <param name="users">Users of the rank.</param>
    /// <param name="room">Sequences that fit beside each other, at least 1.</param>
    /// <param name="asked">Lengths.</param>
    /// <param name="steps">What steps take.</param>
    public static double MeanFirstTokenSeconds(int users, int room, in ClosedLoopLoad asked, in ReplayedSteps steps)
    {
        ClosedLoopLoad load = Drifting(asked);
        int requests = Math.Max(6, Math.Min(Waves * users, Math.Max(MostRequests, 3 * users)));
        double[] arrivals = new double[requests];
        PriorityQueue<int, long> running = new(Math.Min(users, room) + 1);
        int sent = Math.Min(users, requests), taken = 0, ended = 0;
        double left = sent > 0 ? Input(0, load) : 0;
        double clock = 0, waited = 0;
        long step = 0;
        while (ended < requests)
        {
            int decoding = running.Count;
            if (taken < sent && decoding < room)
            {
                double budget = Math.Max(64, steps.Budget - (steps.Mixed ? decoding : 0));
                double tokens = 0;
                int first = taken;
                while (taken < sent && decoding + taken - first < room && budget > 0)
                {
                    double part = Math.Min(budget, left);
                    (left, budget, tokens) = (left - part, budget - part, tokens + part);
                    if (left > 0)
                    {
                        break;
                    }

                    taken++;
                    left = Input(taken, load);
                }

                bool mixed = steps.Mixed && decoding > 0;
                clock += mixed ? steps.Decode(decoding) + (steps.MixedToken * tokens) : steps.PromptToken * tokens;
                step += mixed ? 1 : 0;
                for (int i = first; i < taken; i++)
                {
                    waited += clock - arrivals[i];
                    running.Enqueue(i, step + Output(i, load) - 1);
                }
            }
            else if (running.TryPeek(out _, out long next))
            {
                clock += (next - step) * steps.Decode(decoding);
                step = Math.Max(step, next);
            }

            while (running.TryPeek(out _, out long end) && end <= step)
            {
                running.Dequeue();
                ended++;
                if (sent < requests)
                {
                    arrivals[sent++] = clock;
                }
            }
        }

        return waited / requests;
    }

    private static ClosedLoopLoad Drifting(in ClosedLoopLoad load) => load.Spread >= LeastSpread ? load : new(
        load.Users, (int)(load.MeanInputTokens / (1 - (LeastSpread / 2))), (int)(load.MeanOutputTokens / (1 - (LeastSpread / 2))),
        LeastSpread);

    private static double Input(int request, in ClosedLoopLoad load) => Length(load.InputTokens, load.Spread, request * Golden);

    private static long Output(int request, in ClosedLoopLoad load) =>
        Math.Max(1, (long)Length(load.OutputTokens, load.Spread, (request * Silver) + 0.5));

    private static double Length(int longest, double spread, double turn) =>
        Math.Max(1, Math.Floor(longest * (1 - (spread * (turn - Math.Floor(turn))))));
}
