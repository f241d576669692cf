//! Families of profiles for receipts, from concept maps whose source system is [`PARTS`].

use crate::definitions::model::ConceptMap;
use crate::receipt::ProfileSet;

/// The system of the words that the acknowledgement's template uses.
pub const PARTS: &str = "https://stafett.example/acknowledgement-parts";
/// The word whose canonical is what all claims of the family begin with.
pub(super) const FAMILY: &str = "family";

/// The families that concept maps describe, by their canonicals.
pub fn profile_sets(maps: impl Iterator<Item = ConceptMap>) -> Vec<ProfileSet> {
    let mut sets: Vec<ProfileSet> = maps
        .filter(|map| map.mappings.iter().any(|one| &*one.source_system == PARTS))
        .map(|map| {
            let pairs = map.mappings.into_iter().filter(|one| &*one.source_system == PARTS);
            let pairs = pairs.filter_map(|one| Some((one.source_code, one.target_code?)));
            ProfileSet { name: map.url, canonicals: pairs.collect() }
        })
        .collect();
    sets.sort_by(|a, b| a.name.cmp(&b.name));
    sets
}
