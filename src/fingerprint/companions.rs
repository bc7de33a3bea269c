//! Which members have to be built together with one, for it to be built as it is with all of them.
//!
//! Cargo builds a package once, with the features that anybody asks for of those who are built at that time. A member that is
//! built with fewer others than usual may be built from another thing: what passes so need not pass with all, and what fails
//! so need not fail. What members ask of each other can be seen in their manifests; packages from elsewhere are left to
//! the promise that features only add.

use std::collections::{BTreeMap, BTreeSet};

use toml::Value;

use super::whole::Fingerprints;
use crate::model::CrateName;
use crate::plan::Companions;
use crate::workspace::{DependencyKind, StateCrate};

/// A feature of a member, by its place.
type Asked = (usize, String);

/// What each member asks for, by places.
struct Asks {
    /// Of what it is built from.
    always: Vec<BTreeSet<Asked>>,
    /// Where it is one of those that are to be built: of itself its default, and what its tests need.
    chosen: Vec<BTreeSet<Asked>>,
    /// Who asks where they are to be built.
    by: BTreeMap<Asked, Vec<usize>>,
}

impl Fingerprints {
    /// For each member, those that ask for features of it, or of what it is built from, for which nobody asks where it is
    /// built alone.
    #[must_use]
    pub fn companions(&self) -> Companions {
        let asks = self.all_asks();
        let all = self
            .places
            .iter()
            .map(|(name, place)| (name.clone(), self.companions_of(*place, &asks)));
        all.filter(|(_, beside)| !beside.is_empty()).collect()
    }

    fn companions_of(&self, place: usize, asks: &Asks) -> BTreeSet<CrateName> {
        let members = self.state.crates();
        let mut reach = self.links.reach(place);
        reach.built.union_with(&reach.tested);
        reach.built.insert(place);
        let is_asked_alone = |asked: &Asked| {
            asks.chosen[place].contains(asked) || reach.built.ones().any(|needed| asks.always[needed].contains(asked))
        };
        let of_reach = reach
            .built
            .ones()
            .flat_map(|needed| asks.by.range((needed, String::new())..(needed + 1, String::new())));
        let more = of_reach
            .filter(|(asked, _)| !is_asked_alone(asked))
            .flat_map(|(_, askers)| askers);
        more.map(|asker| members[*asker].name.clone()).collect()
    }

    fn all_asks(&self) -> Asks {
        let members = self.state.crates();
        let chosen = |(place, member): (usize, &StateCrate)| {
            let mut asked = self.asks(member, |_| true);
            asked.extend(has_default(member).then(|| (place, DEFAULT.to_owned())));
            asked
        };
        let chosen: Vec<BTreeSet<Asked>> = members.iter().enumerate().map(chosen).collect();
        let mut by: BTreeMap<Asked, Vec<usize>> = BTreeMap::new();
        for (place, asked) in chosen.iter().enumerate() {
            for asked in asked {
                by.entry(asked.clone()).or_default().push(place);
            }
        }
        let always = members
            .iter()
            .map(|member| self.asks(member, |kind| kind != DependencyKind::Dev));
        Asks {
            always: always.collect(),
            chosen,
            by,
        }
    }

    fn asks(&self, member: &StateCrate, counts: impl Fn(DependencyKind) -> bool) -> BTreeSet<Asked> {
        let mut asked = BTreeSet::new();
        for (key, table) in member.dependencies.iter().filter(|(key, _)| counts(key.kind)) {
            let package = table.get("package").and_then(Value::as_str).unwrap_or(&key.name);
            let Some(place) = self.places.get(&CrateName::from(package)).copied() else {
                continue;
            };
            let features = table.get("features").and_then(Value::as_array).into_iter().flatten();
            let features = features.filter_map(Value::as_str);
            asked.extend(features.map(|feature| (place, feature.to_owned())));
            let wants_default = table.get("default-features").and_then(Value::as_bool) != Some(false);
            if wants_default && has_default(&self.state.crates()[place]) {
                asked.insert((place, DEFAULT.to_owned()));
            }
            // A feature of its own may ask for one of the other's. Which of them are chosen is not looked into.
            asked.extend(passed_on(member, &key.name).map(|feature| (place, feature.to_owned())));
        }
        asked
    }
}

/// What every dependency asks for that does not refuse it.
const DEFAULT: &str = "default";

fn has_default(member: &StateCrate) -> bool {
    member
        .features
        .as_ref()
        .is_some_and(|features| features.get(DEFAULT).is_some())
}

/// The features of a dependency that those of a member name: `name/feature`, or `name?/feature`.
fn passed_on<'m>(member: &'m StateCrate, dependency: &'m str) -> impl Iterator<Item = &'m str> {
    let features = member.features.as_ref().and_then(Value::as_table).into_iter().flatten();
    let words = features
        .filter_map(|(_, words)| words.as_array())
        .flatten()
        .filter_map(Value::as_str);
    words.filter_map(move |word| {
        let (name, feature) = word.split_once('/')?;
        (name.trim_end_matches('?') == dependency).then_some(feature)
    })
}
