using System.Text.Json.Nodes;
using Inferometer.History.Records;

namespace Inferometer.History.Tests.Records;

public sealed class RecordTests : IDisposable
{
    private readonly ScratchFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Fact]
    public void The_id_is_of_the_content_and_not_of_name_and_tags()
    {
        RunRecord run = SampleRuns.Bench([1, 2, 3]);
        Assert.Equal(run.Id, SampleRuns.Bench([1, 2, 3], name: "x", tags: ["y"]).Id);
        Assert.NotEqual(run.Id, SampleRuns.Bench([1, 3, 2]).Id);
        Assert.NotEqual(run.Id, SampleRuns.Bench([1, 2, 3], minutes: 1).Id);
        Assert.NotEqual(run.Id, (run with { Series = [run.Series[0] with { Unit = "s" }] }).Sealed().Id);
    }

    [Fact]
    public void Equal_settings_are_equal_text_in_any_order()
    {
        var one = RunConfig.Of(new JsonObject { ["b"] = 1, ["a"] = new JsonObject { ["d"] = "x", ["c"] = null } });
        var other = RunConfig.Of(new JsonObject { ["a"] = new JsonObject { ["c"] = null, ["d"] = "x" }, ["b"] = 1 });
        Assert.Equal("""{"a":{"c":null,"d":"x"},"b":1}""", one.Json);
        Assert.Equal(one, other);
    }

    [Fact]
    public void A_figure_of_a_series_that_is_not_there_is_refused() =>
        Assert.Throws<InvalidOperationException>(() => (SampleRuns.Bench([1, 2]) with { Series = [] }).Sealed());

    [Fact]
    public void The_commit_is_read_from_branches_packed_references_and_worktrees()
    {
        string commit = new('a', 40), other = new('b', 40);
        string git = Directory.CreateDirectory(_folder.File("tree/.git/refs/heads")).Parent!.Parent!.FullName;
        string inside = Directory.CreateDirectory(_folder.File("tree/src/deep")).FullName;
        File.WriteAllText(Path.Combine(git, "HEAD"), "ref: refs/heads/main\n");
        Assert.Null(GitTree.CommitAt(inside)); // nothing committed yet
        File.WriteAllText(Path.Combine(git, "packed-refs"), $"# pack-refs with: peeled\n{other} refs/heads/main\n");
        Assert.Equal(other, GitTree.CommitAt(inside));
        File.WriteAllText(Path.Combine(git, "refs/heads/main"), commit + "\n");
        Assert.Equal(commit, GitTree.CommitAt(inside));

        Directory.CreateDirectory(_folder.File("tree/.git/worktrees/w"));
        File.WriteAllText(_folder.File("tree/.git/worktrees/w/HEAD"), "ref: refs/heads/main\n");
        File.WriteAllText(_folder.File("tree/.git/worktrees/w/commondir"), "../..\n");
        Directory.CreateDirectory(_folder.File("w"));
        File.WriteAllText(_folder.File("w/.git"), $"gitdir: {_folder.File("tree/.git/worktrees/w")}\n");
        Assert.Equal(commit, GitTree.CommitAt(_folder.File("w")));
    }
}
