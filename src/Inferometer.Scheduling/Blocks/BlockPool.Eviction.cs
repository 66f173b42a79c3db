namespace Inferometer.Scheduling.Blocks;

/// <content>The order of eviction, a list linked through the cached blocks, and forgetting.</content>
public sealed partial class BlockPool
{
    /// <summary>Forgets every cached prefix; blocks in use are kept but can no longer be found.</summary>
    /// <exception cref="InvalidOperationException">A step is under way, which may have to be taken back.</exception>
    public void ForgetPrefixes()
    {
        if (_journal.IsOpen)
        {
            throw new InvalidOperationException("prefixes cannot be forgotten while a step is under way; do it once the step has ended");
        }

        PrefixVersion++;
        while (_oldest != None)
        {
            int block = _oldest;
            Unlink(block);
            Withdraw(block);
            _free[_freeCount++] = block;
        }

        Array.Clear(_published);
        _index.Clear();
    }

    private void Withdraw(int block)
    {
        _index.Remove(block);
        _published[block] = false;
        PrefixVersion++;
    }

    private void LinkAfter(int block, int older)
    {
        int newer = older == None ? _oldest : _newer[older];
        _older[block] = older;
        _newer[block] = newer;
        if (older == None)
        {
            _oldest = block;
        }
        else
        {
            _newer[older] = block;
        }

        if (newer == None)
        {
            _newest = block;
        }
        else
        {
            _older[newer] = block;
        }

        _cachedCount++;
    }

    private void Unlink(int block)
    {
        int older = _older[block];
        int newer = _newer[block];
        if (older == None)
        {
            _oldest = newer;
        }
        else
        {
            _newer[older] = newer;
        }

        if (newer == None)
        {
            _newest = older;
        }
        else
        {
            _older[newer] = older;
        }

        _cachedCount--;
    }
}
