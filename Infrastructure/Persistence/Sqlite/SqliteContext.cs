using System.Globalization;
using Deepfake.Infrastructure.Analyses;
using Deepfake.Infrastructure.History;
using Microsoft.Data.Sqlite;
using Microsoft.EntityFrameworkCore;
using Microsoft.EntityFrameworkCore.Storage;

namespace Deepfake.Infrastructure.Persistence.Sqlite;

/// <summary>Analyses, history and documents of an embedded host in SQLite. Text is compared by code point, as SQLite does where nothing else is said.</summary>
internal sealed class SqliteContext(DbContextOptions<SqliteContext> options) : StoreContext(options)
{
    private readonly Dictionary<string, SqliteCommand> _prepared = [];

    public DbSet<AnalysisStateRow> States => Set<AnalysisStateRow>();

    public DbSet<AnalysisEventRow> Events => Set<AnalysisEventRow>();

    public DbSet<AnalysisPartRow> Parts => Set<AnalysisPartRow>();

    public DbSet<AnalysisResultRow> Results => Set<AnalysisResultRow>();

    public DbSet<DeletedAnalysisRow> Deleted => Set<DeletedAnalysisRow>();

    public override string JsonCast => "";

    /// <summary>
    /// Runs a statement of the writer. It is prepared once: EF Core builds and prepares it each time, which takes longer than running it and would take it
    /// from the one thread that all changes wait for.
    /// </summary>
    /// <returns>Rows that it changed.</returns>
    public int Execute(FormattableString statement)
    {
        var values = statement.GetArguments();
        if (!_prepared.TryGetValue(statement.Format, out var command))
        {
            command = (SqliteCommand)Database.GetDbConnection().CreateCommand();
            string[] names = [.. values.Select((_, i) => $"@p{i}")];
            command.CommandText = string.Format(CultureInfo.InvariantCulture, statement.Format, names);
            foreach (var name in names) command.Parameters.Add(new SqliteParameter { ParameterName = name });
            _prepared.Add(statement.Format, command);
        }

        command.Transaction = (SqliteTransaction?)Database.CurrentTransaction?.GetDbTransaction();
        for (var i = 0; i < values.Length; i++)
            command.Parameters[i].Value = values[i] switch { null => DBNull.Value, DateTimeOffset time => MicrosecondConverter.ToMicroseconds(time), var value => value };
        return command.ExecuteNonQuery();
    }

    public override void Dispose()
    {
        foreach (var command in _prepared.Values) command.Dispose();
        base.Dispose();
    }

    public override Task<HistoryStatistics> ReadStatisticsAsync(string tenant, HistoryWindow window, CancellationToken cancellationToken) =>
        SqliteStatistics.ReadAsync(Database, tenant, window, cancellationToken);

    protected override void ConfigureConventions(ModelConfigurationBuilder configurationBuilder)
    {
        configurationBuilder.Properties<DateTimeOffset>().HaveConversion<MicrosecondConverter>();
        configurationBuilder.DefaultTypeMapping<DateTimeOffset>().HasConversion<MicrosecondConverter>(); // parameters of SQL
    }

    protected override void OnModelCreating(ModelBuilder modelBuilder)
    {
        base.OnModelCreating(modelBuilder);
        modelBuilder.Entity<AnalysisStateRow>(row =>
        {
            row.ToTable("analysis_states");
            row.HasKey(x => x.Id).HasName("pk_analysis_states");
            row.Property(x => x.Id).HasColumnName("id");
            row.Property(x => x.Tenant).HasColumnName("tenant");
            row.Property(x => x.KeyId).HasColumnName("key_id");
            row.Property(x => x.AcceptedAt).HasColumnName("accepted_at");
            row.Property(x => x.Deadline).HasColumnName("deadline");
            row.Property(x => x.Status).HasColumnName("status").HasConversion<string>();
            row.Property(x => x.Stage).HasColumnName("stage").HasConversion<string>();
            row.Property(x => x.Percent).HasColumnName("percent");
            row.Property(x => x.Sequence).HasColumnName("sequence");
            row.Property(x => x.ChangedAt).HasColumnName("changed_at");
            row.Property(x => x.StartedAt).HasColumnName("started_at");
            row.Property(x => x.PublishedAt).HasColumnName("published_at");
            row.Property(x => x.FinishedAt).HasColumnName("finished_at");
            row.Property(x => x.AnnouncedAt).HasColumnName("announced_at");
            row.Property(x => x.Record).HasColumnName("record");
            // One partial index a question of sweeper, watchdog and list: they hold what is open, never what is over.
            row.HasIndex(x => new { x.AcceptedAt, x.Id }, "ix_analysis_states_unfinished").HasFilter("finished_at IS NULL");
            row.HasIndex(x => new { x.AcceptedAt, x.Id }, "ix_analysis_states_unpublished").HasFilter("published_at IS NULL AND finished_at IS NULL");
            row.HasIndex(x => x.Deadline, "ix_analysis_states_deadline").HasFilter("finished_at IS NULL");
            row.HasIndex(x => x.KeyId, "ix_analysis_states_key").HasFilter("finished_at IS NULL AND key_id IS NOT NULL");
            row.HasIndex(x => new { x.Tenant, x.AcceptedAt, x.Id }, "ix_analysis_states_open").HasFilter("announced_at IS NULL");
            row.HasIndex(x => x.FinishedAt, "ix_analysis_states_unannounced").HasFilter("announced_at IS NULL AND finished_at IS NOT NULL");
            row.HasIndex(x => x.FinishedAt, "ix_analysis_states_announced").HasFilter("announced_at IS NOT NULL");
        });
        modelBuilder.Entity<AnalysisEventRow>(row =>
        {
            row.ToTable("analysis_events");
            row.HasKey(x => new { x.AnalysisId, x.Sequence }).HasName("pk_analysis_events");
            row.Property(x => x.AnalysisId).HasColumnName("analysis_id");
            row.Property(x => x.Sequence).HasColumnName("sequence");
            row.Property(x => x.At).HasColumnName("at");
            row.Property(x => x.Status).HasColumnName("status").HasConversion<string>();
            row.Property(x => x.Stage).HasColumnName("stage").HasConversion<string>();
            row.Property(x => x.Percent).HasColumnName("percent");
            row.HasOne<AnalysisStateRow>().WithMany().HasForeignKey(x => x.AnalysisId).HasConstraintName("fk_analysis_events_state").OnDelete(DeleteBehavior.Cascade);
        });
        modelBuilder.Entity<AnalysisPartRow>(row =>
        {
            row.ToTable("analysis_parts");
            row.HasKey(x => new { x.AnalysisId, x.Part }).HasName("pk_analysis_parts");
            row.Property(x => x.AnalysisId).HasColumnName("analysis_id");
            row.Property(x => x.Part).HasColumnName("part");
            row.Property(x => x.Content).HasColumnName("content");
            row.HasOne<AnalysisStateRow>().WithMany().HasForeignKey(x => x.AnalysisId).HasConstraintName("fk_analysis_parts_state").OnDelete(DeleteBehavior.Cascade);
        });
        modelBuilder.Entity<AnalysisResultRow>(row =>
        {
            row.ToTable("analysis_results");
            row.HasKey(x => x.AnalysisId).HasName("pk_analysis_results");
            row.Property(x => x.AnalysisId).HasColumnName("analysis_id");
            row.Property(x => x.Result).HasColumnName("result");
            row.HasOne<AnalysisStateRow>().WithOne().HasForeignKey<AnalysisResultRow>(x => x.AnalysisId).HasConstraintName("fk_analysis_results_state").OnDelete(DeleteBehavior.Cascade);
        });
        modelBuilder.Entity<DeletedAnalysisRow>(row =>
        {
            row.ToTable("deleted_analyses");
            row.HasKey(x => x.Id).HasName("pk_deleted_analyses");
            row.Property(x => x.Id).HasColumnName("id");
            row.Property(x => x.Tenant).HasColumnName("tenant");
            row.Property(x => x.At).HasColumnName("at");
            row.HasIndex(x => x.At, "ix_deleted_analyses_at");
        });
    }
}
