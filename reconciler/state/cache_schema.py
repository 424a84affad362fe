"""The tables of the cache, as they came about; a cache that does not fit is begun anew."""

CACHE_MIGRATIONS = (
    """
CREATE TABLE documents (
    blob TEXT PRIMARY KEY,
    kind TEXT NOT NULL,
    body TEXT NOT NULL
) WITHOUT ROWID;
CREATE TABLE local_files (
    path TEXT PRIMARY KEY,
    stamp TEXT NOT NULL,
    digest TEXT NOT NULL
) WITHOUT ROWID;
""",
    """
CREATE TABLE remote_data (
    url TEXT PRIMARY KEY,
    digest TEXT NOT NULL,
    is_folder INTEGER NOT NULL,
    is_table INTEGER NOT NULL
) WITHOUT ROWID;
""",
    """
CREATE TABLE verified (
    digest TEXT PRIMARY KEY,
    moment REAL NOT NULL
) WITHOUT ROWID;
""",
)
