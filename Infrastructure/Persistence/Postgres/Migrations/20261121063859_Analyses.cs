using System;
using Microsoft.EntityFrameworkCore.Migrations;

#nullable disable

namespace Deepfake.Infrastructure.Persistence.Postgres.Migrations
{
    /// <inheritdoc />
    internal partial class Analyses : Migration
    {
        /// <inheritdoc />
        protected override void Up(MigrationBuilder migrationBuilder)
        {
            migrationBuilder.CreateTable(
                name: "analyses",
                columns: table => new
                {
                    id = table.Column<string>(type: "text", nullable: false, collation: "C"),
                    tenant = table.Column<string>(type: "text", nullable: false),
                    created_at = table.Column<DateTimeOffset>(type: "timestamp with time zone", nullable: false),
                    completed_at = table.Column<DateTimeOffset>(type: "timestamp with time zone", nullable: true),
                    status = table.Column<string>(type: "text", nullable: false),
                    verdict = table.Column<string>(type: "text", nullable: true),
                    deepfake_score = table.Column<double>(type: "double precision", nullable: true),
                    sha256 = table.Column<string>(type: "text", nullable: false),
                    summary = table.Column<string>(type: "jsonb", nullable: false),
                    result = table.Column<string>(type: "jsonb", nullable: false)
                },
                constraints: table =>
                {
                    table.PrimaryKey("pk_analyses", x => new { x.tenant, x.id });
                });

            migrationBuilder.CreateIndex(
                name: "ix_analyses_newest",
                table: "analyses",
                columns: new[] { "tenant", "created_at", "id" },
                descending: new[] { false, true, true });

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
                columns: new[] { "tenant", "verdict", "created_at" });
        }

        /// <inheritdoc />
        protected override void Down(MigrationBuilder migrationBuilder)
        {
            migrationBuilder.DropTable(
                name: "analyses");
        }
    }
}
