//! walk_in
