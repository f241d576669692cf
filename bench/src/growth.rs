//! How validation grows with hostile messages: counted steps, and times beside them. The tests assert the
//! steps; here messages are larger.

use crate::profile::steps::{CASES, Lab};

/// Prints a row for each kind of message and size.
pub fn run(json: bool) {
    let lab = Lab::new();
    if !json {
        println!(
            "| message | repeats | bytes | steps | against a tenth | time, ms | against a tenth |"
        );
        println!("|---|---|---|---|---|---|---|");
    }
    for case in CASES {
        let mut before = None;
        for times in [1, 10, 100] {
            let many = case.few * times;
            let one = lab.judge(case, many);
            let taken = one.taken.as_secs_f64() * 1e3;
            let of = |now: f64, then: f64| format!("{:.1}", now / then);
            let (steps, time) = match before {
                Some((steps, time)) => (of(one.steps as f64, steps), of(taken, time)),
                None => Default::default(),
            };
            before = Some((one.steps as f64, taken));
            match json {
                true => println!(
                    "{{\"growth\":\"{}\",\"repeats\":{many},\"bytes\":{},\"steps\":{},\"ms\":{taken:.3}}}",
                    case.name, one.bytes, one.steps
                ),
                false => println!(
                    "| {} | {many} | {} | {} | {steps} | {taken:.1} | {time} |",
                    case.name, one.bytes, one.steps
                ),
            }
        }
    }
}
