//! Each crate is a house with floors: read from the `use` lines, no file takes anything from a floor below its own
//! room's, and no two files take from each other. `ARCHITECTURE.md` has the floor plans, which are checked here.

use super::imports;

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};

use imports::{Crate, Import};

fn root() -> PathBuf {
    std::env::var("HOUSE")
        .map(Into::into)
        .unwrap_or_else(|_| Path::new(env!("CARGO_MANIFEST_DIR")).parent().unwrap().to_path_buf())
}

/// Every crate that has sources of its own to import from.
fn crates() -> Vec<Crate> {
    let folders = std::fs::read_dir(root().join("crates")).unwrap().map(|entry| entry.unwrap().path());
    let mut folders: Vec<PathBuf> = folders.chain([root().join("xtask")]).collect();
    folders.sort();
    folders.iter().map(|folder| Crate::read(folder)).collect()
}

fn shown(problems: &BTreeSet<String>) -> String {
    problems.iter().fold(format!("{} problems:", problems.len()), |text, problem| text + "\n  " + problem)
}

#[test]
fn nothing_is_taken_through_the_front_door() {
    let mut problems = BTreeSet::new();
    for house in crates() {
        for Import { from, path, by_front_door, .. } in &house.imports {
            if *by_front_door {
                problems.insert(format!("{from} takes {path} through the crate's front door"));
            }
        }
    }
    assert!(problems.is_empty(), "{}", shown(&problems));
}

#[test]
fn no_two_files_take_from_each_other() {
    let mut problems = BTreeSet::new();
    for house in crates() {
        let mut arrows: BTreeMap<&str, BTreeSet<&str>> = BTreeMap::new();
        for Import { from, to, .. } in &house.imports {
            arrows.entry(from).or_default().insert(to);
        }
        problems.extend(circles(&arrows).into_iter().map(|circle| circle.join(", ")));
    }
    assert!(problems.is_empty(), "circles of files: {}", shown(&problems));
}

#[test]
fn no_arrow_points_up() {
    let mut problems = BTreeSet::new();
    for house in crates() {
        let floors = floors(&house.name);
        let floor = |room: &str| match room {
            // The front door stands below all rooms.
            "lib" | "main" => Some(floors.len()),
            _ => floors.iter().position(|floor| floor.iter().any(|known| known == room)),
        };
        for room in house.rooms() {
            if floor(room).is_none() {
                problems.insert(format!("{} has no floor for {room} in ARCHITECTURE.md", house.name));
            }
        }
        for room in floors.iter().flatten().filter(|room| !house.rooms().contains(room.as_str())) {
            problems.insert(format!("ARCHITECTURE.md has {room} in {}, which has no such room", house.name));
        }
        for Import { from, to, path, .. } in &house.imports {
            let (own, other) = (house.room(from), house.room(to));
            if own != other && floor(own) <= floor(other) {
                problems.insert(format!("{from} ({own}) takes {path} from {other}, which is not above it"));
            }
        }
    }
    assert!(problems.is_empty(), "{}", shown(&problems));
}

/// The floors of a crate from top to bottom, as `ARCHITECTURE.md` has them: the line that begins with its name.
fn floors(name: &str) -> Vec<Vec<String>> {
    let plan = std::fs::read_to_string(root().join("ARCHITECTURE.md")).unwrap();
    let start = format!("- `{name}`: ");
    let lines = plan.lines().skip_while(|line| !line.starts_with(&start));
    let more = |line: &&str| line.starts_with("  ") || line.starts_with(&start);
    let text = lines.take_while(more).collect::<Vec<_>>().join(" ");
    let floors = text.trim_start_matches(&start).split('/').map(str::trim);
    floors
        .filter(|floor| !floor.is_empty())
        .map(|floor| floor.split_whitespace().map(Into::into).collect())
        .collect()
}

/// The files that can be come back to, together with those on the way (strongly connected components).
fn circles<'a>(arrows: &BTreeMap<&'a str, BTreeSet<&'a str>>) -> Vec<Vec<&'a str>> {
    let reached = |from: &'a str| {
        let (mut seen, mut open) = (BTreeSet::new(), vec![from]);
        while let Some(file) = open.pop() {
            open.extend(arrows.get(file).into_iter().flatten().copied().filter(|&next| seen.insert(next)));
        }
        seen
    };
    let reached: BTreeMap<&str, BTreeSet<&str>> = arrows.keys().map(|&file| (file, reached(file))).collect();
    let mut circles = BTreeSet::new();
    for (&file, others) in reached.iter().filter(|(file, others)| others.contains(*file)) {
        let back = |other: &&&str| reached.get(**other).is_some_and(|others| others.contains(file));
        circles.insert(others.iter().filter(back).copied().collect::<Vec<_>>());
    }
    circles.into_iter().collect()
}

#[test]
fn circles_are_found() {
    let arrows = [("a", vec!["b"]), ("b", vec!["c"]), ("c", vec!["b", "d"]), ("d", vec![])];
    let arrows = arrows.map(|(from, to)| (from, to.into_iter().collect())).into_iter().collect();
    assert_eq!(circles(&arrows), [["b", "c"]]);
}

/// Prints floor plans that the imports allow, for `ARCHITECTURE.md`: `cargo test -p xtask --test all plan -- --ignored --nocapture`.
#[test]
#[ignore = "prints, and judges nothing"]
fn plan() {
    for house in crates() {
        let rooms = house.rooms();
        let above = |room: &str| -> BTreeSet<&str> {
            let taken = house.imports.iter().filter(|import| house.room(&import.from) == room);
            taken
                .map(|import| house.room(&import.to))
                .filter(|other| *other != room && rooms.contains(other))
                .collect()
        };
        let (mut done, mut floors) = (BTreeSet::new(), Vec::new());
        while done.len() < rooms.len() {
            let ready = |room: &&str| !done.contains(room) && above(room).is_subset(&done);
            let floor: Vec<&str> = rooms.iter().copied().filter(ready).collect();
            if floor.is_empty() {
                let left: Vec<&str> = rooms.difference(&done).copied().collect();
                for room in &left {
                    println!("    {room} takes from {:?}", above(room).difference(&done).collect::<Vec<_>>());
                }
                floors.push(format!("(in circles: {})", left.join(" ")));
                break;
            }
            done.extend(floor.iter().copied());
            floors.push(floor.join(" "));
        }
        println!("- `{}`: {}", house.name, floors.join(" / "));
    }
}
