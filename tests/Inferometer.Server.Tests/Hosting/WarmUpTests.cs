using System.Net;
using Inferometer.Server.Hosting;

namespace Inferometer.Server.Tests.Hosting;

/// <summary>What first requests need is made ready at the start, and nothing of it is seen.</summary>
[Collection(EngineTests.Name)]
public sealed class WarmUpTests(EngineFixture fixture)
{
    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task A_server_is_ready_once_it_is_warm_and_has_counted_nothing(bool hasModel)
    {
        long before = fixture.Engine.Statistics.TotalBatchesProcessed;
        await using TestServer server = await TestServer.StartAsync(
            hasModel ? ToolModel.Of(fixture) : null, new ServerOptions { WarmsUp = true });
        int asked = 0;
        HttpStatusCode status;
        do
        {
            await Task.Delay(asked == 0 ? 0 : 10, TestContext.Current.CancellationToken);
            Answer ready = await server.GetAsync("/ready");
            status = ready.Status;
            Assert.True(
                status == HttpStatusCode.OK || ready.Error.GetProperty("code").GetString() is "server_starting", ready.Text);
        }
        while (status != HttpStatusCode.OK && ++asked < 3000);
        Assert.Equal(HttpStatusCode.OK, status);
        Assert.DoesNotContain(server.Log.Lines, line => line.Contains("could not be made ready", StringComparison.Ordinal));
        Assert.Equal(before, fixture.Engine.Statistics.TotalBatchesProcessed);
        (await server.GetAsync("/health")).Succeeded();
    }
}
