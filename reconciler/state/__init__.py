"""What exists: runs, results, environments and applied revisions in SQLite; outputs in a content-addressed store."""
