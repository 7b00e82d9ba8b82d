//! The program `howdah`: see the library beside this file.

fn main() -> std::process::ExitCode {
    howdah_app::main(std::env::args_os())
}
