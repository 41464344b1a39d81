using System.Diagnostics;
using System.Globalization;
using System.Net;
using System.Security.Cryptography.X509Certificates;
using Montalegre.Vdi.Rig.Stack;

namespace Montalegre.Vdi.Broker.Tests.ClientCertificates;

/// <summary>What an authority has on the network, on loopback: its lists, and OCSP answers that openssl makes.</summary>
internal sealed class RevocationServer : IAsyncDisposable
{
    private readonly HttpListener _listener = new();
    private readonly string _folder = Directory.CreateTempSubdirectory("ocsp-").FullName;
    private readonly Task _serving;
    private readonly List<string> _index = [];

    public RevocationServer()
    {
        Address = new($"http://127.0.0.1:{LoopbackPorts.Free()}/");
        _listener.Prefixes.Add(Address.ToString());
        _listener.Start();
        _serving = ServeAsync();
    }

    public Uri Address { get; }

    public Uri Ocsp => new(Address, "ocsp");

    public Uri RootList => new(Address, "root.crl");

    public int Asked { get; private set; }

    /// <summary>What becomes of an OCSP answer on its way.</summary>
    public Func<byte[], byte[]> Bend { get; set; } = answer => answer;

    /// <summary>Whose certificates it is about.</summary>
    public void Serve(CardAuthority cards)
    {
        cards.WriteLists(_folder);
        File.WriteAllText(Path.Combine(_folder, "ca.pem"), cards.Issuing.ExportCertificatePem());
        File.WriteAllText(Path.Combine(_folder, "ca.key"), cards.Issuing.GetRSAPrivateKey()!.ExportPkcs8PrivateKeyPem());
        File.WriteAllText(Path.Combine(_folder, "index.txt"), "");
    }

    /// <summary>Says of a certificate that it is good, or that it was revoked.</summary>
    public void Say(X509Certificate2 certificate, bool revoked)
    {
        var until = certificate.NotAfter.ToUniversalTime().ToString("yyMMddHHmmss", CultureInfo.InvariantCulture) + "Z";
        var at = DateTime.UtcNow.AddHours(-1).ToString("yyMMddHHmmss", CultureInfo.InvariantCulture) + "Z";
        _index.Add($"{(revoked ? "R" : "V")}\t{until}\t{(revoked ? at : "")}\t{certificate.SerialNumber}\tunknown\t/CN={_index.Count}");
        File.WriteAllLines(Path.Combine(_folder, "index.txt"), _index);
    }

    public async ValueTask DisposeAsync()
    {
        _listener.Stop();
        await _serving;
        _listener.Close();
        Directory.Delete(_folder, recursive: true);
    }

    private async Task ServeAsync()
    {
        while (true)
        {
            HttpListenerContext call;
            try { call = await _listener.GetContextAsync(); }
            catch (Exception e) when (e is HttpListenerException or InvalidOperationException) { return; }   // stopped, before this call or in it
            // Who asked may have given up meanwhile; the next one is answered all the same.
            try { await RespondAsync(call); }
            catch (Exception e) when (e is HttpListenerException or IOException or ObjectDisposedException) { call.Response.Abort(); }
        }
    }

    private async Task RespondAsync(HttpListenerContext call)
    {
        try
        {
            var path = call.Request.Url!.AbsolutePath;
            Asked++;
            var body = path.EndsWith(".crl", StringComparison.Ordinal) ? await ListAsync(Path.GetFileName(path)) : Bend(await AnswerAsync(call.Request));
            call.Response.ContentType = path.EndsWith(".crl", StringComparison.Ordinal) ? "application/pkix-crl" : "application/ocsp-response";
            await call.Response.OutputStream.WriteAsync(body);
        }
        catch (FileNotFoundException) { call.Response.StatusCode = 404; }
        call.Response.Close();
    }

    private async Task<byte[]> ListAsync(string name)
    {
        var bytes = await File.ReadAllBytesAsync(Path.Combine(_folder, name));
        if (!bytes.AsSpan().StartsWith("-----BEGIN"u8)) return bytes;
        var text = System.Text.Encoding.ASCII.GetString(bytes);
        return Convert.FromBase64String(text[System.Security.Cryptography.PemEncoding.Find(text).Base64Data]);
    }

    // RFC 6960 appendix A.1: in the path by GET, in the body by POST.
    private async Task<byte[]> AnswerAsync(HttpListenerRequest request)
    {
        byte[] question;
        if (request.HttpMethod == "POST")
        {
            using var body = new MemoryStream();
            await request.InputStream.CopyToAsync(body);
            question = body.ToArray();
        }
        else question = Convert.FromBase64String(Uri.UnescapeDataString(request.RawUrl!["/ocsp/".Length..]));
        var (asked, answer) = (Path.Combine(_folder, "q.der"), Path.Combine(_folder, "a.der"));
        await File.WriteAllBytesAsync(asked, question);
        using var openssl = Process.Start(new ProcessStartInfo("openssl", ["ocsp", "-index", "index.txt", "-CA", "ca.pem", "-rsigner", "ca.pem", "-rkey", "ca.key", "-reqin", asked, "-respout", answer, "-ndays", "1"]) { WorkingDirectory = _folder, RedirectStandardError = true, RedirectStandardOutput = true })!;
        await Task.WhenAll(openssl.StandardError.ReadToEndAsync(), openssl.StandardOutput.ReadToEndAsync());
        await openssl.WaitForExitAsync();
        return await File.ReadAllBytesAsync(answer);
    }
}
