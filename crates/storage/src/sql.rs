//! Pieces of statements that several statements share. All text is static; only values are bound.

/// Which events count. Bound: ?6 agents as a bit set, ?7 companies and ?8 activities as JSON arrays of numbers (all when
/// null), ?9 and ?10 the bounds of the reference (any when null).
macro_rules! event_filter {
    () => {
        "(?6 >> agent) & 1
        AND (?7 IS NULL OR company_id IN (SELECT value FROM json_each(?7)))
        AND (?8 IS NULL OR activity IN (SELECT value FROM json_each(?8)))
        AND (?9 IS NULL OR (reference COLLATE NOCASE >= ?9 AND reference COLLATE NOCASE < ?10))"
    };
}

/// Which rows are rows of the log: a reversal is told by the event it takes back.
macro_rules! is_listed {
    () => {
        " AND credits >= 0"
    };
}

/// The events of an account (?1) strictly between two places (?2, ?3) and (?4, ?5), read in the order of the log.
macro_rules! log_range {
    () => {
        "FROM events INDEXED BY events_log
        WHERE account_id = ?1 AND (time, seq) > (?2, ?3) AND (time, seq) < (?4, ?5)"
    };
}

/// The same, read in the order of the references between ?9 and ?10.
macro_rules! reference_range {
    () => {
        "FROM events INDEXED BY events_reference
        WHERE account_id = ?1 AND reference IS NOT NULL
            AND reference COLLATE NOCASE >= ?9 AND reference COLLATE NOCASE < ?10
            AND (time, seq) > (?2, ?3) AND (time, seq) < (?4, ?5)"
    };
}

/// Which rows of a table of totals count. Bound: ?4 agents as a bit set, ?5 activities as a JSON array (all when null).
macro_rules! total_filter {
    () => {
        "(?4 >> agent) & 1 AND (?5 IS NULL OR activity IN (SELECT value FROM json_each(?5)))"
    };
}
