//! Values that nobody means, and what every command and method must be given beside them.

/// Of a number, a range, a list, a name, a file: whatever an option takes, most of these are none.
pub(super) fn values() -> Vec<String> {
    let mut values: Vec<String> = NUMBERS.iter().chain(TEXTS).map(|&value| value.to_owned()).collect();
    values.push("x".repeat(100_000));
    values.push("9".repeat(400));
    values
}

pub(super) const NUMBERS: &[&str] = &[
    "0",
    "-1",
    "1",
    "2",
    "2147483648",
    "4294967296",
    "9007199254740993",
    "9223372036854775807",
    "18446744073709551615",
    "18446744073709551616",
    "1e308",
    "1e-308",
    "5e-324",
    "1e400",
    "1.0000000000000002",
    "0.9999999999999999",
    "nan",
    "inf",
    "-inf",
    "-0.0",
    "0.5",
    "-9223372036854775808",
];

const TEXTS: &[&str] = &[
    "",
    " ",
    "\u{e9}\u{1f600}\u{202e}\u{65e5}",
    "\u{1b}[31m\u{7}\r",
    "a\nb",
    "0..0",
    "5..1",
    "0..1",
    "0..4294967296",
    "0..18446744073709551615",
    "18446744073709551614..18446744073709551615",
    "9007199254740993..9007199254740995",
    "..",
    "a=b=c",
    "=",
    ",",
    ",,",
    "a,b",
    "1,1",
    "=1",
    "loss=",
    "all",
    "hardest",
    "root",
    "k-center",
    "el2n",
    "easy-first",
    "folder",
    ".",
    "/",
    "/dev/null",
    "/dev/full",
    "no such file",
    "no such folder/out.csv",
    "no such folder/out.svg",
    "no such folder/out.npz",
    "no such folder/out.jsonl",
    "folder/out.npy",
    "in/scores.csv",
    "in/log.npz",
    "in/losses.npy",
    "in/empty",
    "-",
    "--",
    "el2n.from=9223372036854775808",
    "tdds.window=18446744073709551615",
];

/// A command that succeeds, each of its options in the form `--option=value`, in which one value at a time is made absurd.
/// A command that there is and that is not here fails the test.
pub(super) const COMMANDS: &[&str] = &[
    "example out",
    "inspect in/scores.csv --label=label --id-column=id",
    "inspect in/log.npz",
    "score in/log.npz --metric=el2n,forgetting,tdds --option=tdds.window=2 --output=out.csv",
    "score in/epochs --metric=all --by=examples --block=2 --state=out.state --output=out.npz",
    "score in/log.npz --metric=second_split_forgetting --second-split=in/log.npz --output=out.jsonl",
    "score in/losses.csv --metric=loss_mean --output=out.npy",
    "distance in/features.npy --metric=class_median_distance,neighbor_distance,prototype_distance \
     --labels=in/labels.npy --clusters=2 --iterations=3 -k=2 --neighbors=out.npz --output=out.csv",
    "agree in/scores.csv in/scores.csv --top-k=0.5 --resamples=100 --output=out.svg",
    "map in/log.npz --max-points=5 --output=out.svg",
    "noise in/log.npz --level=0.9 --output=out.csv",
    "schedule --pacing=root --a=0.8 --b=0.2 --n-examples=100 --steps=50 --every=5 --batch-size=4 --output=out.csv \
     --plot=out.svg",
    "schedule --pacing=one-pass --param=n_buckets=5 --param=bucket_length=2 -n=100 --steps=50 --json",
    "order in/scores.csv --column=loss --batch-size=4 --steps=0..20 --total-steps=40 --pacing=linear --a=0.8 --b=0.2 \
     --exposure=out.jsonl --output=out.csv",
    "order in/losses.npy --order=easy-first --order-param=balance=round-robin --labels=in/labels.npy --batch-size=5 \
     --steps=3..30 --sampler=competence --pacing=competence --total-steps=40 --rank=1 --world-size=2 --output=out.npy",
    "order in/scores.csv --column=loss,forgetting --join=weighted-rank --join-weights=1,2 --high-is=hard --batch-size=2 \
     --steps=0..9 --sampler=mini-batch --output=-",
    "weights in/losses.npy --weighting=linear --param=lambda=0.5 --output=out.npy",
    "weights in/losses.npy --weighting=diversity --param=lambda=0.5 --param=gamma=0.2 --groups=in/labels.npy \
     --output=out.csv",
    "prune in/scores.csv --column=loss --keep=0.5 --rule=ccs --option=strata=5 --output=out.csv",
    "prune in/scores.csv --column=forgetting --count=5 --rule=forgetting --option=balance=equal --labels=in/labels.npy \
     --output=out.npy",
    "prune in/scores.csv --column=loss --drop=0.5 --rule=d2 --neighbors=in/near.npz --output=out",
    "crossover in/study.json --resamples=200 --equal=epochs --control=random --output=out.svg --csv=out.csv",
    "coreset in/features.npy --method=k-center --count=4 --start=0 --output=out.csv",
    "coreset in/features.npy --method=facility-location --option=optimizer=greedi --option=parts=2 --count=4 \
     --labels=in/labels.npy --rows=0..20 --output=out.npz",
    "coreset in/features.npy --method=glister --validation=in/features.npy --count=4 --output=out.jsonl",
    "coreset in/features.npy --method=feature-based --part=in/part.npy --part=in/part2.npy --count=3 --output=out.npy",
    "dedup in/features.npy --method=cosine --threshold=0.9 --neighbors=3 --keep=first --output=out.csv",
    "compare iris --arms=easy-first,random-pruning --seeds=6 --budget=1 --time-limit=2s --model=linear --hidden=4 \
     --metric=accuracy --noise=0.1 --keep=0.5 --margin=0.5 --jobs=1 --out=out --json=out.json",
    "advise iris --time-limit=2s --model=linear --hidden=4 --metric=accuracy --margin=0.5 --jobs=1 --suspects=out.csv \
     --difficulty=out2.csv --held-out=out.npz --json=out.json",
    "advise --dynamics=in/log.npz --json=out.json",
    "train iris --set=training.epochs=1 --set=difficulty.epochs=1 --checkpoint-every=1 --out=out",
    "formats",
    "completions bash",
];

/// How the methods of a list are asked for: the command, what names the method, what sets its parameters; the parts of
/// the list's JSON that hold them.
pub(super) struct Catalogue {
    pub(super) list: &'static [&'static str],
    pub(super) part: Option<&'static str>,
    pub(super) command: &'static str,
    pub(super) method: &'static str,
    pub(super) parameter: &'static str,
}

pub(super) const CATALOGUES: &[Catalogue] = &[
    Catalogue {
        list: &["schedule", "--list"],
        part: Some("pacings"),
        command: "schedule --n-examples=100 --steps=50 --output=out.csv",
        method: "--pacing",
        parameter: "--param",
    },
    Catalogue {
        list: &["order", "--list"],
        part: Some("pacings"),
        command: "order in/losses.npy --batch-size=4 --steps=0..20 --total-steps=50 --output=out.csv",
        method: "--pacing",
        parameter: "--param",
    },
    Catalogue {
        list: &["order", "--list"],
        part: Some("orders"),
        command: "order in/losses.npy --labels=in/labels.npy --batch-size=4 --steps=0..20 --output=out.csv",
        method: "--order",
        parameter: "--order-param",
    },
    Catalogue {
        list: &["order", "--list"],
        part: Some("samplers"),
        command: "order in/losses.npy --labels=in/labels.npy --batch-size=4 --steps=0..20 --output=out.csv",
        method: "--sampler",
        parameter: "--sampler-param",
    },
    Catalogue {
        list: &["weights", "--list"],
        part: Some("weightings"),
        command: "weights in/losses.npy --groups=in/labels.npy --region=in/losses.npy --output=out.csv",
        method: "--weighting",
        parameter: "--param",
    },
    Catalogue {
        list: &["prune", "--list"],
        part: None,
        command: "prune in/scores.csv --column=forgetting --labels=in/labels.npy --keep=0.5 --output=out.csv",
        method: "--rule",
        parameter: "--option",
    },
    Catalogue {
        list: &["coreset", "--list"],
        part: None,
        command: "coreset in/features.npy --labels=in/labels.npy --count=4 --output=out.csv",
        method: "--method",
        parameter: "--option",
    },
    Catalogue {
        list: &["coreset", "--list"],
        part: None,
        command: "coreset in/features.npy --count=4 --option=optimizer=sieve --output=out.csv",
        method: "--method",
        parameter: "--option",
    },
    Catalogue {
        list: &["score", "--list-metrics"],
        part: None,
        command: "score in/log.npz --output=out.csv",
        method: "--metric",
        parameter: "--option",
    },
];

/// A value of a parameter that a method must be given.
pub(super) fn needed_value(parameter: &str) -> &'static str {
    match parameter {
        "a" | "b" | "lambda2" | "fraction" => "0.25",
        "lambda" | "rho" | "threshold" => "0.5",
        "n_buckets" | "bucket_length" | "step_length" => "4",
        "p" | "t" => "3",
        "max" | "total_step" => "8",
        "after" => "1,2,5",
        "table" => "0:0.25,0.5:1",
        "difficulties" => "1,8",
        "max_steps" => "3",
        _ => "1",
    }
}

/// What may be left out although it has no default.
pub(super) const OPTIONAL: &[&str] =
    &["quantile", "c", "cap", "noise_rate", "floor", "floor_share", "from", "until", "epochs"];
