//! stafett
fn main() {}
