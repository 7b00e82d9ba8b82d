//! One file per capability: its input, its output, how it runs and how it reads.
//!
//! Every file beside this one is a module. The list is written by `build.rs`
//! from the directory, so that a new tool touches nothing else.

include!(concat!(env!("OUT_DIR"), "/modules.rs"));
