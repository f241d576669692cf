//! What stafett is measured by. Each case runs beside its yardstick, in the same run.
#![forbid(unsafe_code)]

mod features;
mod measure;
mod table;

fn main() {
    println!("{:?}", features::check());
    let _ = (table::HEAD, measure::figure(1.0, "s"));
}
