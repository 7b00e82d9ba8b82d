//! The same on the main thread, which no test of the usual harness runs on.

mod hostile;

use howdah_sql::Limits;

fn main() {
    for n in [1, 40, 400, 5_000, 30_000] {
        hostile::survives(n, &Limits::default());
    }
}
