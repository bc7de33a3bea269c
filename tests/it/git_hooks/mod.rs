//! What is judged before a commit and a push, with real git: exactly what is committed, and nothing of the user's is touched.

mod cargo;
mod commits;
mod damage;
mod faults;
mod filters;
mod installed;
mod oddities;
mod pushes;
mod random;
mod remembered;
mod repairs;
mod repairs_disk;
mod repairs_editor;
mod repairs_git;
mod repairs_murder;
mod repairs_oddities;
mod repairs_race;
mod repairs_random;
mod world;
