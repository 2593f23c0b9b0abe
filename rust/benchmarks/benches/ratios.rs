//! All contenders in rounds in which each has its turn, so that whatever slows the machine slows all of them; prints the
//! nanoseconds per call as JSON.

use std::time::Duration;

use pragma_contracts_benchmarks::{Contender, groups};
use serde_json::{Value, json};

const ROUNDS: usize = 60;
const TURN: Duration = Duration::from_millis(10);

fn main() {
    let groups = groups();
    let contenders: Vec<&Contender> = groups.iter().flat_map(|group| &group.contenders).collect();
    let times: Vec<u64> = contenders
        .iter()
        .map(|contender| times_in_a_turn(contender))
        .collect();
    let mut measured = vec![Vec::with_capacity(ROUNDS); contenders.len()];
    for _ in 0..ROUNDS {
        for ((contender, times), measured) in contenders.iter().zip(&times).zip(&mut measured) {
            measured.push(contender.time(*times).as_nanos() as f64 / *times as f64);
        }
    }
    let mut measured = measured.into_iter();
    let report: Vec<Value> = groups
        .iter()
        .map(|group| {
            let rows: Vec<Value> = group
                .contenders
                .iter()
                .zip(&mut measured)
                .map(|(contender, measured)| row(contender, measured))
                .collect();
            json!({"name": group.name, "bytes": group.bytes, "contenders": rows})
        })
        .collect();
    println!("{}", json!(report));
}

/// How often a contender's work is done in about one turn; finding out warms it up.
fn times_in_a_turn(contender: &Contender) -> u64 {
    let mut times = 1;
    while contender.time(times) < TURN {
        times *= 2;
    }
    times
}

fn row(contender: &Contender, mut measured: Vec<f64>) -> Value {
    measured.sort_by(f64::total_cmp);
    let median = (measured[(ROUNDS - 1) / 2] + measured[ROUNDS / 2]) / 2.0;
    json!({"name": contender.name, "median": median, "minimum": measured[0]})
}
