//! Which file of a crate takes what from which other, read from its sources.
//!
//! `mod` and re-exports (`pub use`) make doors and are no imports; what unit tests take does not count.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};

use syn::visit::Visit;
use syn::{Item, UseTree, Visibility};

/// A crate's files and what they take from each other.
pub(crate) struct Crate {
    pub name: String,
    modules: BTreeMap<Vec<String>, Module>,
    pub imports: Vec<Import>,
}

/// One thing that one file takes from another.
#[derive(Debug)]
pub(crate) struct Import {
    /// The file that takes, and the one in which what is taken is defined, below `src`.
    pub from: String,
    pub to: String,
    /// As it is written.
    pub path: String,
    /// Whether it is had from a re-export of the crate's root.
    pub by_front_door: bool,
}

#[derive(Default)]
struct Module {
    file: String,
    /// Names it re-exports, or makes visible within the crate, and the paths they stand for; `*` for all of a path.
    doors: Vec<(String, Vec<String>)>,
    /// Names that it uses privately, which paths within it may begin with.
    names: Vec<(String, Vec<String>)>,
    paths: BTreeSet<Vec<String>>,
}

impl Crate {
    /// Reads the sources below `folder/src`.
    pub(crate) fn read(folder: &Path) -> Self {
        let root = folder.join("src");
        let file = ["lib.rs", "main.rs"].map(|name| root.join(name)).into_iter().find(|path| path.exists());
        let name = folder.file_name().unwrap().to_string_lossy().into_owned();
        let mut house = Self { name, modules: BTreeMap::new(), imports: Vec::new() };
        house.read_file(&root, &file.unwrap(), Vec::new());
        house.imports = house.all_imports();
        house
    }

    fn read_file(&mut self, root: &Path, file: &Path, module: Vec<String>) {
        let text = std::fs::read_to_string(file).unwrap_or_else(|error| panic!("{}: {error}", file.display()));
        let items = syn::parse_file(&text).unwrap().items;
        let file_name = file.strip_prefix(root).unwrap().to_string_lossy().into_owned();
        let folder = match file.file_stem().unwrap().to_str().unwrap() {
            "lib" | "main" | "mod" => file.parent().unwrap().to_path_buf(),
            stem => file.parent().unwrap().join(stem),
        };
        self.read_items(root, &folder, &file_name, &items, module);
    }

    fn read_items(&mut self, root: &Path, folder: &Path, file: &str, items: &[Item], module: Vec<String>) {
        let mut own = Module { file: file.into(), ..Module::default() };
        for item in items.iter().filter(|item| !is_test(item)) {
            match item {
                Item::Mod(inner) => {
                    let name = inner.ident.to_string();
                    let child = [&module[..], std::slice::from_ref(&name)].concat();
                    match &inner.content {
                        Some((_, items)) => self.read_items(root, &folder.join(&name), file, items, child),
                        None => {
                            let at = |path: PathBuf| path.exists().then_some(path);
                            let path = at(folder.join(format!("{name}.rs")))
                                .or_else(|| at(folder.join(&name).join("mod.rs")));
                            self.read_file(root, &path.unwrap(), child);
                        }
                    }
                }
                Item::Use(used) => {
                    let is_door = !matches!(used.vis, Visibility::Inherited);
                    flatten(&used.tree, &mut Vec::new(), &mut |name, path| {
                        if is_door {
                            own.doors.push((name, path))
                        } else {
                            own.names.push((name, path.clone()));
                            own.paths.insert(path);
                        }
                    });
                }
                other => Paths(&mut own.paths).visit_item(other),
            }
        }
        self.modules.insert(module, own);
    }

    fn all_imports(&self) -> Vec<Import> {
        let mut imports = Vec::new();
        for (module, own) in &self.modules {
            for path in &own.paths {
                let mut by_front_door = false;
                let is_written_out = matches!(path[0].as_str(), "crate" | "super" | "self");
                let Some(to) = self.resolve(module, path, is_written_out, &mut by_front_door, 0) else { continue };
                if *to != own.file {
                    let (from, path) = (own.file.clone(), path.join("::"));
                    imports.push(Import { from, to: to.clone(), path, by_front_door });
                }
            }
        }
        imports
    }

    /// The file in which what `path` means within `module` is defined.
    fn resolve(
        &self,
        module: &[String],
        path: &[String],
        is_own: bool,
        by_front_door: &mut bool,
        depth: usize,
    ) -> Option<&String> {
        let mut place = module.to_vec();
        let mut rest = path;
        let mut anchored = false;
        while let Some(first) = rest.first() {
            match first.as_str() {
                "crate" => place.clear(),
                "self" => {}
                "super" => drop(place.pop()),
                _ => break,
            }
            (anchored, rest) = (true, &rest[1..]);
        }
        // A path that begins with a name in scope: a child module, or what a `use` line brought.
        if !anchored && !self.modules.contains_key(&[&place[..], &rest[..1]].concat()) {
            let own = self.modules.get(&place)?;
            let known =
                own.names.iter().chain(&own.doors).find(|(name, target)| *name == rest[0] && target[0] != rest[0]);
            let (_, target) = known?;
            return self.resolve(&place, &[target, &rest[1..]].concat(), is_own, by_front_door, depth + 1);
        }
        self.descend(place, rest, is_own, by_front_door, depth)
    }

    fn descend(
        &self,
        mut place: Vec<String>,
        rest: &[String],
        is_own: bool,
        by_front_door: &mut bool,
        depth: usize,
    ) -> Option<&String> {
        for (at, name) in rest.iter().enumerate() {
            let child = [&place[..], std::slice::from_ref(name)].concat();
            if self.modules.contains_key(&child) {
                place = child;
                continue;
            }
            let own = self.modules.get(&place)?;
            if depth > 20 {
                return Some(&own.file);
            }
            let mut doors = own.doors.iter().chain(&own.names).filter(|(door, _)| door == name || door == "*");
            let found = doors.find_map(|(door, target)| {
                let rest = if door == "*" { &rest[at..] } else { &rest[at + 1..] };
                let file = self.resolve(&place, &[target, rest].concat(), is_own, &mut false, depth + 1)?;
                (door != "*" || *file != own.file).then_some(file)
            });
            return match found {
                Some(file) => {
                    *by_front_door |= is_own && place.is_empty();
                    Some(file)
                }
                None => Some(&own.file),
            };
        }
        Some(&self.modules.get(&place)?.file)
    }

    /// The top-level module that a file belongs to: its file or folder, without the ending.
    pub(crate) fn room<'a>(&self, file: &'a str) -> &'a str {
        file.split('/').next().unwrap_or(file).trim_end_matches(".rs")
    }

    /// Every room but the front door.
    pub(crate) fn rooms(&self) -> BTreeSet<&str> {
        let rooms = self.modules.values().map(|module| self.room(&module.file));
        rooms.filter(|room| !["lib", "main"].contains(room)).collect()
    }
}

fn is_test(item: &Item) -> bool {
    let attributes = match item {
        Item::Mod(item) => &item.attrs,
        Item::Fn(item) => &item.attrs,
        Item::Impl(item) => &item.attrs,
        Item::Use(item) => &item.attrs,
        Item::Const(item) => &item.attrs,
        Item::Static(item) => &item.attrs,
        _ => return false,
    };
    attributes.iter().any(|attribute| {
        attribute.path().is_ident("cfg")
            && attribute.parse_args::<syn::Path>().is_ok_and(|condition| condition.is_ident("test"))
    })
}

/// Each name that a `use` brings, with the path it stands for.
fn flatten(tree: &UseTree, prefix: &mut Vec<String>, found: &mut dyn FnMut(String, Vec<String>)) {
    match tree {
        UseTree::Path(path) => {
            prefix.push(path.ident.to_string());
            flatten(&path.tree, prefix, found);
            prefix.pop();
        }
        UseTree::Group(group) => group.items.iter().for_each(|tree| flatten(tree, prefix, found)),
        UseTree::Glob(_) => found("*".into(), prefix.clone()),
        UseTree::Name(name) if name.ident == "self" => {
            found(prefix.last().cloned().unwrap_or_default(), prefix.clone());
        }
        UseTree::Name(name) => found(name.ident.to_string(), [&prefix[..], &[name.ident.to_string()]].concat()),
        UseTree::Rename(name) => found(name.rename.to_string(), [&prefix[..], &[name.ident.to_string()]].concat()),
    }
}

/// Paths in types and expressions that name a place in the crate.
struct Paths<'a>(&'a mut BTreeSet<Vec<String>>);

impl<'ast> Visit<'ast> for Paths<'_> {
    fn visit_path(&mut self, path: &'ast syn::Path) {
        let segments: Vec<String> = path.segments.iter().map(|segment| segment.ident.to_string()).collect();
        if segments.len() > 1 && path.leading_colon.is_none() {
            self.0.insert(segments);
        }
        syn::visit::visit_path(self, path);
    }

    /// `pub(in crate::...)` says who may take, and takes nothing.
    fn visit_visibility(&mut self, _: &'ast syn::Visibility) {}

    fn visit_item_use(&mut self, used: &'ast syn::ItemUse) {
        flatten(&used.tree, &mut Vec::new(), &mut |_, path| {
            self.0.insert(path);
        });
    }
}
