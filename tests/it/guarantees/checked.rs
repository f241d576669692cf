//! The checker itself: each of its rules is seen to be broken by a run that breaks it, and by it alone.

use super::checker::{Answer, Seen, Told, judge};

/// Runs them.
pub fn self_test() -> Result<(), String> {
    let sent = |id: &str, told| {
        let (message, lane) = (id.to_owned(), "lane".to_owned());
        let sent = Seen::Sent { message: message.clone(), lane, content: 7 };
        vec![sent, Seen::Told { message, told }]
    };
    let arrived = |id: &str, content, flagged, answer| {
        vec![Seen::Got { message: id.to_owned(), content, flagged, answer }]
    };
    let got = |id, answer| arrived(id, 7, false, answer);
    let gave_up = |id: &str| vec![Seen::GivenUp { message: id.to_owned() }];
    let confirmed = |id: &str| vec![Seen::Confirmed { message: id.to_owned() }];
    let flagged = |id| arrived(id, 7, true, Answer::Took);
    let ended = |all: &[(&str, usize)]| {
        let stored = all.iter().map(|(id, n)| ((*id).to_owned(), *n)).collect();
        vec![Seen::Ended { stored }]
    };
    let (yes, no, none) = (Told::Accepted, Told::Refused, Told::Nothing);
    let (one, two) = (ended(&[("a", 1)]), ended(&[("a", 1), ("b", 1)]));
    let (took, dropped, later) = (Answer::Took, Answer::Dropped, Answer::Later);
    let (failed, restarted) = (vec![Seen::Failed], vec![Seen::Restarted]);
    let cases: Vec<(&[u8], Vec<Vec<Seen>>)> = vec![
        (&[], vec![sent("a", yes), got("a", later), got("a", took), one.clone()]),
        (&[], vec![sent("a", yes), got("a", dropped), flagged("a"), one.clone()]),
        (&[], vec![sent("a", none), sent("a", yes), got("a", took), one.clone()]),
        (&[], vec![sent("a", no), sent("b", yes), got("b", took), two.clone()]),
        (&[], vec![failed.clone(), restarted, sent("a", no), one.clone()]),
        (&[], vec![sent("a", yes), got("a", dropped), confirmed("a"), one.clone()]),
        (&[2], vec![sent("a", yes), confirmed("a"), one.clone()]),
        (&[], vec![sent("a", yes), gave_up("a"), sent("b", yes), got("b", took), two.clone()]),
        (&[1], vec![sent("a", yes), gave_up("a"), ended(&[])]),
        (&[1], vec![sent("a", no), ended(&[])]),
        (&[1, 2], vec![sent("a", yes), ended(&[])]),
        (&[2], vec![sent("a", yes), got("a", dropped), one.clone()]),
        (&[3], vec![failed, sent("a", no), one.clone()]),
        (&[4], vec![sent("a", yes), got("a", took), ended(&[("a", 2)])]),
        (&[4], vec![sent("a", none), ended(&[])]),
        (&[4], vec![got("a", took), ended(&[])]),
        (&[4], vec![ended(&[("a", 1)])]),
        (&[5], vec![sent("a", yes), got("a", dropped), got("a", took), one.clone()]),
        (&[6], vec![sent("a", no), sent("a", yes), got("a", took), one.clone()]),
        (&[6], vec![sent("a", no), got("a", took), one.clone()]),
        (&[8], vec![sent("a", yes), sent("b", yes), got("b", took), got("a", took), two]),
        (&[10], vec![sent("a", yes), arrived("a", 8, false, took), one]),
    ];
    for (expected, seen) in cases {
        let seen = seen.concat();
        let mut numbers: Vec<u8> = judge(&seen).broken.iter().map(|b| b.guarantee).collect();
        numbers.dedup();
        if numbers != expected {
            return Err(format!("expected {expected:?}, found {numbers:?} in {seen:#?}"));
        }
    }
    Ok(())
}
