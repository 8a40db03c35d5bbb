using Microsoft.EntityFrameworkCore.Infrastructure;
using Microsoft.EntityFrameworkCore.Migrations;

namespace Deepfake.Infrastructure.History.Migrations;

/// <summary>The first table.</summary>
[DbContext(typeof(HistoryContext))]
[Migration("20261121000000_Analyses")]
internal sealed class Analyses : Migration
{
    protected override void Up(MigrationBuilder migrationBuilder)
    {
        migrationBuilder.CreateTable(
            "analyses",
            columns => new
            {
                id = columns.Column<string>("text", nullable: false, collation: "C"),
                tenant = columns.Column<string>("text", nullable: false),
                created_at = columns.Column<DateTimeOffset>("timestamp with time zone", nullable: false),
                completed_at = columns.Column<DateTimeOffset>("timestamp with time zone", nullable: true),
                status = columns.Column<string>("text", nullable: false),
                verdict = columns.Column<string>("text", nullable: true),
                deepfake_score = columns.Column<double>("double precision", nullable: true),
                sha256 = columns.Column<string>("text", nullable: false),
                summary = columns.Column<string>("jsonb", nullable: false),
                result = columns.Column<string>("jsonb", nullable: false),
            },
            constraints: table => table.PrimaryKey("pk_analyses", x => x.id));
        migrationBuilder.CreateIndex("ix_analyses_newest", "analyses", ["tenant", "created_at", "id"], descending: [false, true, true]);
        migrationBuilder.CreateIndex("ix_analyses_verdict", "analyses", ["tenant", "verdict", "created_at"]);
        migrationBuilder.CreateIndex("ix_analyses_sha256", "analyses", ["tenant", "sha256"]);
    }

    protected override void Down(MigrationBuilder migrationBuilder) => migrationBuilder.DropTable("analyses");
}
