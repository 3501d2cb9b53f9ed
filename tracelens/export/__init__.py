"""What is handed on to other tools: paths as traces (OTLP, Chrome), tables as files (Parquet, CSV, DuckDB, ECS)."""
