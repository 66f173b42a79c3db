using Inferometer.Core.Models;

namespace Inferometer.Runners;

/// <summary>
/// A model with its key/value cache on a device, ready to run steps. The engine decides which sequence owns which block of the cache and
/// what is computed when; a runner does the arithmetic. What a step gave stays with the runner until the next one: a device need not send a
/// row of logits that nobody asks for.
/// </summary>
/// <remarks>Steps, copies and their results belong to one thread; the other members may be called from any.</remarks>
public interface IModelRunner : IDisposable
{
    /// <summary>What the model is.</summary>
    ModelArchitecture Architecture { get; }

    /// <summary>Longest sequence it can run, tokens.</summary>
    int ContextTokens { get; }

    /// <summary>Tokens per block of the cache.</summary>
    int BlockSize { get; }

    /// <summary>Blocks of the cache.</summary>
    int BlockCount { get; }

    /// <summary>What it holds now.</summary>
    RunnerMemory Memory { get; }

    /// <summary>What it has done so far.</summary>
    RunnerStatistics Statistics { get; }

    /// <summary>Reads a LoRA adapter made for this model; whoever asked for it disposes of it, before the runner.</summary>
    /// <param name="path">A PEFT folder or a GGUF adapter file.</param>
    /// <param name="scale">Factor on what the adapter adds, on top of its own alpha over rank.</param>
    /// <exception cref="Core.InferometerException">The adapter is damaged, changes layers that cannot be adapted, or does not fit the
    /// model's shapes.</exception>
    IModelAdapter LoadAdapter(string path, double scale = 1);

    /// <summary>Copies one block onto another in every layer: what copy-on-write of a shared block needs.</summary>
    /// <param name="source">Block to read.</param>
    /// <param name="destination">Block to overwrite.</param>
    void CopyBlock(int source, int destination);

    /// <summary>
    /// Whether the cache of a sequence that ends with a block can be gone on with. Always, where layers keep keys and values alone; where
    /// they keep a state instead, only where that is still there. It is then kept for the next step.
    /// </summary>
    /// <param name="block">The block that holds the last token.</param>
    /// <param name="tokens">Tokens of the sequence.</param>
    bool CanResume(int block, int tokens) => true;

    /// <summary>Tells the runner how many sequences use a block, to be asked during steps: states of unused blocks may go first.</summary>
    /// <param name="usersOf">Answers for a block.</param>
    void WatchBlocks(Func<int, int> usersOf)
    {
    }

    /// <summary>
    /// Runs one step: writes keys and values of all new tokens to the cache, and keeps the rows that the batch asked for until the next
    /// step.
    /// </summary>
    /// <param name="batch">Sequences of the step; prompts' chunks and single tokens may be mixed. An empty batch does nothing.</param>
    /// <exception cref="ArgumentException">An index is out of range, or an adapter belongs to another model.</exception>
    /// <exception cref="InvalidOperationException">Another step is running.</exception>
    void Forward(ForwardBatch batch);

    /// <summary>
    /// The most probable token of a row of the last step, the first of equal ones; -1 where the row holds a number that is not finite.
    /// </summary>
    /// <param name="row">Row, from 0 to below <see cref="ForwardBatch.LogitRowCount"/>, in the order of the slices and their
    /// tokens.</param>
    int BestToken(int row);

    /// <summary>A row of logits of the last step, [vocabulary]. The caller may overwrite it.</summary>
    /// <param name="row">Row, as for <see cref="BestToken"/>.</param>
    Span<float> Logits(int row);

    /// <summary>
    /// The most probable tokens of a row of the last step, where its slice wanted them and the runner has found them; otherwise none, and
    /// the row has to be read whole, as where a number of it is none or infinite above. Valid until the next step.
    /// </summary>
    /// <param name="row">Row, as for <see cref="BestToken"/>.</param>
    RowCandidates Candidates(int row) => default;

    /// <summary>State after the final norm of a token of the last step, [hidden].</summary>
    /// <param name="token">Token, from 0 to below <see cref="ForwardBatch.TokenCount"/>, in the order of the slices.</param>
    /// <exception cref="InvalidOperationException">The batch did not ask for hidden states.</exception>
    ReadOnlySpan<float> HiddenState(int token);
}
