use std::cell::RefCell;
use std::collections::HashMap;
use std::io::Read;
use std::path::{Path, PathBuf};
use std::rc::Rc;

/// The longest configuration file that is read.
const LONGEST: u64 = 1024 * 1024;

/// How many directories up a project's own files are looked for.
const LEVELS: usize = 5;

/// The small files around migrations that tell which tool runs them; each is read once.
#[derive(Debug, Default)]
pub struct Surroundings {
    texts: RefCell<HashMap<PathBuf, Option<Rc<str>>>>,
}

impl Surroundings {
    /// The text of a file; `None` where there is none that can be read.
    pub fn text(&self, path: &Path) -> Option<Rc<str>> {
        if let Some(known) = self.texts.borrow().get(path) {
            return known.clone();
        }
        let mut text = String::new();
        let read = std::fs::File::open(path)
            .and_then(|file| file.take(LONGEST).read_to_string(&mut text))
            .is_ok();
        let text: Option<Rc<str>> = read.then(|| text.into());
        self.texts.borrow_mut().insert(path.to_owned(), text.clone());
        text
    }

    /// The text of the nearest file of that name in the file's directory or one above it.
    pub fn above(&self, path: &Path, name: &str) -> Option<Rc<str>> {
        let directories = path.ancestors().skip(1).take(LEVELS);
        directories
            .into_iter()
            .find_map(|directory| self.text(&directory.join(name)))
    }

    /// The text of a file beside a file.
    pub fn beside(&self, path: &Path, name: &str) -> Option<Rc<str>> {
        self.text(&path.parent()?.join(name))
    }
}
