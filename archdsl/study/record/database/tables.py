"""What the database holds."""

from __future__ import annotations

TABLES = """
CREATE TABLE IF NOT EXISTS archdsl_studies (
    id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    name text NOT NULL UNIQUE,
    version text NOT NULL
);
CREATE TABLE IF NOT EXISTS archdsl_events (
    study bigint NOT NULL REFERENCES archdsl_studies ON DELETE CASCADE,
    number bigint NOT NULL,
    line text NOT NULL,
    PRIMARY KEY (study, number)
);
CREATE TABLE IF NOT EXISTS archdsl_drivers (
    id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    study bigint NOT NULL REFERENCES archdsl_studies ON DELETE CASCADE,
    called text NOT NULL,
    workers int NOT NULL DEFAULT 0,
    lease double precision NOT NULL,
    seen timestamptz NOT NULL DEFAULT clock_timestamp(),
    has_left boolean NOT NULL DEFAULT false
);
CREATE TABLE IF NOT EXISTS archdsl_claims (
    study bigint NOT NULL REFERENCES archdsl_studies ON DELETE CASCADE,
    trial int NOT NULL,
    purpose text NOT NULL,
    seed bigint NOT NULL,
    driver bigint NOT NULL REFERENCES archdsl_drivers ON DELETE CASCADE,
    PRIMARY KEY (study, trial, purpose, seed)
);
"""
"""A line of `archdsl_events` is one of `record.jsonl`, its checksum included. All times are of the
database's clock, so that those of the drivers may differ."""

CREATING = 7_204_581_113
"""Of an advisory lock: two that create the tables at once would be in each other's way."""
