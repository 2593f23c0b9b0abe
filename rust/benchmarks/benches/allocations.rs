//! How often each contender allocates in a call, as JSON; apart from the timing, because counting costs time.

use allocation_counter::measure;
use pragma_contracts_benchmarks::{Contender, groups};
use serde_json::{Value, json};

const TIMES: u64 = 1000;

fn main() {
    let count = |contender: &Contender| {
        contender.run(1);
        // What entering a runtime allocates is far below one in a call.
        measure(|| contender.run(TIMES)).count_total / TIMES
    };
    let report: Vec<Value> = groups()
        .iter()
        .map(|group| json!(group.contenders.iter().map(count).collect::<Vec<_>>()))
        .collect();
    println!("{}", json!(report));
}
