using Deepfake.Infrastructure.Documents;
using Deepfake.Infrastructure.History;
using Microsoft.EntityFrameworkCore;

namespace Deepfake.Infrastructure.Persistence.Postgres;

/// <summary>History and documents in PostgreSQL.</summary>
internal sealed class PostgresContext(DbContextOptions<PostgresContext> options) : StoreContext(options)
{
    public override string JsonCast => "::json";

    /// <summary>How every part of the store opens the database.</summary>
    public static DbContextOptions<PostgresContext> Options(string connectionString) => new DbContextOptionsBuilder<PostgresContext>()
        .UseNpgsql(PostgresDatabase.Limit(connectionString), npgsql => npgsql.EnableRetryOnFailure(3))
        .UseQueryTrackingBehavior(QueryTrackingBehavior.NoTracking).Options;

    public override Task<HistoryStatistics> ReadStatisticsAsync(string tenant, HistoryWindow window, CancellationToken cancellationToken) =>
        PostgresStatistics.ReadAsync(Database, tenant, window, cancellationToken);

    protected override void OnModelCreating(ModelBuilder modelBuilder)
    {
        base.OnModelCreating(modelBuilder);
        // "C": the order by code point, whatever the locale of the server.
        modelBuilder.Entity<HistoryRow>(row =>
        {
            row.Property(x => x.Id).UseCollation("C");
            row.Property(x => x.Reasons).HasColumnType("jsonb");
            row.Property(x => x.Models).HasColumnType("jsonb");
            row.Property(x => x.Review).HasColumnType("jsonb");
            row.Property(x => x.Summary).HasColumnType("jsonb");
            row.Property(x => x.Result).HasColumnType("jsonb");
        });
        modelBuilder.Entity<DocumentRow>(row =>
        {
            row.Property(x => x.Kind).UseCollation("C");
            row.Property(x => x.Tenant).UseCollation("C");
            row.Property(x => x.Id).UseCollation("C");
            // Not jsonb, which refuses U+0000; a value gives back what was put in.
            row.Property(x => x.Value).HasColumnType("json");
        });
    }
}
