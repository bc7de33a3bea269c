//! Who is built from whom, in both states, and whose programs a member starts.

use std::path::Path;

use super::attribution::Attribution;
use super::closure::Links;
use super::outcome::Link;
use super::owned::kinds_of;
use crate::config::{Config, Kind};
use crate::workspace::{DependencyKind, Edge, Workspace};

impl Attribution<'_> {
    /// Who depends on whom, by the places of the crates; what cargo sees counts as well, where it was asked.
    pub(crate) fn links(&self, config: &Config, workspace: Option<&Workspace>) -> Links {
        let mut links = Links::new(self.places.len());
        for state in self.states() {
            for krate in state.crates() {
                for (dependency, edge) in state.dependencies(krate.id) {
                    let ends = self.place(krate).zip(self.place(&state.crates()[dependency.index()]));
                    if let Some((from, to)) = ends {
                        links.add(from, to, link(edge));
                    }
                }
            }
        }
        if let Some(workspace) = workspace {
            self.add_links_of(workspace, &mut links);
        }
        for (source, program) in self.readers.programs() {
            self.link_program(&mut links, source, program);
        }
        for (name, declared) in &config.declared {
            for used in &declared.uses {
                if let (Some(from), Some(to)) = (self.places.get(name), self.places.get(used)) {
                    links.add(*from, *to, Link::Uses);
                }
            }
        }
        links
    }

    /// What cargo sees counts as well, should it see more than the manifests showed.
    fn add_links_of(&self, workspace: &Workspace, links: &mut Links) {
        for krate in workspace.crates() {
            for (dependency, edge) in workspace.dependencies(krate.id) {
                let ends = (
                    self.places.get(&krate.name),
                    self.places.get(&workspace[dependency].name),
                );
                if let (Some(from), Some(to)) = ends {
                    links.add(*from, *to, link(edge));
                }
            }
        }
    }

    /// Whoever starts a program of another crate depends on that crate.
    fn link_program(&self, links: &mut Links, source: &Path, program: &str) {
        let state = self.after;
        let Some(starter) = state.owner(source).map(|id| &state.crates()[id.index()]) else {
            return;
        };
        let builds = kinds_of(source, starter, self.has_manifest).has(Kind::Source);
        for krate in state.crates().iter().filter(|krate| krate.programs.contains(program)) {
            if let (Some(from), Some(to)) = (self.place(starter), self.place(krate)) {
                links.add(from, to, Link::Starts { builds });
            }
        }
    }
}

fn link(edge: &Edge) -> Link {
    if edge.kinds.contains(&DependencyKind::Normal) {
        Link::Normal
    } else if edge.kinds.contains(&DependencyKind::Build) {
        Link::Build
    } else {
        Link::Dev
    }
}
