using System.Collections.Concurrent;
using System.Runtime.InteropServices;
using Montalegre.Vdi.Broker.Hosting;
using Net.Pkcs11Interop.Common;
using Net.Pkcs11Interop.HighLevelAPI;
using ISession = Net.Pkcs11Interop.HighLevelAPI.ISession;

namespace Montalegre.Vdi.Broker.Certificates.Pkcs11;

/// <summary>One token: a session that is signed in, one call at a time, opened anew when the token was away.</summary>
internal sealed class Token(Pkcs11Options options, TokenPin pin, string label, string? serial)
{
    private const int KeyBytes = 32;
    private const ulong TagBits = 128;

    // A library is loaded once in a process, and stays: who is signed in to a token is so for the whole process.
    private static readonly ConcurrentDictionary<string, Lazy<IPkcs11Library>> Libraries = new(StringComparer.Ordinal);
    private static readonly Pkcs11InteropFactories Factories = new();

    // The token was pulled out, restarted or signed out: a new session may do what the old one cannot.
    private static readonly CKR[] Away =
    [
        CKR.CKR_SESSION_HANDLE_INVALID, CKR.CKR_SESSION_CLOSED, CKR.CKR_USER_NOT_LOGGED_IN, CKR.CKR_DEVICE_REMOVED, CKR.CKR_DEVICE_ERROR, CKR.CKR_TOKEN_NOT_PRESENT,
        CKR.CKR_KEY_HANDLE_INVALID, CKR.CKR_OBJECT_HANDLE_INVALID,
    ];

    // Pkcs11Interop asks for libdl by the name that only development packages have.
    static Token() => NativeLibrary.SetDllImportResolver(typeof(Pkcs11InteropFactories).Assembly, (name, _, _) => name is "libdl" && OperatingSystem.IsLinux() ? NativeLibrary.Load("libdl.so.2") : 0);

    private readonly Lock _one = new();
    private readonly Dictionary<string, IObjectHandle> _keys = new(StringComparer.Ordinal);
    private ISession? _session;

    public string Label => label;

    /// <summary>The first block of AES with this key over a fixed text: what a key check value is. It names the key also where it was copied to another token.</summary>
    public byte[] CheckValue(string key) => Run(key, (session, handle) => session.Encrypt(session.Factories.MechanismFactory.Create(CKM.CKM_AES_ECB), handle, "montalegre kek 1"u8.ToArray()));

    public byte[] Encrypt(string key, byte[] plain, byte[] nonce, byte[] place) => Run(key, (session, handle) => session.Encrypt(Gcm(session, nonce, place), handle, plain));

    /// <summary>Null when it was closed by another key or for another place.</summary>
    public byte[]? Decrypt(string key, byte[] wrapped, byte[] nonce, byte[] place) => Run(key, (session, handle) =>
    {
        try
        {
            return session.Decrypt(Gcm(session, nonce, place), handle, wrapped);
        }
        catch (Pkcs11Exception e) when (e.RV is CKR.CKR_ENCRYPTED_DATA_INVALID or CKR.CKR_ENCRYPTED_DATA_LEN_RANGE or CKR.CKR_GENERAL_ERROR or CKR.CKR_DATA_INVALID)
        {
            return null;
        }
    });

    /// <summary>Makes an AES-256 key that never leaves the token, unless one with this label is there already.</summary>
    public void Make(string key)
    {
        lock (_one)
        {
            try
            {
                var session = Session();
                if (Find(session, key).Count > 0) return;
                var attribute = session.Factories.ObjectAttributeFactory;
                session.GenerateKey(session.Factories.MechanismFactory.Create(CKM.CKM_AES_KEY_GEN),
                [
                    attribute.Create(CKA.CKA_CLASS, CKO.CKO_SECRET_KEY), attribute.Create(CKA.CKA_KEY_TYPE, CKK.CKK_AES), attribute.Create(CKA.CKA_VALUE_LEN, (ulong)KeyBytes),
                    attribute.Create(CKA.CKA_LABEL, key), attribute.Create(CKA.CKA_TOKEN, true), attribute.Create(CKA.CKA_PRIVATE, true), attribute.Create(CKA.CKA_SENSITIVE, true),
                    attribute.Create(CKA.CKA_EXTRACTABLE, false), attribute.Create(CKA.CKA_ENCRYPT, true), attribute.Create(CKA.CKA_DECRYPT, true),
                    attribute.Create(CKA.CKA_SIGN, false), attribute.Create(CKA.CKA_VERIFY, false), attribute.Create(CKA.CKA_WRAP, false), attribute.Create(CKA.CKA_UNWRAP, false),
                ]);
            }
            catch (Pkcs11Exception e)
            {
                throw new StartUpException($"The token {label} makes no key {key}: {e.RV}. Make an AES-256 key with this label there yourself, which may encrypt and decrypt, and run this again.", e);
            }
        }
    }

    private static IMechanism Gcm(ISession session, byte[] nonce, byte[] place) =>
        session.Factories.MechanismFactory.Create(CKM.CKM_AES_GCM, session.Factories.MechanismParamsFactory.CreateCkGcmParams(nonce, (ulong)nonce.Length * 8, place, TagBits));

    private T Run<T>(string key, Func<ISession, IObjectHandle, T> act)
    {
        lock (_one)
        {
            try
            {
                return act(Session(), Handle(key));
            }
            catch (Pkcs11Exception e) when (Away.Contains(e.RV))
            {
                Forget();
            }
            try
            {
                return act(Session(), Handle(key));
            }
            catch (Pkcs11Exception e)
            {
                Forget();
                throw new StartUpException($"The token {label} does not answer for its key {key}: {e.RV}. Look whether it is there: pkcs11-tool --module {options.Module} --list-token-slots.", e);
            }
        }
    }

    private void Forget()
    {
        _keys.Clear();
        _session = null;   // of a token that is away nothing can be closed
    }

    private IObjectHandle Handle(string key)
    {
        if (_keys.TryGetValue(key, out var known)) return known;
        var found = Find(Session(), key);
        return found.Count switch
        {
            1 => _keys[key] = found[0],
            0 => throw new StartUpException($"The token {label} has no AES key with the label {key}. Restore the token, or the key in it, from its backup."),
            _ => throw new StartUpException($"The token {label} has {found.Count} AES keys with the label {key}, and nobody can say which is meant. Give the others another label."),
        };
    }

    private static List<IObjectHandle> Find(ISession session, string key)
    {
        var attribute = session.Factories.ObjectAttributeFactory;
        return session.FindAllObjects([attribute.Create(CKA.CKA_CLASS, CKO.CKO_SECRET_KEY), attribute.Create(CKA.CKA_KEY_TYPE, CKK.CKK_AES), attribute.Create(CKA.CKA_LABEL, key)]);
    }

    private ISession Session()
    {
        if (_session is { } open) return open;
        var slot = Slot();
        var flags = slot.GetTokenInfo().TokenFlags;
        if (flags.UserPinLocked) throw new StartUpException($"The PIN of the token {label} is locked. Unlock it with the security officer's PIN: pkcs11-tool --module {options.Module} --token-label '{label}' --login --login-type so --init-pin.");
        if (flags.UserPinFinalTry) throw new StartUpException($"One more wrong PIN locks the token {label}, so it is not tried here. Sign in once by hand: pkcs11-tool --module {options.Module} --token-label '{label}' --login --list-objects. Then start again.");
        var session = slot.OpenSession(SessionType.ReadWrite);
        try
        {
            pin.Use(label, typed => Login(session, typed));
            return _session = session;
        }
        catch
        {
            slot.CloseSession(session);
            throw;
        }
    }

    private bool Login(ISession session, byte[] typed)
    {
        try
        {
            session.Login(CKU.CKU_USER, typed);
            return true;
        }
        catch (Pkcs11Exception e) when (e.RV is CKR.CKR_USER_ALREADY_LOGGED_IN)
        {
            return true;
        }
        catch (Pkcs11Exception e) when (e.RV is CKR.CKR_PIN_INCORRECT or CKR.CKR_PIN_INVALID or CKR.CKR_PIN_LEN_RANGE)
        {
            return false;
        }
        catch (Pkcs11Exception e)
        {
            throw new StartUpException($"Nobody can sign in to the token {label}: {e.RV}. See what it says: pkcs11-tool --module {options.Module} --list-token-slots.", e);
        }
    }

    private ISlot Slot()
    {
        List<string> labels = [];
        foreach (var slot in Library().GetSlotList(SlotsType.WithTokenPresent))
        {
            var token = slot.GetTokenInfo();
            if (token.Label.TrimEnd() == label && (serial is null || token.SerialNumber.TrimEnd() == serial)) return slot;
            if (token.TokenFlags.TokenInitialized) labels.Add(token.Label.TrimEnd());
        }
        throw new StartUpException($"There is no token {label}{(serial is null ? "" : $" with the serial number {serial}")}; {options.Module} has {(labels.Count == 0 ? "none" : string.Join(", ", labels))}. Attach it, or correct Certificates:Pkcs11:TokenLabel or the key file.");
    }

    private IPkcs11Library Library()
    {
        var module = options.Module!;
        if (!File.Exists(module)) throw new StartUpException($"Certificates:Pkcs11:Module names {module}, which does not exist. Install the token's library, or correct the path.");
        try
        {
            return Libraries.GetOrAdd(module, path => new(() => Factories.Pkcs11LibraryFactory.LoadPkcs11Library(Factories, path, AppType.MultiThreaded))).Value;
        }
        catch (Exception e) when (e is not OutOfMemoryException)
        {
            Libraries.TryRemove(module, out _);
            throw new StartUpException($"The library {module} of Certificates:Pkcs11:Module cannot be used: {e.Message}. It must be a PKCS#11 library for this processor, and find its own configuration.", e);
        }
    }
}
