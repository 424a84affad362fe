"""The tables. A migration is appended, never changed; times are seconds since the epoch, digests text."""

from __future__ import annotations

STATE_MIGRATIONS = (
    """
CREATE TABLE sources (
    name TEXT PRIMARY KEY,
    url TEXT NOT NULL,
    branch TEXT NOT NULL,
    applied_revision TEXT NOT NULL DEFAULT '',
    applied_commit TEXT NOT NULL DEFAULT '',
    attempted_revision TEXT NOT NULL DEFAULT '',
    attempted_commit TEXT NOT NULL DEFAULT '',
    condition TEXT NOT NULL DEFAULT '[]',
    updated REAL NOT NULL DEFAULT 0
);
CREATE TABLE runs (
    id TEXT PRIMARY KEY,
    sequence INTEGER NOT NULL,
    pipeline TEXT NOT NULL,
    source TEXT NOT NULL,
    revision TEXT NOT NULL,
    closure TEXT NOT NULL,
    status TEXT NOT NULL,
    trigger_name TEXT NOT NULL,
    started REAL NOT NULL,
    ended REAL,
    experiment TEXT NOT NULL DEFAULT '',
    mlflow_run_id TEXT NOT NULL DEFAULT '',
    reasons TEXT NOT NULL DEFAULT '[]',
    error TEXT NOT NULL DEFAULT '',
    restored_from TEXT NOT NULL DEFAULT '',
    attempt INTEGER NOT NULL DEFAULT 1
);
CREATE UNIQUE INDEX runs_by_pipeline ON runs (pipeline, sequence);
CREATE INDEX runs_by_closure ON runs (pipeline, closure, status);
CREATE TABLE steps (
    run_id TEXT NOT NULL REFERENCES runs (id),
    name TEXT NOT NULL,
    trial TEXT NOT NULL DEFAULT '',
    position INTEGER NOT NULL DEFAULT 0,
    kind TEXT NOT NULL,
    status TEXT NOT NULL,
    fingerprint TEXT NOT NULL DEFAULT '',
    definition TEXT NOT NULL DEFAULT '',
    inputs TEXT NOT NULL DEFAULT '{}',
    outputs TEXT NOT NULL DEFAULT '{}',
    reasons TEXT NOT NULL DEFAULT '[]',
    started REAL,
    ended REAL,
    mlflow_run_id TEXT NOT NULL DEFAULT '',
    metrics TEXT NOT NULL DEFAULT '{}',
    hyperparameters TEXT NOT NULL DEFAULT '{}',
    reused_from TEXT NOT NULL DEFAULT '',
    handle TEXT NOT NULL DEFAULT '',
    log TEXT NOT NULL DEFAULT '',
    error TEXT NOT NULL DEFAULT '',
    PRIMARY KEY (run_id, name, trial)
) WITHOUT ROWID;
CREATE TABLE results (
    fingerprint TEXT PRIMARY KEY,
    definition TEXT NOT NULL,
    outputs TEXT NOT NULL,
    run_id TEXT NOT NULL,
    step TEXT NOT NULL,
    mlflow_run_id TEXT NOT NULL DEFAULT '',
    metrics TEXT NOT NULL DEFAULT '{}',
    trials TEXT NOT NULL DEFAULT '[]',
    hyperparameters TEXT NOT NULL DEFAULT '{}',
    seconds REAL NOT NULL DEFAULT 0,
    created REAL NOT NULL
) WITHOUT ROWID;
CREATE INDEX results_by_definition ON results (definition);
CREATE TABLE definitions (
    digest TEXT PRIMARY KEY,
    body TEXT NOT NULL
) WITHOUT ROWID;
CREATE TABLE code_trees (
    tree TEXT PRIMARY KEY,
    files TEXT NOT NULL
) WITHOUT ROWID;
CREATE TABLE environments (
    digest TEXT PRIMARY KEY,
    name TEXT NOT NULL,
    version TEXT NOT NULL DEFAULT '',
    status TEXT NOT NULL,
    log TEXT NOT NULL DEFAULT '',
    error TEXT NOT NULL DEFAULT '',
    started REAL,
    ended REAL
) WITHOUT ROWID;
CREATE TABLE versions (
    kind TEXT NOT NULL,
    name TEXT NOT NULL,
    version TEXT NOT NULL,
    digest TEXT NOT NULL,
    revision TEXT NOT NULL,
    interface TEXT NOT NULL DEFAULT '',
    PRIMARY KEY (kind, name, version)
);
CREATE TABLE models (
    run_id TEXT NOT NULL REFERENCES runs (id),
    name TEXT NOT NULL,
    version TEXT NOT NULL,
    aliases TEXT NOT NULL,
    mlflow_run_id TEXT NOT NULL,
    PRIMARY KEY (run_id, name, version)
) WITHOUT ROWID;
CREATE TABLE resources (
    source TEXT NOT NULL,
    kind TEXT NOT NULL,
    name TEXT NOT NULL,
    version TEXT,
    conditions TEXT NOT NULL,
    is_suspended INTEGER NOT NULL DEFAULT 0,
    PRIMARY KEY (source, kind, name)
) WITHOUT ROWID;
""",
    """
CREATE TABLE settings (
    name TEXT PRIMARY KEY,
    value TEXT NOT NULL
) WITHOUT ROWID;
CREATE TABLE image_pins (
    name TEXT PRIMARY KEY,
    pinned TEXT NOT NULL
) WITHOUT ROWID;
CREATE TABLE environments_of_engines (
    engine TEXT NOT NULL,
    digest TEXT NOT NULL,
    name TEXT NOT NULL,
    version TEXT NOT NULL DEFAULT '',
    status TEXT NOT NULL,
    location TEXT NOT NULL DEFAULT '',
    log TEXT NOT NULL DEFAULT '',
    error TEXT NOT NULL DEFAULT '',
    started REAL,
    ended REAL,
    PRIMARY KEY (engine, digest)
) WITHOUT ROWID;
INSERT INTO environments_of_engines (engine, digest, name, version, status, log, error, started, ended)
    SELECT 'process', digest, name, version, status, log, error, started, ended FROM environments;
DROP TABLE environments;
ALTER TABLE environments_of_engines RENAME TO environments;
ALTER TABLE steps ADD COLUMN failure TEXT NOT NULL DEFAULT '';
""",
    """
ALTER TABLE steps ADD COLUMN attempt INTEGER NOT NULL DEFAULT 1;
CREATE TABLE data_assets (
    name TEXT NOT NULL,
    version TEXT NOT NULL,
    type TEXT NOT NULL,
    digest TEXT NOT NULL,
    run_id TEXT NOT NULL,
    step TEXT NOT NULL,
    output TEXT NOT NULL,
    registered REAL NOT NULL,
    PRIMARY KEY (name, version)
);
""",
    """
CREATE TABLE schedules (
    source TEXT NOT NULL,
    name TEXT NOT NULL,
    trigger_digest TEXT NOT NULL,
    seen REAL NOT NULL,
    fired REAL,
    run_id TEXT NOT NULL DEFAULT '',
    said TEXT NOT NULL DEFAULT '',
    PRIMARY KEY (source, name)
) WITHOUT ROWID;
CREATE TABLE scheduled_runs (
    run_id TEXT PRIMARY KEY REFERENCES runs (id),
    schedule TEXT NOT NULL,
    moment REAL NOT NULL
) WITHOUT ROWID;
""",
    """
ALTER TABLE runs ADD COLUMN lock TEXT NOT NULL DEFAULT '[]';
ALTER TABLE schedules ADD COLUMN pipeline TEXT NOT NULL DEFAULT '';
""",
    """
ALTER TABLE models ADD COLUMN semver TEXT NOT NULL DEFAULT '';
ALTER TABLE models ADD COLUMN metric_name TEXT NOT NULL DEFAULT '';
ALTER TABLE models ADD COLUMN metric REAL;
ALTER TABLE models ADD COLUMN commit_id TEXT NOT NULL DEFAULT '';
CREATE TABLE model_aliases (
    name TEXT NOT NULL,
    alias TEXT NOT NULL,
    version TEXT NOT NULL,
    PRIMARY KEY (name, alias)
) WITHOUT ROWID;
INSERT OR REPLACE INTO model_aliases (name, alias, version)
    SELECT models.name, json_each.value, models.version
    FROM models JOIN runs ON runs.id = models.run_id, json_each(models.aliases)
    ORDER BY runs.started, runs.sequence;
CREATE TABLE champions_before (
    run_id TEXT NOT NULL REFERENCES runs (id),
    name TEXT NOT NULL,
    version TEXT NOT NULL,
    PRIMARY KEY (run_id, name)
) WITHOUT ROWID;
CREATE TABLE judgements (
    run_id TEXT NOT NULL REFERENCES runs (id),
    position INTEGER NOT NULL,
    name TEXT NOT NULL,
    version TEXT NOT NULL,
    semver TEXT NOT NULL,
    alias TEXT NOT NULL,
    metric_name TEXT NOT NULL,
    metric REAL,
    champion TEXT NOT NULL,
    champion_semver TEXT NOT NULL,
    champion_metric REAL,
    is_promoted INTEGER NOT NULL,
    why TEXT NOT NULL,
    PRIMARY KEY (run_id, position)
) WITHOUT ROWID;
CREATE INDEX judgements_by_model ON judgements (name, version);
""",
    """
ALTER TABLE versions ADD COLUMN description TEXT;
UPDATE versions SET interface = '';  -- they know no limits of inputs, so that all of those would count as new
""",
    """
CREATE TABLE events (
    id INTEGER PRIMARY KEY,
    source TEXT NOT NULL,
    kind TEXT NOT NULL,
    name TEXT NOT NULL,
    type TEXT NOT NULL,
    reason TEXT NOT NULL,
    message TEXT NOT NULL,
    revision TEXT NOT NULL DEFAULT '',
    run_id TEXT NOT NULL DEFAULT '',
    first REAL NOT NULL,
    last REAL NOT NULL,
    count INTEGER NOT NULL DEFAULT 1,
    change INTEGER NOT NULL
);
CREATE UNIQUE INDEX events_by_words ON events (kind, name, source, reason, message);
CREATE INDEX events_by_change ON events (change);
CREATE TABLE revisions (
    source TEXT NOT NULL,
    revision TEXT NOT NULL,
    outcome TEXT NOT NULL,
    trigger_name TEXT NOT NULL,
    reason TEXT NOT NULL DEFAULT '',
    message TEXT NOT NULL DEFAULT '',
    first REAL NOT NULL,
    last REAL NOT NULL,
    count INTEGER NOT NULL DEFAULT 1,
    change INTEGER NOT NULL,
    PRIMARY KEY (source, revision, outcome)
) WITHOUT ROWID;
CREATE INDEX revisions_by_change ON revisions (source, change);
INSERT INTO revisions (source, revision, outcome, trigger_name, first, last, change)
    SELECT name, applied_revision, 'applied', '', updated, updated, 1 FROM sources WHERE applied_revision != '';
CREATE TABLE builds (
    engine TEXT NOT NULL,
    digest TEXT NOT NULL,
    status TEXT NOT NULL,
    name TEXT NOT NULL,
    version TEXT NOT NULL DEFAULT '',
    error TEXT NOT NULL DEFAULT '',
    first REAL NOT NULL,
    started REAL NOT NULL,
    ended REAL NOT NULL,
    count INTEGER NOT NULL DEFAULT 1,
    PRIMARY KEY (engine, digest, status)
) WITHOUT ROWID;
CREATE INDEX builds_by_name ON builds (name, ended);
INSERT INTO builds (engine, digest, status, name, version, error, first, started, ended)
    SELECT engine, digest, status, name, version, error, ended, started, ended FROM environments
    WHERE status IN ('ready', 'failed') AND started IS NOT NULL AND ended IS NOT NULL;
CREATE TABLE wirings (
    run_id TEXT PRIMARY KEY REFERENCES runs (id),
    body TEXT NOT NULL
) WITHOUT ROWID;
""",
    """
CREATE TABLE suspensions (
    source TEXT NOT NULL,
    kind TEXT NOT NULL,
    name TEXT NOT NULL,
    by_whom TEXT NOT NULL,
    since REAL NOT NULL,
    reason TEXT NOT NULL DEFAULT '',
    PRIMARY KEY (source, kind, name)
) WITHOUT ROWID;
CREATE TABLE asked_runs (
    run_id TEXT PRIMARY KEY REFERENCES runs (id),
    request TEXT NOT NULL,
    pipeline TEXT NOT NULL,
    by_whom TEXT NOT NULL,
    inputs TEXT NOT NULL DEFAULT '{}'
) WITHOUT ROWID;
CREATE INDEX asked_runs_by_request ON asked_runs (request);
CREATE TABLE pins (
    source TEXT NOT NULL,
    kind TEXT NOT NULL,
    name TEXT NOT NULL,
    revision TEXT NOT NULL,
    commit_id TEXT NOT NULL,
    run_id TEXT NOT NULL DEFAULT '',
    by_whom TEXT NOT NULL,
    since REAL NOT NULL,
    reason TEXT NOT NULL DEFAULT '',
    PRIMARY KEY (source, kind, name)
) WITHOUT ROWID;
""",
    """
CREATE TABLE notification_cursors (
    receiver TEXT PRIMARY KEY,
    news INTEGER NOT NULL
) WITHOUT ROWID;
CREATE TABLE notifications (
    number INTEGER PRIMARY KEY AUTOINCREMENT,
    delivery TEXT NOT NULL UNIQUE,
    receiver TEXT NOT NULL,
    body TEXT NOT NULL,
    queued REAL NOT NULL,
    is_begun INTEGER NOT NULL DEFAULT 0,
    attempts INTEGER NOT NULL DEFAULT 0,
    due REAL NOT NULL DEFAULT 0,
    folded_into INTEGER
);
CREATE INDEX notifications_by_receiver ON notifications (receiver, number);
CREATE INDEX notifications_by_fold ON notifications (folded_into) WHERE folded_into IS NOT NULL;
""",
    """
ALTER TABLE versions RENAME TO versions_before;
CREATE TABLE versions (
    source TEXT NOT NULL,  -- '' for those that count for all sources
    kind TEXT NOT NULL,
    name TEXT NOT NULL,
    version TEXT NOT NULL,
    digest TEXT NOT NULL,
    revision TEXT NOT NULL,
    interface TEXT NOT NULL DEFAULT '',
    description TEXT,
    PRIMARY KEY (source, kind, name, version)
);
INSERT INTO versions (source, kind, name, version, digest, revision, interface, description)
    SELECT COALESCE((SELECT MAX(name) FROM sources HAVING COUNT(*) = 1), ''),
        kind, name, version, digest, revision, interface, description FROM versions_before ORDER BY rowid;
DROP TABLE versions_before;
""",
    """
ALTER TABLE events ADD COLUMN news INTEGER NOT NULL DEFAULT 0;
UPDATE events SET news = change;
CREATE INDEX events_by_news ON events (news);
""",
    """
CREATE TABLE waiting_revisions (
    number INTEGER PRIMARY KEY,
    source TEXT NOT NULL,
    pipeline TEXT NOT NULL,
    revision TEXT NOT NULL,
    commit_id TEXT NOT NULL,
    closure TEXT NOT NULL,
    trigger_name TEXT NOT NULL,
    since REAL NOT NULL,
    lock TEXT NOT NULL
);
CREATE INDEX waiting_revisions_by_pipeline ON waiting_revisions (source, pipeline);
""",
    """
ALTER TABLE results RENAME TO results_before;
DROP INDEX results_by_definition;
CREATE TABLE results (
    fingerprint TEXT NOT NULL,
    apart TEXT NOT NULL DEFAULT '',
    definition TEXT NOT NULL,
    outputs TEXT NOT NULL,
    run_id TEXT NOT NULL,
    step TEXT NOT NULL,
    mlflow_run_id TEXT NOT NULL DEFAULT '',
    metrics TEXT NOT NULL DEFAULT '{}',
    trials TEXT NOT NULL DEFAULT '[]',
    hyperparameters TEXT NOT NULL DEFAULT '{}',
    seconds REAL NOT NULL DEFAULT 0,
    created REAL NOT NULL,
    PRIMARY KEY (fingerprint, apart)
) WITHOUT ROWID;
INSERT INTO results (fingerprint, definition, outputs, run_id, step, mlflow_run_id, metrics, trials, hyperparameters,
        seconds, created)
    SELECT fingerprint, definition, outputs, run_id, step, mlflow_run_id, metrics, trials, hyperparameters,
        seconds, created FROM results_before;
DROP TABLE results_before;
CREATE INDEX results_by_definition ON results (definition);
CREATE TABLE previews (
    source TEXT NOT NULL,
    number INTEGER NOT NULL,
    commit_id TEXT NOT NULL,
    base_commit TEXT NOT NULL,
    asked_by TEXT NOT NULL,
    since REAL NOT NULL,
    PRIMARY KEY (source, number)
) WITHOUT ROWID;
""",
    """
CREATE TABLE pull_requests (
    source TEXT NOT NULL,
    number INTEGER NOT NULL,
    told TEXT NOT NULL,
    heard INTEGER NOT NULL,
    labelled TEXT NOT NULL,
    note TEXT NOT NULL,
    is_refused INTEGER NOT NULL,
    merge_commit TEXT NOT NULL,
    merged REAL NOT NULL,
    PRIMARY KEY (source, number)
) WITHOUT ROWID;
""",
    """
CREATE TABLE waiting_records (
    run_id TEXT PRIMARY KEY REFERENCES runs (id),
    since REAL NOT NULL
) WITHOUT ROWID;
""",
)
