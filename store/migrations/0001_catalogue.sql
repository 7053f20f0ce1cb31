-- What is known and who may see it. Plain types that SQLite and PostgreSQL both take.
-- Columns are what queries filter and sort by; `doc` is the noun of the model as JSON.

CREATE TABLE endpoints (
    id TEXT PRIMARY KEY,
    host TEXT NOT NULL,
    method TEXT NOT NULL,
    template TEXT NOT NULL,
    state TEXT NOT NULL,
    exposure TEXT NOT NULL,
    auth TEXT NOT NULL,
    purpose TEXT,
    level BIGINT NOT NULL,
    risk BIGINT NOT NULL,
    calls BIGINT NOT NULL,
    error_share DOUBLE PRECISION NOT NULL,
    first_seen BIGINT NOT NULL,
    last_seen BIGINT NOT NULL,
    search TEXT NOT NULL,
    doc TEXT NOT NULL
);
CREATE INDEX endpoints_by_host ON endpoints (host, template, method);

-- Data types of an endpoint.
CREATE TABLE endpoint_data (
    endpoint TEXT NOT NULL,
    data_type TEXT NOT NULL,
    PRIMARY KEY (endpoint, data_type)
);
CREATE INDEX endpoint_data_by_type ON endpoint_data (data_type, endpoint);

-- Former ids, each pointing at the endpoint that it means now (chains are collapsed when written).
CREATE TABLE aliases (
    id TEXT PRIMARY KEY,
    target TEXT NOT NULL
);
CREATE INDEX aliases_by_target ON aliases (target);

CREATE TABLE candidates (
    id TEXT PRIMARY KEY,
    host TEXT NOT NULL,
    reason TEXT NOT NULL,
    calls BIGINT NOT NULL,
    search TEXT NOT NULL,
    doc TEXT NOT NULL
);
CREATE INDEX candidates_by_calls ON candidates (calls);

CREATE TABLE accounts (
    id TEXT PRIMARY KEY,
    host TEXT NOT NULL,
    calls BIGINT NOT NULL,
    search TEXT NOT NULL,
    doc TEXT NOT NULL
);
CREATE INDEX accounts_by_calls ON accounts (calls);

-- `state`, `note`, `decided_by` and `decided_at` belong to people; a save of what was found leaves them alone.
-- `endpoint` follows merges and wins over the one in `doc`. `saved` is the number of the save that reported it.
CREATE TABLE findings (
    id TEXT PRIMARY KEY,
    rule TEXT NOT NULL,
    host TEXT NOT NULL,
    endpoint TEXT,
    subject TEXT,
    severity BIGINT NOT NULL,
    last_seen BIGINT NOT NULL,
    search TEXT NOT NULL,
    doc TEXT NOT NULL,
    saved BIGINT NOT NULL,
    state TEXT NOT NULL,
    note TEXT NOT NULL,
    decided_by TEXT NOT NULL,
    decided_at BIGINT
);
CREATE INDEX findings_by_severity ON findings (severity, last_seen);
CREATE INDEX findings_by_endpoint ON findings (endpoint);

-- The learned state of the analysis in parts of a few megabytes.
CREATE TABLE hot_state (
    part BIGINT PRIMARY KEY,
    position BIGINT NOT NULL,
    bytes BYTEA NOT NULL
);

CREATE TABLE users (
    name TEXT PRIMARY KEY,
    role TEXT NOT NULL,
    password_hash TEXT NOT NULL,
    must_change BOOLEAN NOT NULL,
    disabled BOOLEAN NOT NULL,
    created BIGINT NOT NULL,
    last_login BIGINT NOT NULL
);

CREATE TABLE sessions (
    token_hash TEXT PRIMARY KEY,
    user_name TEXT NOT NULL,
    expires BIGINT NOT NULL
);
CREATE INDEX sessions_by_user ON sessions (user_name);

CREATE TABLE api_tokens (
    name TEXT PRIMARY KEY,
    token_hash TEXT NOT NULL UNIQUE,
    created_by TEXT NOT NULL,
    created BIGINT NOT NULL,
    last_used BIGINT NOT NULL
);

CREATE TABLE settings (
    name TEXT PRIMARY KEY,
    value TEXT NOT NULL
);

-- What operators did. `number` keeps the order of entries with equal time.
CREATE TABLE audit (
    number BIGINT PRIMARY KEY,
    at BIGINT NOT NULL,
    who TEXT NOT NULL,
    what TEXT NOT NULL,
    subject TEXT NOT NULL,
    detail TEXT NOT NULL
);
