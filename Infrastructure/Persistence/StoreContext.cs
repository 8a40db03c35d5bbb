using Deepfake.Infrastructure.Documents;
using Deepfake.Infrastructure.History;
using Microsoft.EntityFrameworkCore;

namespace Deepfake.Infrastructure.Persistence;

/// <summary>The tables of history and documents: one model for every database. What databases do differently is in the derived classes.</summary>
internal abstract class StoreContext(DbContextOptions options) : DbContext(options)
{
    public DbSet<HistoryRow> History => Set<HistoryRow>();

    public DbSet<DocumentRow> Documents => Set<DocumentRow>();

    /// <summary>What stands behind a text parameter that is inserted into a column of JSON; empty where JSON is text.</summary>
    public abstract string JsonCast { get; }

    /// <summary>Counts the results of a tenant. Percentiles and elements of JSON arrays have no common SQL.</summary>
    public abstract Task<HistoryStatistics> ReadStatisticsAsync(string tenant, HistoryWindow window, CancellationToken cancellationToken);

    protected override void OnModelCreating(ModelBuilder modelBuilder)
    {
        modelBuilder.Entity<HistoryRow>(row =>
        {
            row.ToTable("analyses");
            row.HasKey(x => new { x.Tenant, x.Id }).HasName("pk_analyses");
            row.Property(x => x.Id).HasColumnName("id");
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
            row.Property(x => x.Reasons).HasColumnName("reasons");
            row.Property(x => x.Models).HasColumnName("models");
            row.Property(x => x.ExpiresAt).HasColumnName("expires_at");
            row.Property(x => x.Review).HasColumnName("review");
            row.Property(x => x.ReviewVerdict).HasColumnName("review_verdict");
            row.Property(x => x.ShownVerdict).HasColumnName("shown_verdict");
            row.Property(x => x.Summary).HasColumnName("summary");
            row.Property(x => x.Result).HasColumnName("result");
            row.HasIndex(x => new { x.Tenant, x.CreatedAt, x.Id }).IsDescending(false, true, true).HasDatabaseName("ix_analyses_newest");
            row.HasIndex(x => new { x.Tenant, x.ShownVerdict, x.CreatedAt }).HasDatabaseName("ix_analyses_verdict");
            row.HasIndex(x => new { x.Tenant, x.Status, x.CreatedAt }).HasDatabaseName("ix_analyses_status");
            row.HasIndex(x => new { x.Tenant, x.Score }).HasDatabaseName("ix_analyses_score");
            row.HasIndex(x => new { x.Tenant, x.Sha256 }).HasDatabaseName("ix_analyses_sha256");
            row.HasIndex(x => new { x.Tenant, x.Reference }).HasDatabaseName("ix_analyses_reference");
            row.HasIndex(x => new { x.Tenant, x.ExpiresAt }).HasDatabaseName("ix_analyses_expiry");
            row.HasIndex(x => new { x.Tenant, x.CompletedAt }).HasDatabaseName("ix_analyses_completed");
        });
        modelBuilder.Entity<DocumentRow>(row =>
        {
            row.ToTable("documents");
            row.HasKey(x => new { x.Kind, x.Tenant, x.Id }).HasName("pk_documents");
            row.Property(x => x.Kind).HasColumnName("kind");
            row.Property(x => x.Tenant).HasColumnName("tenant");
            row.Property(x => x.Id).HasColumnName("id");
            row.Property(x => x.Version).HasColumnName("version");
            row.Property(x => x.Due).HasColumnName("due");
            row.Property(x => x.Value).HasColumnName("value");
            row.Property(x => x.Stamp).HasColumnName("stamp");
            row.HasIndex(x => new { x.Kind, x.Due }).HasFilter("due IS NOT NULL").HasDatabaseName("ix_documents_due");
        });
    }
}
