//! Files that may be open: each connection is one.

use super::bounds::{Bounds, RESERVED};

/// Files besides connections: the database and its readers, what is served, what calls out.
const OTHERS: u32 = 256;

/// Lets the process have as many files open as connections need, as far as the system allows it; the connections there
/// is room for.
#[cfg(unix)]
pub fn make_room(bounds: Bounds) -> Bounds {
    use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};
    let wanted = u64::from(bounds.connections) + u64::from(RESERVED + OTHERS);
    let limit = getrlimit(Resource::Nofile);
    let soft = limit.current.unwrap_or(u64::MAX);
    if soft >= wanted {
        return bounds;
    }
    let raised = limit.maximum.map_or(wanted, |most| most.min(wanted));
    let raise = Rlimit {
        current: Some(raised),
        maximum: limit.maximum,
    };
    let files = match setrlimit(Resource::Nofile, raise) {
        Ok(()) => raised,
        Err(_) => soft,
    };
    if files >= wanted {
        return bounds;
    }
    let room = files.saturating_sub(u64::from(RESERVED + OTHERS)).max(1);
    let connections = u32::try_from(room).unwrap_or(bounds.connections);
    tracing::warn!(
        files,
        connections,
        "the system allows fewer open files than connections need: there may be so many connections only; raise its \
         limit (ulimit -n, LimitNOFILE)"
    );
    Bounds {
        connections: connections.min(bounds.connections),
        ..bounds
    }
}

/// Elsewhere the system has no such limit.
#[cfg(not(unix))]
pub fn make_room(bounds: Bounds) -> Bounds {
    bounds
}
