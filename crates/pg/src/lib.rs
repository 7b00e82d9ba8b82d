//! Targets, connections, pools, values, the catalog and the guard.
