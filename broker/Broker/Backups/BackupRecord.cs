using System.Text.Json;
using System.Text.Json.Serialization;

namespace Montalegre.Vdi.Broker.Backups;

/// <summary>What a finished backup says about itself, in <c>backup.json</c> beside its files.</summary>
/// <param name="FirstLog">Name of the first piece of log that a restore of it needs.</param>
internal sealed record BackupRecord(string Name, DateTimeOffset At, int PostgresMajor, int Schema, string FirstLog, long SizeBytes);

/// <summary>The last attempt that failed, kept on disk so that a restarted broker still says it.</summary>
internal sealed record BackupFailure(DateTimeOffset At, string Reason);

/// <summary>The last time that a backup was restored aside and checked.</summary>
internal sealed record BackupVerified(DateTimeOffset At, string Summary);

[JsonSerializable(typeof(BackupRecord)), JsonSerializable(typeof(BackupFailure)), JsonSerializable(typeof(BackupVerified))]
[JsonSourceGenerationOptions(WriteIndented = true, PropertyNamingPolicy = JsonKnownNamingPolicy.SnakeCaseLower)]
internal sealed partial class BackupJson : JsonSerializerContext;

/// <summary>Small JSON files that are whole or not there.</summary>
internal static class BackupFile
{
    public static async Task WriteAsync<T>(string path, T value, CancellationToken ct)
    {
        await File.WriteAllTextAsync(path + ".new", JsonSerializer.Serialize(value, typeof(T), BackupJson.Default), ct);
        File.Move(path + ".new", path, overwrite: true);
    }

    /// <summary>Null when there is none, or nobody can read it: the directory is shared with people.</summary>
    public static T? Read<T>(string path) where T : class
    {
        try
        {
            return File.Exists(path) ? (T?)JsonSerializer.Deserialize(File.ReadAllText(path), typeof(T), BackupJson.Default) : null;
        }
        catch (Exception e) when (e is JsonException or IOException)
        {
            return null;
        }
    }
}
