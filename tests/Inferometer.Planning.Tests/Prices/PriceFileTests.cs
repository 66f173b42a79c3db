using Inferometer.Core;
using Inferometer.Planning.Prices;

namespace Inferometer.Planning.Tests.Prices;

public sealed class PriceFileTests
{
    [Fact]
    public void Json_and_csv_say_the_same()
    {
        PriceList json = PriceFile.ParseJson(
            """{"H100": 2.2, "mi300x": {"per_hour": 2.4, "spot": 1.1, "spot_availability": 0.9}}""", "p.json", Sample.Catalogs.Hardware);
        PriceList csv = PriceFile.ParseCsv(
            "system,per_hour,spot,spot_availability\nh100,2.2\nMI300X,2.4,1.1,0.9\n", "p.csv", Sample.Catalogs.Hardware);
        foreach (string name in new[] { "h100", "mi300x" })
        {
            var system = Sample.Catalogs.Hardware.Find(name);
            Assert.Equal(json.Of(system), csv.Of(system));
        }

        Assert.Equal(new SystemPrice(2.4, 1.1, 0.9), json.Of(Sample.Catalogs.Hardware.Find("mi300x")));
        Assert.Equal(Sample.Catalogs.Hardware.Find("l4").Device.PricePerHourUsd, json.Of(Sample.Catalogs.Hardware.Find("l4"))!.PerHour);
    }

    [Theory]
    [InlineData("""{"H100": -1}""", "per_hour: -1 is not allowed")]
    [InlineData("""{"H100": "2"}""", "must be a price")]
    [InlineData("""{"H1000": 2}""", "'H1000' is not a system")]
    [InlineData("""{"H100": {"spot": 1}}""", "per_hour is missing")]
    [InlineData("""{"H100": {"per_hour": 1, "spots": 1}}""", "nothing reads 'spots'")]
    [InlineData("""{"H100": "2"}""", "H100: \"2\" is not allowed; it must be a price, a number above 0, or an object")]
    [InlineData("""{"H100": {"per_hour": "2"}}""", "H100: per_hour: \"2\" is not allowed; it must be a number above 0.")]
    [InlineData("""{"H100": {"per_hour": 1, "spot": 1, "spot_availability": 1.5}}""", "a share above 0 up to 1")]
    [InlineData("""{"H100": 1, "h100_sxm": 2}""", "two prices")]
    [InlineData("{}", "no price")]
    [InlineData("[1]", "a JSON object")]
    [InlineData("{", "not valid JSON")]
    public void Faults_are_named(string text, string expected) => Assert.Contains(
        expected,
        Assert.Throws<InferometerException>(() => PriceFile.ParseJson(text, "p.json", Sample.Catalogs.Hardware)).Message,
        StringComparison.Ordinal);

    [Theory]
    [InlineData("name,price\nh100,2\n", "the header")]
    [InlineData("system,per_hour\nh100\n", "line 2: 1 cells")]
    [InlineData("system,per_hour\nh100,two\n", "line 2: per_hour: 'two'")]
    public void Faults_of_csv_are_named(string text, string expected) => Assert.Contains(
        expected,
        Assert.Throws<InferometerException>(() => PriceFile.ParseCsv(text, "p.csv", Sample.Catalogs.Hardware)).Message,
        StringComparison.Ordinal);

    [Fact]
    public void What_is_rented_follows_from_spares_and_spot()
    {
        SystemPrice price = new(4, 1, 0.75);
        Assert.Equal(new Provision(10, 0, 2, 80), Provision.Of(10, 2, 0, 0, price));
        Assert.Equal(new Provision(12, 0, 2, 96), Provision.Of(10, 2, 2, 0, price));

        // Six of ten on spot, of which a quarter is away: eight are rented.
        Provision spot = Provision.Of(10, 2, 1, 0.6, price);
        Assert.Equal(new Provision(5, 8, 2, (5 * 2 * 4) + (8 * 2 * 1)), spot);
        Assert.Equal(26, spot.Devices);
        Assert.Equal(new Provision(10, 0, 2, 80), Provision.Of(10, 2, 0, 0.6, new SystemPrice(4))); // no spot is offered
        Assert.Null(Provision.Of(3, 1, 0, 0, null).DollarsPerMonth);
    }
}
