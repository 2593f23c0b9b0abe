//! Every contender on its own, for a closer look: `cargo bench --bench decode -- Price/`.

use criterion::{Criterion, criterion_group, criterion_main};
use pragma_contracts_benchmarks::groups;

fn contenders(criterion: &mut Criterion) {
    for group in groups() {
        let mut benchmarks = criterion.benchmark_group(group.name);
        for contender in group.contenders {
            benchmarks.bench_function(contender.name, |bench| {
                bench.iter_custom(|times| contender.time(times));
            });
        }
        benchmarks.finish();
    }
}

criterion_group!(decode, contenders);
criterion_main!(decode);
