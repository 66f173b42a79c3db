using System.Text;
using Inferometer.Cli.Settings;
using Inferometer.Core;

namespace Inferometer.Cli.Tests.Settings;

public class StandardInputTests
{
    [Fact]
    public void Text_is_read_whole_without_a_byte_order_mark() => Assert.Equal(
        "na\u00efve\n", StandardInput.ReadText(new MemoryStream([0xef, 0xbb, 0xbf, .. "na\u00efve\n"u8]), Encoding.UTF8));

    [Theory]
    [InlineData(new byte[] { (byte)'a', 0xff, (byte)'b' }, "no UTF-8 text: ff.")]
    [InlineData(new byte[] { (byte)'a', 0xe2, 0x82 }, "no UTF-8 text: e2 82.")]
    public void Bytes_that_are_no_text_are_refused(byte[] bytes, string says)
    {
        InferometerException error = Assert.Throws<InferometerException>(
            () => StandardInput.ReadText(new MemoryStream(bytes), Encoding.UTF8));
        Assert.Contains(says, error.Message, StringComparison.Ordinal);
    }
}
