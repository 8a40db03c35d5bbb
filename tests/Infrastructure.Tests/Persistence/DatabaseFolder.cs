using System.Text;
using Deepfake.Infrastructure.Persistence.Sqlite;
using Microsoft.Data.Sqlite;
using Microsoft.Extensions.Logging.Abstractions;

namespace Deepfake.Infrastructure.Tests.Persistence;

/// <summary>A folder with a database of an embedded host; what is open goes with it.</summary>
internal sealed class DatabaseFolder : IDisposable
{
    private readonly DirectoryInfo _folder = Directory.CreateTempSubdirectory("database-");

    /// <summary>The database that was opened last.</summary>
    public SqliteDatabase? Database { get; private set; }

    public string FullName => _folder.FullName;

    /// <summary>The file.</summary>
    public string File => Path.Combine(FullName, "deepfake.db");

    /// <summary>Opens the database, after closing it if it is open.</summary>
    public SqliteDatabase Open()
    {
        Close();
        return Database = new SqliteDatabase(File, NullLogger<SqliteDatabase>.Instance);
    }

    public void Close()
    {
        Database?.Dispose();
        Database = null;
    }

    /// <summary>Every byte of the database and of what lies beside it.</summary>
    public string RawText() => string.Concat(_folder.GetFiles().OrderBy(file => file.Name).Select(Read));

    /// <summary>How SQLite goes about a query.</summary>
    public string Plan(string sql)
    {
        using var connection = new SqliteConnection($"Data Source={File};Mode=ReadOnly;Pooling=False");
        connection.Open();
        using var command = connection.CreateCommand();
        command.CommandText = "EXPLAIN QUERY PLAN " + sql;
        using var reader = command.ExecuteReader();
        var plan = new StringBuilder();
        while (reader.Read()) plan.AppendLine(reader.GetString(3));
        return plan.ToString();
    }

    public void Dispose()
    {
        Close();
        _folder.Delete(recursive: true);
    }

    private static string Read(FileInfo file)
    {
        using var stream = new FileStream(file.FullName, FileMode.Open, FileAccess.Read, FileShare.ReadWrite | FileShare.Delete);
        using var reader = new StreamReader(stream, Encoding.Latin1);
        return reader.ReadToEnd();
    }
}
