//! Which profile a claim that nobody defines may have meant.
//!
//! Promises: the known canonicals are put in order at load, so that a claim is looked up and not compared with
//! all of them. Never: looks at more than those beside the claimed one.

use crate::message::near;

/// The canonicals of all profiles.
#[derive(Default)]
pub(super) struct Suggestions {
    /// All of them, sorted.
    canonicals: Vec<Box<str>>,
    /// What follows the last slash of each, in lower case, with its place; sorted.
    by_name: Vec<(Box<str>, u32)>,
}

impl Suggestions {
    /// Puts canonicals in order.
    pub fn new<'a>(canonicals: impl Iterator<Item = &'a str>) -> Suggestions {
        let mut canonicals: Vec<Box<str>> = canonicals.map(Box::from).collect();
        canonicals.sort_unstable();
        let numbered = canonicals.iter().zip(0u32..);
        let mut by_name: Vec<_> =
            numbered.map(|(url, at)| (name(url).to_lowercase().into(), at)).collect();
        by_name.sort_unstable();
        Suggestions { canonicals, by_name }
    }

    /// ``did you mean `canonical`?`` for the profile that a claim is nearest to, if any is near.
    pub fn meant(&self, claim: &str) -> Option<String> {
        let url = claim.split('|').next().unwrap_or(claim);
        // many canonicals have the same long beginning: what differs is told by the last part first
        let said = name(url).to_lowercase();
        let first = self.by_name.partition_point(|(name, _)| **name < *said);
        if let Some((_, at)) = self.by_name.get(first).filter(|(name, _)| **name == *said) {
            return Some(format!("did you mean `{}`?", self.canonicals[*at as usize]));
        }
        let (base, said) = url.rsplit_once('/')?;
        let first = self.canonicals.partition_point(|known| **known < *base);
        let below = self.canonicals[first..].iter().take_while(|known| known.starts_with(base));
        let beside = below.filter_map(|known| known.rsplit_once('/'));
        let names = beside.filter(|(other, _)| *other == base).map(|(_, name)| name);
        near::nearest(said, names).map(|name| format!("did you mean `{base}/{name}`?"))
    }
}

/// What follows the last slash.
fn name(url: &str) -> &str {
    url.rsplit('/').next().unwrap_or(url)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_name_tells_then_what_stands_beside() {
        let known =
            ["http://a.b/Alpha", "http://a.b/Beta", "http://c.d/Beta", "http://c.d/x/Gamma"];
        let known = Suggestions::new(known.into_iter());
        let meant = |claim: &str| known.meant(claim);
        let said = |url: &str| Some(format!("did you mean `{url}`?"));
        assert_eq!(meant("http://e.f/alpha|1.0"), said("http://a.b/Alpha"));
        assert_eq!(meant("http://e.f/beta"), said("http://a.b/Beta"));
        assert_eq!(meant("http://c.d/Betta"), said("http://c.d/Beta"));
        assert_eq!(meant("http://c.d/Gama"), None);
        assert_eq!(meant("http://e.f/Betta"), None);
        assert_eq!(meant("Betta"), None);
    }
}
