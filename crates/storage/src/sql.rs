//! Pieces of statements that several statements share. All text is static; only values are bound.

/// Which events count, whatever their reference. Activities that are not listed have negative numbers, and count as 0. Bound: ?6 agents as a bit set, ?7 companies and ?8 activities as JSON
/// arrays of numbers (all when null).
macro_rules! event_facets {
    () => {
        "(?6 >> agent) & 1
        AND (?7 IS NULL OR company_id IN (SELECT value FROM json_each(?7)))
        AND (?8 IS NULL OR max(activity, 0) IN (SELECT value FROM json_each(?8)))"
    };
}

/// Which events count. Bound as in the facets, and ?9 and ?10 the bounds of the folded reference (any when null). A
/// reference without a folded form is plain ASCII, which NOCASE compares as if it were folded.
macro_rules! event_filter {
    () => {
        concat!(
            event_facets!(),
            " AND (?9 IS NULL OR (reference_folded >= ?9 AND reference_folded < ?10)
            OR (reference_folded IS NULL AND reference COLLATE NOCASE >= ?9 AND reference COLLATE NOCASE < ?10))"
        )
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

/// The same of those whose reference is between ?9 and ?10, read in the order of the references: plain ones by the
/// index of references, others by that of folded ones.
macro_rules! reference_range {
    () => {
        "FROM (
            SELECT time, seq, company_id, agent, activity, credits FROM events INDEXED BY events_reference
            WHERE account_id = ?1 AND reference IS NOT NULL AND reference NOT GLOB '*[^!-~]*'
                AND reference COLLATE NOCASE >= ?9 AND reference COLLATE NOCASE < ?10
                AND (time, seq) > (?2, ?3) AND (time, seq) < (?4, ?5)
            UNION ALL
            SELECT time, seq, company_id, agent, activity, credits FROM events INDEXED BY events_folded
            WHERE account_id = ?1 AND reference_folded >= ?9 AND reference_folded < ?10
                AND (time, seq) > (?2, ?3) AND (time, seq) < (?4, ?5)
        ) AS found
        WHERE true"
    };
}

/// Which rows of a table of totals count. Bound: ?4 agents as a bit set, ?5 activities as a JSON array (all when null).
macro_rules! total_filter {
    () => {
        "(?4 >> agent) & 1 AND (?5 IS NULL OR activity IN (SELECT value FROM json_each(?5)))"
    };
}
