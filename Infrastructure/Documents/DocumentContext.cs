using Deepfake.Infrastructure.Hosting;
using Microsoft.EntityFrameworkCore;

namespace Deepfake.Infrastructure.Documents;

/// <summary>The table of <see cref="PostgresDocumentStore{T}"/>.</summary>
internal sealed class DocumentContext(DbContextOptions<DocumentContext> options) : DbContext(options)
{
    /// <summary>How every part of the store opens the database. Its migrations are counted apart from those of the history.</summary>
    public static DbContextOptions<DocumentContext> Options(string connectionString) => new DbContextOptionsBuilder<DocumentContext>()
        .UseNpgsql(PostgresDatabase.Limit(connectionString), npgsql => npgsql.EnableRetryOnFailure(3).MigrationsHistoryTable("__documents_migrations")).Options;

    public DbSet<DocumentRow> Documents => Set<DocumentRow>();

    protected override void OnModelCreating(ModelBuilder modelBuilder) => modelBuilder.Entity<DocumentRow>(row =>
    {
        row.ToTable("documents");
        row.HasKey(x => new { x.Kind, x.Tenant, x.Id }).HasName("pk_documents");
        row.Property(x => x.Kind).HasColumnName("kind").UseCollation("C");
        row.Property(x => x.Tenant).HasColumnName("tenant").UseCollation("C");
        row.Property(x => x.Id).HasColumnName("id").UseCollation("C");
        row.Property(x => x.Version).HasColumnName("version");
        row.Property(x => x.Due).HasColumnName("due");
        // Not jsonb, which refuses U+0000; a value gives back what was put in.
        row.Property(x => x.Value).HasColumnName("value").HasColumnType("json");
        row.Property(x => x.Stamp).HasColumnName("stamp");
        row.HasIndex(x => new { x.Kind, x.Due }).HasFilter("due IS NOT NULL").HasDatabaseName("ix_documents_due");
    });
}

/// <summary>One document.</summary>
internal sealed class DocumentRow
{
    public required string Kind { get; set; }

    public required string Tenant { get; set; }

    public required string Id { get; set; }

    public long Version { get; set; }

    public DateTimeOffset? Due { get; set; }

    public required string Value { get; set; }

    /// <summary>Drawn for each write: tells a write that is tried again after its answer was lost from somebody else's.</summary>
    public Guid Stamp { get; set; }
}
