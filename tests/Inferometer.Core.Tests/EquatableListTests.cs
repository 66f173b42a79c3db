namespace Inferometer.Core.Tests;

public class EquatableListTests
{
    [Fact]
    public void Lists_are_written_in_brackets_and_compared_by_their_elements()
    {
        EquatableList<int> list = [1, 2, .. (int[])[3, 4]];
        Assert.Equal(new EquatableList<int>(Enumerable.Range(1, 4)), list);
        Assert.Equal([1, 2, 3, 4], list.AsSpan());
        Assert.Equal(list.GetHashCode(), new EquatableList<int>([1, 2, 3, 4]).GetHashCode());
        Assert.NotEqual(list, [1, 2, 3]);
    }

    [Fact]
    public void The_empty_list_is_one_object()
    {
        EquatableList<string> empty = [];
        Assert.Same(EquatableList<string>.Empty, empty);
    }
}
