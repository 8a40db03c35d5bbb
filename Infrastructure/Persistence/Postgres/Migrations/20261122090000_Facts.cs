using System;
using Microsoft.EntityFrameworkCore.Migrations;

#nullable disable

namespace Deepfake.Infrastructure.Persistence.Postgres.Migrations
{
    /// <inheritdoc />
    internal partial class Facts : Migration
    {
        private static readonly string[] ByVerdict = ["tenant", "verdict", "created_at"];
        private static readonly string[] ByShownVerdict = ["tenant", "shown_verdict", "created_at"];
        private static readonly string[] ByReference = ["tenant", "reference"];
        private static readonly string[] ByExpiry = ["tenant", "expires_at"];
        private static readonly string[] ByCompletion = ["tenant", "completed_at"];

        /// <inheritdoc />
        protected override void Up(MigrationBuilder migrationBuilder)
        {
            migrationBuilder.AddColumn<string>(
                name: "error_code",
                table: "analyses",
                type: "text",
                nullable: true);

            migrationBuilder.AddColumn<DateTimeOffset>(
                name: "expires_at",
                table: "analyses",
                type: "timestamp with time zone",
                nullable: true);

            migrationBuilder.AddColumn<string>(
                name: "kind",
                table: "analyses",
                type: "text",
                nullable: true);

            migrationBuilder.AddColumn<string>(
                name: "models",
                table: "analyses",
                type: "jsonb",
                nullable: false,
                defaultValue: "[]");

            migrationBuilder.AddColumn<string>(
                name: "reasons",
                table: "analyses",
                type: "jsonb",
                nullable: false,
                defaultValue: "[]");

            migrationBuilder.AddColumn<string>(
                name: "reference",
                table: "analyses",
                type: "text",
                nullable: true);

            migrationBuilder.AddColumn<string>(
                name: "review",
                table: "analyses",
                type: "jsonb",
                nullable: true);

            migrationBuilder.AddColumn<string>(
                name: "review_verdict",
                table: "analyses",
                type: "text",
                nullable: true);

            migrationBuilder.AddColumn<string>(
                name: "search_text",
                table: "analyses",
                type: "text",
                nullable: false,
                defaultValue: "");

            migrationBuilder.AddColumn<string>(
                name: "shown_verdict",
                table: "analyses",
                type: "text",
                nullable: true);

            migrationBuilder.AddColumn<long>(
                name: "size_bytes",
                table: "analyses",
                type: "bigint",
                nullable: false,
                defaultValue: 0L);

            // What was saved before has it all in its result.
            migrationBuilder.Sql("""
                UPDATE analyses SET
                  kind = result->'media'->>'kind',
                  reference = result->>'reference',
                  search_text = lower(coalesce(result->>'file_name', '') || chr(10) || coalesce(result->>'reference', '')),
                  error_code = result->'error'->>'code',
                  size_bytes = coalesce((result->'media'->>'size_bytes')::bigint, 0),
                  reasons = coalesce(result->'reasons', '[]'),
                  models = (SELECT coalesce(jsonb_agg(jsonb_build_object('name', model->'name', 'version', model->'version', 'score', model->'score')), '[]')
                            FROM jsonb_array_elements(coalesce(result->'models', '[]')) AS model),
                  shown_verdict = verdict,
                  summary = summary || jsonb_build_object('machine_verdict', verdict)
                """);

            migrationBuilder.DropIndex(name: "ix_analyses_verdict", table: "analyses");
            migrationBuilder.CreateIndex(name: "ix_analyses_verdict", table: "analyses", columns: ByShownVerdict);
            migrationBuilder.CreateIndex(name: "ix_analyses_reference", table: "analyses", columns: ByReference);
            migrationBuilder.CreateIndex(name: "ix_analyses_expiry", table: "analyses", columns: ByExpiry);
            migrationBuilder.CreateIndex(name: "ix_analyses_completed", table: "analyses", columns: ByCompletion);
        }

        /// <inheritdoc />
        protected override void Down(MigrationBuilder migrationBuilder)
        {
            migrationBuilder.DropIndex(name: "ix_analyses_completed", table: "analyses");
            migrationBuilder.DropIndex(name: "ix_analyses_expiry", table: "analyses");
            migrationBuilder.DropIndex(name: "ix_analyses_reference", table: "analyses");
            migrationBuilder.DropIndex(name: "ix_analyses_verdict", table: "analyses");
            migrationBuilder.DropColumn(name: "error_code", table: "analyses");
            migrationBuilder.DropColumn(name: "expires_at", table: "analyses");
            migrationBuilder.DropColumn(name: "kind", table: "analyses");
            migrationBuilder.DropColumn(name: "models", table: "analyses");
            migrationBuilder.DropColumn(name: "reasons", table: "analyses");
            migrationBuilder.DropColumn(name: "reference", table: "analyses");
            migrationBuilder.DropColumn(name: "review", table: "analyses");
            migrationBuilder.DropColumn(name: "review_verdict", table: "analyses");
            migrationBuilder.DropColumn(name: "search_text", table: "analyses");
            migrationBuilder.DropColumn(name: "shown_verdict", table: "analyses");
            migrationBuilder.DropColumn(name: "size_bytes", table: "analyses");
            migrationBuilder.CreateIndex(name: "ix_analyses_verdict", table: "analyses", columns: ByVerdict);
        }
    }
}
