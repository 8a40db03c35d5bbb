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
        row.Property(x => x.Kind).HasColumnName("kind");
        row.Property(x => x.Reference).HasColumnName("reference");
        row.Property(x => x.SearchText).HasColumnName("search_text");
        row.Property(x => x.ErrorCode).HasColumnName("error_code");
        row.Property(x => x.SizeBytes).HasColumnName("size_bytes");
        row.Property(x => x.Reasons).HasColumnName("reasons").HasColumnType("jsonb");
        row.Property(x => x.Models).HasColumnName("models").HasColumnType("jsonb");
        row.Property(x => x.ExpiresAt).HasColumnName("expires_at");
        row.Property(x => x.Review).HasColumnName("review").HasColumnType("jsonb");
        row.Property(x => x.ReviewVerdict).HasColumnName("review_verdict");
        row.Property(x => x.ShownVerdict).HasColumnName("shown_verdict");
        row.Property(x => x.Summary).HasColumnName("summary").HasColumnType("jsonb");
        row.Property(x => x.Result).HasColumnName("result").HasColumnType("jsonb");
        row.HasIndex(x => new { x.Tenant, x.CreatedAt, x.Id }).IsDescending(false, true, true).HasDatabaseName("ix_analyses_newest");
        row.HasIndex(x => new { x.Tenant, x.ShownVerdict, x.CreatedAt }).HasDatabaseName("ix_analyses_verdict");
        row.HasIndex(x => new { x.Tenant, x.Status, x.CreatedAt }).HasDatabaseName("ix_analyses_status");
        row.HasIndex(x => new { x.Tenant, x.Score }).HasDatabaseName("ix_analyses_score");
        row.HasIndex(x => new { x.Tenant, x.Sha256 }).HasDatabaseName("ix_analyses_sha256");
        row.HasIndex(x => new { x.Tenant, x.Reference }).HasDatabaseName("ix_analyses_reference");
        row.HasIndex(x => new { x.Tenant, x.ExpiresAt }).HasDatabaseName("ix_analyses_expiry");
        row.HasIndex(x => new { x.Tenant, x.CompletedAt }).HasDatabaseName("ix_analyses_completed");
    });
}
