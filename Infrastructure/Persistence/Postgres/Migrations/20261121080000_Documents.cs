using Microsoft.EntityFrameworkCore.Migrations;

#nullable disable

namespace Deepfake.Infrastructure.Persistence.Postgres.Migrations
{
    /// <inheritdoc />
    internal partial class Documents : Migration
    {
        /// <inheritdoc />
        protected override void Up(MigrationBuilder migrationBuilder)
        {
            // Earlier builds kept documents under a migration history of their own: there the table is already.
            migrationBuilder.Sql("""
                CREATE TABLE IF NOT EXISTS documents (
                  kind text COLLATE "C" NOT NULL,
                  tenant text COLLATE "C" NOT NULL,
                  id text COLLATE "C" NOT NULL,
                  version bigint NOT NULL,
                  due timestamp with time zone,
                  value json NOT NULL,
                  stamp uuid NOT NULL,
                  CONSTRAINT pk_documents PRIMARY KEY (kind, tenant, id));
                CREATE INDEX IF NOT EXISTS ix_documents_due ON documents (kind, due) WHERE due IS NOT NULL;
                """);
        }

        /// <inheritdoc />
        protected override void Down(MigrationBuilder migrationBuilder)
        {
            migrationBuilder.DropTable(
                name: "documents");
        }
    }
}
