using System;
using Microsoft.EntityFrameworkCore.Migrations;

#nullable disable

namespace Deepfake.Infrastructure.Persistence.Sqlite.Migrations
{
    /// <inheritdoc />
    internal partial class Initial : Migration
    {
        /// <inheritdoc />
        protected override void Up(MigrationBuilder migrationBuilder)
        {
            migrationBuilder.CreateTable(
                name: "analyses",
                columns: table => new
                {
                    id = table.Column<string>(type: "TEXT", nullable: false),
                    tenant = table.Column<string>(type: "TEXT", nullable: false),
                    created_at = table.Column<long>(type: "INTEGER", nullable: false),
                    completed_at = table.Column<long>(type: "INTEGER", nullable: true),
                    status = table.Column<string>(type: "TEXT", nullable: false),
                    verdict = table.Column<string>(type: "TEXT", nullable: true),
                    deepfake_score = table.Column<double>(type: "REAL", nullable: true),
                    sha256 = table.Column<string>(type: "TEXT", nullable: false),
                    kind = table.Column<string>(type: "TEXT", nullable: true),
                    reference = table.Column<string>(type: "TEXT", nullable: true),
                    search_text = table.Column<string>(type: "TEXT", nullable: false),
                    error_code = table.Column<string>(type: "TEXT", nullable: true),
                    size_bytes = table.Column<long>(type: "INTEGER", nullable: false),
                    reasons = table.Column<string>(type: "TEXT", nullable: false),
                    models = table.Column<string>(type: "TEXT", nullable: false),
                    expires_at = table.Column<long>(type: "INTEGER", nullable: true),
                    review = table.Column<string>(type: "TEXT", nullable: true),
                    review_verdict = table.Column<string>(type: "TEXT", nullable: true),
                    shown_verdict = table.Column<string>(type: "TEXT", nullable: true),
                    summary = table.Column<string>(type: "TEXT", nullable: false),
                    result = table.Column<string>(type: "TEXT", nullable: false)
                },
                constraints: table =>
                {
                    table.PrimaryKey("pk_analyses", x => new { x.tenant, x.id });
                });

            migrationBuilder.CreateTable(
                name: "analysis_states",
                columns: table => new
                {
                    id = table.Column<string>(type: "TEXT", nullable: false),
                    tenant = table.Column<string>(type: "TEXT", nullable: false),
                    key_id = table.Column<string>(type: "TEXT", nullable: true),
                    accepted_at = table.Column<long>(type: "INTEGER", nullable: false),
                    deadline = table.Column<long>(type: "INTEGER", nullable: false),
                    status = table.Column<string>(type: "TEXT", nullable: false),
                    stage = table.Column<string>(type: "TEXT", nullable: false),
                    percent = table.Column<double>(type: "REAL", nullable: false),
                    sequence = table.Column<long>(type: "INTEGER", nullable: false),
                    changed_at = table.Column<long>(type: "INTEGER", nullable: false),
                    started_at = table.Column<long>(type: "INTEGER", nullable: true),
                    published_at = table.Column<long>(type: "INTEGER", nullable: true),
                    finished_at = table.Column<long>(type: "INTEGER", nullable: true),
                    announced_at = table.Column<long>(type: "INTEGER", nullable: true),
                    record = table.Column<string>(type: "TEXT", nullable: false)
                },
                constraints: table =>
                {
                    table.PrimaryKey("pk_analysis_states", x => x.id);
                });

            migrationBuilder.CreateTable(
                name: "deleted_analyses",
                columns: table => new
                {
                    id = table.Column<string>(type: "TEXT", nullable: false),
                    tenant = table.Column<string>(type: "TEXT", nullable: false),
                    at = table.Column<long>(type: "INTEGER", nullable: false)
                },
                constraints: table =>
                {
                    table.PrimaryKey("pk_deleted_analyses", x => x.id);
                });

            migrationBuilder.CreateTable(
                name: "documents",
                columns: table => new
                {
                    kind = table.Column<string>(type: "TEXT", nullable: false),
                    tenant = table.Column<string>(type: "TEXT", nullable: false),
                    id = table.Column<string>(type: "TEXT", nullable: false),
                    version = table.Column<long>(type: "INTEGER", nullable: false),
                    due = table.Column<long>(type: "INTEGER", nullable: true),
                    value = table.Column<string>(type: "TEXT", nullable: false),
                    stamp = table.Column<Guid>(type: "TEXT", nullable: false)
                },
                constraints: table =>
                {
                    table.PrimaryKey("pk_documents", x => new { x.kind, x.tenant, x.id });
                });

            migrationBuilder.CreateTable(
                name: "analysis_events",
                columns: table => new
                {
                    analysis_id = table.Column<string>(type: "TEXT", nullable: false),
                    sequence = table.Column<long>(type: "INTEGER", nullable: false),
                    at = table.Column<long>(type: "INTEGER", nullable: false),
                    status = table.Column<string>(type: "TEXT", nullable: false),
                    stage = table.Column<string>(type: "TEXT", nullable: false),
                    percent = table.Column<double>(type: "REAL", nullable: false)
                },
                constraints: table =>
                {
                    table.PrimaryKey("pk_analysis_events", x => new { x.analysis_id, x.sequence });
                    table.ForeignKey(
                        name: "fk_analysis_events_state",
                        column: x => x.analysis_id,
                        principalTable: "analysis_states",
                        principalColumn: "id",
                        onDelete: ReferentialAction.Cascade);
                });

            migrationBuilder.CreateTable(
                name: "analysis_parts",
                columns: table => new
                {
                    analysis_id = table.Column<string>(type: "TEXT", nullable: false),
                    part = table.Column<string>(type: "TEXT", nullable: false),
                    content = table.Column<byte[]>(type: "BLOB", nullable: false)
                },
                constraints: table =>
                {
                    table.PrimaryKey("pk_analysis_parts", x => new { x.analysis_id, x.part });
                    table.ForeignKey(
                        name: "fk_analysis_parts_state",
                        column: x => x.analysis_id,
                        principalTable: "analysis_states",
                        principalColumn: "id",
                        onDelete: ReferentialAction.Cascade);
                });

            migrationBuilder.CreateTable(
                name: "analysis_results",
                columns: table => new
                {
                    analysis_id = table.Column<string>(type: "TEXT", nullable: false),
                    result = table.Column<string>(type: "TEXT", nullable: false)
                },
                constraints: table =>
                {
                    table.PrimaryKey("pk_analysis_results", x => x.analysis_id);
                    table.ForeignKey(
                        name: "fk_analysis_results_state",
                        column: x => x.analysis_id,
                        principalTable: "analysis_states",
                        principalColumn: "id",
                        onDelete: ReferentialAction.Cascade);
                });

            migrationBuilder.CreateIndex(
                name: "ix_analyses_completed",
                table: "analyses",
                columns: new[] { "tenant", "completed_at" });

            migrationBuilder.CreateIndex(
                name: "ix_analyses_expiry",
                table: "analyses",
                columns: new[] { "tenant", "expires_at" });

            migrationBuilder.CreateIndex(
                name: "ix_analyses_newest",
                table: "analyses",
                columns: new[] { "tenant", "created_at", "id" },
                descending: new[] { false, true, true });

            migrationBuilder.CreateIndex(
                name: "ix_analyses_reference",
                table: "analyses",
                columns: new[] { "tenant", "reference" });

            migrationBuilder.CreateIndex(
                name: "ix_analyses_score",
                table: "analyses",
                columns: new[] { "tenant", "deepfake_score" });

            migrationBuilder.CreateIndex(
                name: "ix_analyses_sha256",
                table: "analyses",
                columns: new[] { "tenant", "sha256" });

            migrationBuilder.CreateIndex(
                name: "ix_analyses_status",
                table: "analyses",
                columns: new[] { "tenant", "status", "created_at" });

            migrationBuilder.CreateIndex(
                name: "ix_analyses_verdict",
                table: "analyses",
                columns: new[] { "tenant", "shown_verdict", "created_at" });

            migrationBuilder.CreateIndex(
                name: "ix_analysis_states_announced",
                table: "analysis_states",
                column: "finished_at",
                filter: "announced_at IS NOT NULL");

            migrationBuilder.CreateIndex(
                name: "ix_analysis_states_deadline",
                table: "analysis_states",
                column: "deadline",
                filter: "finished_at IS NULL");

            migrationBuilder.CreateIndex(
                name: "ix_analysis_states_key",
                table: "analysis_states",
                column: "key_id",
                filter: "finished_at IS NULL AND key_id IS NOT NULL");

            migrationBuilder.CreateIndex(
                name: "ix_analysis_states_open",
                table: "analysis_states",
                columns: new[] { "tenant", "accepted_at", "id" },
                filter: "announced_at IS NULL");

            migrationBuilder.CreateIndex(
                name: "ix_analysis_states_unannounced",
                table: "analysis_states",
                column: "finished_at",
                filter: "announced_at IS NULL AND finished_at IS NOT NULL");

            migrationBuilder.CreateIndex(
                name: "ix_analysis_states_unfinished",
                table: "analysis_states",
                columns: new[] { "accepted_at", "id" },
                filter: "finished_at IS NULL");

            migrationBuilder.CreateIndex(
                name: "ix_analysis_states_unpublished",
                table: "analysis_states",
                columns: new[] { "accepted_at", "id" },
                filter: "published_at IS NULL AND finished_at IS NULL");

            migrationBuilder.CreateIndex(
                name: "ix_deleted_analyses_at",
                table: "deleted_analyses",
                column: "at");

            migrationBuilder.CreateIndex(
                name: "ix_documents_due",
                table: "documents",
                columns: new[] { "kind", "due" },
                filter: "due IS NOT NULL");
        }

        /// <inheritdoc />
        protected override void Down(MigrationBuilder migrationBuilder)
        {
            migrationBuilder.DropTable(
                name: "analyses");

            migrationBuilder.DropTable(
                name: "analysis_events");

            migrationBuilder.DropTable(
                name: "analysis_parts");

            migrationBuilder.DropTable(
                name: "analysis_results");

            migrationBuilder.DropTable(
                name: "deleted_analyses");

            migrationBuilder.DropTable(
                name: "documents");

            migrationBuilder.DropTable(
                name: "analysis_states");
        }
    }
}
