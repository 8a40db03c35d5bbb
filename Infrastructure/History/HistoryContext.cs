using Deepfake.Infrastructure.Hosting;
using Microsoft.EntityFrameworkCore;

namespace Deepfake.Infrastructure.History;

/// <summary>The tables of <see cref="PostgresHistoryStore"/>.</summary>
internal sealed class HistoryContext(DbContextOptions<HistoryContext> options) : DbContext(options)
{
    /// <summary>How every part of the store opens the database.</summary>
    public static DbContextOptions<HistoryContext> Options(string connectionString) => new DbContextOptionsBuilder<HistoryContext>()
        .UseNpgsql(PostgresDatabase.Limit(connectionString), npgsql => npgsql.EnableRetryOnFailure(3)).Options;

    public DbSet<HistoryRow> Analyses => Set<HistoryRow>();

    protected override void OnModelCreating(ModelBuilder modelBuilder) => modelBuilder.Entity<HistoryRow>(row =>
    {
        row.ToTable("analyses");
        row.HasKey(x => new { x.Tenant, x.Id }).HasName("pk_analyses");
        row.Property(x => x.Id).HasColumnName("id").UseCollation("C");
        row.Property(x => x.Tenant).HasColumnName("tenant");
        row.Property(x => x.CreatedAt).HasColumnName("created_at");
        row.Property(x => x.CompletedAt).HasColumnName("completed_at");
        row.Property(x => x.Status).HasColumnName("status");
        row.Property(x => x.Verdict).HasColumnName("verdict");
        row.Property(x => x.Score).HasColumnName("deepfake_score");
        row.Property(x => x.Sha256).HasColumnName("sha256");
        row.Property(x => x.Summary).HasColumnName("summary").HasColumnType("jsonb");
        row.Property(x => x.Result).HasColumnName("result").HasColumnType("jsonb");
        row.HasIndex(x => new { x.Tenant, x.CreatedAt, x.Id }).IsDescending(false, true, true).HasDatabaseName("ix_analyses_newest");
        row.HasIndex(x => new { x.Tenant, x.Verdict, x.CreatedAt }).HasDatabaseName("ix_analyses_verdict");
        row.HasIndex(x => new { x.Tenant, x.Status, x.CreatedAt }).HasDatabaseName("ix_analyses_status");
        row.HasIndex(x => new { x.Tenant, x.Score }).HasDatabaseName("ix_analyses_score");
        row.HasIndex(x => new { x.Tenant, x.Sha256 }).HasDatabaseName("ix_analyses_sha256");
    });
}

/// <summary>One final result: what is searched as columns, the rest as JSON.</summary>
internal sealed class HistoryRow
{
    public required string Id { get; set; }

    public required string Tenant { get; set; }

    public DateTimeOffset CreatedAt { get; set; }

    public DateTimeOffset? CompletedAt { get; set; }

    public required string Status { get; set; }

    public string? Verdict { get; set; }

    public double? Score { get; set; }

    public required string Sha256 { get; set; }

    /// <summary>An <see cref="AnalysisSummary"/>, so that a list reads no results.</summary>
    public required string Summary { get; set; }

    /// <summary>The whole <see cref="Contracts.Analysis"/>.</summary>
    public required string Result { get; set; }
}
