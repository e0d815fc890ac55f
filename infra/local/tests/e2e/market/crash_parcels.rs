pub const FLOWS: &[&str] = &[];
