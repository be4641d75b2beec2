-- The dump and the digests of its tables are of one and the same moment: whoever restores it can compare, whatever the
-- database has done since.
BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY;
SELECT pg_export_snapshot() AS snapshot \gset
\setenv SNAPSHOT :snapshot
\! pg_dump --format=custom --snapshot="$SNAPSHOT" --file="$PART/$DATABASE.dump" "$DATABASE" && : > "$PART/.dumped"
\getenv part PART
\getenv database DATABASE
\set to :part '/' :database '.tables'
\pset format unaligned
\pset tuples_only on
\o :to
\i /scripts/tables.sql
\o
COMMIT;
