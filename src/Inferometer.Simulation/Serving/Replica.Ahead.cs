using Inferometer.Scheduling;

namespace Inferometer.Simulation.Serving;

/// <content>
/// Steps that are run ahead. All that had their last token with the batch see the same gap before the next: gaps are noted once for a
/// step, and what a request saw of them is looked up when it leaves. A replica alone takes in what arrives between two steps; one of
/// several stops there.
/// </content>
internal sealed partial class Replica
{
    // Longest gaps from a step on: each is longer than all after it.
    private readonly List<(int Step, double Seconds)> _gaps = [];
    private readonly List<ServiceRequest> _joined = []; // since the batch's last token: what they wait for the next one is their own
    private int _measuredAhead; // of the others
    private int _decodedAhead; // steps in which the batch decoded
    private double _decodedAt; // when the last of them ended
    private bool _ignoresHorizon;

    public void BeginAhead()
    {
        _gaps.Clear();
        _joined.Clear();
        (_measuredAhead, _decodedAhead, _decodedAt) = (0, 0, _clock.Seconds);
    }

    public void JoinAhead(Sequence sequence)
    {
        ServiceRequest request = RequestOf(sequence);
        if (request.LastTokenSeconds == _decodedAt)
        {
            Share(request, _decodedAhead);
        }
        else
        {
            request.JoinStep = -1;
            _joined.Add(request);
        }
    }

    public void LeaveAhead(Sequence sequence)
    {
        ServiceRequest request = RequestOf(sequence);
        if (request.JoinStep < 0)
        {
            _joined.Remove(request);
            return;
        }

        _measuredAhead -= request.IsMeasured ? 1 : 0;
        int steps = _decodedAhead - request.JoinStep;
        if (steps > 0)
        {
            request.DeliverMore(steps, _decodedAt, LongestSince(request.JoinStep));
        }
    }

    public bool MayBeginAhead()
    {
        double now = _clock.Seconds;
        if (now > Service.MostSeconds)
        {
            return false;
        }

        if (_service.Replicas.Count == 1)
        {
            if (!_isWaking && _service.NextFromOutside() <= now)
            {
                _service.Admit(now);
            }

            _isWaking = false;
        }
        else
        {
            _executor.HorizonSeconds = Math.Min(_executor.HorizonSeconds, _service.NextFromOutside());
            if (now >= _executor.HorizonSeconds && !_ignoresHorizon)
            {
                return false;
            }

            _ignoresHorizon = false;
        }

        if (_pending.Count > 0)
        {
            Feed();
        }

        _usedAtBegin = Pool.UsedBlocks;
        return true;
    }

    public void StepAhead(double begin, double end, int members, int chunks, int first)
    {
        if (members > 0)
        {
            NoteDecoded(end);
        }

        Note(begin, end, _usedAtBegin, members + chunks, members + first);
    }

    public void EndAhead()
    {
        _delivered = 0; // first tokens were counted with their steps
    }

    private void NoteDecoded(double end)
    {
        double gap = end - _decodedAt;
        _service.Gaps(gap, _measuredAhead);
        while (_gaps.Count > 0 && _gaps[^1].Seconds <= gap)
        {
            _gaps.RemoveAt(_gaps.Count - 1);
        }

        _gaps.Add((_decodedAhead, gap));
        _decodedAhead++;
        _decodedAt = end;
        foreach (ServiceRequest request in _joined)
        {
            double own = request.Deliver(1, end);
            if (request.IsMeasured && !double.IsNaN(own))
            {
                _service.Gaps(own, 1);
            }

            Share(request, _decodedAhead);
        }

        _joined.Clear();
    }

    private void Share(ServiceRequest request, int step)
    {
        request.JoinStep = step;
        _measuredAhead += request.IsMeasured ? 1 : 0;
    }

    private double LongestSince(int step)
    {
        int low = 0, high = _gaps.Count - 1;
        while (low < high)
        {
            int middle = (low + high) / 2;
            (low, high) = _gaps[middle].Step < step ? (middle + 1, high) : (low, middle);
        }

        return _gaps[low].Seconds;
    }
}
