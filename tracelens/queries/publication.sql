-- The live generation: its run, when it was published, and by which version.
select ingest_id, published_at, version from ingest order by ingest_id desc limit 20
