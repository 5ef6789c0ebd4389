//! What is chosen, written and refused.

use cl_data::io::{Array, ArrayData, read_npz, write_npz};
use cl_prune::coreset::{
    FacilityLocation, Features, Flcmi, Greedy, Herding, KCenter, Similarities, Similarity, Start,
};
use serde_json::Value;

use super::{D, Folder, N, curriculum, refusal, report, values};

#[test]
fn the_three_formats_hold_the_librarys_choice() {
    let folder = Folder::new();
    let (input, values) = (folder.path("features.npy"), values());
    let features = Features::new(&values, D).unwrap();
    let expected = KCenter::new(Start::Example(7)).select(&features, 10).unwrap();
    let choose = |out: &str| {
        report(&[&input, "--method", "k-center", "--count", "10", "--start", "7", "-o", &folder.path(out)])
    };
    let told = choose("out.npy");
    assert_eq!((&told["n_examples"], &told["n_chosen"], &told["first"]), (&60.into(), &10.into(), &7.into()));
    // The first gain is infinite, which JSON has no number for.
    assert_eq!(told["value"], Value::Null);
    assert_eq!(told["last_gain"].as_f64().unwrap(), expected.gains[9]);
    assert_eq!(folder.order("out.npy"), expected.order);
    choose("out.npz");
    let arrays = read_npz(folder.path("out.npz")).unwrap();
    assert_eq!(arrays["order"].to_indices().unwrap(), expected.order);
    assert_eq!(arrays["gains"].to_f64().unwrap(), expected.gains);
    assert!(!arrays.contains_key("weights") && !arrays.contains_key("ids"));
    choose("out.csv");
    let text = std::fs::read_to_string(folder.path("out.csv")).unwrap();
    let mut lines = text.lines();
    assert_eq!(lines.next(), Some("index,rank,gain"));
    for (rank, line) in lines.enumerate() {
        let fields: Vec<&str> = line.split(',').collect();
        assert_eq!(fields[0], expected.order[rank].to_string());
        assert_eq!(fields[1], rank.to_string());
        assert_eq!(fields[2].parse::<f64>().unwrap(), expected.gains[rank]);
    }
    // Without a first example the seed draws one.
    let seeded = |seed: &str| {
        report(&[&input, "--method", "k-center", "--count", "1", "--seed", seed, "-o", &folder.path("s.npy")])["first"]
            .as_u64()
            .unwrap()
    };
    assert_eq!(seeded("1"), seeded("1"));
    assert!((0..5).map(|seed| seeded(&seed.to_string())).any(|first| first != seeded("0")));
}

#[test]
fn every_method_runs_and_its_options_matter() {
    let folder = Folder::new();
    let input = folder.path("features.npy");
    let validation = folder.npy("validation.npy", &[2, D], ArrayData::F32(vec![1.0, -2.0, 0.5, 1.5, 0.1, -1.0]));
    let listed = report(&["--list"]);
    let methods = listed.as_array().unwrap();
    assert_eq!(methods.len(), 28);
    // All features are above 0, and none is above 8.
    let probabilities = values().iter().map(|value| value / 8.0).collect();
    let probabilities = folder.npy("probabilities.npy", &[N, D], ArrayData::F32(probabilities));
    let sum = |row: &[f32]| row.iter().sum::<f32>();
    let own = values();
    let rows = own.chunks_exact(D).flat_map(|row| row.iter().map(move |value| value / sum(row)));
    let distributions = folder.npy("distributions.npy", &[N, D], ArrayData::F32(rows.collect()));
    for entry in methods {
        let method = entry["name"].as_str().unwrap();
        let input = match entry["domain"].as_str().unwrap() {
            "probability" => &probabilities,
            "distribution" => &distributions,
            _ => &input,
        };
        for labelled in [false, true] {
            let (out, labels) = (folder.path("out.npz"), folder.path("labels.npy"));
            let mut arguments = vec![input, "--method", method, "--count", "9", "-o", &out];
            for (needs, option) in
                [("needs_validation", "--validation"), ("needs_query", "--query"), ("needs_private", "--private")]
            {
                if entry[needs] == true {
                    arguments.extend([option, &validation]);
                }
            }
            if entry["needs_probabilities"] == true {
                arguments.extend(["--probabilities", &distributions]);
            }
            if labelled {
                arguments.extend(["--labels", &labels]);
            }
            let told = report(&arguments);
            let mut order = read_npz(&out).unwrap()["order"].to_indices().unwrap();
            assert_eq!(told["n_chosen"].as_u64().unwrap() as usize, order.len(), "{method}");
            // Matching pursuit stops where nothing is missing.
            assert!(order.len() == 9 || method == "grad-match", "{method} {order:?}");
            if labelled && method != "grad-match" {
                for class in 0..3 {
                    assert_eq!(order.iter().filter(|&&index| index % 3 == class).count(), 3, "{method}");
                }
            }
            if method == "craig" {
                assert_eq!(told["total_weight"].as_f64(), Some(60.0));
            }
            order.sort_unstable();
            order.dedup();
            assert_eq!(told["n_chosen"].as_u64().unwrap() as usize, order.len(), "{method}");
        }
    }
    let chosen = |options: &[&str]| {
        let out = folder.path("out.npy");
        let mut arguments = vec![input.as_str(), "--method", "facility-location", "--count", "8", "-o", &out];
        options.iter().for_each(|option| arguments.extend(["--option", option]));
        report(&arguments);
        folder.order("out.npy")
    };
    let values = values();
    let features = Features::new(&values, D).unwrap();
    for similarity in
        [Similarity::MaxSquared, Similarity::MaxDistance, Similarity::CosineSquared, Similarity::Cosine]
    {
        let similarities = Similarities::new(&features, similarity).unwrap();
        let expected = Greedy::default().select(&mut FacilityLocation::new(similarities), 8).unwrap();
        let option = format!("similarity={similarity}");
        assert_eq!(chosen(&[&option]), expected.order);
        assert_eq!(chosen(&[&option, "optimizer=naive"]), expected.order);
        assert_eq!(chosen(&[&option, "memory=0"]), expected.order);
    }
    assert_eq!(chosen(&["optimizer=stochastic"]), chosen(&["optimizer=lazier-than-lazy"]));
    assert_eq!(chosen(&["optimizer=greedi", "parts=1"]), chosen(&[]));
    assert!(chosen(&["optimizer=sieve"]).len() <= 8);
}

/// With --start a class begins with an example of the user's; the others draw theirs.
#[test]
fn the_first_example_is_that_of_its_class() {
    let folder = Folder::new();
    let (input, labels, out) = (folder.path("features.npy"), folder.path("labels.npy"), folder.path("out.npy"));
    let base = [input.as_str(), "--labels", &labels, "-o", &out];
    for method in ["k-center", "disparity-sum", "disparity-min"] {
        report(&[&base[..], &["--method", method, "--count", "9", "--start", "31"]].concat());
        let order = folder.order("out.npy");
        assert_eq!(order.iter().find(|&&index| index % 3 == 1), Some(&31), "{method} {order:?}");
    }
    // Two of three classes have a share of two examples.
    let message = refusal(&[&base[..], &["--method", "k-center", "--count", "2", "--start", "32"]].concat());
    assert!(message.contains("start is of class 2") && message.contains("a share of the 2 examples"), "{message}");
}

#[test]
fn ids_name_the_rows() {
    let folder = Folder::new();
    let input = folder.path("features.npz");
    let ids: Vec<String> = (0..N).map(|i| format!("img,{i}")).collect();
    let features = Array::new(vec![N, D], ArrayData::F32(values())).unwrap();
    let ids = Array::new(vec![N], ArrayData::Text(ids)).unwrap();
    write_npz(&input, [("features", &features), ("ids", &ids)]).unwrap();
    let (csv, npz) = (folder.path("out.csv"), folder.path("out.npz"));
    report(&[&input, "--method", "herding", "--count", "5", "-o", &csv]);
    report(&[&input, "--method", "herding", "--count", "5", "-o", &npz]);
    let values = values();
    let expected = Herding.select(&Features::new(&values, D).unwrap(), 5).unwrap().order;
    let text = std::fs::read_to_string(csv).unwrap();
    assert!(text.starts_with("id,rank,gain\n\"img,"), "{text}");
    for (line, index) in text.lines().skip(1).zip(&expected) {
        assert!(line.starts_with(&format!("\"img,{index}\",")), "{line}");
    }
    let names: Vec<String> = expected.iter().map(|index| format!("img,{index}")).collect();
    assert_eq!(*read_npz(npz).unwrap()["ids"].data(), ArrayData::Text(names));
}

#[test]
fn integers_and_fortran_order_are_read() {
    let folder = Folder::new();
    let out = folder.path("out.npy");
    let integers: Vec<i64> = (0..N as i64 * 2).map(|at| at * at % 101).collect();
    let doubles: Vec<f64> = integers.iter().map(|&value| value as f64).collect();
    let input = folder.npy("integers.npy", &[N, 2], ArrayData::I64(integers.clone()));
    report(&[&input, "--method", "herding", "--count", "20", "-o", &out]);
    let expected = Herding.select(&Features::new(&doubles, 2).unwrap(), 20).unwrap().order;
    assert_eq!(folder.order("out.npy"), expected);
    // The same array as numpy.asfortranarray writes it: first all first features, then all second ones.
    let header = format!("{{'descr': '<i8', 'fortran_order': True, 'shape': ({N}, 2), }}");
    let mut bytes = b"\x93NUMPY\x01\x00".to_vec();
    let length = (header.len() + 11).next_multiple_of(64) - 10;
    bytes.extend((length as u16).to_le_bytes());
    bytes.extend(format!("{header:<width$}\n", width = length - 1).bytes());
    for feature in 0..2 {
        (0..N).for_each(|example| bytes.extend(integers[example * 2 + feature].to_le_bytes()));
    }
    let fortran = folder.path("fortran.npy");
    std::fs::write(&fortran, bytes).unwrap();
    report(&[&fortran, "--method", "herding", "--count", "20", "-o", &out]);
    assert_eq!(folder.order("out.npy"), expected);
}

#[test]
fn bad_input_is_named() {
    let folder = Folder::new();
    let (input, out) = (folder.path("features.npy"), folder.path("out.csv"));
    let of = |input: &str, more: &[&str]| {
        let base = [input, "--method", "k-center", "--count", "5", "-o", &out];
        refusal(&[&base[..], more].concat())
    };
    let mut bad = values();
    bad[17 * D + 2] = f32::NAN;
    let nan = folder.npy("nan.npy", &[N, D], ArrayData::F32(bad));
    let message = of(&nan, &[]);
    assert!(message.contains("nan.npy") && message.contains("feature 2 of example 17 is NaN"), "{message}");
    let message = refusal(&[&input, "--method", "k-center", "--count", "61", "-o", &out]);
    assert!(message.contains("--count 61") && message.contains("60"), "{message}");
    let few = folder.npy("few.npy", &[4], ArrayData::I64(vec![0; 4]));
    let message = of(&input, &["--labels", &few]);
    assert!(message.contains("few.npy: 4 labels for 60 examples"), "{message}");
    let message = of(&input, &["--ids", &few]);
    assert!(message.contains("few.npy") && message.contains('0'), "{message}");
    let ids = folder.npy("ids.npy", &[5], ArrayData::I64((0..5).collect()));
    assert!(of(&input, &["--ids", &ids]).contains("5 ids for 60 examples"));
    let message = of(&input, &["--start", "60"]);
    assert!(message.contains("start is 60"), "{message}");
    let message = of(&input, &["--option", "similarity=cosine"]);
    assert!(message.contains("similarity") && message.contains("k-center"), "{message}");
    let flat = folder.npy("flat.npy", &[4], ArrayData::F32(vec![0.0; 4]));
    assert!(of(&flat, &[]).contains("expected (examples, features)"));
    // A file that is shorter than its header promises.
    let header = "{'descr': '<f4', 'fortran_order': False, 'shape': (100000000, 1000), }";
    let mut bytes = b"\x93NUMPY\x01\x00".to_vec();
    bytes.extend((118u16).to_le_bytes());
    bytes.extend(format!("{header:<117}\n").bytes());
    let long = folder.path("long.npy");
    std::fs::write(&long, bytes).unwrap();
    assert!(of(&long, &[]).contains("expected 400000000000"));
    // As long as promised, all holes, and larger than memory: what it would take is said before it is read.
    let file = std::fs::OpenOptions::new().write(true).open(&long).unwrap();
    if cfg!(target_os = "linux") && file.set_len(400_000_000_128).is_ok() {
        let message = of(&long, &[]);
        assert!(message.contains("long.npy: k-center needs about 376.3 GiB"), "{message}");
        assert!(message.contains("no choices that could be merged") && message.contains("graph-cut"), "{message}");
        // What is advised works: rows of it, and what they chose.
        let chosen = |count: &'static str, more: &[&str]| {
            let out = folder.path("part.npy");
            let base = [&long, "--method", "facility-location", "--count", count, "-o", &out];
            report(&[&base[..], more].concat());
            folder.order("part.npy")
        };
        let message = refusal(&[&long, "--method", "facility-location", "--count", "5", "-o", &out]);
        assert!(message.contains("--rows FROM..TO, then among what these chose with --part"), "{message}");
        assert_eq!(chosen("2", &["--rows", "99999990..100000000"]), [99_999_990, 99_999_991]);
        let part = folder.npy("far.npy", &[3], ArrayData::I64(vec![99_999_999, 7, 50_000_000]));
        assert_eq!(chosen("2", &["--part", &part]), [7, 50_000_000]);
    }

    let run = |method: &str, more: &[&str]| {
        let base = [input.as_str(), "--method", method, "--count", "5", "-o", &out];
        refusal(&[&base[..], more].concat())
    };
    let message = run("k-centre", &[]);
    assert!(message.contains("\"k-centre\"") && message.contains("facility-location"), "{message}");
    assert!(run("herding", &["--start", "3"]).contains("--start"));
    assert!(run("glister", &[]).contains("expected --validation FILE"));
    assert!(run("herding", &["--validation", &input]).contains("takes no gradients of validation examples"));
    let message = run("facility-location", &["--option", "similarity=euclidean"]);
    assert!(message.contains("euclidean") && message.contains("max-squared"), "{message}");
    assert!(run("facility-location", &["--option", "optimizer=fast"]).contains("fast"));
    assert!(run("facility-location", &["--option", "epsilon=2"]).contains("epsilon"));
    assert!(run("graph-cut", &["--option", "lambda=-1"]).contains("lambda"));
    assert!(run("craig", &["--option", "ties=first"]).contains("seeded"));
    let message = refusal(&[&input, "--method", "herding", "--count", "5", "-o", &folder.path("out.txt")]);
    assert!(message.contains("expected .csv, .jsonl, .npz or .npy"), "{message}");
    assert!(!std::path::Path::new(&out).exists());
}

#[test]
fn people_read_a_summary_and_the_list() {
    let folder = Folder::new();
    let out = folder.path("out.csv");
    let output = curriculum(&[
        "coreset",
        &folder.path("features.npy"),
        "--method",
        "craig",
        "--labels",
        &folder.path("labels.npy"),
        "--count",
        "6",
        "-o",
        &out,
    ]);
    let text = String::from_utf8(output.stdout).unwrap();
    assert!(text.starts_with("6 of 60 examples of 3 features by craig within classes\n"), "{text}");
    assert!(text.contains("sum of weights 60\n") && text.contains("written to"), "{text}");
    let csv = std::fs::read_to_string(out).unwrap();
    assert!(csv.starts_with("index,rank,gain,weight\n"), "{csv}");
    let text = String::from_utf8(curriculum(&["coreset", "--list"]).stdout).unwrap();
    assert!(text.contains("graph-cut") && text.contains("lambda") && text.contains("optimizer: naive"), "{text}");
    assert_eq!(curriculum(&["coreset", "x.npy"]).status.code(), Some(2));
}

/// Of a class of one example that has no share of the count nobody would know.
#[test]
fn classes_are_counted() {
    let folder = Folder::new();
    let mut labels = vec![0; N];
    labels[40..59].fill(1);
    labels[59] = 7;
    let labels = folder.npy("uneven.npy", &[N], ArrayData::I64(labels));
    let (input, out) = (folder.path("features.npy"), folder.path("out.npy"));
    let base = ["coreset", &input, "--method", "herding", "--labels", &labels, "-o", &out, "--count"];
    let told = report(&[&base[1..], &["6"]].concat());
    assert_eq!(told["classes"][1], serde_json::json!({"class": 1, "size": 19, "n_chosen": 2}));
    assert_eq!((&told["classes_without"], &told["classes_of_one"]), (&vec![7].into(), &vec![7].into()));
    let text = String::from_utf8(curriculum(&[&base[..], &["6"]].concat()).stdout).unwrap();
    assert!(text.contains("none was chosen of class 7\nthere is one example of class 7\n"), "{text}");
    assert_eq!(report(&[&base[1..], &["60"]].concat())["classes_without"], serde_json::json!([]));
}

/// What is chosen towards and away from is read, checked, and refused where it is of no use.
#[test]
fn choices_are_towards_a_query_and_away_from_private_examples() {
    let folder = Folder::new();
    let (input, out, values) = (folder.path("features.npy"), folder.path("out.npy"), values());
    let query = folder.npy("query.npy", &[2, D], ArrayData::F64(vec![6.0, 2.0, 4.0, 5.0, 5.5, 5.0]));
    let private = folder.npy("private.npy", &[1, D], ArrayData::F32(vec![2.0, 2.5, 3.0]));
    let narrow = folder.npy("narrow.npy", &[1, 2], ArrayData::F32(vec![2.0, 2.5]));
    let base = [input.as_str(), "--count", "5", "-o", &out];
    let targets = ["--query", &query, "--private", &private];
    report(&[&base[..], &["--method", "flcmi"], &targets].concat());
    let features = Features::new(&values, D).unwrap();
    let (towards, away) = ([6.0, 2.0, 4.0, 5.0, 5.5, 5.0], [2.0f32, 2.5, 3.0]);
    let (towards, away) = (Features::new(&towards, D).unwrap(), Features::new(&away, D).unwrap());
    let mut objective = Flcmi::new(&features, towards, away, Similarity::Cosine, 1.0, 1.0).unwrap();
    assert_eq!(folder.order("out.npy"), Greedy::default().select(&mut objective, 5).unwrap().order);
    let message = refusal(&[&base[..], &["--method", "flqmi"]].concat());
    assert_eq!(message, "flqmi needs query examples, expected --query FILE");
    let message = refusal(&[&base[..], &["--method", "flqmi"], &targets].concat());
    assert!(message.ends_with("private.npy: flqmi takes no private examples"), "{message}");
    let message = refusal(&[&base[..], &["--method", "flcg", "--private", &narrow]].concat());
    assert!(message.ends_with("examples of 2 features, expected 3 as those to choose from have"), "{message}");
}

/// What is wrong with a file beside the features is told with its name and row.
#[test]
fn what_is_wrong_beside_the_features_names_its_file() {
    let folder = Folder::new();
    let (input, out) = (folder.path("features.npy"), folder.path("out.npy"));
    let mut values: Vec<f32> = vec![0.5; 2 * N];
    (values[14], values[15]) = (1.5, -0.5);
    let probabilities = folder.npy("wrong.npy", &[N, 2], ArrayData::F32(values));
    let query = folder.npy("query.npy", &[2, D], ArrayData::F32(vec![0.0; 2 * D]));
    for (method, option, file, told) in [
        ("cal", "--probabilities", &probabilities, "example 7"),
        ("flqmi", "--query", &query, "row 0"),
        ("flcg", "--private", &query, "row 0"),
    ] {
        let message = refusal(&[&input, "--method", method, "--count", "3", "-o", &out, option, file]);
        assert!(message.starts_with(&format!("{file}: ")) && message.contains(told), "{message}");
    }
}
