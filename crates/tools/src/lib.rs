//! One file per capability: input, output, run, how it renders.
