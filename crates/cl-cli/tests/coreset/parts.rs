//! Choices from parts of the examples, and among what these chose.

use cl_data::io::{Array, ArrayData, read_npz, write_npz};
use cl_prune::coreset::{FacilityLocation, Features, Greedy, Herding, KCenter, Similarities, Similarity, Start};

use super::{D, Folder, N, curriculum, refusal, report, values};

/// Two machines choose from their parts; a third brings the choices together.
#[test]
fn parts_are_merged() {
    let folder = Folder::new();
    let input = folder.path("features.npy");
    let a = folder.npy("a.npy", &[4], ArrayData::I64(vec![3, 10, 21, 8]));
    let b = folder.npy("b.npy", &[4], ArrayData::I64(vec![40, 33, 55, 59]));
    let out = folder.path("out.npy");
    let base = [input.as_str(), "--method", "facility-location", "--count", "4", "-o", &out];
    report(&[&base[..], &["--part", &a, "--part", &b]].concat());
    let merged = folder.order("out.npy");
    assert!(merged.iter().all(|index| [3, 10, 21, 8, 40, 33, 55, 59].contains(index)), "{merged:?}");
    // As the library chooses where there are only these eight examples.
    let (union, all) = ([3, 8, 10, 21, 33, 40, 55, 59], values());
    let rows: Vec<f32> = union.iter().flat_map(|&row: &usize| all[row * D..][..D].to_vec()).collect();
    let similarities = Similarities::new(&Features::new(&rows, D).unwrap(), Similarity::MaxSquared).unwrap();
    let greedy = Greedy::default().select(&mut FacilityLocation::new(similarities), 4).unwrap();
    assert_eq!(merged, greedy.order.iter().map(|&at| union[at]).collect::<Vec<_>>());
    // Parts may overlap; within one an example is there once.
    report(&[&base[..], &["--part", &a, "--part", &b, "--part", &a]].concat());
    assert_eq!(folder.order("out.npy"), merged);
    let twice = folder.npy("twice.npy", &[3], ArrayData::I64(vec![3, 10, 3]));
    let message = refusal(&[&base[..], &["--part", &twice]].concat());
    assert!(message.contains("twice.npy: example 3 is there twice"), "{message}");
    let message = refusal(&[&base[..], &["--part", &a, "--option", "optimizer=greedi"]].concat());
    assert!(message.contains("--part") && message.contains("facility-location.optimizer is greedi"), "{message}");
    let beyond = folder.npy("c.npy", &[1], ArrayData::I64(vec![60]));
    let message = refusal(&[&base[..], &["--part", &beyond]].concat());
    assert!(message.contains("c.npy") && message.contains("60"), "{message}");
    let message = refusal(&[&input, "--method", "herding", "--count", "4", "-o", &out, "--part", &a]);
    assert!(message.contains("--part"), "{message}");
}

impl Folder {
    /// Features with ids, of which these rows are no numbers.
    fn with_ids(&self, name: &str, ids: impl Iterator<Item = usize>, nan: impl Fn(usize) -> bool) -> String {
        let ids: Vec<String> = ids.map(|id| format!("img,{id}")).collect();
        let (n, all) = (ids.len(), values());
        let rows = ids.iter().map(|id| id[4..].parse::<usize>().unwrap());
        let rows = rows.flat_map(|id| if nan(id) { vec![f32::NAN; D] } else { all[id * D..][..D].to_vec() });
        let features = Array::new(vec![n, D], ArrayData::F32(rows.collect())).unwrap();
        let ids = Array::new(vec![n], ArrayData::Text(ids)).unwrap();
        write_npz(self.path(name), [("features", &features), ("ids", &ids)]).unwrap();
        self.path(name)
    }
}

/// Two machines with a half each; a third has all of the examples in another order.
#[test]
fn parts_are_joined_by_their_ids() {
    let folder = Folder::new();
    let method = ["--method", "facility-location", "--count", "4"];
    let parts = [("a.npz", 0..30), ("b.csv", 30..60)].map(|(name, ids)| {
        let (half, part) = (folder.with_ids("half.npz", ids, |_| false), folder.path(name));
        report(&[&[half.as_str()], &method[..], &["-o", &part]].concat());
        part
    });
    let chosen = |features: &str, more: &[&str]| {
        let out = folder.path("out.npz");
        let told = report(
            &[&[features], &method[..], &["--part", &parts[0], "--part", &parts[1]], more, &["-o", &out]].concat(),
        );
        let arrays = read_npz(&out).unwrap();
        let ArrayData::Text(ids) = arrays["ids"].data() else { panic!("ids") };
        (ids.clone(), arrays["order"].to_indices().unwrap(), told)
    };
    let (ids, _, told) = chosen(&folder.with_ids("all.npz", 0..60, |_| false), &[]);
    assert_eq!(told["parts"][1]["by"], "id");
    assert!(told["guarantee"].as_str().unwrap().contains("among what the parts chose"), "{}", told["guarantee"]);
    // Only what the parts chose is read: all else is no number here.
    let of_part = |part: &str| {
        let text = std::fs::read_to_string(part).unwrap();
        text.lines()
            .skip(1)
            .map(|line| line[5..].split('"').next().unwrap().parse().unwrap())
            .collect::<Vec<usize>>()
    };
    let ArrayData::Text(first) = read_npz(&parts[0]).unwrap()["ids"].data().clone() else { panic!("ids") };
    let mut union = of_part(&parts[1]);
    union.extend(first.iter().map(|id| id[4..].parse::<usize>().unwrap()));
    assert!(union.iter().all(|&id| id < 60) && union.len() == 8);
    let reversed = folder.with_ids("reversed.npz", (0..60).rev(), |id| !union.contains(&id));
    let (ids_of_reversed, order, told) = chosen(&reversed, &[]);
    assert_eq!(told["n_read"], 8);
    let sorted = |mut ids: Vec<String>| {
        ids.sort();
        ids
    };
    assert_eq!(sorted(ids_of_reversed.clone()), sorted(ids));
    let expected: Vec<String> = order.iter().map(|index| format!("img,{}", 59 - index)).collect();
    assert_eq!(ids_of_reversed, expected);

    let refused = |features: &str, more: &[&str]| {
        refusal(
            &[&[features], &method[..], &["--part", &parts[0], "--part", &parts[1]], more, &["-o", "x.npy"]]
                .concat(),
        )
    };
    // A half knows nothing of the other's examples, and a file without ids nothing of any.
    let half = folder.with_ids("half.npz", 0..30, |_| false);
    let message = refused(&half, &[]);
    assert!(message.contains("b.csv: id img,") && message.contains("does not occur in"), "{message}");
    let message = refused(&folder.path("features.npy"), &[]);
    assert!(message.contains("a.npz") && message.contains("expected ids in both"), "{message}");
    assert!(refused(&half, &["--labels", &folder.path("labels.npy")]).contains("--part"));
    // Without ids a part tells at least how many examples it was chosen from.
    let short = folder.npy("short.npy", &[30, D], ArrayData::F32(values()[..30 * D].to_vec()));
    let part = folder.path("short.npz");
    report(&[&[short.as_str()], &method[..], &["-o", &part]].concat());
    let message = refusal(
        &[&[folder.path("features.npy").as_str()], &method[..], &["--part", &part, "-o", "x.npy"]].concat(),
    );
    assert!(message.contains("indices of 30 examples") && message.contains("have 60"), "{message}");
    let csv = folder.path("short.csv");
    std::fs::write(&csv, "rank,gain\n0,1\n").unwrap();
    let message = refusal(&[&[short.as_str()], &method[..], &["--part", &csv, "-o", "x.npy"]].concat());
    assert!(message.contains("neither `id` nor `index`"), "{message}");
}

/// Round one on rows of one large file, and round two on what they chose.
#[test]
fn rows_of_a_file_are_parts_of_it() {
    let folder = Folder::new();
    let mut bad = values();
    bad[45 * D..].fill(f32::NAN);
    let input = folder.npy("bad.npy", &[N, D], ArrayData::F32(bad));
    let (all, labels, out) = (values(), folder.path("labels.npy"), folder.path("out.npy"));
    let rows = Features::new(&all[20 * D..45 * D], D).unwrap();
    let base = [input.as_str(), "--rows", "20..45", "-o", &out, "--count"];
    let told = report(&[&base[..], &["5", "--method", "herding"]].concat());
    assert_eq!((&told["n_read"], &told["n_examples"]), (&25.into(), &60.into()));
    let of_file = |order: Vec<usize>| order.iter().map(|at| at + 20).collect::<Vec<_>>();
    assert_eq!(folder.order("out.npy"), of_file(Herding.select(&rows, 5).unwrap().order));
    report(&[&base[..], &["5", "--method", "k-center", "--start", "31"]].concat());
    assert_eq!(folder.order("out.npy"), of_file(KCenter::new(Start::Example(11)).select(&rows, 5).unwrap().order));
    report(&[&base[..], &["6", "--method", "herding", "--labels", &labels]].concat());
    let order = folder.order("out.npy");
    assert!((0..3).all(|class| order.iter().filter(|&&index| index % 3 == class).count() == 2), "{order:?}");
    // The same of an array in Fortran order.
    let header = format!("{{'descr': '<f4', 'fortran_order': True, 'shape': ({N}, {D}), }}");
    let mut bytes = b"\x93NUMPY\x01\x00".to_vec();
    bytes.extend(118u16.to_le_bytes());
    bytes.extend(format!("{header:<117}\n").bytes());
    (0..D).for_each(|feature| (0..N).for_each(|row| bytes.extend(all[row * D + feature].to_le_bytes())));
    let fortran = folder.path("fortran.npy");
    std::fs::write(&fortran, bytes).unwrap();
    report(&[&fortran, "--rows", "20..45", "-o", &out, "--count", "5", "--method", "herding"]);
    assert_eq!(folder.order("out.npy"), of_file(Herding.select(&rows, 5).unwrap().order));

    // Feature-based counts the chosen alone: the guarantee is of all examples.
    let part = |range: &str, name: &str| {
        let part = folder.path(name);
        report(&[
            &folder.path("features.npy"),
            "--method",
            "feature-based",
            "--count",
            "4",
            "--rows",
            range,
            "-o",
            &part,
        ]);
        part
    };
    let (a, b) = (part("0..30", "a.npz"), part("30..60", "b.csv"));
    let merged = [
        &folder.path("features.npy"),
        "--method",
        "feature-based",
        "--count",
        "4",
        "--part",
        &a,
        "--part",
        &b,
        "-o",
        &out,
    ];
    let output = curriculum(&[&["coreset"], &merged[..]].concat());
    let text = String::from_utf8(output.stdout).unwrap();
    assert!(text.contains("b.csv 4 examples, found by their index\n8 examples were read\n"), "{text}");
    assert!(text.contains("guarantee: (1 - 1/e) / min(m, k) = 0.316 of the best value for any 2 parts"), "{text}");

    let message = refusal(&[&base[..], &["26", "--method", "herding"]].concat());
    assert!(message.contains("--count 26") && message.contains("25, of the rows that are read"), "{message}");
    let message = refusal(&[&base[..], &["5", "--method", "k-center", "--start", "3"]].concat());
    assert!(message.contains("--start is 3, expected an example that is read"), "{message}");
    let message = refusal(&[&input, "--rows", "50..61", "--method", "herding", "--count", "5", "-o", &out]);
    assert!(message.contains("--rows 50..61: expected at most the 60 rows"), "{message}");
    let usage =
        |more: &[&str]| curriculum(&[&["coreset"], &base[..], &["5", "--method", "graph-cut"], more].concat());
    assert_eq!(usage(&["--part", &a]).status.code(), Some(2));
}

/// A table of `prune` names every example, and those it kept are the ones with 1.
#[test]
fn what_was_pruned_is_not_chosen() {
    let folder = Folder::new();
    let ids = folder.with_ids("all.npz", 0..60, |id| id % 3 == 0);
    let table = |is_kept: &dyn Fn(usize) -> &'static str| {
        let rows = (0..60).map(|id| format!("\"img,{id}\",{},why\n", is_kept(id)));
        std::fs::write(folder.path("kept.csv"), "id,kept,reason\n".to_owned() + &rows.collect::<String>())
            .unwrap();
    };
    let (kept, out) = (folder.path("kept.csv"), folder.path("out.npy"));
    let base = [ids.as_str(), "--method", "feature-based", "--count", "15", "-o", &out, "--part", &kept];
    // What was dropped is no number, and is not read.
    table(&|id| if id % 3 == 0 { "0" } else { "1" });
    let told = report(&base);
    assert_eq!((&told["n_read"], &told["parts"][0]["kept_of"]), (&40.into(), &60.into()));
    assert!(told["guarantee"].as_str().unwrap().contains("of the best choice among what the parts chose"));
    assert!(folder.order("out.npy").iter().all(|index| index % 3 != 0));
    table(&|id| if id == 7 { "2" } else { "1" });
    let message = refusal(&base);
    assert!(message.contains("kept.csv: line 9, column `kept`: \"2\", expected 0 or 1"), "{message}");
    table(&|_| "0");
    assert!(refusal(&base).contains("column `kept`: 0 in all 60 rows"));
}
